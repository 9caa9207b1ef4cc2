/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/state.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "catalog/catalog.h"
#include "config/config.h"
#include "media/imgtool.h"
#include "qemu/conn.h"
#include "qemu/guest.h"
#include "qemu/hostcaps.h"
#include "qemu/remote.h"
#include "qemu/tail.h"
#include "qemu/tunnel.h"

/* Before the guest everything it needs is put into the other host's pool, after
 * it the disk is fetched: from there on the build is a local one. */

#define CONNECT_NS (60 * NS_PER_S)
#define LEAST      ((uint64_t)256 << 20)

static bool has_source(const struct qemu_config *c)
{
    return c->base != NULL || c->disk_image;
}

static void on_upload(void *arg, uint64_t done, uint64_t total)
{
    build_progress(arg, "Uploading", done, total);
}

static void on_fetch(void *arg, uint64_t done, uint64_t total)
{
    build_progress(arg, "Fetching the disk", done, total);
}

static struct placed *new_place(struct build *b, const char *local, struct error **err)
{
    struct remote *r = qemu_state(b)->remote;
    if (r->count == PLACED_MAX) {
        error_set(err, ERR_TEMPLATE, 0, "too many disks for hypervisor '%s'", r->host_name);
        return NULL;
    }
    r->placed[r->count] = (struct placed){.local = local};
    return &r->placed[r->count++];
}

static const char *volume_name(struct build *b, const char *local)
{
    return arena_fmt(b->arena, "imgfac-%s-%s", b->run_uuid, io_basename(local));
}

/* --- what the host has --- */

static bool use_caps(struct build *b, struct error **err)
{
    struct qemu_state *s = qemu_state(b);
    const struct qemu_config *c = s->config;
    const char *binary = strchr(c->qemu_binary, '/') != NULL ? c->qemu_binary : NULL;
    const char *site = s->hypervisor->accelerator;
    int asked = qemu_accelerator(c, b->arena);
    struct hostcaps caps;
    if (!hostcaps_read(s->conn, s->arch, s->machine, binary, b->arena, &caps, err))
        return false;
    bool is_off = asked == ACCEL_TCG || asked == ACCEL_NONE ||
                  (asked == ACCEL_AUTO && site != NULL && strcmp(site, "tcg") == 0);
    s->emulator = caps.emulator;
    s->kvm = caps.kvm && !is_off;
    if (asked == ACCEL_KVM && !caps.kvm)
        build_warnf(b, "libvirt of '%s' offers no KVM: the guest is emulated",
                    s->remote->host_name);
    if (c->vtpm && !caps.tpm) {
        error_set(err, ERR_HOST, 0, "hypervisor '%s' has no emulated TPM", s->remote->host_name);
        return error_hint(err, "Install swtpm and swtpm-tools there.");
    }
    uint64_t wanted = (uint64_t)qemu_memory_mib(c);
    if (wanted < caps.memory_bytes >> 20)
        return true;
    error_set(err, ERR_HOST, 0, "the guest wants %llu MiB of memory, hypervisor '%s' has %llu MiB",
              (unsigned long long)wanted, s->remote->host_name,
              (unsigned long long)(caps.memory_bytes >> 20));
    return error_hint(err, "Lower `memory`, or name another hypervisor.");
}

static bool check_room(struct build *b, struct error **err)
{
    const struct qemu_state *s = qemu_state(b);
    uint64_t room = 0, source = 0;
    bool is_file = s->source_path != NULL && !qemu_reads_url(s->config);
    if (!pool_room(s->remote->pool, &room, err) ||
        (is_file && !io_file_size(s->source_path, NULL, &source, err)))
        return false;
    if (room >= source + LEAST)
        return true;
    error_set(err, ERR_NO_SPACE, 0,
              "the build needs at least %llu MiB, only %llu MiB are free in storage pool '%s' of "
              "hypervisor '%s'",
              (unsigned long long)((source + LEAST) >> 20), (unsigned long long)(room >> 20),
              pool_name(s->remote->pool), s->remote->host_name);
    return error_hint(err, "Make room in '%s' there, or name another pool.",
                      pool_path(s->remote->pool));
}

static bool connect_there(struct build *b, struct error **err)
{
    struct qemu_state *s = qemu_state(b);
    const struct config_hypervisor *h = s->hypervisor;
    s->conn = conn_open_within(h->uri, CONNECT_NS, b->cancel, err);
    if (s->conn == NULL)
        return false;
    const char *pool = h->pool != NULL ? h->pool : "default";
    s->remote->pool = pool_open(s->conn, pool, h->pool_path, b->ledger, err);
    return s->remote->pool != NULL && check_room(b, err) && use_caps(b, err);
}

