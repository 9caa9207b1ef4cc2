/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/shell_exec.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "provisioner/common.h"

/* Larger scripts are uploaded as a file. */
#define INLINE_MAX ((size_t)8 << 20)
/* Up to here `read` byte by byte costs a guest less than starting `cat`. */
#define SMALL_MAX ((size_t)256)
/* A guest that answers but cannot take the script may still be mounting its
 * file systems; so long, not the whole start_retry_timeout. */
#define UPLOAD_RETRY_NS (10 * NS_PER_S)
#define TRY_AGAIN_NS    (2 * NS_PER_S)

/* One run: tells the line that says "started" from the script's own output. */
struct watch {
    struct build *b;
    struct shell_job *job;
    char nonce[UUID_SIZE];
    bool started;
    bool pty; /* standard output and error are one */
};

static bool is_posix_shell(str name)
{
    static const char *const known[] = {"sh", "dash", "bash", "ash", "zsh", "ksh", "mksh"};
    for (size_t i = 0; i < ARRAY_SIZE(known); i++)
        if (str_eq(name, str_from(known[i])))
            return true;
    return false;
}

static void on_line(void *arg, bool is_stderr, str line)
{
    struct watch *w = arg;
    ptrdiff_t at = !is_stderr && !w->started ? str_find(line, str_from(w->nonce)) : -1;
    if (at >= 0) {
        w->started = true;
        w->b->login_is_posix = is_posix_shell(str_sub(line, (size_t)at + UUID_SIZE - 1, line.len));
        line.len = (size_t)at;
        if (line.len == 0)
            return;
    }
    if (is_stderr || w->pty)
        prov_keep_last(&w->job->last, line);
    build_output(w->b, is_stderr, line);
}

/* POSIX shell on one line, as some login shells take no newline within quotes.
 * Standard input: blocks whose lines begin with "+", each ended by another line:
 * the command, the environment file, and, when it is small, the script; else
 * the script follows to the end.  So the script itself reads nothing, as in
 * Packer.  `read` takes single bytes from a pipe and leaves the rest to `cat`.
 * Each process that is saved here saves an emulated guest several milliseconds:
 * the newline comes out of IFS. */
static const char program_head[] = "_in=${IFS#??};_in=${_in%\"${_in#?}\"};"
                                   "_ir(){ _iv=;while IFS= read -r _il;do case $_il in "
                                   "+*)_iv=$_iv${_il#+}$_in;;*)return 0;;esac;done;return 1;};"
                                   "_ir&&_ic=$_iv&&_ir&&_ix=$_iv&&";
/* `echo` is a command of each shell's own, hence no argument of a process; it
 * does not say why it failed, as `cat` does. */
static const char program_small[] =
    "_ir&&_iv=${_iv%\"$_in\"}&&{ { echo \"$_iv\">\"$_ip\";} 2>/dev/null||"
    "echo \"$_iv\"|cat>\"$_ip\";}";
static const char program_large[] = "cat>\"$_ip\"";
static const char program_mode[] = "&&{ chmod 0755 \"$_ip\" 2>/dev/null||:;}";
static const char program_env[] =
    "&&{ [ -z \"$_ie\" ]||(umask 077;printf %s \"$_ix\">\"$_ie\");}||exit 97;"
    "_iv=;echo \"$_io${SHELL##*/}\";";

static void add_assignment(struct strbuf *sb, const char *name, const char *value)
{
    strbuf_addf(sb, "%s=", name);
    strbuf_add_shell_quoted(sb, str_from(value));
    strbuf_addc(sb, ';');
}

/* Can every shell's `read` and `echo` carry it as it is? */
static bool is_small(str text)
{
    if (text.len > SMALL_MAX || !str_ends(text, STR("\n")) || *text.ptr == '-')
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '\\' || ((c < ' ' || c > '~') && c != '\n' && c != '\t'))
            return false;
    }
    return true;
}

