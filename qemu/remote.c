/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/remote.h"

#include "base/hash.h"
#include "base/io.h"
#include "qemu/domain.h"
#include "qemu/state.h"
#include "qemu/tunnel.h"

struct remote *remote_new(const char *uri, const char *name, struct arena *a)
{
    if (!uri_is_remote(uri))
        return NULL;
    struct remote *r = arena_new_object(a, struct remote);
    uri_parse(uri, a, &r->uri);
    r->host_name = name;
    return r;
}

static bool refuse(const struct remote *r, const char *option, const char *why, struct error **err)
{
    error_set(err, ERR_TEMPLATE, 0, "%s does not work on hypervisor '%s', another host: %s", option,
              r->host_name, why);
    error_option(err, option);
    return error_hint(err, "See docs/hypervisors.md; or build on this host.");
}

static bool serves(const struct qemu_config *c)
{
    return c->http_directory != NULL || c->http_content.len > 0;
}

bool remote_check(const struct build *b, struct error **err)
{
    const struct qemu_state *s = qemu_state(b);
    const struct qemu_config *c = s->config;
    const struct remote *r = s->remote;
    bool has_args =
        c->qemu_img_args != NULL && c->qemu_img_args->create.len + c->qemu_img_args->resize.len > 0;
    if (c->net_bridge != NULL)
        return refuse(r, "net_bridge", "the guest's address is looked for on this one", err);
    if (has_args)
        return refuse(r, "qemu_img_args", "libvirt makes the disks there", err);
    if (c->disk_interface == DISK_SD)
        return refuse(r, "disk_interface", "an SD card is given by path", err);
    if (!uri_has_ssh(&r->uri) && (qemu_forwards(c) || serves(c)))
        return refuse(r, "hypervisor", "ports are reached by SSH alone; use qemu+ssh", err);
    return true;
}

static const struct placed *find(const struct remote *r, const char *local)
{
    for (size_t i = 0; local != NULL && i < r->count; i++)
        if (strcmp(r->placed[i].local, local) == 0)
            return &r->placed[i];
    return NULL;
}

static void translate(const struct remote *r, const char **path)
{
    const struct placed *p = find(r, *path);
    if (p != NULL)
        *path = p->volume.path;
}

/* Kernels and the like of qemuargs: a file of this host is sent there, another
 * path is that host's own. */
static bool send_file(struct build *b, const char **path, struct error **err)
{
    struct remote *r = qemu_state(b)->remote;
    struct transfer t = {.cancel = b->cancel};
    if (*path == NULL || find(r, *path) != NULL || !io_exists(*path))
        return true;
    if (r->count == PLACED_MAX)
        return error_set(err, ERR_TEMPLATE, 0, "too many files for hypervisor '%s'", r->host_name);
    struct placed *p = &r->placed[r->count++];
    p->local = *path;
    const char *name =
        arena_fmt(b->arena, "imgfac-%s-file%zu-%s", b->run_uuid, r->count, io_basename(*path));
    return pool_upload(r->pool, *path, name, &t, b->arena, &p->volume, err);
}

bool remote_translate(struct build *b, struct domain *d, struct error **err)
{
    const struct remote *r = qemu_state(b)->remote;
    const char **const files[] = {&d->kernel, &d->initrd, &d->dtb};
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        if (!send_file(b, files[i], err))
            return false;
        translate(r, files[i]);
    }
    for (size_t i = 0; i < d->disk_count; i++) {
        translate(r, &d->disks[i].path);
        translate(r, &d->disks[i].backing);
    }
    translate(r, &d->firmware_vars);
    d->console_pty = true;
    return true;
}

bool remote_expect_vars(struct build *b, struct error **err)
{
    const struct qemu_state *s = qemu_state(b);
    struct remote *r = s->remote;
    if (r->count == PLACED_MAX)
        return error_set(err, ERR_TEMPLATE, 0, "too many files for hypervisor '%s'", r->host_name);
    struct placed *p = &r->placed[r->count++];
    p->local = s->vars_path;
    return pool_expect(r->pool, arena_fmt(b->arena, "imgfac-%s-efivars.fd", b->run_uuid), b->arena,
                       &p->volume, err);
}

int remote_guess_port(int64_t min, int64_t max)
{
    uint32_t random;
    hash_random(&random, sizeof(random));
    return (int)(min + (max > min ? random % (uint32_t)(max - min) : 0));
}

bool remote_open_login(struct build *b, int here, int there, struct error **err)
{
    struct remote *r = qemu_state(b)->remote;
    struct tunnel_spec spec = {.uri = &r->uri, .here = here, .there = there, .cancel = b->guest};
    r->login = tunnel_open(&spec, err);
    return r->login != NULL;
}
