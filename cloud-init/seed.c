/* SPDX-License-Identifier: Apache-2.0 */

#include "cloud-init/seed.h"

#include <jansson.h>

#include "cloud-init/yaml_tree.h"
#include "media/iso.h"

#define LABEL "cidata"

const struct opt cloud_init_opts[] = {
    OPT_JSON(struct cloud_init_config, user_data, "user_data", .flags = OPT_NO_TMPL | OPT_IMGFAC,
             .doc = "User-data of the guest: a text of any kind cloud-init knows, or an object "
                    "that becomes a #cloud-config.  The account and the key of the build are "
                    "merged in: maps deep, lists appended."),
    OPT_JSON(struct cloud_init_config, network_config, "network_config",
             .flags = OPT_NO_TMPL | OPT_IMGFAC,
             .doc = "Network configuration, version 1 or 2, as YAML text or object.  Without it "
                    "the guest asks DHCP on its first interface."),
    OPT_JSON(struct cloud_init_config, meta_data, "meta_data", .flags = OPT_NO_TMPL | OPT_IMGFAC,
             .doc = "Further keys of meta-data, as YAML text or object."),
    OPT_STR(struct cloud_init_config, hostname, "hostname", .flags = OPT_IMGFAC,
            .doc = "Host name of the guest during the build.  Without it the base's own is kept."),
    OPT_END,
};

/* The text inside a JSON string, in the arena; NULL when JSON is no string. */
static const char *json_text(struct arena *a, const char *json)
{
    json_t *j = json_loads(json, JSON_DECODE_ANY, NULL);
    const char *text = json_string_value(j);
    if (text != NULL)
        text = arena_strdup(a, text);
    json_decref(j);
    return text;
}

static struct ynode *read_value(struct arena *a, const char *json, const char *what,
                                struct error **err)
{
    const char *text = json_text(a, json);
    struct ynode *n = text != NULL ? ytree_parse(a, str_from(text), what, err)
                                   : ytree_from_json(a, json, what, err);
    if (n != NULL && n->kind != YNODE_MAP) {
        error_set(err, ERR_TEMPLATE, 0, "%s is not a map", what);
        return NULL;
    }
    return n;
}

static bool render_meta(const struct seed *s, struct arena *a, struct strbuf *out,
                        struct error **err)
{
    const struct cloud_init_config *c = s->config;
    struct ynode *meta = ynode_map(a);
    ynode_set(a, meta, "instance-id", ynode_string(a, s->instance_id));
    ynode_set(a, meta, "local-hostname",
              ynode_string(a, c != NULL && c->hostname != NULL ? c->hostname : "localhost"));
    if (c != NULL && c->meta_data != NULL) {
        struct ynode *own = read_value(a, c->meta_data, "meta_data", err);
        if (own == NULL)
            return false;
        meta = ynode_merge(a, meta, own);
    }
    return ytree_render(meta, out, err);
}

static bool render_network(const struct seed *s, struct arena *a, struct strbuf *out,
                           struct error **err)
{
    if (s->config == NULL || s->config->network_config == NULL)
        return true;
    struct ynode *net = read_value(a, s->config->network_config, "network_config", err);
    if (net == NULL)
        return false;
    /* Netplan files have the key that NoCloud's file must not have. */
    struct ynode *inner = ynode_get(net, "network");
    if (inner != NULL && net->len == 1)
        net = inner;
    if (ynode_get(net, "version") == NULL) {
        error_set(err, ERR_TEMPLATE, 0, "network_config has no \"version\"");
        return error_hint(err, "Add version = 2 (or 1).");
    }
    return ytree_render(net, out, err);
}

bool seed_render(const struct seed *s, struct strbuf *user_data, struct strbuf *meta_data,
                 struct strbuf *network, struct error **err)
{
    AUTO(arena) struct arena *a = arena_new("seed");
    struct userdata u = {.user = s->user, .public_key = s->public_key};
    if (s->config != NULL) {
        u.hostname = s->config->hostname;
        if (s->config->user_data != NULL)
            u.own = json_text(a, s->config->user_data);
        if (u.own == NULL)
            u.own_json = s->config->user_data;
    }
    return userdata_render(&u, a, user_data, err) && render_meta(s, a, meta_data, err) &&
           render_network(s, a, network, err);
}

bool seed_write(const struct seed *s, const char *path, struct error **err)
{
    AUTO(strbuf) struct strbuf user = STRBUF_INIT;
    AUTO(strbuf) struct strbuf meta = STRBUF_INIT;
    AUTO(strbuf) struct strbuf network = STRBUF_INIT;
    if (!seed_render(s, &user, &meta, &network, err))
        return false;
    struct iso_file files[] = {
        {.path = "user-data", .data = strbuf_str(&user)},
        {.path = "meta-data", .data = strbuf_str(&meta)},
        {.path = "network-config", .data = strbuf_str(&network)},
    };
    size_t count = network.len > 0 ? 3 : 2;
    return iso_write(path, LABEL, files, count, err) ||
           error_wrap(err, "cannot write the cloud-init seed");
}
