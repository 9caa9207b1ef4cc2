/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/opt.h"

#include "hcl/suggest.h"
#include "schema/internal.h"

struct parsing {
    const struct opt_table *tables;
    size_t count;
    struct arena *a;
    struct error **err;
};

/* One "-name=value" taken apart. */
struct flag {
    str word; /* as written, without the value */
    str name;
    str value; /* .ptr NULL: none in the same word */
};

static bool split_flag(const char *word, struct flag *out)
{
    str s = str_from(word);
    if (s.len < 2 || s.ptr[0] != '-')
        return false;
    size_t dashes = s.ptr[1] == '-' ? 2 : 1;
    str name = str_sub(s, dashes, s.len);
    ptrdiff_t eq = str_find_char(name, '=');
    out->value = (str){0};
    if (eq >= 0) {
        out->value = str_sub(name, (size_t)eq + 1, name.len);
        name.len = (size_t)eq;
    }
    out->name = name;
    out->word = str_sub(s, 0, dashes + name.len);
    return true;
}

static bool is_short_of(const struct opt *o, str name)
{
    return o->short_name != '\0' && name.len == 1 && name.ptr[0] == o->short_name;
}

static const struct opt *find_in(const struct opt *rows, str name, size_t *offset)
{
    for (const struct opt *o = rows; o->kind != OPT_KIND_END; o++) {
        if (o->kind == OPT_KIND_EMBED) {
            size_t inner = *offset + o->offset;
            const struct opt *found = find_in(o->opts, name, &inner);
            if (found != NULL) {
                *offset = inner;
                return found;
            }
        } else if (str_eqz(name, o->name) || is_short_of(o, name)) {
            *offset += o->offset;
            return o;
        }
    }
    return NULL;
}

static const struct opt *find_flag(const struct parsing *p, str name, void **field)
{
    for (size_t i = 0; i < p->count; i++) {
        size_t offset = 0;
        if (p->tables[i].rows == NULL)
            continue;
        const struct opt *o = find_in(p->tables[i].rows, name, &offset);
        if (o != NULL) {
            *field = (char *)p->tables[i].config + offset;
            return o;
        }
    }
    return NULL;
}

static void offer_names(const struct opt *rows, struct suggest *s)
{
    for (const struct opt *o = rows; o != NULL && o->kind != OPT_KIND_END; o++) {
        if (o->kind == OPT_KIND_EMBED)
            offer_names(o->opts, s);
        else
            suggest_offer(s, str_from(o->name));
    }
}

static bool unknown_flag(const struct parsing *p, const struct flag *f)
{
    struct suggest s;
    suggest_init(&s, f->name);
    for (size_t i = 0; i < p->count; i++)
        offer_names(p->tables[i].rows, &s);
    error_set(p->err, ERR_USAGE, 0, "unknown flag '%.*s'", STR_FMT(f->word));
    if (s.best.ptr != NULL)
        return error_hint(p->err, "Did you mean '-%.*s'?", STR_FMT(s.best));
    return false;
}

static bool is_switch(const struct opt *o)
{
    return o->kind == OPT_KIND_BOOL || o->kind == OPT_KIND_TRISTATE;
}

static void append(struct arena *a, struct opt_strings *list, str text)
{
    const char **grown = arena_new_array(a, const char *, list->len + 1);
    if (list->len > 0)
        memcpy(grown, list->ptr, list->len * sizeof(*grown));
    grown[list->len++] = str_dup(a, text);
    list->ptr = grown;
}

static void append_split(struct arena *a, const struct opt *o, struct opt_strings *list, str text)
{
    if (o->arg == NULL || !str_ends(str_from(o->arg), STR(",..."))) {
        append(a, list, text);
        return;
    }
    while (text.ptr != NULL) {
        str item = str_split(&text, ',');
        if (item.len > 0)
            append(a, list, item);
    }
}

static bool append_pair(const struct parsing *p, const struct flag *f, struct opt_map *map,
                        str text)
{
    ptrdiff_t eq = str_find_char(text, '=');
    if (eq <= 0)
        return error_set(p->err, ERR_USAGE, 0, "flag '%.*s' wants KEY=VALUE, not '%.*s'",
                         STR_FMT(f->word), STR_FMT(text));
    struct opt_pair *grown = arena_new_array(p->a, struct opt_pair, map->len + 1);
    if (map->len > 0)
        memcpy(grown, map->ptr, map->len * sizeof(*grown));
    grown[map->len++] = (struct opt_pair){str_dup(p->a, str_sub(text, 0, (size_t)eq)),
                                          str_dup(p->a, str_sub(text, (size_t)eq + 1, text.len))};
    map->ptr = grown;
    return true;
}

