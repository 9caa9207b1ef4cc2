/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/communicator.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "communicator/lines.h"
#include "communicator/winrm_internal.h"

/* communicator = "winrm": the remote shell of Windows over HTTP.  Written after
 * [MS-WSMV] and what other clients send; see README.md for what it was tried
 * against. */

#define DEFAULT_TIMEOUT_NS (1800 * NS_PER_S)
#define SHELL_NS           (8 * NS_PER_S)
#define HELLO_NS           (180 * NS_PER_S)
#define PAUSE_NS           (100 * NS_PER_MS)
#define PAUSE_MAX_NS       (5 * NS_PER_S)
#define HELLO              "WinRM connected."

static struct winrm_comm *of(struct comm *c)
{
    return (struct winrm_comm *)c;
}

static void set_target(struct winrm_comm *c)
{
    const struct comm_config *config = c->config;
    struct comm_access a = comm_access(c->build);
    bool v6 = strchr(a.host, ':') != NULL && *a.host != '[';
    c->host = xstrdup(a.host);
    c->url = xasprintf("%s://%s%s%s:%d/wsman", config->winrm_use_ssl ? "https" : "http",
                       v6 ? "[" : "", a.host, v6 ? "]" : "", a.port);
    c->target = (struct winrm_target){
        .url = c->url,
        .host = c->host,
        .user = a.user != NULL ? a.user : "",
        .password = a.password,
        .use_ssl = config->winrm_use_ssl,
        .insecure = config->winrm_insecure,
        .use_ntlm = config->winrm_use_ntlm,
        .no_proxy = config->winrm_no_proxy,
    };
    c->link = winrm_link_new(&c->target);
    c->input = winrm_link_new(&c->target);
}

static void winrm_close(struct comm *comm)
{
    struct winrm_comm *c = of(comm);
    if (c->shell_id != NULL && cancel_reason(c->build->guest) != CANCEL_CRASH)
        winrm_shell_end(c);
    winrm_link_free(c->link);
    winrm_link_free(c->input);
    free(c->shell_id);
    free(c->why_lost);
    free(c->url);
    free(c->host);
    free(c);
}

/* --- waiting for the guest --- */

struct hello {
    struct winrm_comm *c;
    struct lines lines[2];
    bool was_heard;
};

static void on_hello_line(void *arg, bool is_stderr, str line)
{
    struct hello *h = arg;
    h->was_heard = h->was_heard || (!is_stderr && str_find(line, STR(HELLO)) >= 0);
    if (!is_stderr && line.len > 0)
        build_output(h->c->build, false, line);
}

static void on_hello(void *arg, bool is_stderr, str data)
{
    struct hello *h = arg;
    lines_add(&h->lines[is_stderr], data);
}

/* A shell that opens is not enough: at the first start of Windows PowerShell
 * may not work yet. */
static bool say_hello(struct winrm_comm *c, const struct ssh_wait *w, struct error **err)
{
    autofree char *command =
        winrm_powershell(STR("$ProgressPreference='SilentlyContinue'\nWrite-Output '" HELLO "'\n"));
    struct hello h = {.c = c};
    for (size_t i = 0; i < ARRAY_SIZE(h.lines); i++)
        lines_init(&h.lines[i], on_hello_line, &h, i == 1);
    struct winrm_job job = {.command = command, .on_stream = on_hello, .arg = &h};
    int status = 0;
    bool ok = winrm_exec(c, &job, w, &status, err);
    for (size_t i = 0; i < ARRAY_SIZE(h.lines); i++) {
        lines_end(&h.lines[i]);
        lines_clear(&h.lines[i]);
    }
    if (!ok)
        return false;
    if (status == COMM_DISCONNECTED)
        return error_set(err, ERR_NETWORK, 0, "the connection broke: %s",
                         c->why_lost != NULL ? c->why_lost : "no reason given");
    return h.was_heard ||
           error_set(err, ERR_GUEST, 0, "PowerShell does not work in the guest yet (status %d)",
                     status);
}

static struct ssh_wait part_of(const struct ssh_wait *w, int64_t ns)
{
    struct ssh_wait part = *w;
    int64_t end = clock_now() + ns;
    if (part.deadline_ns == 0 || end < part.deadline_ns)
        part.deadline_ns = end;
    return part;
}

/* QEMU accepts connections for a guest that does not listen yet, and some of
 * them stay silent for ever: the first attempts are short.  A guest that is
 * emulated needs minutes for its first PowerShell. */
