/* SPDX-License-Identifier: Apache-2.0 */

#include "template/template.h"

#include <dirent.h>
#include <errno.h>

#include "base/hash.h"
#include "base/io.h"
#include "hcl/parse.h"
#include "hcl/suggest.h"
#include "template/internal.h"
#include "upgrade/upgrade.h"

/* What may stand at the top level, with the names of the labels. */
static const struct top_block {
    const char *type;
    size_t labels;
    const char *label_names[2];
} top_blocks[] = {
    {"packer", 0, {0}},
    {"variable", 1, {"name"}},
    {"variables", 0, {0}},
    {"locals", 0, {0}},
    {"local", 1, {"name"}},
    {"data", 2, {"type", "name"}},
    {"source", 2, {"type", "name"}},
    {"build", 0, {0}},
    {"hcp_packer_registry", 0, {0}},
    {"communicator", 2, {"type", "name"}},
};

static const struct top_block *find_top_block(str type)
{
    for (size_t i = 0; i < ARRAY_SIZE(top_blocks); i++)
        if (str_eqz(type, top_blocks[i].type))
            return &top_blocks[i];
    return NULL;
}

static const char *nearest_top_block(struct arena *a, str type)
{
    struct suggest s;
    suggest_init(&s, type);
    for (size_t i = 0; i < ARRAY_SIZE(top_blocks); i++)
        suggest_offer(&s, str_from(top_blocks[i].type));
    return suggest_text(a, &s);
}

static void check_top_block(struct arena *a, const struct block *b, struct diags *diags)
{
    const struct top_block *top = find_top_block(b->type);
    if (top == NULL) {
        diags_error(diags, b->type_range, "Unsupported block type",
                    "Blocks of type \"%.*s\" are not expected here.%s", STR_FMT(b->type),
                    nearest_top_block(a, b->type));
    } else if (b->label_count < top->labels) {
        const char *missing = top->label_names[b->label_count];
        diags_error(diags, b->open_range, arena_fmt(a, "Missing %s for %s", missing, top->type),
                    "All %s blocks must have %zu label%s: %s%s%s.", top->type, top->labels,
                    top->labels == 1 ? "" : "s", top->label_names[0], top->labels == 2 ? ", " : "",
                    top->labels == 2 ? top->label_names[1] : "");
    } else if (b->label_count > top->labels) {
        diags_error(diags, b->labels[top->labels].range,
                    arena_fmt(a, "Extraneous label for %s", top->type),
                    top->labels == 0 ? "No labels are expected for %s blocks."
                                     : "Too many labels for a %s block.",
                    top->type);
    }
}

static void check_top_level(struct arena *a, const struct body *body, struct diags *diags)
{
    for (size_t i = 0; i < body->attr_count; i++) {
        const struct attribute *attr = &body->attrs[i];
        if (body->is_json && (str_eqz(attr->name, "//") || find_top_block(attr->name) != NULL))
            continue;
        diags_error(diags, attr->name_range,
                    body->is_json ? "Unsupported block type" : "Unsupported argument",
                    "\"%.*s\" is not expected here.%s", STR_FMT(attr->name),
                    nearest_top_block(a, attr->name));
    }
    for (size_t i = 0; i < body->block_count; i++)
        check_top_block(a, &body->blocks[i], diags);
}

/* A template of the old JSON format as if it had been written in HCL. */
static bool load_legacy(struct template *t, const struct source_file *f, struct diags *diags)
{
    size_t before = diags->errors;
    struct upgrade_legacy *legacy = upgrade_read(t->arena, f, diags);
    const struct body *body;
    if (legacy == NULL || diags->errors > before)
        return false;
    if (legacy->builders.len == 0)
        return diags_file_error(diags, f->name, "No builders in the template",
                                "A JSON template needs \"builders\": a list with at least one.");
    struct source_file *hcl =
        upgrade_write(legacy, &(struct upgrade_options){.direct = true}, diags);
    if (diags->errors > before || !hcl_parse_file(t->arena, hcl, diags, &body))
        return false;
    t->legacy = legacy;
    template_files_push(t->arena, &t->files, (struct template_file){f, body});
    return true;
}

