/* SPDX-License-Identifier: Apache-2.0 */

#include "cloud-init/userdata.h"

#include <openssl/evp.h>

#include "base/mem.h"
#include "cloud-init/yaml_tree.h"

#define HEADER   "#cloud-config\n"
#define BOUNDARY "==imgfac-seed-part=="

/* First line -> MIME type; cloud-init's documentation, "User-data formats". */
static const struct {
    const char *start, *type;
} kinds[] = {
    {"#cloud-config-archive", "text/cloud-config-archive"},
    {"#cloud-config-jsonp", "text/cloud-config-jsonp"},
    {"#cloud-boothook", "text/cloud-boothook"},
    {"#include-once", "text/x-include-once-url"},
    {"#include", "text/x-include-url"},
    {"#part-handler", "text/part-handler"},
    {"## template:", "text/jinja2"},
    {"#!", "text/x-shellscript"},
};

static struct ynode *build_user(const struct userdata *u, struct arena *a)
{
    struct ynode *user = ynode_map(a);
    ynode_set(a, user, "name", ynode_string(a, u->user));
    ynode_set(a, user, "lock_passwd", ynode_plain(a, "true"));
    ynode_set(a, user, "sudo", ynode_string(a, "ALL=(ALL) NOPASSWD:ALL"));
    if (u->public_key != NULL) {
        struct ynode *keys = ynode_list(a);
        ynode_add(a, keys, ynode_string(a, u->public_key));
        ynode_set(a, user, "ssh_authorized_keys", keys);
    }
    return user;
}

/* Ours, before the author's is merged into it. */
static struct ynode *base_config(const struct userdata *u, const struct ynode *own, bool has_own,
                                 struct arena *a)
{
    struct ynode *config = ynode_map(a);
    if (u->hostname != NULL)
        ynode_set(a, config, "hostname", ynode_string(a, u->hostname));
    else
        ynode_set(a, config, "preserve_hostname", ynode_plain(a, "true"));
    if (u->user == NULL)
        return config;
    /* A list of users without "default" keeps the distribution's account away;
     * whoever brings user-data without a list may count on that account. */
    struct ynode *users = ynode_list(a);
    if (has_own && ynode_get(own, "users") == NULL)
        ynode_add(a, users, ynode_string(a, "default"));
    ynode_add(a, users, build_user(u, a));
    ynode_set(a, config, "users", users);
    if (strcmp(u->user, "root") == 0)
        ynode_set(a, config, "disable_root", ynode_plain(a, "false"));
    /* An RSA key takes minutes of an emulated processor; sealing removes host
     * keys and every clone makes all kinds again. */
    struct ynode *types = ynode_list(a);
    ynode_add(a, types, ynode_string(a, "ed25519"));
    ynode_set(a, config, "ssh_genkeytypes", types);
    return config;
}

static bool render_config(struct ynode *config, struct strbuf *out, struct error **err)
{
    strbuf_adds(out, HEADER);
    return ytree_render(config, out, err);
}

static void add_base64(struct strbuf *out, const char *text)
{
    enum { LINE = 57 }; /* bytes: 76 characters, RFC 2045 6.8 */
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i += LINE) {
        unsigned char line[LINE / 3 * 4 + 1];
        size_t n = MIN(len - i, (size_t)LINE);
        EVP_EncodeBlock(line, (const unsigned char *)text + i, (int)n);
        strbuf_adds(out, (const char *)line);
        strbuf_addc(out, '\n');
    }
}

/* A text that is a MIME message already becomes a part as it stands. */
static bool is_mime(str text)
{
    return str_starts(text, STR("Content-Type:")) || str_starts(text, STR("MIME-Version:"));
}

static void render_multipart(const char *config, const char *type, const char *own,
                             struct strbuf *out)
{
    strbuf_adds(out, "Content-Type: multipart/mixed; boundary=\"" BOUNDARY "\"\n"
                     "MIME-Version: 1.0\n\n"
                     "--" BOUNDARY "\n"
                     "Content-Type: text/cloud-config; charset=\"utf-8\"\n"
                     "Content-Transfer-Encoding: base64\n\n");
    add_base64(out, config);
    strbuf_adds(out, "\n--" BOUNDARY "\n");
    if (type == NULL) {
        strbuf_adds(out, own);
    } else {
        strbuf_addf(out,
                    "Content-Type: %s; charset=\"utf-8\"\n"
                    "Content-Transfer-Encoding: base64\n\n",
                    type);
        add_base64(out, own);
    }
    strbuf_adds(out, "\n--" BOUNDARY "--\n");
}

static bool render_other(const struct userdata *u, struct arena *a, struct strbuf *out,
                         struct error **err)
{
    str own = str_from(u->own);
    const char *type = NULL;
    for (size_t i = 0; type == NULL && i < ARRAY_SIZE(kinds); i++)
        if (str_starts(own, str_from(kinds[i].start)))
            type = kinds[i].type;
    if (type == NULL && !is_mime(own)) {
        error_set(err, ERR_TEMPLATE, 0, "user_data is of no kind that cloud-init knows");
        return error_hint(err, "Begin it with a line \"#cloud-config\", or \"#!/bin/sh\" for a "
                               "script.");
    }
    AUTO(strbuf) struct strbuf config = STRBUF_INIT;
    if (!render_config(base_config(u, NULL, true, a), &config, err))
        return false;
    render_multipart(config.buf, type, u->own, out);
    return true;
}

/* "#cloud-config" alone on the first line. */
static bool is_cloud_config(const char *own)
{
    str rest = str_from(own);
    return str_eqz(str_trim(str_next_line(&rest)), "#cloud-config");
}

bool userdata_render(const struct userdata *u, struct arena *a, struct strbuf *out,
                     struct error **err)
{
    struct ynode *own = NULL;
    if (u->own_json != NULL)
        own = ytree_from_json(a, u->own_json, "user_data", err);
    else if (u->own != NULL && u->own[0] != '\0' && !is_cloud_config(u->own))
        return render_other(u, a, out, err);
    else if (u->own != NULL)
        own = ytree_parse(a, str_from(u->own), "user_data", err);
    if (*err != NULL)
        return false;
    if (own != NULL && own->kind != YNODE_MAP)
        return error_set(err, ERR_TEMPLATE, 0, "user_data is not a map of cloud-config keys");
    bool has_own = own != NULL && own->len > 0;
    struct ynode *config = base_config(u, own, has_own, a);
    return render_config(has_own ? ynode_merge(a, config, own) : config, out, err);
}