static void make_program(struct strbuf *sb, const struct shell_job *job, const char *nonce)
{
    add_assignment(sb, "_io", nonce);
    add_assignment(sb, "_ip", job->path);
    add_assignment(sb, "_ie", job->env_path == NULL ? "" : job->env_path);
    strbuf_adds(sb, program_head);
    strbuf_adds(sb, is_small(job->text) ? program_small : program_large);
    strbuf_adds(sb, job->is_plain ? "" : program_mode);
    strbuf_adds(sb, program_env);
    strbuf_adds(sb, job->is_plain ? "eval \"$_ic\";_is=$?;" : "(eval \"$_ic\");_is=$?;");
    if (!job->keep)
        strbuf_adds(sb, "rm -f \"$_ip\" ${_ie:+\"$_ie\"};");
    strbuf_adds(sb, "exit $_is");
}

/* A command of the user's may use what only the login shell knows; shells that
 * do not speak POSIX (fish, csh) leave it to /bin/sh. */
static void make_command(struct strbuf *sb, const struct shell_job *job, const char *nonce)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    make_program(&text, job, nonce);
    if (job->login_shell)
        strbuf_adds(sb, "/bin/sh -c 'case ${SHELL##*/} in bash|zsh|ksh|mksh|ash|dash) "
                        "exec \"$SHELL\" -c \"$0\";;esac;exec /bin/sh -c \"$0\"' ");
    else
        strbuf_adds(sb, "exec /bin/sh -c ");
    strbuf_add_shell_quoted(sb, strbuf_str(&text));
}

static void add_block(struct strbuf *sb, str text)
{
    if (str_ends(text, STR("\n")))
        text.len--;
    for (bool more = text.len > 0; more; more = text.ptr != NULL) {
        str line = str_split(&text, '\n');
        strbuf_addf(sb, "+%.*s\n", STR_FMT(line));
    }
    strbuf_adds(sb, ".\n");
}

static void make_input(struct strbuf *sb, const struct shell_job *job)
{
    bool small = is_small(job->text);
    add_block(sb, str_from(job->command));
    add_block(sb, job->env_text);
    if (small)
        add_block(sb, job->text);
    else
        strbuf_addstr(sb, job->text);
}

static bool run_streamed(struct watch *w, int *status, struct error **err)
{
    AUTO(strbuf) struct strbuf command = STRBUF_INIT, input = STRBUF_INIT;
    make_command(&command, w->job, w->nonce);
    make_input(&input, w->job);
    struct comm_command cmd = {
        .command = command.buf,
        .input = strbuf_str(&input),
        .secret = true, /* long and always the same */
        .on_line = on_line,
        .arg = w,
    };
    return comm_run(w->b->comm, &cmd, prov_token(w->b), status, err);
}

/* With a terminal the input would be echoed and cut: files first, then the
 * command by itself. */
static bool run_uploaded(struct watch *w, int *status, struct error **err)
{
    const struct shell_job *job = w->job;
    struct cancel *cancel = prov_token(w->b);
    AUTO(strbuf) struct strbuf command = STRBUF_INIT;
    if (!comm_upload_data(w->b->comm, job->text, job->path, 0755, cancel, err))
        return false;
    if (job->env_path != NULL &&
        !comm_upload_data(w->b->comm, job->env_text, job->env_path, 0600, cancel, err))
        return false;
    w->started = true;
    strbuf_addf(&command, "(%s\n);_is=$?;", job->command);
    if (!job->keep) {
        strbuf_adds(&command, "rm -f ");
        strbuf_add_shell_quoted(&command, str_from(job->path));
        if (job->env_path != NULL) {
            strbuf_addc(&command, ' ');
            strbuf_add_shell_quoted(&command, str_from(job->env_path));
        }
        strbuf_addc(&command, ';');
    }
    strbuf_adds(&command, "exit $_is");
    struct comm_command cmd = {
        .command = command.buf, .secret = true, .on_line = on_line, .arg = w};
    return comm_run(w->b->comm, &cmd, cancel, status, err);
}

/* The file by an SFTP session that stands, the command by the login shell, which
 * becomes the script's interpreter: from the second script on, as the session
 * costs a guest about as much as it saves with one.  False: the usual way. */
static bool put_directly(struct watch *w)
{
    AUTO(error) struct error *ignored = NULL;
    struct cancel *cancel = prov_token(w->b);
    return w->job->direct_command != NULL && w->b->login_is_posix &&
           comm_has_files(w->b->comm, cancel) &&
           comm_upload_data(w->b->comm, w->job->text, w->job->path, 0755, cancel, &ignored);
}

