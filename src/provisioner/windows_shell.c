/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/provisioner.h"

#include "base/io.h"
#include "base/mem.h"
#include "hcl/diag.h"
#include "plug/communicator.h"
#include "provisioner/common.h"
#include "provisioner/windows.h"

#define SCRIPT_MAX  ((size_t)64 << 20)
#define REMOTE_PATH "c:/Windows/Temp/script.bat"

struct windows_shell_config {
    struct opt_strings inline_lines;
    const char *script;
    struct opt_strings scripts;
    bool binary;
    struct opt_strings environment_vars;
    struct opt_map env;
    const char *env_var_format;
    const char *execute_command;
    const char *remote_path;
    struct opt_ints valid_exit_codes;
    int64_t start_retry_timeout_ns;
    int64_t pause_after_ns;
};

#define C struct windows_shell_config
static const struct opt windows_shell_opts[] = {
    OPT_STRS(C, inline_lines, "inline", .flags = OPT_TMPL, .conflicts = "script scripts",
             .doc = "Lines of one batch file, run in the guest by cmd."),
    OPT_STR(C, script, "script", .flags = OPT_PATH, .conflicts = "scripts",
            .doc = "Batch file of this host to run in the guest."),
    OPT_STRS(C, scripts, "scripts", .flags = OPT_PATH,
             .doc = "Batch files of this host to run in the guest, in order."),
    OPT_BOOL(C, binary, "binary", .def = "false", .flags = OPT_IGNORED | OPT_NOHASH,
             .doc = "Batch files are always transferred as they are."),
    OPT_STRS(C, environment_vars, "environment_vars", .flags = OPT_TMPL,
             .doc = "Environment of the scripts, as a list of \"KEY=VALUE\"."),
    OPT_MAP(C, env, "env", .flags = OPT_TMPL,
            .doc = "Environment of the scripts, as a map; wins over `environment_vars`."),
    OPT_STR(C, env_var_format, "env_var_format", .flags = OPT_NO_TMPL,
            .doc = "How {{.Vars}} writes one variable, `%s` for name and value, which is not "
                   "escaped.  Default `set \"%s=%s\" && `."),
    OPT_STR(C, execute_command, "execute_command", .flags = OPT_TMPL,
            .doc = "Command that runs a script: {{.Vars}}, {{.Path}}.  Default "
                   "`{{.Vars}}\"{{.Path}}\"`, but with the variables, escaped, at the head of the "
                   "uploaded file and so not in the command."),
    OPT_STR(C, remote_path, "remote_path", .def = "\"c:/Windows/Temp/script.bat\"",
            .flags = OPT_NOHASH, .doc = "Where a script is put; it is not removed."),
    OPT_INTS(C, valid_exit_codes, "valid_exit_codes", .def = "[0]", .flags = OPT_NOHASH,
             .doc = "Exit statuses that mean success."),
    OPT_DUR(C, start_retry_timeout_ns, "start_retry_timeout", .min = "0s", .def = "\"5m\"",
            .flags = OPT_NOHASH,
            .doc = "How long to try to start a script in a guest that does not answer."),
    OPT_DUR(C, pause_after_ns, "pause_after", .min = "0s", .def = "\"0s\"", .flags = OPT_NOHASH,
            .doc = "Wait so long after the last script."),
    OPT_END,
};
#undef C

static bool shell_check(const void *config, const struct body *body, struct diags *diags)
{
    const struct windows_shell_config *c = config;
    size_t before = diags->errors;
    prov_check_has_script(body, diags);
    prov_check_env(c->environment_vars, "environment_vars", body, diags);
    prov_check_files(c->script, c->scripts, body, diags);
    prov_check_template(c->execute_command, "execute_command", body, diags);
    prov_check_env_format(c->env_var_format, "env_var_format", body, diags);
    return diags->errors == before;
}

struct windows_shell_run {
    const struct windows_shell_config *c;
    struct build *b;
    struct arena *a;
    struct opt_map env;
    const char *path;
    const char *command;
    bool env_in_file;
};

static bool make_command(struct windows_shell_run *r, struct error **err)
{
    const char *format = r->c->env_var_format;
    r->env_in_file = format == NULL && r->c->execute_command == NULL;
    const char *vars = "";
    if (!r->env_in_file)
        vars = prov_env_text(r->a, &r->env, format == NULL ? "set \"%s=%s\" && " : format, false);
    struct gotmpl_field fields[] = {{"Vars", str_from(vars)}, {"Path", str_from(r->path)}};
    const char *text = r->c->execute_command;
    char *out;
    if (!prov_render(r->b, r->a, text == NULL ? "{{.Vars}}\"{{.Path}}\"" : text, fields,
                     ARRAY_SIZE(fields), "execute_command", &out, err))
        return error_wrap(err, "Error processing command");
    r->command = out;
    return true;
}

/* A line of a batch file, without quotes, so that each character that means
 * something can have its caret. */
