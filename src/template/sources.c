/* SPDX-License-Identifier: Apache-2.0 */

#include "template/internal.h"

#include "hcl/lex.h"
#include "hcl/source.h"
#include "hcl/suggest.h"

static const struct template_source *find(const struct template *t, str type, str name)
{
    VEC_EACH (s, &t->sources)
        if (str_eqz(type, s->type) && str_eqz(name, s->name))
            return s;
    return NULL;
}

bool template_read_sources(struct template *t, struct diags *diags)
{
    size_t before = diags->errors;
    struct blocks found = {0};
    template_top_blocks(t, STR("source"), 2, &found, diags);
    VEC_EACH (p, &found) {
        const struct block *b = *p;
        const struct template_source *old = find(t, b->labels[0].value, b->labels[1].value);
        if (old != NULL) {
            diags_error(diags, block_header_range(b), "Duplicate source block",
                        "This source block has the same builder type and name as the one at %s. "
                        "Each source must have a unique name per builder type.",
                        source_range_text(t->arena, old->range));
            continue;
        }
        struct template_source source = {
            .type = str_dup(t->arena, b->labels[0].value),
            .name = str_dup(t->arena, b->labels[1].value),
            .body = b->body,
            .range = block_header_range(b),
            .type_range = b->labels[0].range,
        };
        template_sources_push(t->arena, &t->sources, source);
    }
    return diags->errors == before;
}

static const char *nearest_source(const struct template *t, str type, str name)
{
    struct suggest s;
    const char *given = arena_fmt(t->arena, "%.*s.%.*s", STR_FMT(type), STR_FMT(name));
    suggest_init(&s, str_from(given));
    VEC_EACH (src, &t->sources)
        suggest_offer(&s, str_from(arena_fmt(t->arena, "%s.%s", src->type, src->name)));
    return suggest_text(t->arena, &s);
}

const struct template_source *template_find_source(const struct template *t, str ref,
                                                   struct range range, struct diags *diags)
{
    str rest = ref;
    str type = str_split(&rest, '.');
    str name = str_split(&rest, '.');
    /* Of more parts Packer takes the second and the third, whatever the others
     * are: "sources." and "source.TYPE.NAME.qcow2" are in use. */
    bool has_prefix = str_eqz(type, "source") || str_eqz(type, "sources");
    if (rest.ptr != NULL || has_prefix) {
        type = name;
        name = str_split(&rest, '.');
    }
    if (!hcl_is_identifier(type) || !hcl_is_identifier(name)) {
        diags_error(diags, range, "Invalid source reference",
                    "\"%.*s\" does not name a source. A reference looks like "
                    "\"source.TYPE.NAME\".",
                    STR_FMT(ref));
        return NULL;
    }
    const struct template_source *found = find(t, type, name);
    if (found == NULL)
        diags_error(diags, range,
                    arena_fmt(t->arena, "Unknown source %.*s.%.*s", STR_FMT(type), STR_FMT(name)),
                    "The template has no block source \"%.*s\" \"%.*s\".%s", STR_FMT(type),
                    STR_FMT(name), nearest_source(t, type, name));
    return found;
}
