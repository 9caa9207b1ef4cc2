/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/provisioner.h"

#include <jansson.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "host/host.h"
#include "plug/communicator.h"
#include "provisioner/common.h"

#define DEFAULT_LIMIT_NS (10 * 60 * NS_PER_S)
#define TCG_LIMIT_FACTOR 4 /* an emulated guest is slow */
#define OUTPUT_MAX       ((size_t)1 << 20)
#define ERRORS_SHOWN     20

struct cloud_init_config {
    int64_t wait_timeout_ns; /* 0: not set */
    bool required;
    const char *datasource;
    bool fail_on_errors, fail_on_recoverable_errors;
};

#define C struct cloud_init_config
static const struct opt cloud_init_opts[] = {
    OPT_DUR(C, wait_timeout_ns, "wait_timeout", .min = "1s", .flags = OPT_NOHASH | OPT_IMGFAC,
            .doc = "How long to wait.  Default 10m, 40m for a guest that is emulated."),
    OPT_BOOL(C, required, "required", .def = "false", .flags = OPT_IMGFAC,
             .doc = "Fail when cloud-init is not installed or is disabled.  Else there is nothing "
                    "to wait for."),
    OPT_STR(C, datasource, "datasource", .flags = OPT_IMGFAC,
            .doc = "Fail unless the data came from this source: `NoCloud`, `ConfigDrive`."),
    OPT_BOOL(C, fail_on_errors, "fail_on_errors", .def = "true", .flags = OPT_IMGFAC,
             .doc = "Fail when a module of cloud-init failed.  Else it is a warning."),
    OPT_BOOL(C, fail_on_recoverable_errors, "fail_on_recoverable_errors", .def = "false",
             .flags = OPT_IMGFAC,
             .doc = "Fail also on what cloud-init calls recoverable: deprecated or misspelt keys.  "
                    "Else it is a warning."),
    OPT_END,
};
#undef C

/* Its final stage writes result.json when everything has run. */
#define WAIT_SCRIPT                                                                                \
    "d=/run/cloud-init; [ -e $d/disabled ] && { echo disabled; exit 0; }; "                        \
    "command -v cloud-init >/dev/null 2>&1 || { echo absent; exit 0; }; "                          \
    "until [ -s $d/result.json ]; do sleep 1; done; echo finished; cat $d/result.json; "           \
    "echo; echo %s; cat $d/status.json; echo; echo %s; "                                           \
    "tail -n 15 /var/log/cloud-init-output.log 2>/dev/null; true"

/* What the guest said, taken apart. */
struct result {
    str state, result, status, log;
};

static str cut(str *rest, const char *mark)
{
    ptrdiff_t at = str_find(*rest, str_from(mark));
    str head = at < 0 ? *rest : str_sub(*rest, 0, (size_t)at);
    *rest = at < 0 ? (str){"", 0} : str_sub(*rest, (size_t)at + strlen(mark), rest->len);
    return str_trim(head);
}

static void take_apart(str out, const char *mark, struct result *r)
{
    str rest = out;
    r->state = str_trim(str_split(&rest, '\n'));
    if (rest.ptr == NULL)
        rest = (str){"", 0};
    r->result = cut(&rest, mark);
    r->status = cut(&rest, mark);
    r->log = str_trim(rest);
}

static bool wait_for_it(const struct cloud_init_config *c, struct build *b, struct strbuf *out,
                        const char *mark, struct error **err)
{
    AUTO(arena) struct arena *a = arena_new("cloud-init");
    int64_t limit = c->wait_timeout_ns;
    if (limit == 0)
        limit = DEFAULT_LIMIT_NS * (host_kvm()->usable ? 1 : TCG_LIMIT_FACTOR);
    struct comm_command cmd = {
        .command = arena_fmt(a, WAIT_SCRIPT, mark, mark), .out = out, .timeout_ns = limit};
    int status = 0;
    build_sayf(b, "Waiting for cloud-init to finish...");
    if (!comm_run(b->comm, &cmd, prov_token(b), &status, err)) {
        if (error_is(*err, ERR_TIMEOUT) && !cancel_test(prov_token(b)))
            error_hint(err, "`cloud-init status --long` in the guest says what it waits for; "
                            "-on-error=ask lets you look.");
        return error_wrap(err, "cloud-init did not finish");
    }
    if (status != COMM_DISCONNECTED)
        return true;
    return error_set(err, ERR_DISCONNECT, 0,
                     "the guest closed the connection before cloud-init finished");
}

/* One line for each string of ARRAY; how many there are. */
static size_t say_errors(struct build *b, const char *kind, const json_t *array, char **first)
{
    size_t count = json_array_size(array);
    for (size_t i = 0; i < MIN(count, (size_t)ERRORS_SHOWN); i++) {
        const char *line = json_string_value(json_array_get(array, i));
        autofree char *text = xasprintf("cloud-init %s: %s", kind, line == NULL ? "?" : line);
        build_output(b, true, str_from(text));
        if (*first == NULL)
            *first = xstrdup(line == NULL ? "?" : line);
    }
    return count;
}

