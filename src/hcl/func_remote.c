/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/func_internal.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <strings.h>

#include "base/redact.h"
#include "base/strbuf.h"
#include "hcl/json.h"

/* Functions that ask a server: Vault, Consul, AWS Secrets Manager.  They look
 * at the environment variables that those programs' own tools look at. */

#define REMOTE_TIMEOUT_S 30
#define REMOTE_MAX_REPLY ((size_t)4 << 20)

struct request {
    const char *url;
    const char *body;       /* NULL: GET */
    const char *headers[4]; /* ends at NULL */
    const char *sigv4;      /* "aws:amz:REGION:SERVICE", or NULL */
    const char *userpwd;
};

static size_t receive(char *data, size_t size, size_t count, void *arg)
{
    return strbuf_add(arg, data, size * count) ? size * count : 0;
}

static void set_options(CURL *c, const struct request *rq, struct curl_slist *headers,
                        struct strbuf *reply)
{
    curl_easy_setopt(c, CURLOPT_URL, rq->url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)REMOTE_TIMEOUT_S);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, 10L);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, reply);
    if (rq->body != NULL)
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, rq->body);
    if (rq->sigv4 != NULL)
        curl_easy_setopt(c, CURLOPT_AWS_SIGV4, rq->sigv4);
    if (rq->userpwd != NULL)
        curl_easy_setopt(c, CURLOPT_USERPWD, rq->userpwd);
}

/* The body of a 2xx answer; WHAT names the server in messages. */
static bool ask(struct func_call *call, const char *what, const struct request *rq,
                struct strbuf *reply)
{
    char problem[CURL_ERROR_SIZE] = "";
    struct curl_slist *headers = NULL;
    long status = 0;
    CURL *c = curl_easy_init();
    if (c == NULL)
        return func_error(call, -1, "the HTTP client cannot be started");
    for (size_t i = 0; i < ARRAY_SIZE(rq->headers) && rq->headers[i] != NULL; i++)
        headers = curl_slist_append(headers, rq->headers[i]);
    set_options(c, rq, headers, reply);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, problem);
    CURLcode rc = curl_easy_perform(c);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(c);
    if (rc != CURLE_OK)
        return func_error(call, -1, "%s cannot be reached at %s: %s", what, rq->url,
                          problem[0] != '\0' ? problem : curl_easy_strerror(rc));
    if (status < 200 || status > 299)
        return func_error(call, -1, "%s at %s answered with status %ld", what, rq->url, status);
    return true;
}

static bool reply_json(struct func_call *call, const char *what, const struct strbuf *reply,
                       value *out)
{
    const char *why;
    return json_to_value(call->arena, strbuf_str(reply), out, &why) ||
           func_error(call, -1, "the answer of %s is not JSON: %s", what, why);
}

static const char *env_or(const char *name, const char *other)
{
    const char *v = getenv(name);
    return v == NULL || v[0] == '\0' ? other : v;
}

/* A string among the members of V; a secret, so it is marked. */
static bool secret_member(struct func_call *call, value v, str key, value *out)
{
    if (!value_is_map_like(v) || value_is_null(v) || !value_get(v, key, out) ||
        !value_is_present(*out))
        return func_error(call, 1, "there is no key \"%.*s\" in the secret", STR_FMT(key));
    if (value_is_string(*out))
        redact_register(value_as_str(*out));
    *out = value_mark(*out, true);
    return true;
}

/* --- Vault --- */

static bool fn_vault(struct func_call *call, value *out)
{
    AUTO(strbuf) struct strbuf reply = STRBUF_INIT_MAX(REMOTE_MAX_REPLY);
    struct arena *a = call->arena;
    const char *token = env_or("VAULT_TOKEN", NULL), *space = env_or("VAULT_NAMESPACE", NULL);
    const char *addr = env_or("VAULT_ADDR", "https://127.0.0.1:8200");
    value v;
    if (token == NULL)
        return func_error(call, -1,
                          "must set VAULT_TOKEN env var in order to use vault template "
                          "function");
    struct request rq = {
        .url = arena_fmt(a, "%s/v1/%s", addr, arg_str(call, 0).ptr),
        .headers = {arena_fmt(a, "X-Vault-Token: %s", token),
                    space == NULL ? NULL : arena_fmt(a, "X-Vault-Namespace: %s", space)},
    };
    if (!ask(call, "Vault", &rq, &reply) || !reply_json(call, "Vault", &reply, &v))
        return false;
    v = value_attr(v, "data");
    value inner = value_attr(v, "data"); /* version 2 of the key-value engine */
    return secret_member(call, value_is_null(inner) ? v : inner, arg_str(call, 1), out);
}

/* --- Consul --- */

