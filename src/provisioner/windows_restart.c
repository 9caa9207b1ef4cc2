/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/provisioner.h"

#include "base/clock.h"
#include "base/mem.h"
#include "plug/communicator.h"
#include "provisioner/common.h"
#include "provisioner/windows.h"

#define PROBE_NS    (5 * NS_PER_S)
#define GOING_NS    (10 * NS_PER_S)
#define RETRY_NS    (2 * NS_PER_S)
#define ATTEMPT_NS  (60 * NS_PER_S)
#define KEYS_OF_CBS "SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\"

struct restart_config {
    const char *restart_command;
    const char *restart_check_command;
    int64_t restart_timeout_ns;
    bool check_registry;
    struct opt_strings registry_keys;
};

#define C struct restart_config
static const struct opt restart_opts[] = {
    OPT_STR(C, restart_command, "restart_command",
            .def = "\"shutdown /r /f /t 0 /c \\\"packer restart\\\"\"", .flags = OPT_NOHASH,
            .doc = "Command that restarts the guest.  Statuses 0, 1115 and 1190 (already going "
                   "down) are success."),
    OPT_STR(C, restart_check_command, "restart_check_command", .flags = OPT_NOHASH,
            .doc = "Command that is tried until it succeeds, before the check that the guest "
                   "answers."),
    OPT_DUR(C, restart_timeout_ns, "restart_timeout", .min = "0s", .def = "\"5m\"",
            .flags = OPT_NOHASH, .doc = "How long the restart may take."),
    OPT_BOOL(C, check_registry, "check_registry", .def = "false", .flags = OPT_NOHASH,
             .doc = "Wait until none of `registry_keys` is there."),
    OPT_STRS(C, registry_keys, "registry_keys", .flags = OPT_NOHASH,
             .doc = "Keys that say that a restart is pending.  Default RebootPending, "
                    "PackagesPending and RebootInProgress of Component Based Servicing."),
    OPT_END,
};
#undef C

struct restart_run {
    const struct restart_config *c;
    struct build *b;
    struct arena *a;
    struct cancel *cancel; /* ends with restart_timeout */
};

/* One command; its output is collected in OUT (may be NULL) instead of shown. */
static bool run_quietly(struct restart_run *r, const char *command, struct strbuf *out, int *status)
{
    struct error *e = NULL;
    struct comm_command cmd = {.command = command, .out = out, .timeout_ns = ATTEMPT_NS};
    bool ok = comm_run(r->b->comm, &cmd, r->cancel, status, &e);
    error_drop(&e);
    return ok && *status != COMM_DISCONNECTED;
}

static bool too_late(struct restart_run *r, struct error **err)
{
    if (cancel_reason(r->cancel) != CANCEL_TIMEOUT || cancel_test(prov_token(r->b)))
        return cancel_error(r->cancel, err, "the restart of the guest");
    error_set(err, ERR_TIMEOUT, 0, "timeout waiting for machine to restart");
    return error_hint(err, "Raise restart_timeout; updates may take long at a restart.");
}

static bool order_restart(struct restart_run *r, struct error **err)
{
    const char *command = r->c->restart_command;
    if (command == NULL)
        command = "shutdown /r /f /t 0 /c \"packer restart\"";
    struct comm_command cmd = {.command = command};
    int status = 0;
    build_sayf(r->b, "Restarting Machine");
    while (!comm_run(r->b->comm, &cmd, r->cancel, &status, err)) {
        error_drop(err);
        if (!cancel_sleep(r->cancel, RETRY_NS))
            return too_late(r, err);
    }
    if (status == 0 || status == 1115 || status == 1190 || status == COMM_DISCONNECTED)
        return true;
    return error_set(err, ERR_PROVISION, 0, "Restart script exited with non-zero exit status: %d",
                     status);
}

/* Until the guest is seen to go down: a second order for a restart fails, or
 * nobody answers any more. */
