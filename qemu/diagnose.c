/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/state.h"

#include "base/io.h"
#include "base/log.h"
#include "qemu/conn.h"
#include "qemu/console.h"
#include "qemu/guest.h"

#define CONSOLE_TAIL ((size_t)256 << 10)
#define LOG_TAIL     ((size_t)16 << 10)

static const char *console_text(struct build *b, struct strbuf *text)
{
    struct error *err = NULL;
    if (b->console_log == NULL || !io_read_tail(b->console_log, CONSOLE_TAIL, text, &err))
        error_drop(&err);
    return text->buf;
}

/* QEMU's own log goes beside the console log; the embedded root is removed. */
static const char *keep_qemu_log(struct build *b)
{
    const struct qemu_state *s = qemu_state(b);
    const char *root = s->conn != NULL ? conn_root(s->conn) : NULL;
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    struct error *err = NULL;
    const char *src = root != NULL
                          ? arena_fmt(b->arena, "%s/log/qemu/%s.log", root, s->domain_name)
                          : arena_fmt(b->arena, "/var/log/libvirt/qemu/%s.log", s->domain_name);
    const char *dst = arena_fmt(b->arena, "%s/qemu.log", b->log_dir);
    if (!io_read_tail(src, LOG_TAIL, &text, &err) ||
        !io_write_file(dst, strbuf_str(&text), 0600, &err)) {
        log_debug("qemu", "%s", err->msg);
        error_drop(&err);
        return NULL;
    }
    return arena_strdup(b->arena, text.buf);
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

static void take_screenshot(struct build *b)
{
    struct error *err = NULL;
    const char *path = arena_fmt(b->arena, "%s/screen.png", b->log_dir);
    if (guest_screenshot(qemu_state(b)->guest, path, &err))
        build_sayf(b, "The screen as it was: %s", path);
    else
        log_debug("qemu", "%s", err->msg);
    error_drop(&err);
}

static void name_finding(struct build *b, const struct console_finding *f, struct error **err)
{
    error_wrap_code(err, ERR_GUEST, "%s: \"%s\"", f->cause, f->line);
    error_hint(err, "%s%sThe console log is %s.", f->hint != NULL ? f->hint : "",
               f->hint != NULL ? " " : "", b->console_log);
}

static void name_crash(struct build *b, const char *log, struct error **err)
{
    const char *words = last_words(log, b->arena);
    error_wrap_code(err, ERR_LIBVIRT, "QEMU died while the guest was running%s%s",
                    words != NULL ? ": " : "", words != NULL ? words : "");
    error_hint(err, "QEMU's log is %s/qemu.log, the console log %s.", b->log_dir, b->console_log);
}

/* Silence and signs of life tell apart where a boot stopped. */
static void name_silence(struct build *b, str text, struct error **err)
{
    const struct qemu_state *s = qemu_state(b);
    const char *cause = "the guest booted, but does not answer";
    const char *hint = "Is its SSH server installed and started, and the account right?";
    if (str_trim(text).len == 0) {
        cause = "the guest wrote nothing on its serial console";
        hint = s->efi ? "Nothing was booted, or the image uses another console."
                      : "Nothing was booted (does the image need efi_boot?), or the image uses "
                        "another console.";
    } else if (str_find(text, STR("Linux version")) < 0 && str_find(text, STR("login:")) < 0) {
        cause = "the guest did not get past its firmware and boot loader";
        hint = "See the end of the console log.";
    } else if (str_find(text, STR("login:")) < 0) {
        cause = "the guest's system did not finish its start";
        hint = s->kvm ? "See the end of the console log."
                      : "The guest is emulated, which is slow: raise ssh_timeout, or see the end "
                        "of the console log.";
    }
    error_wrap_code(err, ERR_GUEST, "%s", cause);
    error_hint(err, "%s The console log is %s.", hint, b->console_log);
}

static bool is_about_guest(const struct error *e)
{
    return error_is(e, ERR_TIMEOUT) || error_is(e, ERR_DISCONNECT) || error_is(e, ERR_CANCELLED) ||
           error_is(e, ERR_NETWORK) || error_is(e, ERR_GUEST);
}

static void name_state(struct build *b, enum guest_state state, str console, const char *log,
                       struct error **err)
{
    struct console_finding f;
    bool found = console_find_cause(console, b->arena, &f);
    if (state == GUEST_NO_SPACE) {
        error_wrap_code(err, ERR_NO_SPACE, "the host's disk is full: the guest was stopped");
        error_hint(err, "Make room where the store lies, or lower disk_size.");
    } else if (state == GUEST_IO_ERROR) {
        error_wrap_code(err, ERR_IO, "the host cannot read or write the guest's disk");
    } else if (found && (f.fatal || state == GUEST_RUNNING)) {
        name_finding(b, &f, err);
    } else if (state == GUEST_PANICKED) {
        error_wrap_code(err, ERR_GUEST, "the guest's kernel panicked");
        error_hint(err, "The console log is %s.", b->console_log);
    } else if (state == GUEST_CRASHED) {
        name_crash(b, log, err);
    } else if (state == GUEST_OFF) {
        error_wrap_code(err, ERR_GUEST, "the guest powered itself off before the build was done");
        error_hint(err, "The console log is %s.", b->console_log);
    } else if (error_is(*err, ERR_TIMEOUT)) {
        name_silence(b, console, err);
    }
}

void qemu_diagnose(const void *config, struct build *b, struct error **err)
{
    (void)config;
    struct qemu_state *s = qemu_state(b);
    if (s == NULL || s->guest == NULL || s->was_off)
        return;
    enum guest_state state = guest_state(s->guest);
    if (state == GUEST_RUNNING && !is_about_guest(*err))
        return;
    AUTO(strbuf) struct strbuf console = STRBUF_INIT;
    console_text(b, &console);
    const char *log = keep_qemu_log(b);
    if (state != GUEST_OFF && state != GUEST_CRASHED)
        take_screenshot(b);
    name_state(b, state, strbuf_str(&console), log, err);
}
