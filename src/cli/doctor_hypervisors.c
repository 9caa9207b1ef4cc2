/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/doctor.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "base/clock.h"
#include "config/config.h"
#include "qemu/conn.h"
#include "qemu/hostcaps.h"
#include "qemu/uri.h"

#define CONNECT_NS (20 * NS_PER_S)
#define GIB        ((double)((uint64_t)1 << 30))

static void add_error(struct doctor *d, const char *name, struct error *e)
{
    autofree char *line = error_line(e);
    const char *hint = error_first_hint(e);
    doctor_add(d, name, DOCTOR_FAIL, arena_strdup(d->arena, line),
               hint != NULL ? arena_strdup(d->arena, hint) : NULL);
    error_free(e);
}

/* Looked at only: a build would start or make it. */
static void check_pool(struct doctor *d, struct conn *c, const struct config_hypervisor *h,
                       const char *name)
{
    virStoragePoolInfo info;
    const char *pool_name = h->pool != NULL ? h->pool : "default";
    virStoragePoolPtr pool = virStoragePoolLookupByName(conn_handle(c), pool_name);
    if (pool == NULL && h->pool_path != NULL)
        doctor_add(
            d, name, DOCTOR_OK,
            arena_fmt(d->arena, "storage pool '%s' will be made in %s", pool_name, h->pool_path),
            NULL);
    else if (pool == NULL)
        doctor_add(d, name, DOCTOR_FAIL, arena_fmt(d->arena, "no storage pool '%s'", pool_name),
                   "Set pool_path of the hypervisor to a directory there, or pool to another one.");
    else if (virStoragePoolIsActive(pool) != 1)
        doctor_add(d, name, DOCTOR_WARN,
                   arena_fmt(d->arena, "storage pool '%s' is not started", pool_name),
                   "The next build starts it.");
    else if (virStoragePoolGetInfo(pool, &info) == 0)
        doctor_add(d, name, (double)info.available < GIB ? DOCTOR_WARN : DOCTOR_OK,
                   arena_fmt(d->arena, "storage pool '%s': %.1f GiB free", pool_name,
                             (double)info.available / GIB),
                   "Make room there, or name another pool.");
    if (pool != NULL)
        virStoragePoolFree(pool);
    virResetLastError();
}

static void check_one(struct doctor *d, const struct config_hypervisor *h)
{
    struct error *err = NULL;
    struct hostcaps caps;
    unsigned long v = 0;
    const char *name = h->name;
    const char *uri = uri_without_terminal(h->uri, d->arena);
    AUTO(conn) struct conn *c = conn_open_within(uri, CONNECT_NS, d->cancel, &err);
    if (c == NULL || !hostcaps_read(c, "x86_64", NULL, NULL, d->arena, &caps, &err)) {
        add_error(d, name, err);
        return;
    }
    virConnectGetLibVersion(conn_handle(c), &v);
    doctor_add(d, name, DOCTOR_OK,
               arena_fmt(d->arena,
                         "%s: libvirt %lu.%lu.%lu, %s, %u processors, %.1f GiB, %s, %s UEFI",
                         h->uri, v / 1000000, v / 1000 % 1000, v % 1000, caps.emulator, caps.cpus,
                         (double)caps.memory_bytes / GIB,
                         caps.kvm ? "offers KVM" : "emulates (no KVM)", caps.efi ? "with" : "no"),
               NULL);
    if (uri_is_remote(h->uri))
        check_pool(d, c, h, name);
}

void doctor_check_hypervisors(struct doctor *d)
{
    const struct config_hypervisor *h = d->config != NULL ? d->config->hypervisors.ptr : NULL;
    for (size_t i = 0; h != NULL && i < d->config->hypervisors.len; i++)
        if (h[i].uri != NULL && strcmp(h[i].uri, "auto") != 0 && !cancel_test(d->cancel))
            check_one(d, &h[i]);
}
