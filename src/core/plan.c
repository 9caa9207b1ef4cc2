/* SPDX-License-Identifier: Apache-2.0 */

#include "core/plan.h"

#include "core/plan_internal.h"
#include "hcl/suggest.h"
#include "plug/registry.h"

static bool unknown_builder(struct planning_use *u)
{
    struct suggest s;
    const struct template_source *source = u->use->source;
    if (plan_packer_has_builder(source->type))
        return diags_error(u->p->diags, source->type_range, "Builder not available",
                           "This version of imgfac has no builder \"%s\". Leave its builds out "
                           "with -only or -except.",
                           source->type);
    suggest_init(&s, str_from(source->type));
    for (const struct builder_type *const *b = registry_builders(); *b != NULL; b++)
        suggest_offer(&s, str_from((*b)->name));
    return diags_error(u->p->diags, source->type_range,
                       arena_fmt(u->p->a, "Unknown source type \"%s\"", source->type),
                       "There is no such builder built in.%s `imgfac docs` lists all; -only and "
                       "-except leave builds out.",
                       suggest_text(u->p->a, &s));
}

static bool decode_builder(struct planning_use *u, struct planned_build *pb)
{
    struct planning *p = u->p;
    void *config = arena_alloc(p->a, MAX(pb->builder->config_size, (size_t)1));
    struct scope *scope =
        template_use_scope(p->a, u->use->scope, u->use->source->type, u->use->alias, NULL);
    bool ok = schema_decode(pb->body, pb->builder->opts, scope, p->a, config, p->diags);
    pb->config = config;
    size_t before = p->diags->list.len;
    ok = ok &&
         plan_render(p, pb->builder->opts, pb->body, pb->source_name, pb->builder->name, config);
    if (pb->builder->comm != NULL)
        pb->comm = pb->builder->comm(config);
    if (plan_is_unknown(p, pb->body, scope))
        return ok;
    if (ok && pb->comm != NULL)
        ok = comm_check(pb->comm, pb->body, p->diags);
    if (ok && pb->builder->check != NULL)
        ok = pb->builder->check(config, pb->body, p->diags);
    schema_add_values(pb->body, pb->builder->opts, scope, p->a, p->diags, before);
    return ok;
}

static bool plan_build(struct planning_use *u, const char *name, struct planned_build *pb)
{
    const struct template_use *use = u->use;
    *pb = (struct planned_build){
        .name = name,
        .block_name = u->build->name,
        .description = u->build->description,
        .body = use->body,
        .source_name = use->source->name,
        .alias = use->alias,
        .range = use->source->range,
        .builder = registry_find_builder(str_from(use->source->type)),
    };
    if (pb->builder == NULL)
        return unknown_builder(u);
    bool ok = decode_builder(u, pb);
    ok &= plan_provisioners(u, pb);
    ok &= plan_catalog(u, pb);
    ok &= plan_seal(u, pb);
    return plan_refuse_missing(u) && ok;
}

/* -only and -except. */

struct pattern_use {
    bool *only, *except; /* matched some build */
};

static bool match_list(const struct opt_strings *globs, bool *hits, const char *name)
{
    bool hit = false;
    for (size_t i = 0; i < globs->len; i++)
        if (plan_glob_match(str_from(globs->ptr[i]), str_from(name)))
            hit = hits[i] = true;
    return hit;
}

static bool is_wanted(const struct plan_options *o, struct pattern_use *used, const char *name)
{
    bool except = match_list(&o->except, used->except, name);
    bool only = match_list(&o->only, used->only, name);
    return (o->only.len == 0 || only) && !except;
}

static bool check_patterns(const struct opt_strings *globs, const char *flag, struct diags *diags)
{
    bool ok = true;
    for (size_t i = 0; i < globs->len; i++)
        if (!plan_glob_check(str_from(globs->ptr[i])))
            ok =
                diags_error(diags, RANGE_NONE, arena_fmt(diags->arena, "Invalid -%s pattern", flag),
                            "\"%s\" is not a pattern: a bracket is not closed.", globs->ptr[i]);
    return ok;
}

static const char *join_names(struct arena *a, const struct opt_strings *names)
{
    const char *text = "";
    for (size_t i = 0; i < names->len; i++)
        text = arena_fmt(a, "%s%s%s", text, i > 0 ? ", " : "", names->ptr[i]);
    return text;
}

static void warn_unused(struct planning *p, const struct opt_strings *globs, const bool *hits,
                        const char *flag, const struct opt_strings *names)
{
    for (size_t i = 0; i < globs->len; i++)
        if (!hits[i])
            diags_warning(p->diags, RANGE_NONE, "Pattern without a match",
                          "-%s=%s matches no build. Builds of this template: %s.", flag,
                          globs->ptr[i], join_names(p->a, names));
}

