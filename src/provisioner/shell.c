/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/provisioner.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "hcl/diag.h"
#include "plug/communicator.h"
#include "provisioner/common.h"
#include "provisioner/shell_exec.h"

#define SCRIPT_MAX ((size_t)256 << 20)

struct shell_config {
    struct opt_strings inline_lines;
    const char *script;
    struct opt_strings scripts;
    bool binary;
    struct opt_strings environment_vars;
    struct opt_map env;
    const char *env_var_format;
    bool use_env_var_file;
    const char *execute_command;
    const char *inline_shebang;
    const char *remote_folder;
    const char *remote_file;
    const char *remote_path;
    bool skip_clean;
    bool expect_disconnect;
    struct opt_ints valid_exit_codes;
    int64_t start_retry_timeout_ns;
    int64_t pause_after_ns;
};

#define C struct shell_config
static const struct opt shell_opts[] = {
    OPT_STRS(C, inline_lines, "inline", .flags = OPT_TMPL, .conflicts = "script scripts",
             .doc =
                 "Lines of one script, run in the guest.  Without `#!` in the first line it runs "
                 "by `inline_shebang`."),
    OPT_STR(C, script, "script", .flags = OPT_PATH, .conflicts = "scripts",
            .doc = "Script of the host to run in the guest."),
    OPT_STRS(C, scripts, "scripts", .flags = OPT_PATH,
             .doc = "Scripts of the host to run in the guest, in order."),
    OPT_BOOL(C, binary, "binary", .def = "false",
             .doc = "Transfer scripts byte by byte.  Else CR LF becomes LF and a final newline is "
                    "added."),
    OPT_STRS(C, environment_vars, "environment_vars", .flags = OPT_TMPL,
             .doc = "Environment of the scripts, as a list of \"KEY=VALUE\"."),
    OPT_MAP(C, env, "env", .flags = OPT_TMPL,
            .doc = "Environment of the scripts, as a map; wins over `environment_vars`."),
    OPT_STR(C, env_var_format, "env_var_format", .flags = OPT_NO_TMPL,
            .doc =
                "How one variable is written, `%s` for name and value.  Default `%s='%s' `, with "
                "`use_env_var_file` `export %s='%s'` and a newline."),
    OPT_BOOL(C, use_env_var_file, "use_env_var_file", .def = "false",
             .doc = "Put the environment into a file (mode 0600) that the command reads by `.`."),
    OPT_STR(C, execute_command, "execute_command", .flags = OPT_TMPL,
            .doc = "Command that runs a script: {{.Path}}, {{.Vars}}, {{.EnvVarFile}}.  Default "
                   "`chmod +x {{.Path}}; {{.Vars}} {{.Path}}`."),
    OPT_STR(C, inline_shebang, "inline_shebang", .flags = OPT_NO_TMPL,
            .doc = "Interpreter of `inline`, without `#!`.  Default `/bin/sh -e`."),
    OPT_STR(C, remote_folder, "remote_folder", .def = "\"/tmp\"", .flags = OPT_NOHASH,
            .doc = "Folder of the guest that holds a script while it runs."),
    OPT_STR(C, remote_file, "remote_file", .flags = OPT_NOHASH,
            .doc = "Name of the script there.  Default `script_NNNN.sh`."),
    OPT_STR(C, remote_path, "remote_path", .flags = OPT_NOHASH,
            .doc = "Whole path instead of `remote_folder` and `remote_file`."),
    OPT_BOOL(C, skip_clean, "skip_clean", .def = "false", .doc = "Leave the script in the guest."),
    OPT_BOOL(C, expect_disconnect, "expect_disconnect", .def = "false", .flags = OPT_NOHASH,
             .doc = "The script may end the connection: it restarts the guest."),
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
    const struct shell_config *c = config;
    size_t before = diags->errors;
    prov_check_has_script(body, diags);
    prov_check_env(c->environment_vars, "environment_vars", body, diags);
    prov_check_files(c->script, c->scripts, body, diags);
    prov_check_template(c->execute_command, "execute_command", body, diags);
    for (size_t i = 0; i < c->inline_lines.len; i++)
        prov_check_template(c->inline_lines.ptr[i], "inline", body, diags);
    prov_check_env_format(c->env_var_format, "env_var_format", body, diags);
    return diags->errors == before;
}

