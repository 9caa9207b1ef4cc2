/* SPDX-License-Identifier: Apache-2.0 */

#include "template/internal.h"

#include "base/cleanup.h"

struct fields {
    struct arena *a;
    struct value_entry entries[24];
    size_t len;
};

static void add(struct fields *f, const char *key, value v)
{
    assert(f->len < ARRAY_SIZE(f->entries));
    f->entries[f->len++] = (struct value_entry){.key = str_from(key), .val = v};
}

static void add_text(struct fields *f, const char *key, const char *text)
{
    add(f, key, value_stringz(f->a, text == NULL ? "" : text));
}

static value make_object(const struct fields *f)
{
    struct value_entry *copy = arena_memdup(f->a, f->entries, f->len * sizeof(*copy));
    return value_object(f->a, copy, f->len);
}

void template_set_constants(struct template *t)
{
    struct fields path = {.a = t->arena}, packer = {.a = t->arena};
    autofree char *cwd = getcwd(NULL, 0);
    add_text(&path, "cwd", cwd);
    add_text(&path, "root", t->dir);
    scope_set(t->arena, t->scope, "path", make_object(&path));
    add_text(&packer, "version", TEMPLATE_PACKER_VERSION);
    add_text(&packer, "iterationID", "");
    add_text(&packer, "versionFingerprint", "");
    scope_set(t->arena, t->scope, "packer", make_object(&packer));
}

/* Packer decodes provisioners twice: first with this text in every field. */
static void add_placeholders(struct fields *f)
{
    static const char *const names[] = {
        "ID",
        "Host",
        "Port",
        "User",
        "Password",
        "ConnType",
        "PackerRunUUID",
        "PackerHTTPIP",
        "PackerHTTPPort",
        "PackerHTTPAddr",
        "SSHPublicKey",
        "SSHPrivateKey",
        "WinRMPassword",
        "SSHPrivateKeyFile",
        "SSHAgentAuth",
        "SourceName",
    };
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        add_text(f, names[i], "<unknown>");
}

static void add_secret(struct fields *f, const char *key, const char *text)
{
    add(f, key, value_mark(value_stringz(f->a, text == NULL ? "" : text), true));
}

static void add_real(struct fields *f, const char *source_name,
                     const struct template_build_values *v)
{
    add_text(f, "ID", v->id != NULL ? v->id : "ERR_ID_NOT_IMPLEMENTED_BY_BUILDER");
    add_text(f, "Host", v->host);
    add(f, "Port", value_int(f->a, v->port));
    add_text(f, "User", v->user);
    add_secret(f, "Password", v->password);
    add_text(f, "ConnType", v->conn_type);
    add_text(f, "PackerRunUUID", v->run_uuid);
    add_text(f, "PackerHTTPIP",
             v->http_ip != NULL ? v->http_ip : "ERR_HTTP_IP_NOT_IMPLEMENTED_BY_BUILDER");
    add_text(f, "PackerHTTPPort", arena_fmt(f->a, "%d", v->http_port));
    add_text(f, "PackerHTTPAddr",
             v->http_addr != NULL ? v->http_addr : "ERR_HTTP_ADDR_NOT_IMPLEMENTED_BY_BUILDER");
    add_text(f, "SSHPublicKey", v->ssh_public_key);
    add_secret(f, "SSHPrivateKey", v->ssh_private_key);
    add_secret(f, "WinRMPassword", v->password);
    add_text(f, "SSHPrivateKeyFile", "");
    add(f, "SSHAgentAuth", value_bool(false));
    add_text(f, "SourceName", source_name);
}

struct scope *template_use_scope(struct arena *a, const struct scope *parent, const char *type,
                                 const char *name, const struct template_build_values *values)
{
    struct scope *s = scope_new(a, parent);
    struct fields source = {.a = a}, build = {.a = a};
    add_text(&source, "type", type);
    add_text(&source, "name", name);
    scope_set(a, s, "source", make_object(&source));
    if (values == NULL)
        return s;
    if (values->is_real)
        add_real(&build, name, values);
    else
        add_placeholders(&build);
    add_text(&build, "name", values->name);
    scope_set(a, s, "build", make_object(&build));
    return s;
}