/* In the old JSON format a build is called as its builder. */
static const char *build_name(struct planning *p, const struct template_build *b,
                              const struct template_use *use)
{
    struct arena *a = p->a;
    if (p->t->legacy != NULL)
        return use->alias;
    const char *ref = arena_fmt(a, "%s.%s", use->source->type, use->alias);
    return b->name == NULL || *b->name == '\0' ? ref : arena_fmt(a, "%s.%s", b->name, ref);
}

static size_t count_uses(const struct template *t)
{
    size_t n = 0;
    VEC_EACH (b, &t->builds)
        n += b->uses.len;
    return n;
}

/* Also when it is only to be checked: nothing would have been. */
static void no_match(struct planning *p, const struct opt_strings *names)
{
    const struct plan_options *o = p->options;
    const char *flags = o->only.len == 0 ? "-except" : o->except.len == 0 ? "-only" : NULL;
    struct suggest s = {0};
    for (size_t i = 0; o->only.len == 1 && i < names->len; i++) {
        if (i == 0)
            suggest_init(&s, str_from(o->only.ptr[0]));
        suggest_offer(&s, str_from(names->ptr[i]));
    }
    diags_error(p->diags, RANGE_NONE, "No builds to run",
                "%s leave%s none of the builds of this template: %s.%s",
                flags == NULL ? "-only and -except" : flags, flags == NULL ? "" : "s",
                join_names(p->a, names), suggest_text(p->a, &s));
}

static void plan_builds(struct planning *p, struct plan *out)
{
    const struct plan_options *o = p->options;
    size_t total = count_uses(p->t), wanted = 0;
    struct pattern_use used = {
        .only = arena_new_array(p->a, bool, o->only.len),
        .except = arena_new_array(p->a, bool, o->except.len),
    };
    struct opt_strings names = {.ptr = arena_new_array(p->a, const char *, total)};
    out->builds = arena_new_array(p->a, struct planned_build, total);
    VEC_EACH (b, &p->t->builds)
        VEC_EACH (use, &b->uses) {
            const char *name = build_name(p, b, use);
            names.ptr[names.len++] = name;
            if (!is_wanted(o, &used, name))
                continue;
            wanted++;
            size_t before = p->diags->errors;
            struct planning_use u = {p, b, use,
                                     arena_fmt(p->a, "%s.%s", use->source->type, use->alias)};
            struct planned_build *pb = &out->builds[out->build_count];
            if (plan_build(&u, name, pb) && p->diags->errors == before)
                out->build_count++;
        }
    if (total == 0 && !o->allow_none)
        diags_error(p->diags, RANGE_NONE, "No builds to run", "The template has no build block.");
    if (total > 0 && wanted == 0)
        no_match(p, &names);
    else
        warn_unused(p, &o->only, used.only, "only", &names);
}

/* A build block used by several sources says the same mistake for each. */
static bool is_same(const struct diag *x, const struct diag *y)
{
    return x->subject.file == y->subject.file && x->subject.start == y->subject.start &&
           x->subject.end == y->subject.end && x->severity == y->severity &&
           strcmp(x->summary, y->summary) == 0 && strcmp(x->detail, y->detail) == 0;
}

static void drop_duplicates(struct diags *d)
{
    size_t n = 0;
    for (size_t i = 0; i < d->list.len; i++) {
        struct diag *x = d->list.ptr[i];
        bool seen = false;
        for (size_t k = 0; k < n && !seen; k++)
            seen = is_same(d->list.ptr[k], x);
        if (!seen)
            d->list.ptr[n++] = x;
        else if (x->severity == DIAG_ERROR)
            d->errors--;
        else
            d->warnings--;
    }
    d->list.len = n;
}

bool plan_make(const struct plan_options *options, struct arena *a, struct plan *out,
               struct diags *diags)
{
    *out = (struct plan){0};
    bool ok = check_patterns(&options->only, "only", diags);
    ok &= check_patterns(&options->except, "except", diags);
    size_t before = diags->errors;
    struct template *t = template_load(a, options->template_path, diags);
    if (t == NULL || !ok || diags->errors > before)
        return false;
    out->template = t;
    out->template_path = t->path;
    out->template_dir = t->dir;
    out->template_sha256 = t->sha256;
    struct planning p = {.options = options, .t = t, .a = a, .diags = diags};
    if (!plan_plugins(&p) || !template_resolve(t, &options->template, diags))
        return false;
    plan_builds(&p, out);
    drop_duplicates(diags);
    return diags->errors == before;
}
