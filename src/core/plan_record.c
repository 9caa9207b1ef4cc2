/* SPDX-License-Identifier: Apache-2.0 */

#include "core/plan_internal.h"

#include "base/redact.h"
#include "hcl/source.h"
#include "hcl/suggest.h"
#include "plug/registry.h"

/* What becomes of the image: `catalog`, `hcp_packer_registry`, `seal`; and the
 * blocks that this version cannot carry out. */

struct catalog_block {
    const char *bucket;
    const char *description;
    struct opt_strings channels;
    struct opt_map labels;
    struct opt_map build_labels;
};

#define C struct catalog_block

static const struct opt catalog_rows[] = {
    OPT_STR(C, bucket, "bucket", .flags = OPT_REQUIRED),
    OPT_STR(C, description, "description"),
    OPT_STRS(C, channels, "channels"),
    OPT_MAP(C, labels, "labels"),
    OPT_END,
};

/* HCP's `labels` is the old name of bucket_labels; both may not be set. */
static const struct opt registry_rows[] = {
    OPT_STR(C, bucket, "bucket_name"),
    OPT_STR(C, description, "description"),
    OPT_STRS(C, channels, "channels"),
    OPT_MAP(C, labels, "bucket_labels", .conflicts = "labels"),
    OPT_MAP(C, build_labels, "build_labels"),
    OPT_MAP(C, labels, "labels", .flags = OPT_DEPRECATED, .instead = "bucket_labels"),
    OPT_END,
};

static bool is_name(const char *s)
{
    static const char chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    size_t len = strlen(s);
    if (len == 0 || len > 64 || strchr(chars, s[0]) == NULL)
        return false;
    for (const char *c = s; *c != '\0'; c++)
        if (strchr(chars, *c) == NULL && strchr("-_.", *c) == NULL)
            return false;
    return true;
}

#define NAME_RULE                                                                                  \
    "A name has 1 to 64 letters, digits, dashes, underscores and periods and starts with a "       \
    "letter or digit."

static bool check_names(struct planning_use *u, const struct body *body, const C *block,
                        const char *bucket_option)
{
    struct diags *diags = u->p->diags;
    bool ok = true;
    if (block->bucket != NULL && !is_name(block->bucket))
        ok = diags_error(diags, schema_range(body, bucket_option), "Invalid bucket name",
                         "\"%s\" cannot be a bucket. " NAME_RULE, block->bucket);
    for (size_t i = 0; i < block->channels.len; i++) {
        const char *name = block->channels.ptr[i];
        if (!is_name(name))
            ok =
                diags_error(diags, schema_item_range(body, "channels", i, block->channels.len),
                            "Invalid channel name", "\"%s\" cannot be a channel. " NAME_RULE, name);
        else if (strcmp(name, "latest") == 0)
            ok = diags_error(diags, schema_item_range(body, "channels", i, block->channels.len),
                             "Invalid channel name",
                             "The channel \"latest\" is managed: it always points to the newest "
                             "version.");
    }
    return ok;
}

static void put_label(struct opt_map *map, struct opt_pair pair)
{
    for (size_t i = 0; i < map->len; i++) {
        if (strcmp(map->ptr[i].key, pair.key) == 0) {
            map->ptr[i] = pair;
            return;
        }
    }
    map->ptr[map->len++] = pair;
}

/* Those of Y win: a version has one label of a name. */
static struct opt_map join_maps(struct arena *a, struct opt_map x, struct opt_map y)
{
    struct opt_map out = {.ptr = arena_new_array(a, struct opt_pair, x.len + y.len)};
    for (size_t i = 0; i < x.len; i++)
        put_label(&out, x.ptr[i]);
    for (size_t i = 0; i < y.len; i++)
        put_label(&out, y.ptr[i]);
    return out;
}

static bool decode_catalog(struct planning_use *u, const struct template_block *block,
                           const struct opt *rows, struct planned_build *pb)
{
    struct planning *p = u->p;
    C c = {0};
    bool hcp = rows == registry_rows;
    struct scope *scope = plan_block_scope(u, block->scope);
    if (!schema_decode(block->body, rows, scope, p->a, &c, p->diags))
        return false;
    size_t before = p->diags->list.len;
    bool ok = check_names(u, block->body, &c, hcp ? "bucket_name" : "bucket");
    schema_add_values(block->body, rows, scope, p->a, p->diags, before);
    if (!ok)
        return false;
    if (c.bucket == NULL)
        c.bucket = getenv("HCP_PACKER_BUCKET_NAME");
    if ((c.bucket == NULL && !plan_is_unknown(p, block->body, scope)) ||
        (c.bucket != NULL && !is_name(c.bucket)))
        return diags_error(p->diags, block->body->missing_item_range, "Missing bucket name",
                           "Set \"bucket_name\", or the environment variable "
                           "HCP_PACKER_BUCKET_NAME. " NAME_RULE);
    struct planned_catalog *out = arena_new_object(p->a, struct planned_catalog);
    *out = (struct planned_catalog){
        .bucket = arena_strdup(p->a, c.bucket != NULL ? c.bucket : ""),
        .description = c.description,
        .channels = c.channels,
        .labels = join_maps(p->a, c.labels, c.build_labels),
        .range = block->range,
    };
    pb->catalog = out;
    return true;
}

/* A build block may have sources of both kinds. */
static bool makes_no_image(const struct planned_build *pb)
{
    return (pb->builder->flags & BUILDER_NO_IMAGE) != 0;
}

