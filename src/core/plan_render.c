/* SPDX-License-Identifier: Apache-2.0 */

#include "core/plan_internal.h"

#include "gotemplate/gotemplate.h"

/* Packer renders every string option as a Go template when it prepares, but
 * for those that are rendered at run time (OPT_TMPL), of which only the syntax
 * is looked at, and those where braces mean nothing (OPT_NO_TMPL). */

struct rendering {
    const struct planning *p;
    const struct opt *opt;
    const struct body *body;
    struct gotmpl_data data;
};

static bool render_string(struct rendering *r, const char **field, struct range range)
{
    struct error *err = NULL;
    str out, text = str_from(*field);
    if (*field == NULL || gotmpl_is_plain(text))
        return true;
    bool ok = (r->opt->flags & OPT_TMPL) ? gotmpl_check(text, &err)
                                         : gotmpl_render(r->p->a, text, &r->data, &out, &err);
    if (!ok) {
        autofree char *line = error_line(err);
        diags_error(r->p->diags, range, "Invalid template text",
                    "The text in double braces of \"%s\" cannot be read: %s.", r->opt->name, line);
        error_free(err);
        return false;
    }
    if (!(r->opt->flags & OPT_TMPL))
        *field = str_dup(r->p->a, out);
    return true;
}

static bool render_strings(struct rendering *r, struct opt_strings *list)
{
    bool ok = true;
    for (size_t i = 0; i < list->len; i++)
        ok &=
            render_string(r, &list->ptr[i], schema_item_range(r->body, r->opt->name, i, list->len));
    return ok;
}

static bool render_map(struct rendering *r, struct opt_map *map)
{
    bool ok = true;
    for (size_t i = 0; i < map->len; i++)
        ok &= render_string(r, &map->ptr[i].value, schema_range(r->body, r->opt->name));
    return ok;
}

static bool render_lists(struct rendering *r, struct opt_strings_list *list)
{
    bool ok = true;
    for (size_t i = 0; i < list->len; i++)
        ok &= render_strings(r, &list->ptr[i]);
    return ok;
}

static bool render_rows(struct rendering *r, const struct opt *rows, char *config);

static bool render_blocks(struct rendering *r, const struct opt *o, char *field)
{
    if (o->kind == OPT_KIND_BLOCK) {
        char *inner = *(char **)field;
        return inner == NULL || render_rows(r, o->opts, inner);
    }
    bool ok = true;
    struct opt_blocks *blocks = (struct opt_blocks *)(void *)field;
    for (size_t i = 0; o->opts != NULL && i < blocks->len; i++)
        ok &= render_rows(r, o->opts, (char *)blocks->ptr + i * o->elem_size);
    return ok;
}

static bool render_field(struct rendering *r, const struct opt *o, char *field)
{
    r->opt = o;
    switch (o->kind) {
    case OPT_KIND_STRING:
        return render_string(r, (const char **)(void *)field, schema_range(r->body, r->opt->name));
    case OPT_KIND_STRINGS: return render_strings(r, (struct opt_strings *)(void *)field);
    case OPT_KIND_STRING_MAP: return render_map(r, (struct opt_map *)(void *)field);
    case OPT_KIND_STRINGS_LIST: return render_lists(r, (struct opt_strings_list *)(void *)field);
    case OPT_KIND_BLOCK:
    case OPT_KIND_BLOCKS: return render_blocks(r, o, field);
    case OPT_KIND_EMBED: return render_rows(r, o->opts, field);
    case OPT_KIND_END:
    case OPT_KIND_BOOL:
    case OPT_KIND_TRISTATE:
    case OPT_KIND_INT:
    case OPT_KIND_SIZE:
    case OPT_KIND_DURATION:
    case OPT_KIND_ENUM:
    case OPT_KIND_INTS:
    case OPT_KIND_VALUE_JSON: break;
    }
    return true;
}

static bool render_rows(struct rendering *r, const struct opt *rows, char *config)
{
    bool ok = true;
    for (const struct opt *o = rows; o->kind != OPT_KIND_END; o++)
        if (!(o->flags & OPT_NO_TMPL))
            ok &= render_field(r, o, config + o->offset);
    return ok;
}

bool plan_render(const struct planning *p, const struct opt *rows, const struct body *body,
                 const char *build_name, const char *build_type, void *config)
{
    struct rendering r = {
        .p = p, .body = body, .data = {.build_name = build_name, .build_type = build_type}};
    return render_rows(&r, rows, config);
}