static bool add_set(struct strbuf *sb, const struct opt_pair *var, struct error **err)
{
    if (strpbrk(var->value, "\r\n") != NULL)
        return error_set(err, ERR_TEMPLATE, 0,
                         "the value of the environment variable '%s' has several lines, which cmd "
                         "cannot set",
                         var->key);
    strbuf_addf(sb, "@set %s=", var->key);
    size_t begin = sb->len;
    for (const char *p = var->value; *p != '\0'; p++) {
        if (strchr("^&|<>()\"!", *p) != NULL)
            strbuf_addc(sb, '^');
        else if (*p == '%')
            strbuf_addc(sb, '%');
        strbuf_addc(sb, *p);
    }
    prov_hide_form(var->value, sb->buf + begin);
    return strbuf_adds(sb, "\r\n");
}

static bool run_script(struct windows_shell_run *r, const char *name, str text, struct error **err)
{
    AUTO(strbuf) struct strbuf whole = STRBUF_INIT;
    for (size_t i = 0; r->env_in_file && i < r->env.len; i++)
        if (!add_set(&whole, &r->env.ptr[i], err))
            return false;
    strbuf_addstr(&whole, text);
    autofree char *title = xasprintf("shell script '%s'", name);
    struct windows_script s = {
        .title = title,
        .text = whole.len == 0 ? STR("") : strbuf_str(&whole),
        .path = r->path,
        .command = r->command,
        .retry_ns = r->c->start_retry_timeout_ns,
        .last = STRBUF_INIT_MAX(512),
    };
    int status = 0;
    build_sayf(r->b, "Provisioning with shell script: %s", name);
    bool ok = windows_run_script(r->b, &s, &status, err);
    if (ok && status == COMM_DISCONNECTED) {
        error_set(err, ERR_DISCONNECT, 0, "script disconnected unexpectedly");
        error_hint(err, "To restart the guest, use the provisioner \"windows-restart\".");
        ok = error_wrap(err, "%s failed", title);
    } else if (ok) {
        ok = prov_judge(status, r->c->valid_exit_codes, title, s.last.buf, err);
    }
    strbuf_clear(&s.last);
    return ok;
}

static bool run_file(struct windows_shell_run *r, const char *path, struct error **err)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT_MAX(SCRIPT_MAX);
    char *rendered;
    if (!prov_render(r->b, r->a, path, NULL, 0, "script", &rendered, err))
        return false;
    if (!io_read_file(rendered, SCRIPT_MAX, &text, err))
        return error_option(err, "script scripts") || error_wrap(err, "Bad script '%s'", rendered);
    return run_script(r, rendered, strbuf_str(&text), err);
}

/* cmd loses labels of files whose lines end in LF alone. */
static bool run_inline(struct windows_shell_run *r, struct error **err)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    for (size_t i = 0; i < r->c->inline_lines.len; i++) {
        char *lines;
        if (!prov_render(r->b, r->a, r->c->inline_lines.ptr[i], NULL, 0, "inline", &lines, err))
            return false;
        str rest = str_from(lines);
        while (rest.ptr != NULL) {
            str line = str_next_line(&rest);
            strbuf_addf(&text, "%.*s\r\n", STR_FMT(line));
        }
    }
    return run_script(r, "inline", strbuf_str(&text), err);
}

static bool windows_shell_run(const void *config, struct build *b, struct error **err)
{
    AUTO(arena) struct arena *a = arena_new("windows-shell provisioner");
    struct windows_shell_run r = {.c = config, .b = b, .a = a};
    r.path = r.c->remote_path == NULL ? REMOTE_PATH : r.c->remote_path;
    build_sayf(b, "Provisioning with windows-shell...");
    if (!prov_env(b, a, r.c->environment_vars, r.c->env, &r.env, err) || !make_command(&r, err))
        return false;
    if (r.c->inline_lines.len > 0 && !run_inline(&r, err))
        return false;
    if (r.c->script != NULL && !run_file(&r, r.c->script, err))
        return false;
    for (size_t i = 0; i < r.c->scripts.len; i++)
        if (!run_file(&r, r.c->scripts.ptr[i], err))
            return false;
    prov_pause_after(b, r.c->pause_after_ns);
    return true;
}

const struct provisioner_type provisioner_windows_shell = {
    .name = "windows-shell",
    .summary = "Run batch commands or files in a Windows guest.",
    .doc =
        "The batch file is uploaded and run by cmd."
        "  It was tested against a pretended Windows behind a WinRM server, never against Windows "
        "itself."
        "\n\n"
        "    provisioner \"windows-shell\" {\n"
        "      inline = [\"dir c:\\\\\", \"echo %PACKER_BUILD_NAME%\"]\n"
        "    }",
    .opts = windows_shell_opts,
    .config_size = sizeof(struct windows_shell_config),
    .flags = PROV_NEEDS_COMM,
    .check = shell_check,
    .run = windows_shell_run,
};
