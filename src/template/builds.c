/* SPDX-License-Identifier: Apache-2.0 */

#include "template/internal.h"

#include "hcl/source.h"
#include "schema/dynamic.h"

struct build_args {
    const char *name;
    const char *description;
    struct opt_strings sources;
};

#define RAW_BLOCK(nm)                                                                              \
    {                                                                                              \
        .name = (nm), .kind = OPT_KIND_BLOCKS                                                      \
    }

static const struct opt build_rows[] = {
    OPT_STR(struct build_args, name, "name"),
    OPT_STR(struct build_args, description, "description"),
    OPT_STRS(struct build_args, sources, "sources"),
    RAW_BLOCK("source"),
    RAW_BLOCK("provisioner"),
    RAW_BLOCK("error-cleanup-provisioner"),
    RAW_BLOCK("post-processor"),
    RAW_BLOCK("post-processors"),
    RAW_BLOCK("seal"),
    RAW_BLOCK("test"),
    RAW_BLOCK("scan"),
    RAW_BLOCK("catalog"),
    RAW_BLOCK("hcp_packer_registry"),
    OPT_END,
};

static const struct opt chain_rows[] = {RAW_BLOCK("post-processor"), OPT_END};

static struct template_block as_template_block(struct arena *a, const struct schema_block *b)
{
    const struct block *block = b->block;
    bool labelled = block->label_count > 0;
    return (struct template_block){
        .label = labelled ? str_dup(a, block->labels[0].value) : "",
        .body = block->body,
        .scope = b->scope,
        .range = block_header_range(block),
        .label_range = labelled ? block->labels[0].range : block->type_range,
    };
}

/* All blocks of TYPE in BODY; at most MAX (0: any number). */
static bool take_blocks(struct template *t, const struct body *body, const struct scope *scope,
                        const char *type, size_t labels, size_t max, struct template_blocks *out,
                        struct diags *diags)
{
    struct schema_blocks found = {0};
    bool ok = schema_find_blocks(body, str_from(type), labels, scope, t->arena, &found, diags);
    VEC_EACH (b, &found) {
        if (max > 0 && out->len == max) {
            ok = diags_error(diags, block_header_range(b->block),
                             arena_fmt(t->arena, "Only one %s is allowed", type),
                             "The first one is at %s.",
                             source_range_text(t->arena, out->ptr[0].range));
            break;
        }
        template_blocks_push(t->arena, out, as_template_block(t->arena, b));
    }
    return ok;
}

/* A source definition and the body of the nested source block, without its
 * `name`; an argument in both is an error, as in Packer. */
static bool merge_bodies(struct template *t, const struct body *base, const struct body *extra,
                         const struct body **out, struct diags *diags)
{
    struct arena *a = t->arena;
    bool ok = true;
    struct body *merged = arena_memdup(a, base, sizeof(*base));
    struct attribute *attrs =
        arena_new_array(a, struct attribute, base->attr_count + extra->attr_count);
    struct block *blocks = arena_new_array(a, struct block, base->block_count + extra->block_count);
    if (base->attr_count > 0)
        memcpy(attrs, base->attrs, base->attr_count * sizeof(*attrs));
    if (base->block_count > 0)
        memcpy(blocks, base->blocks, base->block_count * sizeof(*blocks));
    if (extra->block_count > 0)
        memcpy(blocks + base->block_count, extra->blocks, extra->block_count * sizeof(*blocks));
    size_t n = base->attr_count;
    for (size_t i = 0; i < extra->attr_count; i++) {
        const struct attribute *attr = &extra->attrs[i];
        const struct attribute *old = body_find_attr(base, attr->name);
        if (str_eqz(attr->name, "name"))
            continue;
        if (old != NULL)
            ok = diags_error(diags, attr->name_range, "Duplicate argument",
                             "The argument \"%.*s\" is set by the source at %s already.",
                             STR_FMT(attr->name), source_range_text(a, old->name_range));
        attrs[n++] = *attr;
    }
    merged->is_json = base->is_json || extra->is_json;
    merged->attrs = attrs;
    merged->attr_count = n;
    merged->blocks = blocks;
    merged->block_count = base->block_count + extra->block_count;
    *out = merged;
    return ok;
}