/* --- what it gets --- */

/* A template's own chain of images lies here, where that host does not see it. */
static bool check_alone(struct build *b, struct error **err)
{
    const struct qemu_state *s = qemu_state(b);
    struct img_info info;
    if (!has_source(s->config) || strcmp(s->source_format, "qcow2") != 0)
        return true;
    if (!img_info(s->source_path, s->source_format, b->arena, &info, err))
        return false;
    if (info.backing == NULL)
        return true;
    error_set(err, ERR_TEMPLATE, 0, "'%s' has a backing file, which hypervisor '%s' does not see",
              s->source_path, s->remote->host_name);
    return error_hint(err, "Make it stand alone: qemu-img convert -O qcow2 %s standalone.qcow2",
                      io_basename(s->source_path));
}

static const char *digest_of(struct build *b, struct error **err)
{
    const struct qemu_state *s = qemu_state(b);
    char hex[HASH_HEX_MAX];
    if (s->config->base != NULL && b->base.sha256 != NULL)
        return b->base.sha256;
    if (!hash_file(HASH_SHA256, s->source_path, b->cancel, NULL, NULL, hex, err))
        return NULL;
    return arena_strdup(b->arena, hex);
}

/* Base or ISO: sent once. */
static bool place_source(struct build *b, struct error **err)
{
    struct qemu_state *s = qemu_state(b);
    struct remote *r = s->remote;
    struct transfer t = {.cancel = b->cancel, .progress = on_upload, .arg = b};
    const char *store = b->catalog != NULL ? catalog_store_path(b->catalog) : b->work_dir;
    bool uploaded = false;
    if (s->source_path == NULL || qemu_reads_url(s->config))
        return true;
    struct placed *p = new_place(b, s->source_path, err);
    const char *digest = p != NULL && check_alone(b, err) ? digest_of(b, err) : NULL;
    if (digest == NULL)
        return false;
    struct shared_volume v = {.src = s->source_path,
                              .sha256 = digest,
                              .suffix = has_source(s->config) ? s->source_format : "iso",
                              .lock_dir = arena_fmt(b->arena, "%s/cache/remote", store)};
    if (!pool_share(r->pool, &v, &t, b->arena, &p->volume, &uploaded, err))
        return error_wrap(err, "cannot bring '%s' to hypervisor '%s'", io_basename(v.src),
                          r->host_name);
    build_sayf(b,
               uploaded ? "Uploaded to storage pool '%s' of %s, for later builds too"
                        : "Storage pool '%s' of %s has it already",
               pool_name(r->pool), r->host_name);
    return true;
}

static bool place_disk(struct build *b, struct error **err)
{
    const struct qemu_state *s = qemu_state(b);
    struct placed *p = new_place(b, b->image.path, err);
    if (p == NULL)
        return false;
    struct volume_spec spec = {.name = volume_name(b, b->image.path),
                               .format = "qcow2",
                               .capacity = b->image.virtual_size};
    if (has_source(s->config)) {
        spec.backing = s->remote->placed[0].volume.path;
        spec.backing_format = s->source_format;
    }
    return pool_make(s->remote->pool, &spec, b->arena, &p->volume, err);
}

static bool place_more_disks(struct build *b, struct error **err)
{
    const struct qemu_state *s = qemu_state(b);
    for (size_t i = 0; i < s->more_disks.len; i++) {
        uint64_t bytes = 0;
        struct placed *p = new_place(b, s->more_disks.ptr[i], err);
        str_to_size(str_from(s->config->disk_additional_size.ptr[i]), 1 << 20, &bytes);
        struct volume_spec spec = {
            .name = volume_name(b, s->more_disks.ptr[i]), .format = "qcow2", .capacity = bytes};
        if (p == NULL || !pool_make(s->remote->pool, &spec, b->arena, &p->volume, err))
            return false;
    }
    return true;
}

static bool place_media(struct build *b, struct error **err)
{
    const struct qemu_state *s = qemu_state(b);
    const char *const files[] = {s->seed_path, s->cd_path, s->floppy_path};
    struct transfer t = {.cancel = b->cancel};
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        if (files[i] == NULL)
            continue;
        struct placed *p = new_place(b, files[i], err);
        if (p == NULL || !pool_upload(s->remote->pool, files[i], volume_name(b, files[i]), &t,
                                      b->arena, &p->volume, err))
            return false;
    }
    return true;
}

