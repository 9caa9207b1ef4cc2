/* SPDX-License-Identifier: Apache-2.0 */

#include "datasource/datasource.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "config/config.h"
#include "hcl/diag.h"
#include "net/http.h"

#define MAX_BODY ((size_t)8 << 20)

enum method { GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH };

/* Packer's list. */
static const struct opt_choice methods[] = {
    {"GET", GET, NULL},       {"HEAD", HEAD, NULL},
    {"POST", POST, NULL},     {"PUT", PUT, NULL},
    {"DELETE", DELETE, NULL}, {"OPTIONS", OPTIONS, NULL},
    {"PATCH", PATCH, NULL},   {0},
};

struct http_config {
    const char *url;
    int method;
    struct opt_map request_headers;
    const char *request_body;
    int64_t timeout_ns;
    int64_t max_retries;
};

#define C struct http_config

static const struct opt opts[] = {
    OPT_STR(C, url, "url", .flags = OPT_REQUIRED | OPT_NO_TMPL, .doc = "What to ask for."),
    OPT_ENUM(C, method, "method", .choices = methods, .def = "\"GET\"",
             .doc = "The method of the request."),
    OPT_MAP(C, request_headers, "request_headers", .flags = OPT_NO_TMPL,
            .doc = "Header fields of the request."),
    OPT_STR(C, request_body, "request_body", .flags = OPT_NO_TMPL,
            .doc = "The body of the request."),
    OPT_DUR(C, timeout_ns, "timeout", .def = "\"1m\"", .min = "1s", .max = "24h",
            .flags = OPT_IMGFAC,
            .doc = "How long it may take in all, with redirects and repetitions."),
    OPT_INT(C, max_retries, "max_retries", .def = "2", .min = "0", .max = "20", .flags = OPT_IMGFAC,
            .doc = "How often a request is sent again after a failure that may pass: no "
                   "connection, a time-out, the status 408, 429 or 5xx.  POST and PATCH are never "
                   "sent twice."),
    OPT_END,
};

struct http_output {
    const char *url;
    const char *body;
    struct opt_map request_headers;
    int64_t status;
};

#define O struct http_output

static const struct opt outputs[] = {
    OPT_STR(O, url, "url", .doc = "The URL that was asked for."),
    OPT_STR(O, body, "body", .doc = "The body of the answer."),
    OPT_MAP(O, request_headers, "request_headers",
            .doc = "Header fields of the answer (the name is Packer's); several of one name are "
                   "joined by a comma."),
    OPT_INT(O, status, "status", .flags = OPT_IMGFAC, .doc = "The status of the answer."),
    OPT_END,
};

DEFINE_ARENA_VEC(pairs, struct opt_pair);

/* The head of the last answer. */
struct head {
    struct arena *a;
    struct pairs fields;
    int64_t status;
};

static void on_header(void *arg, str line)
{
    struct head *h = arg;
    if (str_starts(line, STR("HTTP/"))) {
        str rest = line;
        str_split(&rest, ' ');
        h->fields.len = 0;
        if (rest.ptr == NULL || !str_to_i64(str_split(&rest, ' '), &h->status))
            h->status = 0;
        return;
    }
    str value = line;
    str name = str_trim(str_split(&value, ':'));
    if (value.ptr == NULL || name.len == 0 || !utf8_valid(line))
        return;
    value = str_trim(value);
    VEC_EACH (f, &h->fields)
        if (str_eq_nocase(str_from(f->key), name)) {
            f->value = arena_fmt(h->a, "%s, %.*s", f->value, STR_FMT(value));
            return;
        }
    pairs_push(h->a, &h->fields, (struct opt_pair){str_dup(h->a, name), str_dup(h->a, value)});
}

