/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/state.h"

#include "base/io.h"
#include "cache/download.h"
#include "catalog/catalog.h"
#include "config/config.h"
#include "ledger/runfile.h"
#include "media/imgtool.h"
#include "qemu/remote.h"

/* "amd64" and "x86_64" are one. */
static const char *canonical_arch(const char *arch)
{
    if (strcmp(arch, "amd64") == 0)
        return "x86_64";
    return strcmp(arch, "arm64") == 0 ? "aarch64" : arch;
}

static bool check_arch(const struct qemu_state *s, const struct catalog_version *v,
                       struct error **err)
{
    if (v->arch == NULL || strcmp(canonical_arch(v->arch), s->arch) == 0)
        return true;
    error_set(err, ERR_TEMPLATE, 0, "base '%s' %s is made for %s, but %s runs %s", v->bucket,
              v->name, v->arch, s->config->qemu_binary, s->arch);
    error_option(err, "base");
    return error_hint(err, "Set qemu_binary to qemu-system-%s.", canonical_arch(v->arch));
}

static void take_lineage(struct build *b, const struct catalog_version *v)
{
    const char *ref = qemu_state(b)->config->base;
    const char *at = strchr(ref, '@');
    bool is_plain = at == NULL && strchr(ref, ':') == NULL;
    b->base = (struct build_base){
        .bucket = v->bucket,
        .fingerprint = v->fingerprint,
        .channel = at != NULL ? at + 1
                   : is_plain ? "latest"
                              : NULL,
        .source = arena_fmt(b->arena, "%s:%s", v->bucket, v->name),
        .sha256 = v->artifacts[0].sha256,
    };
    b->image.os = v->os;
    b->image.firmware = v->firmware;
}

/* Other processes see what the disk will stand on, and cannot remove it from
 * the store while the build lasts. */
static bool claim(struct build *b, struct error **err)
{
    const struct qemu_state *s = qemu_state(b);
    struct run_info *info = runfile_info(b->run);
    if (b->catalog == NULL || s->source_path[0] != '/')
        return true;
    if (!catalog_hold(b->catalog, s->source_path, b->arena, err))
        return error_wrap(err, "cannot use '%s'", s->source_path);
    if (info != NULL)
        info->base = s->source_path;
    runfile_publish(b->run);
    return true;
}

static bool use_base(struct build *b, struct error **err)
{
    struct qemu_state *s = qemu_state(b);
    struct catalog_version v;
    if (b->catalog == NULL)
        return error_set(err, ERR_CATALOG, 0, "there is no catalog to take '%s' from",
                         s->config->base);
    if (!catalog_resolve(b->catalog, str_from(s->config->base), b->arena, &v, err))
        return error_wrap(err, "cannot use base '%s'", s->config->base);
    if (v.artifact_count == 0)
        return error_set(err, ERR_CATALOG, 0, "'%s' %s has no image", v.bucket, v.name);
    if (!check_arch(s, &v, err))
        return false;
    s->source_path = v.artifacts[0].path;
    s->source_format = v.artifacts[0].format;
    s->source_size = v.artifacts[0].virtual_size;
    const struct catalog_artifact *vars = catalog_artifact_named(&v, "efivars");
    s->source_vars = vars != NULL ? vars->path : NULL;
    take_lineage(b, &v);
    build_sayf(b, "Starting from %s %s (%s)", v.bucket, v.name, v.fingerprint);
    return true;
}

static void on_say(void *arg, const char *line)
{
    build_sayf(arg, "%s", line);
}

static void on_progress(void *arg, uint64_t done, uint64_t total)
{
    build_progress(arg, "Downloading", done, total);
}

static bool fetch(struct build *b, struct downloaded *out, struct error **err)
{
    const struct qemu_config *c = qemu_state(b)->config;
    const struct config_download *site = b->config != NULL ? b->config->download : NULL;
    struct download d = {
        .urls = qemu_urls(c, b->arena),
        .checksum = c->iso_checksum,
        .target_path = c->iso_target_path,
        .extension = c->iso_target_extension != NULL ? c->iso_target_extension
                     : c->disk_image                 ? NULL
                                                     : "iso",
        .cancel = b->cancel,
        .say = on_say,
        .progress = on_progress,
        .arg = b,
    };
    if (site != NULL) {
        d.mirrors = &site->mirrors;
        d.proxy = site->proxy;
        d.ca_file = site->ca_file;
        d.cache_dir = site->cache_path;
    }
    if (d.cache_dir == NULL)
        d.cache_dir = arena_fmt(b->arena, "%s/cache/downloads", catalog_store_path(b->catalog));
    return download_file(&d, b->arena, out, err);
}

/* Another file of its own directory is all that an image may lead to: whoever
 * made it must not be able to read this host's files into the guest. */
static bool is_beside(const char *backing)
{
    return *backing != '/' && strchr(backing, ':') == NULL && strstr(backing, "..") == NULL;
}