bool plan_catalog(struct planning_use *u, struct planned_build *pb)
{
    const struct template_build *b = u->build;
    if (makes_no_image(pb)) {
        if (b->catalog.len > 0)
            diags_warning(u->p->diags, b->catalog.ptr[0].range, "Nothing to record",
                          "The builder \"%s\" makes no image: `catalog` has no effect on \"%s\".",
                          pb->builder->name, pb->name);
        return true;
    }
    if (b->catalog.len > 0 && b->hcp_registry.len > 0)
        return diags_error(u->p->diags, b->hcp_registry.ptr[0].range, "Conflicting blocks",
                           "`catalog` and `hcp_packer_registry` say the same thing; leave one "
                           "out. The other one is at %s.",
                           source_range_text(u->p->a, b->catalog.ptr[0].range));
    if (b->catalog.len > 0)
        return decode_catalog(u, &b->catalog.ptr[0], catalog_rows, pb);
    const struct template_blocks *hcp =
        b->hcp_registry.len > 0 ? &b->hcp_registry : &u->p->t->hcp_registry;
    return hcp->len == 0 || decode_catalog(u, &hcp->ptr[0], registry_rows, pb);
}

static bool decode_seal(struct planning_use *u, const struct template_block *block,
                        struct planned_build *pb)
{
    struct planning *p = u->p;
    struct seal_config *config = arena_new_object(p->a, struct seal_config);
    struct scope *scope = plan_block_scope(u, block->scope);
    if (!schema_decode(block->body, seal_opts, scope, p->a, config, p->diags))
        return false;
    /* Only the hash is a secret: "locked" is a word of many lines. */
    str root = str_from(config->root_password);
    if (str_starts(root, STR("crypt:")))
        redact_register(str_sub(root, strlen("crypt:"), root.len));
    pb->seal = config->enabled ? config : NULL;
    pb->seal_body = block->body;
    pb->seal_range = block->range;
    const struct sealer *sealer = registry_sealer();
    size_t before = p->diags->list.len;
    bool ok = sealer == NULL || sealer->check == NULL || !config->enabled ||
              sealer->check(config, block->body, p->diags);
    schema_add_values(block->body, seal_opts, scope, p->a, p->diags, before);
    return ok;
}

bool plan_seal(struct planning_use *u, struct planned_build *pb)
{
    if (makes_no_image(pb))
        return true;
    if (u->build->seal.len > 0)
        return decode_seal(u, &u->build->seal.ptr[0], pb);
    if (pb->catalog == NULL || (pb->builder->flags & BUILDER_CLEAN))
        return true;
    struct seal_config *config = arena_new_object(u->p->a, struct seal_config);
    schema_defaults(seal_opts, u->p->a, config);
    pb->seal = config;
    pb->seal_range = pb->catalog->range;
    return true;
}

static bool matches_any(const struct opt_strings *globs, const char *name)
{
    for (size_t i = 0; i < globs->len; i++)
        if (plan_glob_match(str_from(globs->ptr[i]), str_from(name)))
            return true;
    return false;
}

static void offer(void *arg, const char *name)
{
    suggest_offer(arg, str_from(name));
}

/* The template itself may be right: one that is only checked is not refused. */
static bool refuse_post_processor(struct planning_use *u, const struct template_block *block,
                                  const char *name)
{
    struct planning *p = u->p;
    struct suggest s;
    if (plan_packer_has_post_processor(block->label)) {
        diags_add(p->diags, p->options->only_check ? DIAG_WARNING : DIAG_ERROR, block->label_range,
                  "Post-processors are not available",
                  "This version of imgfac cannot run the post-processor \"%s\" yet: `imgfac build` "
                  "refuses the template. Remove the block, or leave it out with -except=%s.",
                  block->label, name);
        return p->options->only_check;
    }
    suggest_init(&s, str_from(block->label));
    plan_packer_each_post_processor(offer, &s);
    return diags_error(p->diags, block->label_range,
                       arena_fmt(p->a, "Unknown post-processor type \"%s\"", block->label),
                       "Packer has no such post-processor.%s", suggest_text(p->a, &s));
}

/* A post-processor counts when neither its own only/except nor -except takes it
 * (and with it the rest of its chain) away. */
static bool refuse_chain(struct planning_use *u, const struct template_chain *chain)
{
    bool ok = true;
    VEC_EACH (block, &chain->steps) {
        struct block_options common = {0};
        const struct body *own;
        if (!plan_split_block(u, block, BLOCK_POST_PROCESSOR, &common, &own))
            return false;
        const char *name = common.name != NULL ? common.name : block->label;
        if (matches_any(&u->p->options->except, name))
            return ok;
        if (!common.is_skipped)
            ok &= refuse_post_processor(u, block, name);
    }
    return ok;
}

static bool refuse_blocks(struct planning_use *u, const struct template_blocks *blocks,
                          const char *summary)
{
    VEC_EACH (block, blocks)
        diags_error(u->p->diags, block->range, summary,
                    "This version of imgfac reads the block but cannot carry it out yet. Remove "
                    "it, so that nothing is left out unseen.");
    return blocks->len == 0;
}

bool plan_refuse_missing(struct planning_use *u)
{
    bool ok = refuse_blocks(u, &u->build->tests, "Tests are not available");
    ok &= refuse_blocks(u, &u->build->scans, "Scans are not available");
    VEC_EACH (chain, &u->build->chains)
        ok &= refuse_chain(u, chain);
    return ok;
}