static bool run_directly(struct watch *w, int *status, struct error **err)
{
    const struct shell_job *job = w->job;
    struct cancel *cancel = prov_token(w->b);
    AUTO(error) struct error *ignored = NULL;
    struct comm_command cmd = {
        .command = job->direct_command, .secret = true, .on_line = on_line, .arg = w};
    if (!comm_run(w->b->comm, &cmd, cancel, status, err))
        return false;
    w->started = true;
    if (*status == COMM_DISCONNECTED)
        w->b->login_is_posix = false; /* it may be another guest that comes back */
    else if (!job->keep && !comm_remove(w->b->comm, job->path, cancel, &ignored))
        log_info("shell", "%s", ignored->msg);
    return true;
}

static bool run_once(struct watch *w, int *status, struct error **err)
{
    w->pty = w->b->comm_config != NULL && w->b->comm_config->ssh_pty;
    hash_uuid4(w->nonce);
    w->started = false;
    strbuf_truncate(&w->job->last, 0);
    if (w->pty || w->job->text.len > INLINE_MAX)
        return run_uploaded(w, status, err);
    if (put_directly(w))
        return run_directly(w, status, err);
    if (!run_streamed(w, status, err))
        return false;
    if (w->started)
        return true;
    if (*status == COMM_DISCONNECTED)
        return error_set(err, ERR_DISCONNECT, 0, "the connection broke before the script started");
    str why = strbuf_str(&w->job->last);
    return error_set(err, ERR_PROVISION, 0, "the guest did not take the script as '%s': %.*s",
                     w->job->path, STR_FMT(why.len > 0 ? why : STR("no reason given")));
}

/* A login that is refused may be a guest on its way down or up (pam_nologin). */
static bool is_worth_a_retry(const struct error *e, int64_t elapsed)
{
    if (e->code == ERR_PROVISION || e->code == ERR_NOT_FOUND)
        return elapsed < UPLOAD_RETRY_NS;
    return error_is(e, ERR_DISCONNECT) || error_is(e, ERR_NETWORK) || error_is(e, ERR_AUTH);
}

bool shell_exec(struct build *b, struct shell_job *job, int *status, struct error **err)
{
    struct watch w = {.b = b, .job = job};
    int64_t start = clock_now();
    bool said = false;
    while (!run_once(&w, status, err)) {
        int64_t elapsed = clock_now() - start;
        if (w.started || cancel_test(prov_token(b)) || elapsed + TRY_AGAIN_NS > job->retry_ns ||
            !is_worth_a_retry(*err, elapsed))
            return error_wrap(err, w.started ? "%s failed" : "cannot start %s", job->script);
        autofree char *why = error_line(*err);
        if (!said)
            build_sayf(b, "Waiting to start %s: %s", job->script, why);
        said = true;
        error_drop(err);
        if (!cancel_sleep(prov_token(b), TRY_AGAIN_NS))
            return cancel_error(prov_token(b), err, "the start of a script");
    }
    return true;
}

static bool remove_once(struct build *b, const char *command, struct error **err)
{
    struct comm_command cmd = {.command = command};
    int status;
    if (!comm_run(b->comm, &cmd, prov_token(b), &status, err))
        return false;
    if (status == 0)
        return true;
    return error_set(err, ERR_DISCONNECT, 0, "rm ended with status %d", status);
}

bool shell_exec_clean(struct build *b, const struct shell_job *job, struct error **err)
{
    AUTO(strbuf) struct strbuf command = STRBUF_INIT;
    int64_t start = clock_now();
    strbuf_adds(&command, "rm -f ");
    strbuf_add_shell_quoted(&command, str_from(job->path));
    if (job->env_path != NULL) {
        strbuf_addc(&command, ' ');
        strbuf_add_shell_quoted(&command, str_from(job->env_path));
    }
    while (!remove_once(b, command.buf, err)) {
        if (cancel_test(prov_token(b)) || clock_now() - start + TRY_AGAIN_NS > job->retry_ns) {
            error_hint(err, "When the guest does not come back after the script, set "
                            "skip_clean = true.");
            return error_wrap(err, "cannot remove '%s' in the guest", job->path);
        }
        error_drop(err);
        if (!cancel_sleep(prov_token(b), TRY_AGAIN_NS))
            return cancel_error(prov_token(b), err, "the removal of a script");
    }
    return true;
}
