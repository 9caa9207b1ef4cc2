/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/config.h"

#include "gotemplate/gotemplate.h"
#include "hcl/ast.h"
#include "hcl/diag.h"
#include "hcl/source.h"
#include "qemu/boot_command.h"

/* Length in a quoted template of the character at TEXT, and how many bytes it
 * stands for. */
static size_t source_char(str text, size_t *bytes)
{
    *bytes = 1;
    if (text.len >= 3 && (str_starts(text, STR("$${")) || str_starts(text, STR("%%{")))) {
        *bytes = 2;
        return 3;
    }
    if (text.ptr[0] != '\\' || text.len < 2)
        return 1;
    size_t digits = text.ptr[1] == 'u' ? 4 : text.ptr[1] == 'U' ? 8 : 0;
    if (digits != 0) {
        char hex[9];
        snprintf(hex, sizeof(hex), "%.*s", STR_FMT(str_sub(text, 2, 2 + digits)));
        unsigned long code = strtoul(hex, NULL, 16);
        *bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    }
    return 2 + digits;
}

/* Where bytes PLACE of the string that E yields were written; E's own range
 * when that cannot be said: interpolations, heredocs, references. */
static struct range place_in(const struct expr *e, struct boot_place place)
{
    str text = source_text(e->range);
    bool plain =
        e->kind == EXPR_LITERAL || (e->kind == EXPR_TEMPLATE && e->template.part_count == 1 &&
                                    e->template.parts[0]->kind == EXPR_LITERAL);
    if (!plain || text.len < 2 || text.ptr[0] != '"')
        return e->range;
    struct range r = e->range;
    size_t at = 1;
    for (size_t decoded = 0; at + 1 < text.len && decoded < place.end;) {
        size_t bytes;
        if (decoded <= place.start)
            r.start = e->range.start + (uint32_t)at;
        at += source_char(str_sub(text, at, text.len), &bytes);
        decoded += bytes;
    }
    r.end = e->range.start + (uint32_t)MIN(at, text.len - 1);
    return r;
}

/* One string of keys as it is joined, and the expressions of its parts. */
struct keys {
    const struct opt_strings *parts;
    const struct expr *const *items; /* one for each part, or NULL */
    struct range range;              /* when nothing else is known */
};

/* The part in which PLACE begins; PLACE becomes relative to it. */
static struct range find_place(const struct keys *k, struct boot_place place)
{
    for (size_t i = 0; i < k->parts->len; i++) {
        size_t len = strlen(k->parts->ptr[i]);
        if (place.start < len && k->items != NULL) {
            place.end = MIN(place.end, len);
            return place_in(k->items[i], place);
        }
        place.start -= MIN(place.start, len);
        place.end -= MIN(place.end, len);
    }
    return k->range;
}

static str join(struct arena *a, const struct opt_strings *parts)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    for (size_t i = 0; i < parts->len; i++)
        strbuf_adds(&text, parts->ptr[i]);
    return (str){arena_strndup(a, text.buf, text.len), text.len};
}

static void warn_of_doubts(const struct keys *k, str text, struct diags *diags)
{
    struct boot_place place = {0};
    const char *meant;
    while (boot_command_doubt(text, place.end, &place, &meant)) {
        str word = str_sub(text, place.start, place.end);
        diags_warning(diags, find_place(k, place), "Typed as it stands",
                      "%.*s is no key and no wait of a boot command, so these %zu characters are "
                      "typed. Did you mean <%s>?",
                      STR_FMT(word), word.len, meant);
    }
}

/* Where the place cannot be shown its text is told. */
static void add_at(const struct keys *k, str text, struct boot_place place, struct diags *diags,
                   struct error **err)
{
    str what = str_sub(text, place.start, place.end);
    if (k->items == NULL)
        error_wrap(err, "boot command cannot be used at \"%.*s\"", STR_FMT(what));
    diags_add_error(diags, find_place(k, place), *err);
}

/* The grammar is run on the text before {{ }} is rendered, as in Packer. */
static void check_keys(const struct keys *k, struct diags *diags)
{
    AUTO(arena) struct arena *a = arena_new("check");
    struct boot_actions actions = {0};
    struct boot_place place = {0};
    struct error *err = NULL;
    str text = join(a, k->parts);
    if (!gotmpl_check(text, &err))
        diags_add_error(diags, k->range, err);
    else if (!boot_command_parse(a, text, &actions, &place, &err))
        add_at(k, text, place, diags, &err);
    else
        warn_of_doubts(k, text, diags);
    error_drop(&err);
}

static const struct expr *option(const struct body *body, const char *name)
{
    const struct attribute *attr = body_find_attr(body, str_from(name));
    return attr != NULL ? attr->expr : NULL;
}

/* Its elements when there are COUNT of them as written. */
static const struct expr *const *elements(const struct expr *e, size_t count)
{
    return e != NULL && e->kind == EXPR_TUPLE && e->tuple.count == count ? e->tuple.items : NULL;
}

static void check_command(const struct qemu_config *c, const struct body *body, struct diags *diags)
{
    const struct expr *e = option(body, "boot_command");
    struct keys k = {.parts = &c->boot_command,
                     .items = elements(e, c->boot_command.len),
                     .range = schema_range(body, "boot_command")};
    check_keys(&k, diags);
}

static void check_steps(const struct qemu_config *c, const struct body *body, struct diags *diags)
{
    const struct opt_strings_list *steps = &c->boot_steps;
    const struct expr *const *lists = elements(option(body, "boot_steps"), steps->len);
    for (size_t i = 0; i < steps->len; i++) {
        /* the second string is a description */
        struct opt_strings first = {steps->ptr[i].ptr, MIN(steps->ptr[i].len, (size_t)1)};
        struct keys k = {.parts = &first, .range = schema_range(body, "boot_steps")};
        if (lists != NULL)
            k.items = elements(lists[i], steps->ptr[i].len);
        check_keys(&k, diags);
    }
}

void qemu_check_boot(const struct qemu_config *c, const struct body *body, struct diags *diags)
{
    check_command(c, body, diags);
    check_steps(c, body, diags);
    if (c->disable_vnc && (c->boot_command.len > 0 || c->boot_steps.len > 0))
        diags_error(diags, schema_range(body, "disable_vnc"),
                    "A boot command cannot be used when vnc is disabled.", "%s", "");
}