static bool refuse_backing(const char *path, const char *backing, struct error **err)
{
    error_set(err, ERR_TEMPLATE, 0, "disk image '%s' has the backing file '%s'", path, backing);
    return error_hint(err, "Make it stand alone: qemu-img convert -O qcow2 %s standalone.qcow2",
                      io_basename(path));
}

static bool check_one(const char *path, const struct img_info *info, struct error **err)
{
    if (!info->has_data_file && !info->encrypted)
        return true;
    return error_set(err, ERR_TEMPLATE, 0, "disk image '%s' %s", path,
                     info->encrypted ? "is encrypted" : "keeps its data in another file");
}

/* The user's own image, not a downloaded one, may have a chain. */
static bool check_image(struct arena *a, const struct img_info *first, const struct downloaded *got,
                        struct error **err)
{
    enum { LONGEST = 16 };
    struct img_info info = *first;
    const char *path = got->path;
    for (int i = 0; i < LONGEST; i++) {
        if (!check_one(path, &info, err))
            return false;
        if (info.backing == NULL)
            return true;
        if (!got->in_place || !is_beside(info.backing))
            return refuse_backing(path, info.backing, err);
        autofree char *dir = io_dirname(path);
        path = arena_fmt(a, "%s/%s", dir, info.backing);
        if (!img_info(path, info.backing_format, a, &info, err))
            return false;
    }
    return error_set(err, ERR_TEMPLATE, 0, "disk image '%s' has too long a chain", got->path);
}

/* QEMU itself will read it (iso_skip_cache): whether it can is asked of qemu-img, which has the
 * same drivers, before a guest is made. */
static bool check_remote(const char *url, struct arena *a, struct error **err)
{
    struct img_info info;
    if (img_info(url, "raw", a, &info, err))
        return true;
    autofree char *line = error_line(*err);
    if (strstr(line, "Unknown protocol") == NULL && strstr(line, "Unknown driver") == NULL) {
        error_option(err, "iso_url iso_urls");
        return error_hint(err, "With iso_skip_cache QEMU reads the URL: its server must be "
                               "reachable and answer requests for ranges of bytes.");
    }
    error_wrap_code(err, ERR_HOST, "QEMU has no driver here to read '%s'", url);
    error_option(err, "iso_skip_cache");
    return error_hint(err, "Install its curl driver (in Debian the package qemu-block-extra), or "
                           "leave iso_skip_cache out.");
}

static bool use_url(struct build *b, struct error **err)
{
    struct qemu_state *s = qemu_state(b);
    struct downloaded got;
    struct img_info info;
    if (qemu_reads_url(s->config)) {
        s->source_path = qemu_urls(s->config, b->arena).ptr[0];
        if (!check_remote(s->source_path, b->arena, err))
            return false;
        s->source_format = "raw";
        b->base.source = s->source_path;
        return true;
    }
    if (!fetch(b, &got, err))
        return error_wrap(err, "cannot get the %s", s->config->disk_image ? "disk image" : "ISO");
    s->source_path = got.path;
    s->source_format = "raw";
    b->base.source = got.url;
    if (got.checksum != NULL && strncmp(got.checksum, "sha256:", 7) == 0)
        b->base.sha256 = got.checksum + 7;
    if (!s->config->disk_image)
        return true;
    if (!img_info(got.path, NULL, b->arena, &info, err) || !check_image(b->arena, &info, &got, err))
        return false;
    s->source_format = info.format;
    s->source_size = info.virtual_size;
    return true;
}

/* Before anything is made: a name that the configuration does not know, or what
 * another host cannot do. */
static bool check_hypervisor(const struct build *b, struct error **err)
{
    const struct qemu_state *s = qemu_state(b);
    const char *name = s->config->hypervisor;
    if (name == NULL || s->hypervisor != NULL)
        return s->remote == NULL || remote_check(b, err);
    error_set(err, ERR_TEMPLATE, 0, "there is no hypervisor '%s' in the configuration", name);
    error_option(err, "hypervisor");
    return error_hint(err, "Add a block hypervisor \"%s\" to it, or leave hypervisor out.", name);
}

static bool run(struct step *step, struct build *b, struct error **err)
{
    (void)step;
    if (!check_hypervisor(b, err))
        return false;
    bool has_base = qemu_state(b)->config->base != NULL;
    if ((has_base ? use_base(b, err) : use_url(b, err)) && claim(b, err))
        return true;
    return error_option(err, has_base                       ? "base"
                             : error_is(*err, ERR_CHECKSUM) ? "iso_checksum"
                                                            : "iso_url iso_urls");
}

struct step qemu_step_source(struct build *b)
{
    const struct qemu_config *c = qemu_state(b)->config;
    return (struct step){
        .name = "source",
        .title = c->base != NULL ? "Looking up the base image"
                 : c->disk_image ? "Retrieving disk image"
                                 : "Retrieving ISO",
        .run = run,
    };
}