/* One run of the provisioner. */
struct shell_run {
    const struct shell_config *c;
    struct build *b;
    struct arena *a;
    const char *path;
    const char *env_path; /* NULL: none */
    const char *env_text;
    const char *command;
    const char *direct_command; /* or NULL */
    bool is_plain;              /* nothing of the user's is in the command but quoted values */
};

static const char *random_name(struct arena *a, const char *format_head, const char *tail)
{
    uint32_t n;
    hash_random(&n, sizeof(n));
    return arena_fmt(a, "%s%u%s", format_head, n % 9999, tail);
}

static bool set_paths(struct shell_run *r, struct error **err)
{
    const char *folder = r->c->remote_folder == NULL ? "/tmp" : r->c->remote_folder;
    const char *file = r->c->remote_file;
    if (file == NULL)
        file = random_name(r->a, "script_", ".sh");
    const char *path = r->c->remote_path;
    if (path == NULL)
        path = arena_fmt(r->a, "%s/%s", folder, file);
    r->path = path;
    if (r->c->use_env_var_file)
        r->env_path = arena_fmt(r->a, "%s/%s", folder, random_name(r->a, "varfile_", ".sh"));
    if (strpbrk(path, "\n") == NULL && *path != '\0')
        return true;
    return error_set(err, ERR_TEMPLATE, 0, "remote_path '%s' is not a usable name", path) ||
           error_option(err, "remote_path remote_file remote_folder");
}

