/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/guest.h"

#include "base/io.h"
#include "base/mem.h"
#include "hcl/diag.h"
#include "provisioner/windows.h"

const struct opt_choice guest_os_choices[] = {
    {"unix", GUEST_UNIX, NULL},
    {"windows", GUEST_WINDOWS, NULL},
    {0},
};

/* --- commands --- */

struct relay {
    struct build *b;
    const struct guest_command *cmd;
    bool pty; /* standard output and error are one */
};

static void on_line(void *arg, bool is_stderr, str line)
{
    struct relay *r = arg;
    if ((is_stderr || r->pty) && r->cmd->last != NULL)
        prov_keep_last(r->cmd->last, line);
    if (r->cmd->on_line != NULL)
        r->cmd->on_line(r->cmd->arg, is_stderr, line);
    if (!r->cmd->quiet)
        build_output(r->b, is_stderr, line);
}

bool guest_run(const struct guest *g, const struct guest_command *cmd, int *status,
               struct error **err)
{
    static const char plain[] = "exec /bin/sh -c 'eval \"$(cat)\"'";
    static const char login[] = "exec /bin/sh -c 'case ${SHELL##*/} in bash|zsh|ksh|mksh|ash|dash) "
                                "exec \"$SHELL\" -c \"$0\";;esac;exec /bin/sh -c \"$0\"' "
                                "'eval \"$(cat)\"'";
    const struct comm_config *config = g->b->comm_config;
    struct relay relay = {.b = g->b, .cmd = cmd, .pty = config != NULL && config->ssh_pty};
    /* A terminal would echo what it is sent, and never ends. */
    bool direct = g->os == GUEST_WINDOWS || relay.pty;
    struct comm_command c = {
        .command = direct             ? cmd->text
                   : cmd->login_shell ? login
                                      : plain,
        .input = direct ? (str){NULL, 0} : str_from(cmd->text),
        .secret = true,
        .on_line = on_line,
        .arg = &relay,
        .out = cmd->out,
    };
    return comm_run(g->b->comm, &c, prov_token(g->b), status, err);
}

bool guest_must(const struct guest *g, const char *what, const char *text, struct error **err)
{
    AUTO(strbuf) struct strbuf last = STRBUF_INIT_MAX(512);
    struct guest_command cmd = {.text = text, .quiet = true, .last = &last};
    int status = 0;
    if (!guest_run(g, &cmd, &status, err))
        return error_wrap(err, "cannot %s", what);
    if (status == 0)
        return true;
    if (status == COMM_DISCONNECTED)
        error_set(err, ERR_DISCONNECT, 0, "the connection to the guest broke");
    else if (last.len > 0)
        error_set(err, ERR_PROVISION, 0, "%s", last.buf);
    else
        error_set(err, ERR_PROVISION, 0, "the guest's command ended with status %d", status);
    if (prov_is_sudo_password(last.buf))
        error_hint(err, PROV_SUDO_ADVICE ", or set prevent_sudo (disable_sudo).");
    return error_wrap(err, "cannot %s", what);
}

/* --- files --- */

const char *guest_quote(const struct guest *g, const char *path)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    if (g->os == GUEST_UNIX) {
        strbuf_add_shell_quoted(&sb, str_from(path));
        return arena_strdup(g->a, sb.buf);
    }
    /* A single-quoted string of PowerShell. */
    strbuf_addc(&sb, '\'');
    for (; *path != '\0'; path++)
        strbuf_adds(&sb, *path == '\'' ? "''" : (char[]){*path, '\0'});
    strbuf_addc(&sb, '\'');
    return arena_strdup(g->a, sb.buf);
}

static const char *sudo(const struct guest *g)
{
    return g->sudo && g->os == GUEST_UNIX ? "sudo " : "";
}

/* As Packer: whoever unpacks into them need not be who made them. */
bool guest_mkdir(const struct guest *g, const struct words *paths, struct error **err)
{
    AUTO(strbuf) struct strbuf list = STRBUF_INIT, text = STRBUF_INIT;
    if (paths->len == 0)
        return true;
    for (size_t i = 0; i < paths->len; i++)
        strbuf_addf(&list, "%s%s",
                    i == 0                ? ""
                    : g->os == GUEST_UNIX ? " "
                                          : ",",
                    guest_quote(g, paths->ptr[i]));
    if (g->os == GUEST_WINDOWS)
        strbuf_addf(&text,
                    "powershell.exe -Command \"New-Item -ItemType directory -Force -ErrorAction "
                    "SilentlyContinue -Path %s | Out-Null\"",
                    list.buf);
    else if (g->sudo)
        strbuf_addf(&text, "sudo mkdir -p %s && sudo chmod 0777 %s", list.buf, list.buf);
    else
        strbuf_addf(&text, "mkdir -p %s", list.buf);
    autofree char *what = xasprintf("make '%s' in the guest", paths->ptr[0]);
    return guest_must(g, what, text.buf, err);
}