static bool wait_for_going(struct restart_run *r, struct error **err)
{
    int status = 0;
    build_sayf(r->b, "Waiting for machine to restart...");
    while (run_quietly(r, "shutdown /r /f /t 60 /c \"packer restart test\"", NULL, &status)) {
        if (status == 0)
            run_quietly(r, "shutdown /a", NULL, &status); /* it was up again already */
        else if (status == 1115 || status == 1190 || status == 1717) {
            if (!cancel_sleep(r->cancel, GOING_NS))
                return too_late(r, err);
            continue;
        }
        return true;
    }
    return !cancel_test(r->cancel) || too_late(r, err);
}

static bool answers(struct restart_run *r)
{
    AUTO(strbuf) struct strbuf out = STRBUF_INIT_MAX(4096);
    int status = 0;
    const char *command =
        windows_encoded(r->a, "echo (\"{0} restarted.\" -f [System.Net.Dns]::GetHostName())");
    if (!run_quietly(r, command, &out, &status) || status != 0)
        return false;
    if (strstr(out.buf, "restarted.") == NULL)
        return false;
    build_output(r->b, false, str_trim(strbuf_str(&out)));
    return true;
}

static bool is_pending(struct restart_run *r)
{
    static const char *const defaults[] = {"HKLM:" KEYS_OF_CBS "RebootPending",
                                           "HKLM:" KEYS_OF_CBS "PackagesPending",
                                           "HKLM:" KEYS_OF_CBS "RebootInProgress"};
    const char *const *keys = r->c->registry_keys.len > 0 ? r->c->registry_keys.ptr : defaults;
    size_t count = r->c->registry_keys.len > 0 ? r->c->registry_keys.len : ARRAY_SIZE(defaults);
    AUTO(strbuf) struct strbuf script = STRBUF_INIT, out = STRBUF_INIT_MAX(4096);
    int status = 0;
    for (size_t i = 0; i < count; i++)
        strbuf_addf(&script, "Test-Path %s; ", windows_quote(r->a, keys[i]));
    if (!run_quietly(r, windows_encoded(r->a, script.buf), &out, &status))
        return true;
    return strstr(out.buf, "True") != NULL;
}

static bool is_back(struct restart_run *r)
{
    int status = 0;
    if (r->c->restart_check_command != NULL &&
        (!run_quietly(r, r->c->restart_check_command, NULL, &status) || status != 0))
        return false;
    return answers(r) && (!r->c->check_registry || !is_pending(r));
}

static bool restart(struct restart_run *r, struct error **err)
{
    if (!order_restart(r, err) || !wait_for_going(r, err))
        return false;
    while (!is_back(r))
        if (!cancel_sleep(r->cancel, PROBE_NS))
            return too_late(r, err);
    build_sayf(r->b, "Machine successfully restarted, moving on");
    return true;
}

static bool restart_run(const void *config, struct build *b, struct error **err)
{
    const struct restart_config *c = config;
    AUTO(arena) struct arena *a = arena_new("windows-restart provisioner");
    AUTO(cancel) struct cancel *limited = cancel_new(prov_token(b));
    cancel_set_deadline(limited, clock_now() + c->restart_timeout_ns);
    struct restart_run r = {.c = c, .b = b, .a = a, .cancel = limited};
    return restart(&r, err);
}

const struct provisioner_type provisioner_windows_restart = {
    .name = "windows-restart",
    .summary = "Restart a Windows guest and wait until it is back.",
    .doc =
        "The guest is back when it runs a command again.  With `check_registry` also installers "
        "that ask for another restart are waited for."
        "  It was tested against a pretended Windows behind a WinRM server, never against Windows "
        "itself."
        "\n\n"
        "    provisioner \"windows-restart\" {\n"
        "      restart_timeout = \"30m\"\n"
        "      check_registry  = true\n"
        "    }",
    .opts = restart_opts,
    .config_size = sizeof(struct restart_config),
    .flags = PROV_NEEDS_COMM,
    .run = restart_run,
};