static bool is_token(const char *s)
{
    size_t n = strspn(s, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                         "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return n > 0 && s[n] == '\0';
}

static bool has_control(const char *s)
{
    for (; *s != '\0'; s++)
        if ((unsigned char)*s < ' ' && *s != '\t')
            return true;
    return false;
}

static bool http_check(const struct datasource_type *self, const void *opaque,
                       const struct body *body, struct diags *diags)
{
    (void)self;
    const C *c = opaque;
    bool ok = true;
    if (c->url != NULL && strncmp(c->url, "http://", 7) != 0 && strncmp(c->url, "https://", 8) != 0)
        ok = diags_error(diags, schema_range(body, "url"), "Invalid URL",
                         "The URL must begin with http:// or https://.");
    for (size_t i = 0; i < c->request_headers.len; i++) {
        const struct opt_pair *h = &c->request_headers.ptr[i];
        if (!is_token(h->key) || has_control(h->value))
            ok = diags_error(diags, schema_range(body, "request_headers"), "Invalid header field",
                             "\"%s\" cannot be sent: a name is a word of letters, digits and "
                             "hyphens, a value is one line.",
                             h->key);
    }
    return ok;
}

static const char *const *header_lines(struct arena *a, const struct opt_map *map)
{
    const char **lines = arena_new_array(a, const char *, map->len + 1);
    for (size_t i = 0; i < map->len; i++) {
        const struct opt_pair *h = &map->ptr[i];
        /* curl's word for a field without a value */
        lines[i] = h->value[0] == '\0' ? arena_fmt(a, "%s;", h->key)
                                       : arena_fmt(a, "%s: %s", h->key, h->value);
    }
    return lines;
}

/* Packer's rule: text/..., application/json, samlmetadata+xml, in UTF-8. */
static void warn_of_type(struct data_call *call, const struct head *head)
{
    const char *type = NULL;
    VEC_EACH (f, &head->fields)
        if (str_eq_nocase(str_from(f->key), STR("content-type")))
            type = f->value;
    str rest = str_from(type == NULL ? "" : type);
    str kind = str_trim(str_split(&rest, ';'));
    str charset = str_trim(rest);
    bool text = str_starts(kind, STR("text/")) || str_eqz(kind, "application/json") ||
                str_eqz(kind, "application/samlmetadata+xml");
    bool utf8 = !str_starts(charset, STR("charset=")) ||
                str_eq_nocase(charset, STR("charset=utf-8")) ||
                str_eq_nocase(charset, STR("charset=us-ascii"));
    if (!text || !utf8)
        diags_warning(call->diags, call->range, "Content-Type is not recognized as a text type",
                      "The answer to %s says \"%s\".  Binary data cannot be kept in a string.",
                      call->name, type == NULL ? "" : type);
}

static bool http_read(const struct datasource_type *self, const void *opaque,
                      struct data_call *call, void *opaque_out, struct error **err)
{
    const C *c = opaque;
    O *out = opaque_out;
    AUTO(strbuf) struct strbuf body = STRBUF_INIT_MAX(MAX_BODY);
    AUTO(cancel) struct cancel *limit = cancel_new(call->cancel);
    const struct config_download *site = call->config != NULL ? call->config->download : NULL;
    struct head head = {.a = call->arena};
    bool twice = c->method != POST && c->method != PATCH;
    struct http_request req = {
        .url = c->url,
        .proxy = site != NULL ? site->proxy : NULL,
        .ca_file = site != NULL ? site->ca_file : NULL,
        .cancel = limit,
        .attempts = twice ? (unsigned)c->max_retries + 1 : 1,
        .method = methods[c->method].name,
        .headers = header_lines(call->arena, &c->request_headers),
        .body = str_from(c->request_body),
        .on_header = on_header,
        .arg = &head,
    };
    (void)self;
    cancel_set_deadline(limit, clock_now() + c->timeout_ns);
    if (!http_fetch(&req, &body, err))
        return false;
    warn_of_type(call, &head);
    if (memchr(body.buf, '\0', body.len) != NULL)
        return error_set(err, ERR_NETWORK, 0, "the answer holds zero bytes, so it is no text");
    out->url = c->url;
    out->body = arena_strndup(call->arena, body.buf, body.len);
    out->request_headers = (struct opt_map){head.fields.ptr, head.fields.len};
    out->status = head.status;
    return true;
}

const struct datasource_type datasource_http = {
    .name = "http",
    .summary = "What a web server answers",
    .doc = "Any answer but 2xx is an error.  Proxy and certificates are those of the site's "
           "configuration, or of the environment.",
    .opts = opts,
    .config_size = sizeof(C),
    .outputs = outputs,
    .output_size = sizeof(O),
    .check = http_check,
    .read = http_read,
};
