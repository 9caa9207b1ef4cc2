/* SPDX-License-Identifier: Apache-2.0 */

#include "hcl/source.h"
#include "template/internal.h"

/* The `packer` block: what version and which plugins the template asks for.
 * Plugins are not fetched; core/plan looks whether what they bring is built
 * in, when a build needs it. */

static const struct opt packer_rows[] = {
    {.name = "required_version", .kind = OPT_KIND_STRING},
    {.name = "required_plugins", .kind = OPT_KIND_BLOCKS},
    OPT_END,
};

static bool check_version(struct template *t, const struct attribute *attr, struct diags *diags)
{
    value v;
    if (!eval_expr_as(attr->expr, &type_string, NULL, t->arena, &v, diags))
        return false;
    if (!value_is_present(v))
        return true;
    bool valid;
    str text = value_as_str(v);
    bool fits = template_version_fits(STR(TEMPLATE_PACKER_VERSION), text, &valid);
    if (!valid)
        return diags_error(diags, attr->expr->range, "Invalid version constraint",
                           "\"%.*s\" is not a version constraint such as \">= 1.7.0, < 2.0.0\".",
                           STR_FMT(text));
    if (!fits)
        return diags_error(diags, attr->expr->range, "Unsupported Packer Core version",
                           "This template needs Packer %.*s; this program reads the templates of "
                           "Packer " TEMPLATE_PACKER_VERSION ".",
                           STR_FMT(text));
    return true;
}

static const char *plugin_string(value v, const char *key)
{
    value s = value_attr(v, key);
    return value_is_present(s) && value_is_string(s) ? value_as_str(s).ptr : NULL;
}

/* "host/owner/name", with more owners in between. */
static bool is_source(str s)
{
    size_t parts = 0;
    while (s.ptr != NULL) {
        str part = str_split(&s, '/');
        if (part.len == 0)
            return false;
        parts++;
    }
    return parts >= 3;
}

static bool read_plugin(struct template *t, const struct attribute *attr, struct diags *diags)
{
    struct range range = attr->expr->range;
    value v;
    if (!eval_expr(attr->expr, NULL, t->arena, &v, diags))
        return false;
    if (!value_is_present(v) || !value_is_map_like(v))
        return diags_error(diags, range, "Invalid plugin requirement",
                           "A requirement is an object: { version = \">= 1.0.0\", source = "
                           "\"github.com/hashicorp/qemu\" }.");
    const char *version = plugin_string(v, "version"), *source = plugin_string(v, "source");
    if (version == NULL)
        return diags_error(diags, range, "No version constraint was set",
                           "The \"version\" of a required plugin is missing.");
    if (source == NULL)
        return diags_error(diags, range, "No source was set",
                           "The \"source\" of a required plugin is missing.");
    if (!is_source(str_from(source)))
        return diags_error(diags, range, "Invalid plugin source",
                           "A source has a host, an owner and a name, such as "
                           "\"github.com/hashicorp/qemu\".");
    if (strchr(version, '-') != NULL)
        return diags_error(diags, range, "Unsupported prerelease for constraint",
                           "\"%s\" asks for a prerelease, which is never installed.", version);
    bool valid;
    template_version_fits(STR("1.0.0"), str_from(version), &valid);
    if (!valid)
        return diags_error(diags, range, "Invalid version constraint",
                           "\"%s\" is not a version constraint such as \">= 1.0.0\".", version);
    for (size_t i = 0; i < value_len(v); i++) {
        str key = value_key_at(v, i);
        if (!str_eqz(key, "version") && !str_eqz(key, "source"))
            return diags_error(diags, range, "Invalid required_plugins object",
                               "\"%.*s\" is neither \"version\" nor \"source\".", STR_FMT(key));
    }
    VEC_EACH (p, &t->plugins)
        if (str_eqz(attr->name, p->name))
            return diags_error(diags, attr->name_range, "Duplicate required plugin",
                               "\"%s\" is required at %s too.", p->name,
                               source_range_text(t->arena, p->range));
    struct template_plugin plugin = {str_dup(t->arena, attr->name), source, version,
                                     attr->name_range};
    template_plugins_push(t->arena, &t->plugins, plugin);
    return true;
}

static bool read_plugins(struct template *t, const struct body *body, struct diags *diags)
{
    bool ok = true;
    size_t n = 0;
    const struct block *found =
        body_find_blocks(t->arena, body, STR("required_plugins"), 0, diags, &n);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < found[i].body->attr_count; k++)
            ok &= read_plugin(t, &found[i].body->attrs[k], diags);
    return ok;
}

bool template_check_packer(struct template *t, struct diags *diags)
{
    bool ok = true;
    struct blocks found = {0};
    template_top_blocks(t, STR("packer"), 0, &found, diags);
    VEC_EACH (b, &found) {
        const struct body *body = (*b)->body;
        ok &= schema_check_names(body, packer_rows, t->arena, diags);
        const struct attribute *attr = body_find_attr(body, STR("required_version"));
        if (attr != NULL)
            ok &= check_version(t, attr, diags);
        ok &= read_plugins(t, body, diags);
    }
    return ok;
}
