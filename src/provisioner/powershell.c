/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/provisioner.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "hcl/diag.h"
#include "plug/communicator.h"
#include "provisioner/common.h"
#include "provisioner/windows.h"

#define SCRIPT_MAX ((size_t)64 << 20)

enum policy {
    POLICY_BYPASS,
    POLICY_ALLSIGNED,
    POLICY_DEFAULT,
    POLICY_REMOTESIGNED,
    POLICY_RESTRICTED,
    POLICY_UNDEFINED,
    POLICY_UNRESTRICTED,
    POLICY_NONE
};

struct powershell_config {
    struct opt_strings inline_lines;
    const char *script;
    struct opt_strings scripts;
    bool binary;
    struct opt_strings environment_vars;
    struct opt_map env;
    const char *env_var_format, *elevated_env_var_format;
    const char *execute_command, *elevated_execute_command;
    const char *elevated_user, *elevated_password;
    const char *remote_path, *remote_env_var_path;
    int execution_policy;
    int64_t debug_mode;
    bool use_pwsh;
    bool skip_clean;
    struct opt_ints valid_exit_codes;
    int64_t start_retry_timeout_ns;
    int64_t pause_after_ns;
};

static const struct opt_choice policies[] = {
    {"bypass", POLICY_BYPASS, NULL},
    {"allsigned", POLICY_ALLSIGNED, NULL},
    {"default", POLICY_DEFAULT, NULL},
    {"remotesigned", POLICY_REMOTESIGNED, NULL},
    {"restricted", POLICY_RESTRICTED, NULL},
    {"undefined", POLICY_UNDEFINED, NULL},
    {"unrestricted", POLICY_UNRESTRICTED, NULL},
    {"none", POLICY_NONE, "The default command has no interpreter in front."},
    {0},
};

