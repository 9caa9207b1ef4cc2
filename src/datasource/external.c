/* SPDX-License-Identifier: Apache-2.0 */

#include "datasource/datasource.h"

#include "base/proc.h"
#include "base/utf8.h"
#include "hcl/diag.h"
#include "hcl/json.h"

/* A program that is asked: its argument vector is run as it stands, without a
 * shell; the query goes to its standard input, the answer is what it prints.
 * Names and protocol are those of Packer's plugin `external` (and of
 * Terraform's provider of that name). */

#define MAX_ANSWER ((size_t)4 << 20)

struct external_config {
    struct opt_strings program;
    const char *working_dir;
    int64_t timeout_ns;
    struct opt_map query;   /* external */
    const char *query_text; /* external-raw */
};

#define C struct external_config
#define COMMON_ROWS                                                                                \
    OPT_STRS(C, program, "program", .flags = OPT_REQUIRED | OPT_NO_TMPL,                           \
             .doc = "The program and its arguments.  No shell reads them."),                       \
        OPT_STR(C, working_dir, "working_dir", .flags = OPT_PATH | OPT_NO_TMPL,                    \
                .doc = "The directory it runs in; else the current one."),                         \
        OPT_DUR(C, timeout_ns, "timeout", .def = "\"1m\"", .min = "1s", .max = "24h",              \
                .flags = OPT_IMGFAC,                                                               \
                .doc = "How long the program may take; then it is ended with all it started.")

static const struct opt opts[] = {
    COMMON_ROWS,
    OPT_MAP(C, query, "query", .flags = OPT_NO_TMPL,
            .doc = "Given to the program on its standard input, as a JSON object of strings."),
    OPT_END,
};

static const struct opt raw_opts[] = {
    COMMON_ROWS,
    OPT_STR(C, query_text, "query", .flags = OPT_NO_TMPL,
            .doc = "The text on the program's standard input."),
    OPT_END,
};

struct external_output {
    struct opt_map result;
};

static const struct opt outputs[] = {
    OPT_MAP(struct external_output, result, "result",
            .doc = "The JSON object that the program prints; its values must be strings."),
    OPT_END,
};

struct raw_output {
    const char *result;
};

static const struct opt raw_outputs[] = {
    OPT_STR(struct raw_output, result, "result", .doc = "What the program prints, as it stands."),
    OPT_END,
};

static bool external_check(const struct datasource_type *self, const void *opaque,
                           const struct body *body, struct diags *diags)
{
    (void)self;
    const C *c = opaque;
    bool written = schema_is_set(body, "program");
    if (written && c->program.len > 0 && c->program.ptr[0][0] == '\0')
        return diags_error(diags, schema_range(body, "program"), "Missing program",
                           "The first element of \"program\" is the program to run.");
    return true;
}

static void add_query(struct strbuf *out, const struct opt_map *query)
{
    strbuf_addc(out, '{');
    for (size_t i = 0; i < query->len; i++) {
        strbuf_adds(out, i > 0 ? "," : "");
        strbuf_add_json_quoted(out, str_from(query->ptr[i].key));
        strbuf_addc(out, ':');
        strbuf_add_json_quoted(out, str_from(query->ptr[i].value));
    }
    strbuf_addc(out, '}');
}

static bool run_program(const C *c, struct data_call *call, str input, struct strbuf *out,
                        struct error **err)
{
    if (c->program.len == 0)
        return error_set(err, ERR_TEMPLATE, 0, "\"program\" is empty");
    const char **argv = arena_new_array(call->arena, const char *, c->program.len + 1);
    memcpy(argv, c->program.ptr, c->program.len * sizeof(*argv));
    const struct proc_spec spec = {
        .argv = argv,
        .cwd = c->working_dir,
        .input = input,
        .out = out,
        .cancel = call->cancel,
        .timeout_ns = c->timeout_ns,
        .what = "ask the program",
    };
    if (!proc_run(&spec, NULL, err))
        return false;
    if (out->truncated)
        return error_set(err, ERR_IO, 0, "'%s' printed more than %zu MiB", argv[0],
                         MAX_ANSWER >> 20);
    if (!utf8_valid(strbuf_str(out)) || memchr(out->buf, '\0', out->len) != NULL)
        return error_set(err, ERR_IO, 0, "what '%s' printed is no text in UTF-8", argv[0]);
    return true;
}

static bool read_result(struct arena *a, str text, struct opt_map *out, struct error **err)
{
    value v;
    const char *why;
    if (!json_to_value(a, text, &v, &why)) {
        error_set(err, ERR_IO, 0, "what the program printed is not JSON: %s", why);
        return error_hint(err, "It must print one JSON object whose values are strings.");
    }
    if (!value_is_present(v) || !value_is_map_like(v))
        return error_set(err, ERR_IO, 0, "the program printed JSON, but no object");
    out->len = value_len(v);
    out->ptr = arena_new_array(a, struct opt_pair, out->len);
    for (size_t i = 0; i < out->len; i++) {
        value item = value_at(v, i);
        str key = value_key_at(v, i);
        if (!value_is_present(item) || !value_is_string(item))
            return error_set(err, ERR_IO, 0,
                             "the value of '%.*s' in the program's answer is no string",
                             STR_FMT(key));
        out->ptr[i] = (struct opt_pair){str_dup(a, key), str_dup(a, value_as_str(item))};
    }
    return true;
}

static bool external_read(const struct datasource_type *self, const void *opaque,
                          struct data_call *call, void *opaque_out, struct error **err)
{
    const C *c = opaque;
    struct external_output *out = opaque_out;
    AUTO(strbuf) struct strbuf query = STRBUF_INIT, answer = STRBUF_INIT_MAX(MAX_ANSWER);
    (void)self;
    add_query(&query, &c->query);
    return run_program(c, call, strbuf_str(&query), &answer, err) &&
           read_result(call->arena, strbuf_str(&answer), &out->result, err);
}

static bool raw_read(const struct datasource_type *self, const void *opaque, struct data_call *call,
                     void *opaque_out, struct error **err)
{
    const C *c = opaque;
    struct raw_output *out = opaque_out;
    AUTO(strbuf) struct strbuf answer = STRBUF_INIT_MAX(MAX_ANSWER);
    (void)self;
    if (!run_program(c, call, str_from(c->query_text), &answer, err))
        return false;
    out->result = arena_strndup(call->arena, answer.buf, answer.len);
    return true;
}

const struct datasource_type datasource_external = {
    .name = "external",
    .summary = "What a program answers, in JSON",
    .doc = "The program reads a JSON object from its standard input and prints another one; the "
           "values in both are strings.  When it fails it says why on its standard error and ends "
           "with a status other than 0.",
    .opts = opts,
    .config_size = sizeof(C),
    .outputs = outputs,
    .output_size = sizeof(struct external_output),
    .check = external_check,
    .read = external_read,
};

const struct datasource_type datasource_external_raw = {
    .name = "external-raw",
    .summary = "What a program answers, as plain text",
    .doc = "As `external`, but question and answer are texts as they stand.",
    .opts = raw_opts,
    .config_size = sizeof(C),
    .outputs = raw_outputs,
    .output_size = sizeof(struct raw_output),
    .check = external_check,
    .read = raw_read,
};
