/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/state.h"

#include "base/clock.h"
#include "base/io.h"
#include "plug/communicator.h"
#include "qemu/bundle.h"
#include "qemu/conn.h"
#include "qemu/console.h"
#include "qemu/guest.h"

#define CONSOLE_TAIL ((size_t)256 << 10)
#define ASK_NS       (15 * NS_PER_S)

static void read_console(struct build *b, struct strbuf *text)
{
    struct error *err = NULL;
    if (b->console_log == NULL || !io_read_tail(b->console_log, CONSOLE_TAIL, text, &err))
        error_drop(&err);
}

/* QEMU's last words: the last line that is not libvirt's own. */
static const char *last_words(const char *log, struct arena *a)
{
    const char *found = NULL;
    str rest = str_from(log);
    while (log != NULL && rest.ptr != NULL) {
        str line = str_trim(str_next_line(&rest));
        if (str_starts(line, STR("qemu-system")) || str_find(line, STR("terminating on")) >= 0 ||
            str_find(line, STR("ERROR:")) >= 0)
            found = str_dup(a, line);
    }
    return found;
}

static void name_finding(const struct console_finding *f, struct error **err)
{
    error_wrap_code(err, ERR_GUEST, "%s: \"%s\"", f->cause, f->line);
    if (f->hint != NULL)
        error_hint(err, "%s", f->hint);
}

static void name_crash(struct build *b, const char *log, struct error **err)
{
    const char *words = last_words(log, b->arena);
    error_wrap_code(err, ERR_LIBVIRT,
                    "QEMU died while the guest was running: it crashed or was killed%s%s",
                    words != NULL ? ": " : "", words != NULL ? words : "");
    error_hint(err, "The host's kernel log tells a crash from a kill for want of memory.");
}

/* A quiet kernel says nothing of itself; its system does. */
static bool has_system(str text)
{
    if (str_find(text, STR("Linux version")) >= 0)
        return true;
    while (text.ptr != NULL)
        if (console_line_is_booted(str_next_line(&text)))
            return true;
    return false;
}

/* Silence and signs of life tell apart where a boot stopped. */
static void name_silence(const struct qemu_state *s, str text, struct error **err)
{
    const char *cause = "the guest booted, but does not answer";
    const char *hint = "Is its SSH server installed and started, and the account right?";
    if (str_trim(text).len == 0) {
        cause = "the guest wrote nothing on its serial console";
        hint = s->efi ? "Nothing was booted, or the image uses another console."
                      : "Nothing was booted (does the image need efi_boot?), or the image uses "
                        "another console.";
    } else if (!has_system(text)) {
        cause = "the guest did not get past its firmware and boot loader";
        hint = "See the end of the console log.";
    } else if (str_find(text, STR("login:")) < 0) {
        cause = "the guest's system did not finish its start";
        hint = s->kvm ? "See the end of the console log."
                      : "The guest is emulated, which is slow: raise ssh_timeout, or see the end "
                        "of the console log.";
    }
    error_wrap_code(err, ERR_GUEST, "%s", cause);
    error_hint(err, "%s", hint);
}

static void name_refusal(struct build *b, struct error **err)
{
    const char *user = b->target.user != NULL ? b->target.user : b->comm_config->ssh_username;
    error_wrap_code(err, ERR_AUTH, "the guest's SSH server refuses the login of '%s'",
                    user != NULL ? user : "");
    error_hint(err, "Is the account in the image, and are key or password the right ones?");
}

/* The communicator says more than a Windows guest does: its console is silent,
 * and a refusal names what the service offers.  Only its network is asked. */
static void name_no_winrm(const struct bundle *bundle, struct error **err)
{
    const struct net_facts *n = &bundle->net;
    const char *hint = NULL, *cause = netdump_cause(n, &hint);
    if (cause == NULL || !error_is(*err, ERR_TIMEOUT))
        return;
    if (n->discovers == 0 || n->offers + n->acks > 0) {
        cause = "the guest has an address, but does not answer on its WinRM port";
        hint = "WinRM must be switched on in the guest and let through its firewall (winrm "
               "quickconfig); a long installation needs a larger winrm_timeout.";
    }
    error_wrap_code(err, ERR_GUEST, "%s", cause);
    error_hint(err, "%s", hint);
}

/* The guest runs and nobody can log in. */
static void name_unreachable(struct build *b, const struct bundle *bundle, str console,
                             const struct console_finding *f, struct error **err)
{
    const char *hint = NULL, *cause = netdump_cause(&bundle->net, &hint);
    if (f != NULL && f->fatal) {
        name_finding(f, err);
    } else if (b->comm_config->type == COMM_WINRM) {
        name_no_winrm(bundle, err);
    } else if (error_is(*err, ERR_AUTH)) {
        name_refusal(b, err);
    } else if (f != NULL) {
        name_finding(f, err);
    } else if (cause != NULL) {
        error_wrap_code(err, ERR_GUEST, "%s", cause);
        error_hint(err, "%s", hint);
    } else if (error_is(*err, ERR_TIMEOUT)) {
        name_silence(qemu_state(b), console, err);
    }
}

