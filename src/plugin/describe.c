/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/describe.h"

#include "base/clock.h"
#include "plugin/message.h"
#include "plugin/rows.h"

#define COMPONENTS_MAX  100
#define SILENCE_DEFAULT (10 * 60 * NS_PER_S)
#define SILENCE_MIN     NS_PER_S

static const struct {
    const char *key, *text;
} kinds[COMPONENT_KINDS] = {
    [COMPONENT_PROVISIONER] = {"provisioners", "provisioner"},
    [COMPONENT_POST_PROCESSOR] = {"post_processors", "post-processor"},
    [COMPONENT_DATA_SOURCE] = {"data_sources", "data source"},
};

const char *component_kind_text(enum component_kind kind)
{
    return kinds[kind].text;
}

bool plugin_name_ok(str name)
{
    if (name.len == 0 || name.len > 64 || name.ptr[0] < 'a' || name.ptr[0] > 'z')
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_')
            return false;
    }
    return true;
}

/* One line of text. */
static const char *summary_of(struct arena *a, value v)
{
    str rest = str_from(message_clean(a, message_text(v, "summary", ""), true));
    return str_dup(a, str_trim(str_split(&rest, '\n')));
}

static bool read_component(struct arena *a, value v, const char *plugin, struct component *c,
                           struct error **err)
{
    c->name = message_text(v, "name", "");
    if (c->name[0] != '\0' && !plugin_name_ok(str_from(c->name)))
        return error_set(err, ERR_IO, 0, "a %s of it has no name that may be one",
                         component_kind_text(c->kind));
    c->type = c->name[0] == '\0' ? plugin : arena_fmt(a, "%s-%s", plugin, c->name);
    c->summary = summary_of(a, v);
    const char *doc = message_text(v, "doc", NULL);
    c->doc = doc == NULL ? NULL : message_clean(a, doc, true);
    c->needs_comm = message_bool(v, "needs_communicator", c->kind == COMPONENT_PROVISIONER);
    const char *where = arena_fmt(a, "its %s \"%s\"", component_kind_text(c->kind), c->type);
    bool is_data = c->kind == COMPONENT_DATA_SOURCE;
    if (!plugin_rows(a, value_attr(v, "options"), where, !is_data, &c->opts, &c->config_size, err))
        return false;
    return !is_data || plugin_rows(a, value_attr(v, "outputs"), where, false, &c->outputs,
                                   &c->output_size, err);
}

static bool is_duplicate(const struct description *d, const struct component *c)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->components[i].kind == c->kind && strcmp(d->components[i].name, c->name) == 0)
            return true;
    return false;
}

static bool read_kind(struct arena *a, value v, enum component_kind kind, struct description *d,
                      struct error **err)
{
    value list = value_attr(v, kinds[kind].key);
    if (value_is_null(list))
        return true;
    if (!value_is_list_like(list))
        return error_set(err, ERR_IO, 0, "\"%s\" is no list", kinds[kind].key);
    for (size_t i = 0; i < value_len(list); i++) {
        struct component c = {.kind = kind};
        value item = value_at(list, i);
        if (d->count == COMPONENTS_MAX)
            return error_set(err, ERR_IO, 0, "it has more than %d components", COMPONENTS_MAX);
        if (!value_is_present(item) || !value_is_map_like(item))
            return error_set(err, ERR_IO, 0, "an element of \"%s\" is no object", kinds[kind].key);
        if (!read_component(a, item, d->name, &c, err))
            return false;
        if (is_duplicate(d, &c))
            return error_set(err, ERR_IO, 0, "%s \"%s\" is there twice", kinds[kind].text, c.name);
        d->components[d->count++] = c;
    }
    return true;
}

static bool read_silence(value v, struct description *d, struct error **err)
{
    const char *text = message_text(v, "silence_limit", NULL);
    d->silence_ns = SILENCE_DEFAULT;
    if (text == NULL)
        return true;
    if (!clock_parse_duration(str_from(text), &d->silence_ns) || d->silence_ns < SILENCE_MIN)
        return error_set(err, ERR_IO, 0, "its silence_limit is no duration of a second or more");
    return true;
}

static bool is_version(const char *s)
{
    size_t n = strspn(s, "0123456789.+-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return n > 0 && n <= 64 && s[n] == '\0' && s[0] >= '0' && s[0] <= '9';
}

bool plugin_describe(struct arena *a, value v, const char *name, struct description *out,
                     struct error **err)
{
    *out = (struct description){.name = name};
    if (!value_is_present(v) || !value_is_map_like(v))
        return error_set(err, ERR_IO, 0, "its description is no object");
    int64_t protocol = message_int(v, "protocol", 0);
    if (protocol != PLUGIN_PROTOCOL) {
        error_set(err, ERR_IO, 0, "it speaks version %lld of the protocol, imgfac version %d",
                  (long long)protocol, PLUGIN_PROTOCOL);
        return error_hint(err, "Get the version of the plugin that belongs to this imgfac.");
    }
    const char *said = message_text(v, "name", "");
    if (strcmp(said, name) != 0)
        return error_set(err, ERR_IO, 0, "it calls itself '%s', its file is imgfac-plugin-%s", said,
                         name);
    out->version = message_text(v, "version", "0.0.0");
    if (!is_version(out->version))
        return error_set(err, ERR_IO, 0, "its version is none such as 1.2.3");
    out->summary = summary_of(a, v);
    out->components = arena_new_array(a, struct component, COMPONENTS_MAX);
    if (!read_silence(v, out, err))
        return false;
    for (int kind = 0; kind < COMPONENT_KINDS; kind++)
        if (!read_kind(a, v, (enum component_kind)kind, out, err))
            return false;
    return out->count > 0 || error_set(err, ERR_IO, 0, "it offers nothing");
}