static bool is_simple_path(const char *path)
{
    static const char simple[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                 "/._-";
    return *path == '/' && path[strspn(path, simple)] == '\0';
}

/* Packer's default; it sets the mode 0755 before that, by another channel. */
static const char *default_command(const struct shell_run *r)
{
    if (r->is_plain)
        return "chmod 0755 {{.Path}}; {{.Vars}} {{.Path}}";
    if (r->c->use_env_var_file)
        return "chmod +x {{.Path}}; . {{.EnvVarFile}} && {{.Path}}";
    return "chmod +x {{.Path}}; {{.Vars}} {{.Path}}";
}

/* Neither the command nor anything in it but the values, which are quoted, is
 * the user's. */
static bool is_plain(const struct shell_run *r)
{
    return r->c->execute_command == NULL && !r->c->use_env_var_file &&
           r->c->env_var_format == NULL && is_simple_path(r->path);
}

static const char *env_format(const struct shell_run *r)
{
    if (r->c->env_var_format != NULL)
        return r->c->env_var_format;
    return r->c->use_env_var_file ? "export %s='%s'\n" : "%s='%s' ";
}

static bool set_command(struct shell_run *r, struct error **err)
{
    struct opt_map env;
    bool file = r->c->use_env_var_file;
    if (!prov_env(r->b, r->a, r->c->environment_vars, r->c->env, &env, err))
        return false;
    const char *vars = prov_env_text(r->a, &env, env_format(r), true);
    r->env_text = file ? vars : "";
    struct gotmpl_field fields[] = {
        {"Vars", str_from(file ? "" : vars)},
        {"EnvVarFile", str_from(r->env_path == NULL ? "" : r->env_path)},
        {"Path", str_from(r->path)},
    };
    r->is_plain = is_plain(r);
    const char *text = r->c->execute_command;
    char *rendered;
    if (!prov_render(r->b, r->a, text != NULL ? text : default_command(r), fields,
                     ARRAY_SIZE(fields), "execute_command", &rendered, err))
        return error_wrap(err, "Error processing command");
    r->command = rendered;
    if (r->is_plain && r->c->environment_vars.len == 0 && r->c->env.len == 0)
        r->direct_command = arena_fmt(r->a, "%s %s", vars, r->path);
    return true;
}

/* CR LF to LF, and a newline at the end. */
static void make_unix_text(struct strbuf *sb)
{
    size_t to = 0;
    for (size_t from = 0; from < sb->len; from++)
        if (sb->buf[from] != '\r' || from + 1 == sb->len || sb->buf[from + 1] != '\n')
            sb->buf[to++] = sb->buf[from];
    strbuf_truncate(sb, to);
    if (to > 0 && sb->buf[to - 1] != '\n')
        strbuf_addc(sb, '\n');
}

/* The connection is gone. */
static bool disconnected(struct shell_run *r, const struct shell_job *job, struct error **err)
{
    if (r->c->expect_disconnect)
        return r->c->skip_clean || shell_exec_clean(r->b, job, err);
    error_set(err, ERR_DISCONNECT, 0, "script disconnected unexpectedly");
    error_hint(err, "If the script restarts the guest, set expect_disconnect = true, and "
                    "pause_before in the next provisioner.");
    return error_wrap(err, "%s failed", job->script);
}

static bool run_script(struct shell_run *r, const char *name, struct strbuf *text,
                       struct error **err)
{
    if (!r->c->binary)
        make_unix_text(text);
    autofree char *title = xasprintf("shell script '%s'", name);
    struct shell_job job = {
        .script = title,
        .text = strbuf_str(text),
        .path = r->path,
        .command = r->command,
        .env_path = r->env_path,
        .env_text = str_from(r->env_text),
        .keep = r->c->skip_clean,
        .direct_command = r->c->expect_disconnect ? NULL : r->direct_command,
        .is_plain = r->is_plain,
        .login_shell = r->c->execute_command != NULL,
        .retry_ns = r->c->start_retry_timeout_ns,
        .last = STRBUF_INIT_MAX(512),
    };
    int status = 0;
    build_sayf(r->b, "Provisioning with shell script: %s", name);
    bool ok = shell_exec(r->b, &job, &status, err);
    /* The next one may come too early: only the usual way tells whether it began. */
    if (r->c->expect_disconnect)
        r->b->login_is_posix = false;
    if (ok && status == COMM_DISCONNECTED)
        ok = disconnected(r, &job, err);
    else if (ok)
        ok = prov_judge(status, r->c->valid_exit_codes, title, job.last.buf, err);
    strbuf_clear(&job.last);
    return ok;
}

static bool run_file(struct shell_run *r, const char *path, struct error **err)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT_MAX(SCRIPT_MAX);
    char *rendered;
    if (!prov_render(r->b, r->a, path, NULL, 0, "script", &rendered, err))
        return false;
    if (!io_read_file(rendered, SCRIPT_MAX, &text, err))
        return error_option(err, "script scripts") || error_wrap(err, "Bad script '%s'", rendered);
    return run_script(r, rendered, &text, err);
}

static bool run_inline(struct shell_run *r, struct error **err)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    const char *shebang = r->c->inline_shebang;
    if (!prov_inline_text(r->b, r->a, r->c->inline_lines, shebang == NULL ? "/bin/sh -e" : shebang,
                          shebang != NULL, &text, err))
        return false;
    return run_script(r, "inline", &text, err);
}

static bool shell_run(const void *config, struct build *b, struct error **err)
{
    AUTO(arena) struct arena *a = arena_new("shell provisioner");
    struct shell_run r = {.c = config, .b = b, .a = a};
    if (!set_paths(&r, err) || !set_command(&r, err))
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

const struct provisioner_type provisioner_shell = {
    .name = "shell",
    .summary = "Run shell commands or scripts in the guest.",
    .doc =
        "With the default command a script costs one SSH channel: script, environment and "
        "command travel over standard input; from the second script without an environment of "
        "its own on, the script goes by SFTP.  What it prints is shown line by line; a "
        "status other than those allowed ends the build."
        "\n\n"
        "    provisioner \"shell\" {\n"
        "      env             = { CHANNEL = \"stable\" }\n"
        "      inline          = [\"sudo -E sh -c 'apt-get update && apt-get install -y nginx'\"]\n"
        "      execute_command = \"{{.Vars}} sh -eux {{.Path}}\"\n"
        "    }",
    .opts = shell_opts,
    .config_size = sizeof(struct shell_config),
    .flags = PROV_NEEDS_COMM,
    .check = shell_check,
    .run = shell_run,
};