bool guest_remove(const struct guest *g, const char *path, struct error **err)
{
    autofree char *what = xasprintf("remove '%s' in the guest", path);
    const char *quoted = guest_quote(g, path);
    if (g->os == GUEST_UNIX)
        return guest_must(g, what, arena_fmt(g->a, "%srm -rf %s", sudo(g), quoted), err);
    return guest_must(
        g, what,
        arena_fmt(g->a, "powershell.exe -Command \"Remove-Item -Recurse -Force -Path %s\"", quoted),
        err);
}

bool guest_upload(const struct guest *g, const char *src, const char *dst, struct error **err)
{
    struct cancel *cancel = prov_token(g->b);
    if (!io_is_dir(src))
        return comm_upload(g->b->comm, src, dst, 0, cancel, err);
    autofree char *contents = xasprintf("%s%s", src, str_ends(str_from(src), STR("/")) ? "" : "/");
    return comm_upload_dir(g->b->comm, contents, dst, cancel, err);
}

bool guest_upload_text(const struct guest *g, str text, const char *dst, unsigned mode,
                       struct error **err)
{
    return comm_upload_data(g->b->comm, text, dst, mode, prov_token(g->b), err);
}

/* --- judging and checking --- */

bool guest_judge(int status, const int *valid, const char *tool, const struct strbuf *last,
                 struct error **err)
{
    for (; *valid >= 0; valid++)
        if (status == *valid)
            return true;
    if (status == COMM_DISCONNECTED)
        error_set(err, ERR_DISCONNECT, 0, "the connection to the guest broke while it ran");
    else
        error_set(err, ERR_PROVISION, 0, "it ended with status %d%s%s", status,
                  last->len > 0 ? "; its last error line: " : "", last->buf);
    if (status == 127)
        error_hint(err, "%s is not installed in the guest, or not in its $PATH.", tool);
    else if (prov_is_sudo_password(last->buf))
        error_hint(err, PROV_SUDO_ADVICE ".");
    return error_wrap(err, "%s failed", tool);
}

bool guest_run_tool(const struct guest *g, const struct guest_tool *tool, struct error **err)
{
    AUTO(strbuf) struct strbuf last = STRBUF_INIT_MAX(512);
    struct guest_command cmd = {.text = tool->command, .login_shell = true, .last = &last};
    int status = 0;
    const char *user = tool->elevated_user;
    build_sayf(g->b, "Running %s: %s", tool->name, tool->command);
    if (user != NULL && *user != '\0' &&
        !windows_elevate(g->b, g->a, tool->command, user, tool->elevated_password, &cmd.text, err))
        return false;
    if (!guest_run(g, &cmd, &status, err))
        return error_wrap(err, "cannot run %s", tool->name);
    if (tool->valid == NULL && status != COMM_DISCONNECTED)
        return true;
    static const int none[] = {-1};
    return guest_judge(status, tool->valid == NULL ? none : tool->valid, tool->name, &last, err);
}

bool guest_refuse_secret(const char *option, const char *text, struct error **err)
{
    if (text == NULL || !prov_has_secret(text))
        return true;
    error_set(err, ERR_TEMPLATE, 0,
              "%s holds a sensitive value, which every user of the guest could read in the list of "
              "processes",
              option);
    return error_hint(err, "Hand it over in a file or in what the tool reads from one.");
}

bool guest_render_joined(const struct guest *g, struct opt_strings list, const char *option,
                         const char **out, struct error **err)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    for (size_t i = 0; i < list.len; i++) {
        char *word;
        if (!prov_render(g->b, g->a, list.ptr[i], NULL, 0, option, &word, err))
            return false;
        strbuf_addf(&sb, "%s%s", i > 0 ? " " : "", word);
    }
    *out = arena_strdup(g->a, sb.buf);
    return guest_refuse_secret(option, sb.buf, err);
}

static void check_path(const char *path, const char *option, bool dir, struct range range,
                       struct diags *diags)
{
    if (path == NULL || *path == '\0' || !gotmpl_is_plain(str_from(path)) ||
        (io_exists(path) && io_is_dir(path) == dir))
        return;
    autofree char *summary = xasprintf("%s: %s is invalid", option, path);
    const char *detail = !io_exists(path) ? "There is no such file or directory."
                         : dir            ? "It must point to a directory."
                                          : "It must point to a file.";
    diags_error(diags, range, summary, "%s", detail);
}

void guest_check_path(const char *path, const char *option, bool dir, const struct body *body,
                      struct diags *diags)
{
    check_path(path, option, dir, schema_range(body, option), diags);
}

void guest_check_paths(struct opt_strings paths, const char *option, bool dir,
                       const struct body *body, struct diags *diags)
{
    for (size_t i = 0; i < paths.len; i++)
        check_path(paths.ptr[i], option, dir, schema_item_range(body, option, i, paths.len), diags);
}
