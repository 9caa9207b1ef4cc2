/* SPDX-License-Identifier: Apache-2.0 */

/* The domain of a build that is not started: what `imgfac inspect -domain-xml`
 * shows.  Files that a build would make or fetch have the names they would
 * get; ports are the first ones that it may take. */

#include "qemu/state.h"

#include "base/io.h"
#include "config/config.h"
#include "qemu/domain.h"

static const char *source_of(const struct qemu_config *c, const char *store, struct arena *a)
{
    struct opt_strings urls = qemu_urls(c, a);
    const char *url = urls.len > 0 ? urls.ptr[0] : "source";
    if (c->base != NULL)
        return arena_fmt(a, "%s/images/%s", store, c->base);
    if (qemu_reads_url(c) || *url == '/')
        return url;
    if (c->iso_target_path != NULL)
        url = c->iso_target_path;
    else if (strstr(url, "://") != NULL)
        return arena_fmt(a, "%s/cache/downloads/%s", store, io_basename(url));
    autofree char *absolute = io_absolute(url);
    return arena_strdup(a, absolute);
}

static void name_media(struct build *b)
{
    struct qemu_state *s = qemu_state(b);
    const struct qemu_config *c = s->config;
    size_t more = c->disk_additional_size.len;
    if (c->cd_files.len > 0 || c->cd_content.len > 0)
        s->cd_path = arena_fmt(b->arena, "%s/cd.iso", b->work_dir);
    if (c->floppy_files.len > 0 || c->floppy_dirs.len > 0 || c->floppy_content.len > 0)
        s->floppy_path = arena_fmt(b->arena, "%s/floppy.img", b->work_dir);
    if (qemu_wants_seed(c))
        s->seed_path = arena_fmt(b->arena, "%s/seed.iso", b->work_dir);
    s->more_disks.ptr = arena_new_array(b->arena, const char *, more);
    for (size_t i = 0; i < more; i++)
        s->more_disks.ptr[s->more_disks.len++] =
            arena_fmt(b->arena, "%s/disk-%zu.qcow2", b->work_dir, i + 1);
}

static void name_ports(struct build *b)
{
    struct qemu_state *s = qemu_state(b);
    const struct qemu_config *c = s->config;
    bool serves = c->http_directory != NULL || c->http_content.len > 0;
    b->target.http_ip = "10.0.2.2";
    b->target.http_port = serves ? (int)c->http_port_min : 0;
    if (qemu_forwards(c))
        s->forward_port = (int)c->host_port_min;
    if (qemu_shows_screen(c))
        s->vnc_number = (int)c->vnc_port_min;
    if (c->net_bridge != NULL)
        s->mac = "52:54:00:00:00:01";
}

static struct build *pretend(const struct qemu_config *c, const struct config *site,
                             const char *source_name, struct arena *a)
{
    struct build *b = arena_new_object(a, struct build);
    struct qemu_state *s = qemu_state_new(c, site, a);
    c = s->config;
    const char *store = site != NULL ? config_store_path(site, a) : "/var/lib/imgfac";
    bool has_source = c->base != NULL || c->disk_image;
    *b = (struct build){.name = source_name,
                        .builder_name = "qemu",
                        .source_name = source_name,
                        .arena = a,
                        .config = site,
                        .work_dir = arena_fmt(a, "%s/work/%s", store, source_name),
                        .builder_state = s};
    b->console_log = arena_fmt(a, "%s/logs/%s/console.log", store, source_name);
    s->source_path = source_of(c, store, a);
    s->source_format = "qcow2";
    s->domain_name = arena_fmt(a, "imgfac-%s", source_name);
    b->image.path = arena_fmt(a, "%s/disk.qcow2", b->work_dir);
    b->image.backing = has_source ? s->source_path : NULL;
    name_media(b);
    name_ports(b);
    return b;
}

char *qemu_preview(const void *config, const struct config *site, const char *source_name,
                   struct arena *a, struct error **err)
{
    struct domain d;
    struct build *b = pretend(config, site, source_name, a);
    struct qemu_state *s = qemu_state(b);
    struct error *absent = NULL;
    if (!qemu_find_emulator(s, a, &absent)) {
        s->emulator = arena_fmt(a, "/usr/bin/%s", io_basename(s->config->qemu_binary));
        error_drop(&absent);
    }
    if (!qemu_choose_firmware(b, err) || !qemu_describe_domain(b, &d, err))
        return NULL;
    return domain_xml(&d, err);
}