static bool read_alias(struct template *t, const struct body *body, const char **out,
                       struct diags *diags)
{
    const struct attribute *attr = body_find_attr(body, STR("name"));
    str text;
    if (attr == NULL)
        return true;
    if (!expr_as_string_literal(attr->expr, &text) || text.len == 0)
        return diags_error(diags, attr->expr->range, "Invalid source name",
                           "The name of a source in a build must be a text without variables.");
    *out = str_dup(t->arena, text);
    return true;
}

static bool use_nested_source(struct template *t, const struct schema_block *b,
                              struct template_build *build, struct diags *diags)
{
    const struct block *block = b->block;
    const struct template_source *source =
        template_find_source(t, block->labels[0].value, block->labels[0].range, diags);
    if (source == NULL)
        return false;
    struct template_use use = {.source = source,
                               .alias = source->name,
                               .scope = b->scope,
                               .range = block_header_range(block)};
    bool ok = read_alias(t, block->body, &use.alias, diags);
    bool empty = block->body->attr_count == 0 && block->body->block_count == 0;
    if (empty)
        use.body = source->body;
    else
        ok &= merge_bodies(t, source->body, block->body, &use.body, diags);
    template_uses_push(t->arena, &build->uses, use);
    return ok;
}

/* The range of element I of `sources`, when it is written as a list there. */
static struct range source_ref_range(const struct body *body, size_t i, size_t count)
{
    const struct attribute *attr = body_find_attr(body, STR("sources"));
    const struct expr *e = expr_unparen(attr->expr);
    if (e->kind == EXPR_TUPLE && e->tuple.count == count)
        return e->tuple.items[i]->range;
    return e->range;
}

/* Two builds of one name could not be told apart, nor their files. */
static bool check_distinct(struct template *t, const struct template_build *build,
                           struct diags *diags)
{
    bool ok = true;
    VEC_EACH (use, &build->uses)
        for (const struct template_use *old = build->uses.ptr; old < use; old++) {
            if (strcmp(old->source->type, use->source->type) != 0 ||
                strcmp(old->alias, use->alias) != 0)
                continue;
            ok = diags_error(diags, use->range, "Duplicate source in a build",
                             "\"%s.%s\" is used at %s already. Give one of them another name: "
                             "source \"%s.%s\" { name = ... }.",
                             use->source->type, use->alias, source_range_text(t->arena, old->range),
                             use->source->type, use->source->name);
            break;
        }
    return ok;
}

static bool use_sources(struct template *t, const struct body *body, const struct build_args *args,
                        struct template_build *build, struct diags *diags)
{
    bool ok = true;
    for (size_t i = 0; i < args->sources.len; i++) {
        struct range range = source_ref_range(body, i, args->sources.len);
        const struct template_source *source =
            template_find_source(t, str_from(args->sources.ptr[i]), range, diags);
        ok &= source != NULL;
        if (source != NULL)
            template_uses_push(t->arena, &build->uses,
                               (struct template_use){.source = source,
                                                     .alias = source->name,
                                                     .body = source->body,
                                                     .scope = t->scope,
                                                     .range = range});
    }
    struct schema_blocks nested = {0};
    ok &= schema_find_blocks(body, STR("source"), 1, t->scope, t->arena, &nested, diags);
    VEC_EACH (b, &nested)
        ok &= use_nested_source(t, b, build, diags);
    ok &= check_distinct(t, build, diags);
    if (ok && build->uses.len == 0)
        ok = diags_error(diags, build->range, "Missing source reference",
                         "A build needs at least one source: sources = [\"source.TYPE.NAME\"].");
    return ok;
}

