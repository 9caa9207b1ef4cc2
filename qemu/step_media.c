/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/state.h"

#include "httpd/server.h"
#include "media/floppy.h"
#include "media/tree.h"
#include "net/port.h"
#include "qemu/net.h"

#define DEFAULT_LABEL "packer"
/* The host as seen from QEMU's user network. */
#define HOST_IP "10.0.2.2"

static bool add_globs(struct tree *t, const struct opt_strings *globs, enum tree_mode mode,
                      struct error **err)
{
    for (size_t i = 0; i < globs->len; i++)
        if (!tree_add_glob(t, globs->ptr[i], mode, err))
            return false;
    return true;
}

/* Texts come last: they win over files of the same name. */
static bool add_texts(struct tree *t, const struct opt_map *texts, struct error **err)
{
    for (size_t i = 0; i < texts->len; i++)
        if (!tree_add_text(t, texts->ptr[i].key, str_from(texts->ptr[i].value), err))
            return false;
    return true;
}

static bool make_cd(struct build *b, struct error **err)
{
    struct qemu_state *s = qemu_state(b);
    const struct qemu_config *c = s->config;
    struct tree t;
    size_t count;
    if (c->cd_files.len == 0 && c->cd_content.len == 0)
        return true;
    tree_init(&t, b->arena);
    if (!add_globs(&t, &c->cd_files, TREE_KEEP, err) || !add_texts(&t, &c->cd_content, err))
        return error_option(err, "cd_files cd_content") ||
               error_wrap(err, "cannot make the CD of cd_files");
    const struct iso_file *files = tree_files(&t, &count);
    s->cd_path = arena_fmt(b->arena, "%s/cd.iso", b->work_dir);
    return iso_write(s->cd_path, c->cd_label != NULL ? c->cd_label : DEFAULT_LABEL, files, count,
                     err);
}

static bool make_floppy(struct build *b, struct error **err)
{
    struct qemu_state *s = qemu_state(b);
    const struct qemu_config *c = s->config;
    struct tree t;
    size_t count;
    if (c->floppy_files.len == 0 && c->floppy_dirs.len == 0 && c->floppy_content.len == 0)
        return true;
    tree_init(&t, b->arena);
    if (!add_globs(&t, &c->floppy_files, TREE_FLATTEN, err) ||
        !add_globs(&t, &c->floppy_dirs, TREE_KEEP, err) || !add_texts(&t, &c->floppy_content, err))
        return error_option(err, "floppy_files floppy_dirs floppy_content") ||
               error_wrap(err, "cannot make the floppy disk");
    const struct iso_file *files = tree_files(&t, &count);
    s->floppy_path = arena_fmt(b->arena, "%s/floppy.img", b->work_dir);
    return floppy_write(s->floppy_path, c->floppy_label != NULL ? c->floppy_label : DEFAULT_LABEL,
                        files, count, b->work_dir, b->cancel, err);
}

static bool media_run(struct step *step, struct build *b, struct error **err)
{
    (void)step;
    return make_cd(b, err) && make_floppy(b, err);
}

struct step qemu_step_media(struct build *b)
{
    (void)b;
    return (struct step){.name = "media", .run = media_run};
}

static struct httpd_config *describe_server(struct build *b)
{
    const struct qemu_config *c = qemu_state(b)->config;
    struct httpd_config *h = arena_new_object(b->arena, struct httpd_config);
    struct httpd_text *texts = arena_new_array(b->arena, struct httpd_text, c->http_content.len);
    for (size_t i = 0; i < c->http_content.len; i++)
        texts[i] = (struct httpd_text){c->http_content.ptr[i].key, c->http_content.ptr[i].value};
    const char *address = c->net_bridge != NULL ? "0.0.0.0" : "127.0.0.1";
    *h = (struct httpd_config){.address =
                                   c->http_bind_address != NULL ? c->http_bind_address : address,
                               .directory = c->http_directory,
                               .texts = texts,
                               .text_count = c->http_content.len};
    return h;
}

static bool http_run(struct step *step, struct build *b, struct error **err)
{
    (void)step;
    struct qemu_state *s = qemu_state(b);
    const struct qemu_config *c = s->config;
    b->target.http_ip = HOST_IP;
    if (c->net_bridge != NULL) {
        b->target.http_ip = net_interface_address(c->net_bridge, b->arena, err);
        if (b->target.http_ip == NULL)
            return error_option(err, "net_bridge") || error_wrap(err, "cannot use net_bridge");
    }
    if (c->http_directory == NULL && c->http_content.len == 0)
        return true;
    struct httpd_config *h = describe_server(b);
    s->http_port = port_hold_new(h->address, (int)c->http_port_min, (int)c->http_port_max, err);
    if (s->http_port == NULL)
        return error_option(err, "http_port_min http_port_max");
    h->port = port_hold_number(s->http_port);
    s->httpd = httpd_start(h, err);
    if (s->httpd == NULL)
        return false;
    b->target.http_port = h->port;
    build_sayf(b, "Starting HTTP server on port %d", h->port);
    return true;
}

static void http_cleanup(struct step *step, struct build *b, bool ok)
{
    (void)step;
    (void)ok;
    struct qemu_state *s = qemu_state(b);
    httpd_stop(steal(&s->httpd));
    port_hold_free(steal(&s->http_port));
}

struct step qemu_step_http(struct build *b)
{
    (void)b;
    return (struct step){.name = "http", .run = http_run, .cleanup = http_cleanup};
}