static void name_no_space(struct error **err)
{
    error_wrap_code(err, ERR_NO_SPACE, "the host's disk is full: the guest was stopped");
    error_hint(err, "Make room where the store lies, or put the store on a larger disk.");
}

static void name_state(struct build *b, enum guest_state state, const struct bundle *bundle,
                       struct error **err)
{
    AUTO(strbuf) struct strbuf console = STRBUF_INIT;
    read_console(b, &console);
    struct console_finding f;
    bool found = console_find_cause(strbuf_str(&console), b->arena, &f);
    if (state == GUEST_NO_SPACE) {
        name_no_space(err);
    } else if (state == GUEST_IO_ERROR) {
        error_wrap_code(err, ERR_IO, "the host cannot read or write the guest's disk");
    } else if (state == GUEST_LOST) {
        error_wrap_code(err, ERR_LIBVIRT, "the connection to libvirt (%s) was lost",
                        conn_uri(qemu_state(b)->conn));
        error_hint(err, "Does its daemon still run? The next start of imgfac removes the guest.");
    } else if (state == GUEST_RUNNING) {
        name_unreachable(b, bundle, strbuf_str(&console), found ? &f : NULL, err);
    } else if (found && f.fatal) {
        name_finding(&f, err);
    } else if (state == GUEST_PANICKED) {
        error_wrap_code(err, ERR_GUEST, "the guest's kernel panicked");
    } else if (state == GUEST_CRASHED) {
        name_crash(b, bundle->qemu_log, err);
    } else if (state == GUEST_OFF) {
        error_wrap_code(err, ERR_GUEST, "the guest powered itself off before the build was done");
    } else if (error_is(*err, ERR_TIMEOUT)) {
        name_silence(qemu_state(b), strbuf_str(&console), err);
    }
}

/* df(1), POSIX format: name, blocks, used, available, capacity, mounted on. */
static const char *full_mount(str table, struct arena *a)
{
    str_next_line(&table); /* headings */
    while (table.ptr != NULL) {
        str line = str_trim(str_next_line(&table)), word = {0};
        uint64_t blocks = 0, available = 1;
        for (size_t column = 0; line.ptr != NULL && column < 6; column++) {
            word = str_split(&line, ' ');
            line = str_trim(line);
            if (column == 1)
                str_to_u64(word, &blocks);
            if (column == 3 && !str_to_u64(word, &available))
                available = 1;
        }
        if (blocks > 0 && available == 0 && str_starts(word, STR("/")))
            return str_dup(a, word);
    }
    return NULL;
}

/* A provisioner's own words drown in its output; the guest can still be asked. */
static void ask_for_room(struct build *b, struct error **err)
{
    AUTO(strbuf) struct strbuf table = STRBUF_INIT_MAX(1 << 16);
    AUTO(error) struct error *e = NULL;
    int status = 0;
    struct comm_command df = {
        .command = "df -Pk / /tmp /var /home 2>/dev/null", .out = &table, .timeout_ns = ASK_NS};
    if (b->comm == NULL || !comm_run(b->comm, &df, b->guest, &status, &e))
        return;
    const char *mount = full_mount(strbuf_str(&table), b->arena);
    if (mount == NULL)
        return;
    error_wrap_code(err, ERR_GUEST, "the guest's disk is full: %s has no room left", mount);
    error_hint(err, "Raise `disk_size`, or let the provisioners write less.");
}

static bool is_about_guest(const struct error *e)
{
    return error_is(e, ERR_TIMEOUT) || error_is(e, ERR_DISCONNECT) || error_is(e, ERR_CANCELLED) ||
           error_is(e, ERR_NETWORK) || error_is(e, ERR_GUEST) || error_is(e, ERR_AUTH);
}

void qemu_diagnose(const void *config, struct build *b, struct error **err)
{
    (void)config;
    struct qemu_state *s = qemu_state(b);
    if (s == NULL || s->guest == NULL || s->was_off)
        return;
    enum guest_state state = guest_state(s->guest);
    struct bundle bundle;
    bundle_collect(b, &bundle);
    if (state == GUEST_RUNNING && b->comm != NULL && !is_about_guest(*err))
        ask_for_room(b, err);
    else if (state != GUEST_RUNNING || is_about_guest(*err))
        name_state(b, state, &bundle, err);
}