#define C struct powershell_config
static const struct opt powershell_opts[] = {
    OPT_STRS(C, inline_lines, "inline", .flags = OPT_TMPL, .conflicts = "script scripts",
             .doc = "Lines of one script, run in the guest.  An exception ends it with status 1, "
                    "else its status is that of the last program."),
    OPT_STR(C, script, "script", .flags = OPT_PATH, .conflicts = "scripts",
            .doc = "Script of this host to run in the guest."),
    OPT_STRS(C, scripts, "scripts", .flags = OPT_PATH,
             .doc = "Scripts of this host to run in the guest, in order."),
    OPT_BOOL(C, binary, "binary", .def = "false", .flags = OPT_IGNORED | OPT_NOHASH,
             .doc = "Scripts are always transferred byte by byte."),
    OPT_STRS(C, environment_vars, "environment_vars", .flags = OPT_TMPL,
             .doc = "Environment of the scripts, as a list of \"KEY=VALUE\"."),
    OPT_MAP(C, env, "env", .flags = OPT_TMPL,
            .doc = "Environment of the scripts, as a map; wins over `environment_vars`."),
    OPT_STR(C, env_var_format, "env_var_format", .def = "\"$env:%s=\\\"%s\\\"; \"",
            .flags = OPT_NO_TMPL,
            .doc = "How one variable is written, `%s` for name and value, whose $, \", ` and ' "
                   "have a backtick in front."),
    OPT_STR(C, elevated_env_var_format, "elevated_env_var_format",
            .def = "\"$env:%s=\\\"%s\\\"; \"", .flags = OPT_NO_TMPL,
            .doc = "The same for elevated scripts."),
    OPT_STR(C, execute_command, "execute_command", .flags = OPT_TMPL,
            .doc = "Command that runs a script: {{.Path}}, {{.Vars}} (the file that sets the "
                   "environment).  Default `powershell -executionpolicy bypass -file {{.Path}}` "
                   "for `inline`; else a command that reads {{.Vars}} first."),
    OPT_STR(C, elevated_execute_command, "elevated_execute_command", .flags = OPT_TMPL,
            .doc = "The same for elevated scripts."),
    OPT_STR(C, elevated_user, "elevated_user", .flags = OPT_TMPL,
            .doc = "Run as this account with full rights, by a scheduled task."),
    OPT_STR(C, elevated_password, "elevated_password", .flags = OPT_TMPL | OPT_SENSITIVE,
            .doc = "Its password; empty for service accounts such as SYSTEM."),
    OPT_STR(C, remote_path, "remote_path", .flags = OPT_NOHASH,
            .doc = "Where a script is put.  Default `c:/Windows/Temp/script-UUID.ps1`; with a "
                   "final separator a folder."),
    OPT_STR(C, remote_env_var_path, "remote_env_var_path", .flags = OPT_NOHASH,
            .doc = "Where the environment is put.  Default "
                   "`c:/Windows/Temp/packer-ps-env-vars-UUID.ps1`."),
    OPT_ENUM(C, execution_policy, "execution_policy", .choices = policies, .def = "\"bypass\"",
             .flags = OPT_NOHASH, .doc = "Execution policy of the default command."),
    OPT_INT(C, debug_mode, "debug_mode", .def = "0", .min = "0", .max = "2", .flags = OPT_NOHASH,
            .doc = "Trace level, as of Set-PsDebug -Trace."),
    OPT_BOOL(C, use_pwsh, "use_pwsh", .def = "false",
             .doc = "Run by `pwsh` (PowerShell 6 and later)."),
    OPT_BOOL(C, skip_clean, "skip_clean", .def = "false", .doc = "Leave the scripts in the guest."),
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

static bool powershell_check(const void *config, const struct body *body, struct diags *diags)
{
    const struct powershell_config *c = config;
    size_t before = diags->errors;
    prov_check_has_script(body, diags);
    if (c->elevated_password != NULL && *c->elevated_password != '\0' && c->elevated_user == NULL)
        diags_error(diags, schema_range(body, "elevated_password"),
                    "Must supply an 'elevated_user' if 'elevated_password' provided",
                    "Set elevated_user.");
    prov_check_env(c->environment_vars, "environment_vars", body, diags);
    prov_check_files(c->script, c->scripts, body, diags);
    prov_check_template(c->execute_command, "execute_command", body, diags);
    prov_check_template(c->elevated_execute_command, "elevated_execute_command", body, diags);
    for (size_t i = 0; i < c->inline_lines.len; i++)
        prov_check_template(c->inline_lines.ptr[i], "inline", body, diags);
    prov_check_env_format(c->env_var_format, "env_var_format", body, diags);
    prov_check_env_format(c->elevated_env_var_format, "elevated_env_var_format", body, diags);
    return diags->errors == before;
}

struct powershell_run {
    const struct powershell_config *c;
    struct build *b;
    struct arena *a;
    bool elevated;
    const char *path, *env_path;
    const char *vars; /* PowerShell text that sets the environment */
};

static const char *or_else(const char *given, const char *otherwise)
{
    return given != NULL ? given : otherwise;
}

static void set_paths(struct powershell_run *r)
{
    char uuid[UUID_SIZE];
    hash_uuid4(uuid);
    const char *path = or_else(r->c->remote_path, "c:/Windows/Temp/");
    size_t len = strlen(path);
    if (len > 0 && (path[len - 1] == '/' || path[len - 1] == '\\'))
        path = arena_fmt(r->a, "%sscript-%s.ps1", path, uuid);
    r->path = path;
    r->env_path = or_else(r->c->remote_env_var_path,
                          arena_fmt(r->a, "c:/Windows/Temp/packer-ps-env-vars-%s.ps1", uuid));
}

static bool set_vars(struct powershell_run *r, struct error **err)
{
    struct opt_map env;
    const char *format = r->elevated ? r->c->elevated_env_var_format : r->c->env_var_format;
    if (!prov_env(r->b, r->a, r->c->environment_vars, r->c->env, &env, err))
        return false;
    for (size_t i = 0; i < env.len; i++) {
        AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
        windows_add_escaped(&sb, str_from(env.ptr[i].value));
        prov_hide_form(env.ptr[i].value, sb.buf);
        env.ptr[i].value = arena_strdup(r->a, sb.buf);
    }
    r->vars = prov_env_text(r->a, &env, or_else(format, "$env:%s=\"%s\"; "), false);
    return true;
}

/* --- commands --- */

static const char *policy_name(int policy)
{
    for (const struct opt_choice *p = policies; p->name != NULL; p++)
        if (p->value == policy)
            return p->name;
    return "bypass";
}

/* "powershell -executionpolicy bypass " or nothing. */
static const char *interpreter(const struct powershell_run *r)
{
    if (r->c->execution_policy == POLICY_NONE)
        return "";
    return arena_fmt(r->a, "%s -executionpolicy %s ", r->c->use_pwsh ? "pwsh" : "powershell",
                     policy_name(r->c->execution_policy));
}

static const char *inline_command(const struct powershell_run *r)
{
    bool spaces = strchr(r->path, ' ') != NULL;
    return arena_fmt(r->a, "%s-file %s%s%s", interpreter(r), spaces ? "\"" : "", r->path,
                     spaces ? "\"" : "");
}

static const char *script_command(const struct powershell_run *r)
{
    bool spaces = strpbrk(r->env_path, " '") != NULL;
    const char *trace = r->c->debug_mode == 0
                            ? ""
                            : arena_fmt(r->a, "Set-PsDebug -Trace %d;", (int)r->c->debug_mode);
    const char *text =
        arena_fmt(r->a,
                  "& { if (Test-Path variable:global:ProgressPreference){set-variable -name "
                  "variable:global:ProgressPreference -value 'SilentlyContinue'};%s. %s; &%s; exit "
                  "$LastExitCode }",
                  trace, spaces ? windows_quote(r->a, r->env_path) : r->env_path,
                  windows_quote(r->a, r->path));
    if (r->c->execution_policy == POLICY_NONE)
        return text;
    return arena_fmt(r->a, "%s%s\"%s\"", interpreter(r), r->c->use_pwsh ? "-command " : "", text);
}

static bool make_command(struct powershell_run *r, bool is_inline, const char **out,
                         struct error **err)
{
    const char *given = r->elevated ? r->c->elevated_execute_command : r->c->execute_command;
    struct gotmpl_field fields[] = {
        {"Path", str_from(r->path)},
        {"Vars", str_from(r->env_path)},
        {"WinRMPassword", str_from(or_else(comm_access(r->b).password, ""))},
    };
    char *command;
    if (given == NULL)
        *out = is_inline ? inline_command(r) : script_command(r);
    else if (prov_render(r->b, r->a, given, fields, ARRAY_SIZE(fields), "execute_command", &command,
                         err))
        *out = command;
    else
        return error_wrap(err, "Error processing command");
    if (!r->elevated)
        return true;
    char *user, *password;
    fields[0] = fields[2];
    return prov_render(r->b, r->a, r->c->elevated_user, fields, 1, "elevated_user", &user, err) &&
           prov_render(r->b, r->a, or_else(r->c->elevated_password, ""), fields, 1,
                       "elevated_password", &password, err) &&
           windows_elevate(r->b, r->a, *out, user, password, out, err);
}

/* --- running --- */

static bool upload_env(struct powershell_run *r, struct error **err)
{
    return comm_upload_data(r->b->comm, str_from(r->vars), r->env_path, 0600, prov_token(r->b),
                            err) ||
           error_wrap(err, "cannot hand over the environment");
}

static bool run_script(struct powershell_run *r, const char *name, bool is_inline, str text,
                       struct error **err)
{
    autofree char *title = xasprintf("powershell script '%s'", name);
    struct windows_script s = {
        .title = title,
        .text = text,
        .path = r->path,
        .retry_ns = r->c->start_retry_timeout_ns,
        .last = STRBUF_INIT_MAX(512),
    };
    int status = 0;
    build_sayf(r->b, "Provisioning with powershell script: %s", name);
    bool ok = upload_env(r, err) && make_command(r, is_inline, &s.command, err) &&
              windows_run_script(r->b, &s, &status, err);
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

static bool run_file(struct powershell_run *r, const char *path, struct error **err)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT_MAX(SCRIPT_MAX);
    char *rendered;
    if (!prov_render(r->b, r->a, path, NULL, 0, "script", &rendered, err))
        return false;
    if (!io_read_file(rendered, SCRIPT_MAX, &text, err))
        return error_option(err, "script scripts") || error_wrap(err, "Bad script '%s'", rendered);
    str content = text.len == 0 ? STR("") : strbuf_str(&text);
    return run_script(r, rendered, false, content, err);
}

/* What runs around the lines of `inline`. */
static bool wrap_inline(struct powershell_run *r, struct strbuf *out, struct error **err)
{
    strbuf_adds(out, "if (Test-Path variable:global:ProgressPreference) {\n"
                     "  set-variable -name variable:global:ProgressPreference -value "
                     "'SilentlyContinue'\n}\n");
    if (r->c->debug_mode > 0)
        strbuf_addf(out, "Set-PsDebug -Trace %d\n", (int)r->c->debug_mode);
    strbuf_addf(out, "$exitCode = 0\ntry {\n%s\n", r->vars);
    for (size_t i = 0; i < r->c->inline_lines.len; i++) {
        char *line;
        if (!prov_render(r->b, r->a, r->c->inline_lines.ptr[i], NULL, 0, "inline", &line, err))
            return false;
        strbuf_addf(out, "%s\n", line);
    }
    return strbuf_adds(out, "$exitCode = 0\n} catch {\n  Write-Error -ErrorRecord $_ -ErrorAction "
                            "Continue\n  $exitCode = 1\n}\n"
                            "if ($LASTEXITCODE -ne $null -and $LASTEXITCODE -ne 0) {\n"
                            "  $exitCode = $LASTEXITCODE\n}\nexit $exitCode\n");
}

static bool run_all(struct powershell_run *r, struct error **err)
{
    if (r->c->inline_lines.len > 0) {
        AUTO(strbuf) struct strbuf text = STRBUF_INIT;
        if (!wrap_inline(r, &text, err) || !run_script(r, "inline", true, strbuf_str(&text), err))
            return false;
    }
    if (r->c->script != NULL && !run_file(r, r->c->script, err))
        return false;
    for (size_t i = 0; i < r->c->scripts.len; i++)
        if (!run_file(r, r->c->scripts.ptr[i], err))
            return false;
    return true;
}

static bool powershell_run(const void *config, struct build *b, struct error **err)
{
    AUTO(arena) struct arena *a = arena_new("powershell provisioner");
    struct powershell_run r = {.c = config, .b = b, .a = a};
    r.elevated = r.c->elevated_user != NULL && *r.c->elevated_user != '\0';
    build_sayf(b, "Provisioning with Powershell...");
    set_paths(&r);
    if (!set_vars(&r, err))
        return false;
    bool ok = run_all(&r, err);
    const char *files[] = {r.env_path, r.path};
    if (!r.c->skip_clean && !cancel_test(prov_token(b)))
        windows_remove(b, a, files, ARRAY_SIZE(files));
    if (ok)
        prov_pause_after(b, r.c->pause_after_ns);
    return ok;
}

const struct provisioner_type provisioner_powershell = {
    .name = "powershell",
    .summary = "Run PowerShell commands or scripts in a Windows guest.",
    .doc =
        "Scripts and the environment are uploaded, run and removed.  With `elevated_user` the "
        "command runs by a scheduled task of that account, and its output is handed on."
        "  It was tested against a pretended Windows behind a WinRM server, never against Windows "
        "itself."
        "\n\n"
        "    provisioner \"powershell\" {\n"
        "      env    = { CHANNEL = \"stable\" }\n"
        "      inline = [\"Install-WindowsFeature Web-Server\", \"Write-Host $env:CHANNEL\"]\n"
        "    }",
    .opts = powershell_opts,
    .config_size = sizeof(struct powershell_config),
    .flags = PROV_NEEDS_COMM,
    .check = powershell_check,
    .run = powershell_run,
};