/* Lone post-processors and post-processors blocks; each is a chain. */
static bool take_chains(struct template *t, const struct body *body, struct template_build *build,
                        struct diags *diags)
{
    struct template_blocks lone = {0}, groups = {0};
    bool ok = take_blocks(t, body, t->scope, "post-processor", 1, 0, &lone, diags);
    ok &= take_blocks(t, body, t->scope, "post-processors", 0, 0, &groups, diags);
    VEC_EACH (b, &lone) {
        struct template_chain chain = {0};
        template_blocks_push(t->arena, &chain.steps, *b);
        template_chains_push(t->arena, &build->chains, chain);
    }
    VEC_EACH (g, &groups) {
        struct template_chain chain = {0};
        ok &= schema_check_names(g->body, chain_rows, t->arena, diags);
        ok &= take_blocks(t, g->body, g->scope, "post-processor", 1, 0, &chain.steps, diags);
        template_chains_push(t->arena, &build->chains, chain);
    }
    return ok;
}

static bool take_all_blocks(struct template *t, const struct body *body, struct template_build *b,
                            struct diags *diags)
{
    const struct {
        const char *type;
        size_t labels, max;
        struct template_blocks *out;
    } kinds[] = {
        {"provisioner", 1, 0, &b->provisioners},
        {"error-cleanup-provisioner", 1, 1, &b->error_cleanup},
        {"seal", 0, 1, &b->seal},
        {"test", 1, 0, &b->tests},
        {"scan", 0, 0, &b->scans},
        {"catalog", 0, 1, &b->catalog},
        {"hcp_packer_registry", 0, 1, &b->hcp_registry},
    };
    bool ok = true;
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        ok &= take_blocks(t, body, t->scope, kinds[i].type, kinds[i].labels, kinds[i].max,
                          kinds[i].out, diags);
    return take_chains(t, body, b, diags) && ok;
}

/* sources = [source.qemu.x], as one would write it for anything else. */
static bool check_source_texts(const struct body *body, struct diags *diags)
{
    const struct attribute *attr = body_find_attr(body, STR("sources"));
    const struct expr *list = attr == NULL ? NULL : expr_unparen(attr->expr);
    bool ok = true;
    for (size_t i = 0; list != NULL && list->kind == EXPR_TUPLE && i < list->tuple.count; i++) {
        const struct expr *e = expr_unparen(list->tuple.items[i]);
        if (e->kind != EXPR_TRAVERSAL || !str_eqz(e->traversal.root, "source"))
            continue;
        struct range root = e->range;
        root.end = root.start + (uint32_t)e->traversal.root.len;
        ok = diags_error(diags, root, "Unknown variable",
                         "Sources are named by text here: \"%.*s\".",
                         STR_FMT(source_text(e->range)));
    }
    return ok;
}

static bool read_build(struct template *t, const struct block *block, struct diags *diags)
{
    struct template_build build = {.range = block_header_range(block)};
    struct build_args args = {0};
    if (!check_source_texts(block->body, diags))
        return false;
    bool ok = schema_decode(block->body, build_rows, t->scope, t->arena, &args, diags);
    build.name = args.name;
    build.description = args.description;
    ok &= take_all_blocks(t, block->body, &build, diags);
    ok = ok && use_sources(t, block->body, &args, &build, diags);
    template_builds_push(t->arena, &t->builds, build);
    return ok;
}

bool template_read_builds(struct template *t, struct diags *diags)
{
    bool ok = true;
    struct blocks found = {0};
    template_top_blocks(t, STR("build"), 0, &found, diags);
    VEC_EACH (b, &found)
        ok &= read_build(t, *b, diags);
    found.len = 0;
    template_top_blocks(t, STR("hcp_packer_registry"), 0, &found, diags);
    VEC_EACH (b, &found) {
        if (t->hcp_registry.len > 0)
            ok = diags_error(diags, block_header_range(*b),
                             "Only one hcp_packer_registry is allowed", "The first one is at %s.",
                             source_range_text(t->arena, t->hcp_registry.ptr[0].range));
        const struct schema_block sb = {*b, t->scope};
        template_blocks_push(t->arena, &t->hcp_registry, as_template_block(t->arena, &sb));
    }
    return ok;
}