/* The guest sees our HTTP server as one of its host's loopback. */
static bool open_http(struct build *b, struct error **err)
{
    const struct qemu_state *s = qemu_state(b);
    if (s->httpd == NULL)
        return true;
    struct tunnel_spec spec = {
        .uri = &s->remote->uri, .here = b->target.http_port, .to_here = true, .cancel = b->cancel};
    s->remote->http = tunnel_open(&spec, err);
    if (s->remote->http == NULL)
        return error_wrap(err, "the guest cannot reach the HTTP server of this build");
    b->target.http_port = tunnel_port_there(s->remote->http);
    build_sayf(b, "It is port %d of %s", b->target.http_port, s->remote->host_name);
    return true;
}

static bool place_run(struct step *step, struct build *b, struct error **err)
{
    (void)step;
    return connect_there(b, err) && place_source(b, err) && place_disk(b, err) &&
           place_more_disks(b, err) && place_media(b, err) && open_http(b, err);
}

static void delete_volumes(struct build *b)
{
    struct remote *r = qemu_state(b)->remote;
    for (size_t i = r->count; i-- > 0;) {
        AUTO(error) struct error *err = NULL;
        struct volume *v = &r->placed[i].volume;
        if (v->entry == 0 || r->pool == NULL || pool_delete(r->pool, v, &err))
            continue;
        autofree char *why = error_line(err);
        build_warnf(b, "'%s' stays on %s until the next start: %s", v->name, r->host_name, why);
    }
}

/* After the guest's own: it is gone, unless the connection is. */
static void place_cleanup(struct step *step, struct build *b, bool ok)
{
    (void)step;
    (void)ok;
    struct qemu_state *s = qemu_state(b);
    struct remote *r = s->remote;
    tunnel_close(steal(&r->login));
    tunnel_close(steal(&r->http));
    if (s->conn != NULL && conn_is_alive(s->conn))
        delete_volumes(b);
    pool_close(steal(&r->pool));
    conn_close(steal(&s->conn));
}

struct step qemu_step_place(struct build *b)
{
    const struct remote *r = qemu_state(b)->remote;
    return (struct step){.name = "place",
                         .title = arena_fmt(b->arena, "Preparing hypervisor %s", r->host_name),
                         .run = place_run,
                         .cleanup = place_cleanup};
}

/* --- what comes back --- */

static struct placed *placed_as(struct remote *r, const char *local)
{
    for (size_t i = 0; local != NULL && i < r->count; i++)
        if (strcmp(r->placed[i].local, local) == 0)
            return &r->placed[i];
    return NULL;
}

static bool fetch(struct build *b, const char *local, struct error **err)
{
    struct remote *r = qemu_state(b)->remote;
    struct transfer t = {.cancel = b->cancel, .progress = on_fetch, .arg = b};
    const struct placed *p = placed_as(r, local);
    return p == NULL || p->volume.name == NULL ||
           pool_download(r->pool, &p->volume, local, &t, err) ||
           error_wrap(err, "cannot fetch the disk from hypervisor '%s'", r->host_name);
}

/* Over there its backing file has another path. */
static bool fetch_disk(struct build *b, struct error **err)
{
    const struct qemu_state *s = qemu_state(b);
    if (!fetch(b, b->image.path, err))
        return false;
    return b->image.backing == NULL ||
           img_rebase_unsafe(b->image.path, b->image.backing, s->source_format, b->cancel, err);
}

static bool fetch_rest(struct build *b, struct error **err)
{
    const struct qemu_state *s = qemu_state(b);
    if (b->output_dir == NULL)
        return true;
    for (size_t i = 0; i < s->more_disks.len; i++)
        if (!fetch(b, s->more_disks.ptr[i], err))
            return false;
    return !s->efi || s->vars_path == NULL || s->config->efi_drop_efivars ||
           fetch(b, s->vars_path, err);
}

static bool fetch_run(struct step *step, struct build *b, struct error **err)
{
    (void)step;
    if (!fetch_disk(b, err) || !fetch_rest(b, err))
        return false;
    delete_volumes(b);
    return true;
}

struct step qemu_step_fetch(struct build *b)
{
    const struct remote *r = qemu_state(b)->remote;
    return (struct step){.name = "fetch",
                         .title = arena_fmt(b->arena, "Fetching the disk from %s", r->host_name),
                         .run = fetch_run};
}
