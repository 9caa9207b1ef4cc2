/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/provisioner.h"

#include "base/io.h"
#include "base/mem.h"
#include "hcl/diag.h"
#include "plug/communicator.h"
#include "provisioner/common.h"

enum direction { UPLOAD, DOWNLOAD };

struct file_config {
    const char *source;
    struct opt_strings sources;
    const char *content;
    const char *destination;
    int direction;
    bool generated;
};

static const struct opt_choice directions[] = {
    {"upload", UPLOAD, "From this host into the guest."},
    {"download", DOWNLOAD, "From the guest to this host."},
    {0},
};

#define C struct file_config
static const struct opt file_opts[] = {
    OPT_STR(C, source, "source", .flags = OPT_TMPL | OPT_PATH, .conflicts = "content",
            .doc = "File or folder to transfer.  A folder with a final slash stands for what is in "
                   "it."),
    OPT_STRS(C, sources, "sources", .flags = OPT_TMPL | OPT_PATH, .conflicts = "content",
             .doc = "Several files or folders; `source` is added at the end."),
    OPT_STR(C, content, "content", .flags = OPT_TMPL,
            .doc = "Text of the file to make in the guest, mode 0600."),
    OPT_STR(C, destination, "destination", .flags = OPT_TMPL | OPT_REQUIRED,
            .doc = "Where to; with a final slash a folder that gets the file under its own name.  "
                   "Folders of the guest are not made."),
    OPT_ENUM(C, direction, "direction", .choices = directions, .def = "\"upload\"",
             .doc = "Which way."),
    OPT_BOOL(C, generated, "generated", .def = "false", .flags = OPT_NOHASH,
             .doc = "The source is made during the run: do not look for it before."),
    OPT_END,
};
#undef C

static void check_source(const char *path, const char *option, const struct body *body,
                         struct diags *diags)
{
    if (io_exists(path) || !gotmpl_is_plain(str_from(path)))
        return;
    autofree char *summary = xasprintf("Bad source '%s'", path);
    diags_error(diags, schema_range(body, option), summary,
                "There is no such file or folder.  When it is made during the run, set generated = "
                "true.");
}

static bool file_check(const void *config, const struct body *body, struct diags *diags)
{
    const struct file_config *c = config;
    size_t before = diags->errors;
    prov_check_template(c->destination, "destination", body, diags);
    prov_check_template(c->content, "content", body, diags);
    if (c->direction == UPLOAD && !c->generated) {
        if (c->source != NULL)
            check_source(c->source, "source", body, diags);
        for (size_t i = 0; i < c->sources.len; i++)
            check_source(c->sources.ptr[i], "sources", body, diags);
    }
    return diags->errors == before;
}

static bool ends_with_slash(const char *s)
{
    size_t len = strlen(s);
    return len > 0 && s[len - 1] == '/';
}

/* "dir/" gets the file under its own name. */
static char *target_name(const char *src, const char *dst)
{
    return ends_with_slash(dst) ? xasprintf("%s%s", dst, io_basename(src)) : xstrdup(dst);
}

static bool upload(struct build *b, const char *src, const char *dst, struct error **err)
{
    struct cancel *cancel = prov_token(b);
    build_sayf(b, "Uploading %s => %s", src, dst);
    if (io_is_dir(src))
        return comm_upload_dir(b->comm, src, dst, cancel, err);
    autofree char *target = target_name(src, dst);
    return comm_upload(b->comm, src, target, 0, cancel, err);
}

static bool download(struct build *b, const char *src, const char *dst, struct error **err)
{
    struct cancel *cancel = prov_token(b);
    build_sayf(b, "Downloading %s => %s", src, dst);
    if (ends_with_slash(src) || strpbrk(src, "*?[") != NULL)
        return comm_download_dir(b->comm, src, dst, cancel, err);
    autofree char *target = target_name(src, dst);
    autofree char *parent = io_dirname(target);
    return io_mkdir_p(parent, 0755, err) && comm_download(b->comm, src, target, cancel, err);
}

/* The mode is that of the temporary file Packer makes. */
static bool upload_content(struct build *b, const char *content, const char *dst,
                           struct error **err)
{
    AUTO(arena) struct arena *a = arena_new("file content");
    char *text;
    build_sayf(b, "Uploading (content) => %s", dst);
    if (!prov_render(b, a, content, NULL, 0, "content", &text, err))
        return false;
    return comm_upload_data(b->comm, str_from(text), dst, 0600, prov_token(b), err) ||
           error_wrap(err, "Upload failed");
}

static bool transfer(const struct file_config *c, struct build *b, struct arena *a,
                     const char *source, const char *dst, struct error **err)
{
    char *src;
    if (!prov_render(b, a, source, NULL, 0, "source", &src, err))
        return false;
    if (c->direction == DOWNLOAD)
        return download(b, src, dst, err) || error_wrap(err, "Download failed");
    return upload(b, src, dst, err) || error_wrap(err, "Upload failed");
}

static bool file_run(const void *config, struct build *b, struct error **err)
{
    const struct file_config *c = config;
    AUTO(arena) struct arena *a = arena_new("file provisioner");
    char *dst;
    if (!prov_render(b, a, c->destination, NULL, 0, "destination", &dst, err))
        return false;
    if (c->content != NULL && *c->content != '\0' && !upload_content(b, c->content, dst, err))
        return false;
    for (size_t i = 0; i < c->sources.len; i++)
        if (!transfer(c, b, a, c->sources.ptr[i], dst, err))
            return false;
    return c->source == NULL || transfer(c, b, a, c->source, dst, err);
}

const struct provisioner_type provisioner_file = {
    .name = "file",
    .summary = "Copy files between this host and the guest.",
    .doc = "Folders follow the rule of rsync: `dir/` stands for what is in it.  Folders of "
           "the guest are not made, and the account that is logged in must be allowed to "
           "write there."
           "\n\n"
           "    provisioner \"file\" {\n"
           "      source      = \"files/app.conf\"\n"
           "      destination = \"/tmp/app.conf\"\n"
           "    }",
    .opts = file_opts,
    .config_size = sizeof(struct file_config),
    .flags = PROV_NEEDS_COMM,
    .check = file_check,
    .run = file_run,
};