/* status.json: {"v1": {"modules-final": {"recoverable_errors": {"WARNING": [..]}}}} */
static size_t say_recoverable(struct build *b, const json_t *status, char **first)
{
    size_t count = 0;
    const char *stage, *level;
    json_t *value, *list;
    json_t *v1 = json_object_get(status, "v1");
    json_object_foreach(v1, stage, value)
        json_object_foreach(json_object_get(value, "recoverable_errors"), level, list) count +=
        say_errors(b, level, list, first);
    return count;
}

static bool judge(struct build *b, bool fatal, size_t count, const char *what, const char *first,
                  struct error **err)
{
    if (count == 0)
        return true;
    if (!fatal) {
        build_warnf(b, "cloud-init finished with %zu %s%s", count, what, count == 1 ? "" : "s");
        return true;
    }
    error_set(err, ERR_PROVISION, 0, "%s", first);
    error_hint(err, "See /var/log/cloud-init.log and cloud-init-output.log in the guest.");
    return error_wrap(err, "cloud-init finished with %zu %s%s", count, what, count == 1 ? "" : "s");
}

static bool judge_source(const struct cloud_init_config *c, struct build *b, const json_t *v1,
                         struct error **err)
{
    const char *source = json_string_value(json_object_get(v1, "datasource"));
    build_sayf(b, "cloud-init has finished%s%s", source == NULL ? "" : ", data from ",
               source == NULL ? "" : source);
    if (c->datasource == NULL || (source != NULL && strstr(source, c->datasource) != NULL))
        return true;
    error_set(err, ERR_PROVISION, 0, "cloud-init took its data from '%s', not from '%s'",
              source == NULL ? "nowhere" : source, c->datasource);
    return error_hint(err, "Is the seed attached, and is its label `cidata`?");
}

static void show_log(struct build *b, str log)
{
    while (log.len > 0 && log.ptr != NULL)
        build_output(b, true, str_next_line(&log));
}

static bool judge_all(const struct cloud_init_config *c, struct build *b, const struct result *r,
                      struct error **err)
{
    json_error_t why;
    json_t *root = json_loadb(r->result.ptr, r->result.len, 0, &why);
    json_t *status = json_loadb(r->status.ptr, r->status.len, 0, NULL);
    json_t *v1 = json_object_get(root, "v1");
    autofree char *first = NULL, *recoverable = NULL;
    bool ok = root != NULL;
    if (!ok)
        error_set(err, ERR_GUEST, 0, "cloud-init left an unreadable result: %s", why.text);
    size_t errors = say_errors(b, "error", json_object_get(v1, "errors"), &first);
    if (errors > 0)
        show_log(b, r->log);
    ok = ok && judge_source(c, b, v1, err) &&
         judge(b, c->fail_on_errors, errors, "error", first, err) &&
         judge(b, c->fail_on_recoverable_errors, say_recoverable(b, status, &recoverable),
               "recoverable error", recoverable, err);
    json_decref(root);
    json_decref(status);
    return ok;
}

static bool cloud_init_run(const void *config, struct build *b, struct error **err)
{
    const struct cloud_init_config *c = config;
    AUTO(strbuf) struct strbuf out = STRBUF_INIT_MAX(OUTPUT_MAX);
    char mark[UUID_SIZE];
    struct result r;
    hash_uuid4(mark);
    if (!wait_for_it(c, b, &out, mark, err))
        return false;
    take_apart(strbuf_str(&out), mark, &r);
    if (str_eqz(r.state, "finished"))
        return judge_all(c, b, &r, err);
    const char *why = str_eqz(r.state, "disabled") ? "disabled" : "not installed";
    if (c->required)
        return error_set(err, ERR_PROVISION, 0, "cloud-init is %s in the guest", why);
    build_sayf(b, "cloud-init is %s in the guest: nothing to wait for", why);
    return true;
}

const struct provisioner_type provisioner_cloud_init = {
    .name = "cloud-init",
    .summary = "Wait until cloud-init has finished in the guest, and check its result.",
    .doc = "For guests whose seed the template makes itself: with `base` and `cloud_init` of the "
           "source imgfac waits by itself.  Errors of modules are shown with the end of "
           "cloud-init's output."
           "\n\n"
           "    provisioner \"cloud-init\" {\n"
           "      required   = true\n"
           "      datasource = \"NoCloud\"\n"
           "    }",
    .opts = cloud_init_opts,
    .config_size = sizeof(struct cloud_init_config),
    .flags = PROV_NEEDS_COMM,
    .run = cloud_init_run,
};
