/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/plugin.h"

#include <stdlib.h>

#include "base/thread.h"
#include "plugin/internal.h"

/* The one state: found plugins, their types, their processes. */
static struct {
    pthread_mutex_t lock;
    struct arena *arena; /* NULL: the directories were not read yet */
    struct plugin *plugins;
    size_t count;
    struct plugin_provisioner *provisioners;
    size_t provisioner_count;
    struct plugin_datasource *datasources;
    size_t datasource_count;
    const struct provisioner_type *const *all_provisioners;
    const struct datasource_type *const *all_datasources;
    bool stops_at_exit;
} state = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void add_types(struct plugin *p)
{
    const struct description *d = &p->file.said;
    for (size_t i = 0; p->file.sha256 != NULL && i < d->count; i++) {
        const struct component *c = &d->components[i];
        if (c->kind == COMPONENT_PROVISIONER) {
            struct plugin_provisioner *t = &state.provisioners[state.provisioner_count++];
            *t = (struct plugin_provisioner){.plugin = p, .component = c};
            plugin_fill_provisioner(t);
        } else if (c->kind == COMPONENT_DATA_SOURCE) {
            struct plugin_datasource *t = &state.datasources[state.datasource_count++];
            *t = (struct plugin_datasource){.plugin = p, .component = c};
            plugin_fill_datasource(t);
        }
    }
}

/* The lock is held. */
static void load(void)
{
    struct plugin_files files;
    size_t components = 0;
    if (state.arena != NULL)
        return;
    if (!state.stops_at_exit)
        state.stops_at_exit = atexit(plugins_forget) == 0;
    state.arena = arena_new("plugins");
    plugin_list(state.arena, &files);
    VEC_EACH (f, &files)
        components += f->said.count;
    state.count = files.len;
    state.plugins = arena_new_array(state.arena, struct plugin, files.len);
    state.provisioners = arena_new_array(state.arena, struct plugin_provisioner, components);
    state.datasources = arena_new_array(state.arena, struct plugin_datasource, components);
    for (size_t i = 0; i < files.len; i++) {
        state.plugins[i] = (struct plugin){.file = files.ptr[i]};
        add_types(&state.plugins[i]);
    }
}

const struct provisioner_type *plugins_find_provisioner(str name)
{
    LOCK_SCOPE(&state.lock);
    load();
    for (size_t i = 0; i < state.provisioner_count; i++)
        if (str_eqz(name, state.provisioners[i].type.name))
            return &state.provisioners[i].type;
    return NULL;
}

const struct datasource_type *plugins_find_datasource(str name)
{
    LOCK_SCOPE(&state.lock);
    load();
    for (size_t i = 0; i < state.datasource_count; i++)
        if (str_eqz(name, state.datasources[i].type.name))
            return &state.datasources[i].type;
    return NULL;
}

const struct provisioner_type *const *plugins_add_provisioners(
    const struct provisioner_type *const *built_in)
{
    LOCK_SCOPE(&state.lock);
    load();
    if (state.all_provisioners != NULL)
        return state.all_provisioners;
    size_t n = 0;
    while (built_in[n] != NULL)
        n++;
    const struct provisioner_type **all = arena_new_array(
        state.arena, const struct provisioner_type *, n + state.provisioner_count + 1);
    memcpy(all, built_in, n * sizeof(*all));
    for (size_t i = 0; i < state.provisioner_count; i++)
        all[n + i] = &state.provisioners[i].type;
    return state.all_provisioners = all;
}

const struct datasource_type *const *plugins_add_datasources(
    const struct datasource_type *const *built_in)
{
    LOCK_SCOPE(&state.lock);
    load();
    if (state.all_datasources != NULL)
        return state.all_datasources;
    size_t n = 0;
    while (built_in[n] != NULL)
        n++;
    const struct datasource_type **all = arena_new_array(
        state.arena, const struct datasource_type *, n + state.datasource_count + 1);
    memcpy(all, built_in, n * sizeof(*all));
    for (size_t i = 0; i < state.datasource_count; i++)
        all[n + i] = &state.datasources[i].type;
    return state.all_datasources = all;
}