static bool attempt(struct winrm_comm *c, const struct ssh_wait *w, size_t before,
                    struct error **err)
{
    size_t doublings = MIN(before, (size_t)3);
    int64_t limit = SHELL_NS << doublings;
    struct ssh_wait shell = part_of(w, limit), hello = part_of(w, limit + HELLO_NS);
    return winrm_shell_ensure(c, &shell, err) && say_hello(c, &hello, err);
}

/* Each new kind of refusal is told once. */
static void tell(struct winrm_comm *c, char **told, const struct error *e)
{
    autofree char *line = error_line(e);
    log_info("winrm", "%s", line);
    if (*told != NULL && strcmp(*told, line) == 0)
        return;
    if (e->code != ERR_NETWORK && e->code != ERR_TIMEOUT)
        build_sayf(c->build, "WinRM: %s", line);
    free(*told);
    *told = steal(&line);
}

static bool may_pass(const struct winrm_comm *c, const struct error *e)
{
    return e->code != ERR_CANCELLED && e->code != ERR_USAGE && e->code != ERR_HOST &&
           !winrm_link_is_hopeless(c->link);
}

/* *LAST is taken: what the attempt before the end of the wait failed of. */
static bool give_up(struct winrm_comm *c, struct error **err, struct error **last, int64_t limit)
{
    autofree char *text = clock_format_duration(limit);
    if ((*err)->code != ERR_TIMEOUT || *last == NULL) {
        error_drop(last);
        return error_wrap(err, "no WinRM login at %s", c->url);
    }
    enum err_code code = (*last)->code == ERR_AUTH ? ERR_AUTH : ERR_TIMEOUT;
    const char *hint = (*last)->hint;
    autofree char *advice = hint != NULL ? xstrdup(hint) : NULL;
    error_drop(err);
    *err = steal(last);
    error_wrap_code(err, code, "Timeout waiting for WinRM: no login at %s within %s", c->url, text);
    return error_hint(err, "%s",
                      advice != NULL ? advice
                                     : "WinRM must be on in the guest and let through "
                                       "its firewall; a longer installation needs a "
                                       "larger winrm_timeout.");
}

/* A password that is refused often locks the account. */
static int64_t pause_after(const struct error *e, size_t refusals, size_t attempts)
{
    static const int64_t refused_s[] = {2, 4, 7, 10};
    if (e->code == ERR_AUTH)
        return refused_s[MIN(refusals, ARRAY_SIZE(refused_s)) - 1] * NS_PER_S;
    size_t doublings = MIN(attempts, (size_t)8);
    return MIN(PAUSE_NS << doublings, PAUSE_MAX_NS);
}

static bool connect_within(struct winrm_comm *c, struct cancel *cancel, struct error **err)
{
    int64_t limit =
        c->config->winrm_timeout_ns > 0 ? c->config->winrm_timeout_ns : DEFAULT_TIMEOUT_NS;
    autofree char *what = xasprintf("waiting for WinRM at %s", c->url);
    autofree char *told = NULL;
    struct ssh_wait w = winrm_wait(c, cancel, limit, what);
    struct error *last = NULL;
    size_t refusals = 0, attempts = 0;
    while (!attempt(c, &w, attempts, err)) {
        struct error *end = NULL;
        bool is_over = !ssh_wait_test(&w, &end);
        if (!is_over && !may_pass(c, *err))
            return give_up(c, err, &last, limit);
        if (is_over && (*err)->code == ERR_TIMEOUT && last != NULL) {
            error_drop(err); /* cut off by the limit: the attempt before says more */
        } else {
            tell(c, &told, *err);
            error_drop(&last);
            last = steal(err);
        }
        *err = steal(&end);
        refusals += last->code == ERR_AUTH;
        if (is_over || !ssh_wait_sleep(&w, pause_after(last, refusals, attempts++), err))
            return give_up(c, err, &last, limit);
    }
    error_drop(&last);
    return true;
}

static bool pause_and_repeat(struct winrm_comm *c, struct error **err)
{
    int64_t pause = c->config->pause_before_connecting_ns;
    if (pause <= 0)
        return true;
    autofree char *text = clock_format_duration(pause);
    build_sayf(c->build, "Pausing %s before connecting...", text);
    winrm_shell_end(c);
    winrm_shell_forget(c);
    struct ssh_wait w = winrm_wait(c, c->build->cancel, 0, "pause_before_connecting");
    return ssh_wait_sleep(&w, pause, err) && connect_within(c, c->build->cancel, err);
}

