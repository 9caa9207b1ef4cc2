/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/hostcaps.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "qemu/conn.h"
#include "qemu/hostxml.h"

static struct hostxml *ask(struct conn *c, const char *binary, const char *arch,
                           const char *machine, const char *type)
{
    autofree char *text =
        virConnectGetDomainCapabilities(conn_handle(c), binary, arch, machine, type, 0);
    return text != NULL ? hostxml_parse(text) : NULL;
}

static bool read_node(struct conn *c, struct hostcaps *out, struct error **err)
{
    virNodeInfo node;
    if (virNodeGetInfo(conn_handle(c), &node) < 0)
        return conn_error(err, "cannot ask the hypervisor for its memory");
    out->memory_bytes = (uint64_t)node.memory << 10;
    out->cpus = node.cpus;
    return true;
}

bool hostcaps_read(struct conn *c, const char *arch, const char *machine, const char *binary,
                   struct arena *a, struct hostcaps *out, struct error **err)
{
    *out = (struct hostcaps){0};
    AUTO(hostxml) struct hostxml *kvm = ask(c, binary, arch, machine, "kvm");
    virResetLastError();
    AUTO(hostxml) struct hostxml *plain = ask(c, binary, arch, machine, "qemu");
    const struct hostxml *any = plain != NULL ? plain : kvm;
    if (any == NULL) {
        conn_error(err, "the hypervisor runs no guests of the kind %s, %s", arch,
                   machine != NULL ? machine : "any machine");
        return error_hint(err, "Is QEMU for that processor installed there?");
    }
    virResetLastError();
    autofree char *path = hostxml_get(any, "string(/domainCapabilities/path)");
    out->emulator = path != NULL ? arena_strdup(a, path) : binary;
    out->kvm = kvm != NULL;
    out->efi =
        hostxml_test(any, "/domainCapabilities/os/enum[@name='firmware']/value[text()='efi']");
    out->tpm = hostxml_test(any, "/domainCapabilities/devices/tpm[@supported='yes']");
    return read_node(c, out, err);
}