static bool load_file(struct template *t, const char *path, struct diags *diags)
{
    struct error *err = NULL;
    struct source_file *f = source_load(t->arena, path, &err);
    if (f == NULL) {
        error_wrap(&err, "cannot read the template '%s'", path);
        diags_add_error(diags, RANGE_NONE, err);
        error_free(err);
        return false;
    }
    if (upgrade_is_legacy_name(path) || (strcmp(path, "-") == 0 && upgrade_is_legacy_text(f->text)))
        return load_legacy(t, f, diags);
    const struct body *body;
    bool ok = hcl_parse_any_file(t->arena, f, diags, &body);
    template_files_push(t->arena, &t->files, (struct template_file){f, body});
    return ok;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool template_list_files(struct arena *a, const char *dir, const char *suffix,
                         struct opt_strings *out, struct error **err)
{
    autoclosedir DIR *d = opendir(dir);
    if (d == NULL)
        return error_set(err, ERR_IO, errno, "cannot list '%s'", dir);
    size_t cap = 0;
    *out = (struct opt_strings){0};
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        autofree char *path = io_path_join(dir, e->d_name);
        if (!str_ends(str_from(e->d_name), str_from(suffix)) || io_is_dir(path))
            continue;
        if (out->len == cap) {
            cap = cap == 0 ? 8 : cap * 2;
            const char **grown = arena_new_array(a, const char *, cap);
            if (out->len > 0)
                memcpy(grown, out->ptr, out->len * sizeof(*grown));
            out->ptr = grown;
        }
        /* "./x" for "." would differ from what the user wrote. */
        out->ptr[out->len++] =
            strcmp(dir, ".") == 0 ? arena_strdup(a, e->d_name) : arena_strdup(a, path);
    }
    if (out->len > 0)
        qsort(out->ptr, out->len, sizeof(*out->ptr), compare_paths);
    return true;
}

static bool load_dir(struct template *t, struct diags *diags)
{
    static const char *const suffixes[] = {".pkr.hcl", ".imgfac.hcl", ".pkr.json"};
    bool ok = true;
    for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
        struct opt_strings files;
        struct error *err = NULL;
        if (!template_list_files(t->arena, t->path, suffixes[i], &files, &err)) {
            diags_add_error(diags, RANGE_NONE, err);
            error_free(err);
            return false;
        }
        for (size_t n = 0; n < files.len; n++)
            ok &= load_file(t, files.ptr[n], diags);
    }
    if (t->files.len == 0)
        return diags_error(diags, RANGE_NONE,
                           arena_fmt(t->arena, "Could not find any template in %s", t->path),
                           "A template is one or more files named *.pkr.hcl, *.imgfac.hcl or "
                           "*.pkr.json.");
    return ok;
}

static bool load_path(struct template *t, struct diags *diags)
{
    return io_is_dir(t->path) ? load_dir(t, diags) : load_file(t, t->path, diags);
}

static void digest(struct template *t)
{
    struct hash *h = hash_new(HASH_SHA256);
    char hex[HASH_HEX_MAX];
    VEC_EACH (f, &t->files) {
        const char *name = io_basename(f->source->name);
        hash_add(h, name, strlen(name) + 1);
        hash_add(h, f->source->text.ptr, f->source->text.len);
    }
    hash_end(h, hex);
    memcpy(t->sha256, hex, sizeof(t->sha256));
}

struct template *template_load(struct arena *a, const char *path, struct diags *diags)
{
    struct template *t = arena_new_object(a, struct template);
    map_init(&t->variable_names, a);
    map_init(&t->local_names, a);
    t->arena = a;
    t->path = arena_strdup(a, path);
    if (io_is_dir(path))
        t->dir = t->path;
    else {
        autofree char *dir = io_dirname(path);
        t->dir = arena_strdup(a, dir);
    }
    size_t before = diags->errors;
    if (!load_path(t, diags))
        return t->files.len > 0 ? t : NULL;
    digest(t);
    VEC_EACH (f, &t->files)
        check_top_level(a, f->body, diags);
    if (diags->errors == before)
        template_check_packer(t, diags);
    return t;
}

bool template_resolve(struct template *t, const struct template_options *options,
                      struct diags *diags)
{
    size_t before = diags->errors;
    t->scope = scope_new_root(t->arena, t->dir);
    template_set_constants(t);
    template_declare_variables(t, diags);
    template_assign_variables(t, options, diags);
    template_validate_variables(t, options->allow_unset, diags);
    /* What depends on a variable that is wrong would only repeat the error. */
    if (diags->errors > before)
        return false;
    template_resolve_locals(t, options, diags);
    if (template_read_sources(t, diags))
        template_read_builds(t, diags);
    return diags->errors == before;
}

void template_top_blocks(struct template *t, str type, size_t labels, struct blocks *out,
                         struct diags *diags)
{
    VEC_EACH (f, &t->files) {
        size_t n = 0;
        const struct block *found = body_find_blocks(t->arena, f->body, type, labels, diags, &n);
        for (size_t i = 0; i < n; i++)
            if (found[i].label_count == labels)
                blocks_push(t->arena, out, &found[i]);
    }
}
