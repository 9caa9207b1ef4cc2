/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/guest.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/redact.h"

/* Of each stream of one command, in the answer: fits a message however it has
 * to be escaped. */
#define OUTPUT_MAX ((size_t)256 << 10)
#define COMMAND_NS (4 * 3600 * NS_PER_S)

struct output {
    struct build *b;
    bool is_shown;
    struct strbuf lines[2]; /* standard output, standard error */
};

static void output_clear(struct output *o)
{
    strbuf_clear(&o->lines[0]);
    strbuf_clear(&o->lines[1]);
}
DEFINE_AUTO_CLEAR(output, struct output, output_clear);

/* Up to the maximum; the rest is shown but not handed on. */
static void on_line(void *arg, bool is_stderr, str line)
{
    struct output *o = arg;
    struct strbuf *sb = &o->lines[is_stderr];
    if (o->is_shown)
        build_output(o->b, is_stderr, line);
    if (!sb->truncated && strbuf_addstr(sb, line))
        strbuf_addc(sb, '\n');
}

static int explain(struct error *err, struct strbuf *out)
{
    autofree char *line = error_line(err);
    int code = error_is(err, ERR_CANCELLED) ? MESSAGE_CANCELLED : MESSAGE_FAILED;
    strbuf_truncate(out, 0);
    strbuf_adds(out, line);
    error_free(err);
    return code;
}

static int bad_params(struct strbuf *out, const char *text)
{
    strbuf_adds(out, text);
    return MESSAGE_BAD_PARAMS;
}

static bool read_duration(value params, const char *name, int64_t *out)
{
    const char *text = message_text(params, name, NULL);
    return text == NULL || (clock_parse_duration(str_from(text), out) && *out > 0);
}

static int guest_run(struct guest *g, value params, struct strbuf *out)
{
    AUTO(output)
    struct output o = {.b = g->b,
                       .is_shown = message_bool(params, "show", true),
                       .lines = {STRBUF_INIT_MAX(OUTPUT_MAX), STRBUF_INIT_MAX(OUTPUT_MAX)}};
    struct error *err = NULL;
    int status = 0;
    struct comm_command cmd = {
        .command = message_text(params, "command", NULL),
        .input = str_from(message_text(params, "input", NULL)),
        .secret = message_bool(params, "secret", false),
        .on_line = on_line,
        .arg = &o,
        .timeout_ns = COMMAND_NS,
    };
    if (cmd.command == NULL || !read_duration(params, "timeout", &cmd.timeout_ns))
        return bad_params(out, "guest.run needs \"command\", and a duration if any as \"timeout\"");
    if (!comm_run(g->b->comm, &cmd, g->cancel, &status, &err))
        return explain(err, out);
    strbuf_addf(out, "{\"status\":%d,\"stdout\":", status);
    strbuf_add_json_quoted(out, strbuf_str(&o.lines[0]));
    strbuf_adds(out, ",\"stderr\":");
    strbuf_add_json_quoted(out, strbuf_str(&o.lines[1]));
    strbuf_addf(out, ",\"truncated\":%s}",
                o.lines[0].truncated || o.lines[1].truncated ? "true" : "false");
    return 0;
}

/* "0644"; absent: that of the source. */
static bool read_mode(value params, unsigned *out)
{
    const char *text = message_text(params, "mode", NULL);
    char *end = NULL;
    *out = 0;
    if (text == NULL)
        return true;
    unsigned long mode = strtoul(text, &end, 8);
    *out = (unsigned)mode;
    return text[0] >= '0' && text[0] <= '7' && *end == '\0' && mode <= 07777;
}

static int guest_upload(struct guest *g, value params, struct strbuf *out)
{
    const char *source = message_text(params, "source", NULL);
    const char *destination = message_text(params, "destination", NULL);
    value content = value_is_present(params) ? value_attr(params, "content") : params;
    bool is_data = value_is_present(content) && value_is_string(content);
    struct error *err = NULL;
    unsigned mode;
    bool ok;
    if (destination == NULL || (source == NULL) == !is_data || !read_mode(params, &mode))
        return bad_params(out, "guest.upload needs \"destination\", one of \"source\" and "
                               "\"content\", and an octal text if any as \"mode\"");
    if (is_data)
        ok = comm_upload_data(g->b->comm, value_as_str(content), destination,
                              mode != 0 ? mode : 0644, g->cancel, &err);
    else if (io_is_dir(source))
        ok = comm_upload_dir(g->b->comm, source, destination, g->cancel, &err);
    else
        ok = comm_upload(g->b->comm, source, destination, mode, g->cancel, &err);
    if (!ok)
        return explain(err, out);
    strbuf_adds(out, "{}");
    return 0;
}

static int guest_download(struct guest *g, value params, struct strbuf *out)
{
    const char *source = message_text(params, "source", NULL);
    const char *destination = message_text(params, "destination", NULL);
    struct error *err = NULL;
    if (source == NULL || destination == NULL)
        return bad_params(out, "guest.download needs \"source\" and \"destination\"");
    bool ok = message_bool(params, "directory", false)
                  ? comm_download_dir(g->b->comm, source, destination, g->cancel, &err)
                  : comm_download(g->b->comm, source, destination, g->cancel, &err);
    if (!ok)
        return explain(err, out);
    strbuf_adds(out, "{}");
    return 0;
}

static const struct {
    const char *method;
    int (*run)(struct guest *g, value params, struct strbuf *out);
} methods[] = {
    {"guest.run", guest_run},
    {"guest.upload", guest_upload},
    {"guest.download", guest_download},
};

int guest_ask(void *arg, const struct message *m, struct strbuf *out)
{
    struct guest *g = arg;
    for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
        if (strcmp(methods[i].method, m->method) != 0)
            continue;
        if (g->b->comm == NULL) {
            strbuf_adds(out, "there is no connection to a guest");
            return MESSAGE_FAILED;
        }
        log_debug("plugin", "%s asks for %s", g->plugin, m->method);
        return methods[i].run(g, m->params, out);
    }
    return MESSAGE_NO_METHOD;
}

static uint64_t amount(value params, const char *name)
{
    int64_t n = message_int(params, name, 0);
    return n > 0 ? (uint64_t)n : 0;
}

/* Shorter ones would black out half of what is printed. */
bool guest_tell_secret(const struct message *m)
{
    if (strcmp(m->method, "secret") != 0)
        return false;
    const char *text = message_text(m->params, "value", "");
    if (strlen(text) >= 4)
        redact_register(str_from(text));
    return true;
}

void guest_tell(void *arg, const struct message *m)
{
    struct guest *g = arg;
    AUTO(arena) struct arena *a = arena_new("plugin message");
    const char *text = message_clean(a, message_text(m->params, "message", ""), false);
    if (strcmp(m->method, "say") == 0)
        build_sayf(g->b, "%s", text);
    else if (strcmp(m->method, "warn") == 0)
        build_warnf(g->b, "%s", text);
    else if (strcmp(m->method, "output") == 0)
        build_output(g->b, message_bool(m->params, "stderr", false), str_from(text));
    else if (strcmp(m->method, "progress") == 0)
        build_progress(g->b, text, amount(m->params, "done"), amount(m->params, "total"));
    else if (!guest_tell_secret(m))
        log_debug("plugin", "%s: %s: %s", g->plugin, m->method, text);
}