static struct comm *winrm_open(const struct comm_config *config, struct build *b,
                               struct error **err)
{
    if (comm_access(b).host == NULL) {
        error_set(err, ERR_TEMPLATE, 0, "the address of the guest is not known");
        error_hint(err, "Set winrm_host in the source block.");
        return NULL;
    }
    struct winrm_comm *c = xnew(struct winrm_comm);
    c->config = config;
    c->build = b;
    set_target(c);
    build_sayf(b, "Using WinRM communicator to connect: %s", c->host);
    build_sayf(b, "Waiting for WinRM to become available...");
    if (connect_within(c, b->cancel, err) && pause_and_repeat(c, err)) {
        build_sayf(b, "Connected to WinRM!");
        return &c->comm;
    }
    winrm_close(&c->comm);
    return NULL;
}

/* After a restart nothing of ours is left there; ask nobody to delete it. */
static bool winrm_reconnect(struct comm *comm, struct cancel *cancel, struct error **err)
{
    struct winrm_comm *c = of(comm);
    winrm_shell_forget(c);
    return connect_within(c, cancel, err);
}

/* --- commands --- */

struct streams {
    const struct comm_command *cmd;
    struct lines lines[2];
    size_t input_done;
};

static void on_output(void *arg, bool is_stderr, str data)
{
    struct streams *s = arg;
    struct strbuf *out = s->cmd->out;
    if (!is_stderr && out != NULL)
        strbuf_add(out, data.ptr, MIN(data.len, out->max - out->len));
    lines_add(&s->lines[is_stderr], data);
}

static bool next_input(void *arg, struct strbuf *block, bool *is_last, struct error **err)
{
    struct streams *s = arg;
    str input = s->cmd->input;
    size_t n = MIN(input.len - s->input_done, WINRM_INPUT_MAX);
    (void)err;
    strbuf_add(block, input.ptr + s->input_done, n);
    s->input_done += n;
    *is_last = s->input_done == input.len;
    return true;
}

static bool winrm_run(struct comm *comm, const struct comm_command *cmd, struct cancel *cancel,
                      int *status, struct error **err)
{
    struct winrm_comm *c = of(comm);
    struct ssh_wait w = winrm_wait(c, cancel, cmd->timeout_ns, "the command in the guest");
    struct streams s = {.cmd = cmd};
    for (size_t i = 0; i < ARRAY_SIZE(s.lines); i++)
        lines_init(&s.lines[i], cmd->on_line, cmd->arg, i == 1);
    struct winrm_job job = {
        .command = cmd->command,
        .next = cmd->input.len > 0 ? next_input : NULL,
        .on_stream = on_output,
        .arg = &s,
    };
    bool ok = winrm_exec(c, &job, &w, status, err);
    for (size_t i = 0; i < ARRAY_SIZE(s.lines); i++) {
        lines_end(&s.lines[i]);
        lines_clear(&s.lines[i]);
    }
    return ok;
}

const struct comm_type comm_winrm = {
    .name = "winrm",
    .summary = "Windows Remote Management: commands and files by its remote shell.",
    .doc =
        "WinRM must be switched on by the installation of the guest.  With `winrm_use_ntlm` the "
        "service may stay as Windows has it; Basic must be allowed in the guest (`winrm set "
        "winrm/config/service/auth @{Basic=\"true\"}`), and over plain HTTP `AllowUnencrypted` too.  "
        "Passwords and files then cross the network readable.  Files and folders go in both ways "
        "through one PowerShell and are compared by SHA-256; uploads make the folders above them.  "
        "It was tested against a server of its own that other WinRM clients were tried on, never "
        "against Windows itself."
        "\n\n"
        "    source \"qemu\" \"windows\" {\n"
        "      disk_image     = true\n"
        "      iso_url        = \"windows.qcow2\"\n"
        "      iso_checksum   = \"file:windows.qcow2.sha256\"\n"
        "      communicator   = \"winrm\"\n"
        "      winrm_username = \"packer\"\n"
        "      winrm_password = var.winrm_password\n"
        "      winrm_use_ntlm = true\n"
        "      winrm_timeout  = \"2h\"\n"
        "    }",
    .open = winrm_open,
    .run = winrm_run,
    .upload = winrm_upload,
    .upload_data = winrm_upload_data,
    .upload_dir = winrm_upload_dir,
    .download = winrm_download,
    .download_dir = winrm_download_dir,
    .reconnect = winrm_reconnect,
    .close = winrm_close,
};