/* "hello" and "hello-zip" both belong to a plugin "hello". */
static bool may_be_of(str type, const char *plugin)
{
    size_t len = strlen(plugin);
    return str_eqz(type, plugin) ||
           (type.len > len && str_starts(type, str_from(plugin)) && type.ptr[len] == '-');
}

const char *plugins_explain(struct arena *a, str type)
{
    LOCK_SCOPE(&state.lock);
    load();
    for (size_t i = 0; i < state.count; i++) {
        const struct plugin_file *f = &state.plugins[i].file;
        if (!may_be_of(type, f->name))
            continue;
        if (f->sha256 == NULL)
            return arena_strdup(a, f->why);
        for (size_t k = 0; k < f->said.count; k++)
            if (str_eqz(type, f->said.components[k].type))
                return arena_fmt(a, "Plugin '%s' has it as a %s.", f->name,
                                 component_kind_text(f->said.components[k].kind));
    }
    return NULL;
}

/* "provisioner hello, data source hello-x" */
static const char *component_list(struct arena *a, const struct description *d)
{
    const char *text = "";
    for (size_t i = 0; i < d->count; i++)
        text = arena_fmt(a, "%s%s%s %s", text, i > 0 ? ", " : "",
                         component_kind_text(d->components[i].kind), d->components[i].type);
    return text;
}

static bool answer_installed(struct arena *a, str name, struct plugin_answer *out)
{
    LOCK_SCOPE(&state.lock);
    load();
    for (size_t i = 0; i < state.count; i++) {
        const struct plugin_file *f = &state.plugins[i].file;
        if (!str_eqz(name, f->name))
            continue;
        bool pinned = f->sha256 != NULL;
        *out = (struct plugin_answer){
            .state = pinned ? PLUGIN_INSTALLED : PLUGIN_NOT_PINNED,
            .version = pinned ? arena_strdup(a, f->said.version) : NULL,
            .path = arena_strdup(a, f->path),
            .what = pinned ? component_list(a, &f->said) : arena_strdup(a, f->why),
        };
        return true;
    }
    return false;
}

/* The last word of "github.com/acme/hello" is what a plugin is called; what the
 * template calls it is only how it refers to it. */
void plugins_answer(struct arena *a, str name, str source, struct plugin_answer *out)
{
    ptrdiff_t slash = str_rfind_char(source, '/');
    str last = slash < 0 ? name : str_sub(source, (size_t)slash + 1, source.len);
    *out = (struct plugin_answer){.state = PLUGIN_MISSING};
    if (answer_installed(a, last, out))
        return;
    if (!plugin_answer_known(a, source, out))
        out->state = PLUGIN_MISSING;
}

/* --- processes --- */

void plugins_stop(void)
{
    LOCK_SCOPE(&state.lock);
    for (size_t i = 0; i < state.count; i++) {
        struct plugin *p = &state.plugins[i];
        while (p->idle.len > 0)
            conn_stop(p->idle.ptr[--p->idle.len]);
    }
}

void plugins_forget(void)
{
    plugins_stop();
    LOCK_SCOPE(&state.lock);
    arena_free(state.arena);
    state.arena = NULL;
    state.plugins = NULL;
    state.provisioners = NULL;
    state.datasources = NULL;
    state.all_provisioners = NULL;
    state.all_datasources = NULL;
    state.count = state.provisioner_count = state.datasource_count = 0;
}

static struct conn *take_idle(struct plugin *p)
{
    LOCK_SCOPE(&state.lock);
    return p->idle.len > 0 ? p->idle.ptr[--p->idle.len] : NULL;
}

struct conn *plugin_take(struct plugin *p, struct cancel *cancel, struct error **err)
{
    struct conn *c = take_idle(p);
    if (c != NULL)
        return c;
    /* Each time: a build may last for hours, and what another one starts then is not what was seen
     * to be unchanged. */
    autofree char *real = NULL;
    if (!plugin_verify(&p->file, cancel, &real, err))
        return NULL;
    return conn_start(real, p->file.name, &conn_limits_default, err);
}

void plugin_give_back(struct plugin *p, struct conn *c)
{
    if (conn_is_broken(c)) {
        conn_stop(c);
        return;
    }
    LOCK_SCOPE(&state.lock);
    conns_push(state.arena, &p->idle, c);
}
