/* SPDX-License-Identifier: Apache-2.0 */

/* required_plugins: whether what the template counts on is here.  Plugins of
 * Packer for other platforms are passed over: builds that need them say so. */

#include "core/plan_internal.h"
#include "plug/plugin.h"
#include "plug/registry.h"

static bool check(struct planning *p, const struct template_plugin *t)
{
    struct plugin_answer answer;
    bool valid;
    registry_find_plugin(p->a, str_from(t->name), str_from(t->source), &answer);
    switch (answer.state) {
    case PLUGIN_BUILT_IN:
    case PLUGIN_ELSEWHERE: return true;
    case PLUGIN_INSTALLED:
        if (template_version_fits(str_from(answer.version), str_from(t->constraint), &valid))
            return true;
        return diags_error(p->diags, t->range, "Wrong version of a plugin",
                           "The template needs version %s of \"%s\", installed is %s (%s).",
                           t->constraint, t->name, answer.version, answer.path);
    case PLUGIN_NOT_PINNED:
        return diags_error(p->diags, t->range, "Plugin not installed", "%s", answer.what);
    case PLUGIN_MISSING: break;
    }
    return diags_error(
        p->diags, t->range, "Missing plugin",
        "The template requires \"%s\" from %s, which is neither built in nor "
        "installed. Get a plugin for imgfac of that name and run `imgfac plugins "
        "install PATH`; when no build needs it, remove the requirement. Packer's own "
        "plugin programs cannot be used.",
        t->name, t->source);
}

bool plan_plugins(struct planning *p)
{
    bool ok = true;
    VEC_EACH (t, &p->t->plugins)
        ok &= check(p, t);
    return ok;
}