static bool fn_consul_key(struct func_call *call, value *out)
{
    AUTO(strbuf) struct strbuf reply = STRBUF_INIT_MAX(REMOTE_MAX_REPLY);
    struct arena *a = call->arena;
    const char *token = env_or("CONSUL_HTTP_TOKEN", NULL);
    const char *addr = env_or("CONSUL_HTTP_ADDR", "127.0.0.1:8500");
    bool tls = strcasecmp(env_or("CONSUL_HTTP_SSL", "false"), "true") == 0;
    struct request rq = {
        .url = arena_fmt(a, "%s%s/v1/kv/%s?raw",
                         strstr(addr, "://") != NULL ? ""
                         : tls                       ? "https://"
                                                     : "http://",
                         addr, arg_str(call, 0).ptr),
        .headers = {token == NULL ? NULL : arena_fmt(a, "X-Consul-Token: %s", token)},
    };
    return ask(call, "Consul", &rq, &reply) && result_string(call, &reply, out);
}

/* --- AWS Secrets Manager --- */

static bool get_secret(struct func_call *call, value *out)
{
    AUTO(strbuf) struct strbuf reply = STRBUF_INIT_MAX(REMOTE_MAX_REPLY), body = STRBUF_INIT;
    struct arena *a = call->arena;
    const char *key = env_or("AWS_ACCESS_KEY_ID", NULL);
    const char *secret = env_or("AWS_SECRET_ACCESS_KEY", NULL);
    const char *session = env_or("AWS_SESSION_TOKEN", NULL);
    const char *region = env_or("AWS_REGION", env_or("AWS_DEFAULT_REGION", NULL));
    value v;
    if (key == NULL || secret == NULL || region == NULL)
        return func_error(call, -1,
                          "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION must "
                          "be set in the environment");
    strbuf_adds(&body, "{\"SecretId\":");
    value_json_string(arg_str(call, 0), &body);
    strbuf_addc(&body, '}');
    struct request rq = {
        .url = env_or("AWS_ENDPOINT_URL",
                      arena_fmt(a, "https://secretsmanager.%s.amazonaws.com/", region)),
        .body = body.buf,
        .headers = {"Content-Type: application/x-amz-json-1.1",
                    "X-Amz-Target: secretsmanager.GetSecretValue",
                    session == NULL ? NULL : arena_fmt(a, "X-Amz-Security-Token: %s", session)},
        .sigv4 = arena_fmt(a, "aws:amz:%s:secretsmanager", region),
        .userpwd = arena_fmt(a, "%s:%s", key, secret),
    };
    if (!ask(call, "AWS Secrets Manager", &rq, &reply) ||
        !reply_json(call, "AWS Secrets Manager", &reply, &v))
        return false;
    return secret_member(call, v, STR("SecretString"), out);
}

static bool fn_aws_raw(struct func_call *call, value *out)
{
    return get_secret(call, out);
}

/* With a key the secret is a JSON object; without, one with a single member. */
static bool fn_aws(struct func_call *call, value *out)
{
    value text, v;
    const char *why;
    if (!get_secret(call, &text))
        return false;
    if (!value_is_string(text) || !json_to_value(call->arena, text.s, &v, &why) ||
        !value_is_map_like(v))
        return func_error(call, 0, "the secret is not a JSON object: use aws_secretsmanager_raw()");
    if (!value_is_null(call->args[1]))
        return secret_member(call, v, arg_str(call, 1), out);
    if (value_len(v) != 1)
        return func_error(call, 1, "the secret has %zu keys: name one", value_len(v));
    *out = value_mark(value_at(v, 0), true);
    return true;
}

#define REMOTE_FUNC(fn_name, fn, text)                                                             \
    .name = fn_name, .returns = &type_string, .impl = fn, .group = "secrets", .doc = text

const struct func funcs_remote[] = {
    {REMOTE_FUNC("aws_secretsmanager", fn_aws,
                 "A member of a secret of AWS Secrets Manager; null takes the only one."),
     .params = {{"name", &type_string, 0}, {"key", &type_string, PARAM_NULL | PARAM_DYNAMIC}},
     .example = "can(aws_secretsmanager(null, null))", .expected = "false"},
    {REMOTE_FUNC("aws_secretsmanager_raw", fn_aws_raw,
                 "The text of a secret of AWS Secrets Manager."),
     .params = {{"name", &type_string, 0}}, .example = "can(aws_secretsmanager_raw(null))",
     .expected = "false"},
    {REMOTE_FUNC("consul_key", fn_consul_key, "The value of a key in Consul's key-value store."),
     .params = {{"key", &type_string, 0}}, .example = "can(consul_key(null))", .expected = "false"},
    {REMOTE_FUNC("vault", fn_vault, "A key of a secret in Vault (VAULT_ADDR, VAULT_TOKEN)."),
     .params = {{"path", &type_string, 0}, {"key", &type_string, 0}},
     .example = "can(vault(null, null))", .expected = "false"},
    {.name = NULL},
};