static bool set_flag(const struct parsing *p, const struct flag *f, const struct opt *o,
                     void *field, str text)
{
    const char *why = NULL;
    if (o->kind == OPT_KIND_STRINGS) {
        append_split(p->a, o, field, text);
        return true;
    }
    if (o->kind == OPT_KIND_STRING_MAP)
        return append_pair(p, f, field, text);
    if (schema_set_text(p->a, o, field, text, &why) && schema_check_bounds(p->a, o, field, &why))
        return true;
    /* The sentence loses its full stop: this is a clause of an error. */
    str clause = str_from(why);
    if (str_ends(clause, STR(".")))
        clause.len--;
    return error_set(p->err, ERR_USAGE, 0, "wrong value for flag '%.*s': %.*s", STR_FMT(f->word),
                     STR_FMT(clause));
}

static bool parse_flag(const struct parsing *p, const struct flag *f,
                       const struct opt_strings *words, size_t *i)
{
    void *field;
    const struct opt *o = find_flag(p, f->name, &field);
    if (o == NULL)
        return unknown_flag(p, f);
    str text = f->value;
    if (text.ptr == NULL && is_switch(o))
        text = STR("true");
    else if (text.ptr == NULL && *i < words->len)
        text = str_from(words->ptr[(*i)++]);
    if (text.ptr == NULL)
        return error_set(p->err, ERR_USAGE, 0, "flag '%.*s' needs a value", STR_FMT(f->word));
    return set_flag(p, f, o, field, text);
}

bool opt_parse(const struct opt_table *tables, size_t count, const struct opt_strings *words,
               struct arena *a, struct opt_strings *rest, struct error **err)
{
    const struct parsing p = {.tables = tables, .count = count, .a = a, .err = err};
    for (size_t i = 0; i < count; i++)
        if (tables[i].rows != NULL)
            schema_defaults(tables[i].rows, a, tables[i].config);
    size_t i = 0;
    struct flag f;
    while (i < words->len && split_flag(words->ptr[i], &f)) {
        i++;
        if (str_eqz(f.word, "--"))
            break;
        if (!parse_flag(&p, &f, words, &i))
            return false;
    }
    *rest = (struct opt_strings){.ptr = words->ptr + i, .len = words->len - i};
    return true;
}

/* Help. */

static const char *flag_argument(const struct opt *o)
{
    if (is_switch(o))
        return NULL;
    if (o->arg != NULL)
        return o->arg;
    switch (o->kind) {
    case OPT_KIND_INT: return "N";
    case OPT_KIND_SIZE: return "SIZE";
    case OPT_KIND_DURATION: return "TIME";
    case OPT_KIND_STRING_MAP: return "KEY=VALUE";
    case OPT_KIND_END:
    case OPT_KIND_BOOL:
    case OPT_KIND_TRISTATE:
    case OPT_KIND_STRING:
    case OPT_KIND_ENUM:
    case OPT_KIND_STRINGS:
    case OPT_KIND_INTS:
    case OPT_KIND_STRINGS_LIST:
    case OPT_KIND_VALUE_JSON:
    case OPT_KIND_BLOCK:
    case OPT_KIND_BLOCKS:
    case OPT_KIND_EMBED: break;
    }
    return "TEXT";
}

static void add_choices(struct strbuf *out, const struct opt_choice *choices)
{
    for (const struct opt_choice *c = choices; c->name != NULL; c++)
        strbuf_addf(out, "%s%s", c == choices ? "" : "|", c->name);
}

#define HELP_COLUMN 26

static void help_row(struct strbuf *out, const struct opt *o, unsigned width)
{
    size_t start = out->len;
    strbuf_addf(out, "  -%s", o->name);
    if (o->kind == OPT_KIND_ENUM && o->choices != NULL && o->arg == NULL) {
        strbuf_addc(out, '=');
        add_choices(out, o->choices);
    } else if (flag_argument(o) != NULL)
        strbuf_addf(out, "=%s", flag_argument(o));
    if (o->short_name != '\0')
        strbuf_addf(out, ", -%c", o->short_name);
    size_t used = out->len - start;
    if (used + 2 > HELP_COLUMN) {
        strbuf_addc(out, '\n');
        used = 0;
    }
    strbuf_addn(out, ' ', HELP_COLUMN - used);
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    strbuf_adds(&text, o->doc);
    if (o->def != NULL && !is_switch(o))
        strbuf_addf(&text, " Default: %s.", o->def);
    else if (is_switch(o) && o->def != NULL && strcmp(o->def, "true") == 0)
        strbuf_addf(&text, " Default: on; -%s=false turns it off.", o->name);
    strbuf_add_wrapped(out, strbuf_str(&text), HELP_COLUMN, width);
}

void opt_help(struct strbuf *out, const struct opt *rows, unsigned width)
{
    for (const struct opt *o = rows; o != NULL && o->kind != OPT_KIND_END; o++) {
        if (o->kind == OPT_KIND_EMBED)
            opt_help(out, o->opts, width);
        else if (o->doc != NULL)
            help_row(out, o, width);
    }
}
