/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/provisioner.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/proc.h"
#include "hcl/diag.h"
#include "provisioner/common.h"

struct local_config {
    const char *command;
    struct opt_strings inline_lines;
    const char *script;
    struct opt_strings scripts;
    struct opt_strings environment_vars;
    struct opt_map env;
    const char *env_var_format;
    struct opt_strings execute_command;
    const char *inline_shebang;
    struct opt_strings only_on;
    const char *tempfile_extension;
    bool use_linux_pathing;
    struct opt_ints valid_exit_codes;
};

#define C struct local_config
static const struct opt local_opts[] = {
    OPT_STR(C, command, "command", .flags = OPT_TMPL | OPT_DEPRECATED, .instead = "inline",
            .doc = "One command."),
    OPT_STRS(C, inline_lines, "inline", .flags = OPT_TMPL,
             .doc = "Lines of one script, run on this host."),
    OPT_STR(C, script, "script", .flags = OPT_PATH, .doc = "Script to run on this host."),
    OPT_STRS(C, scripts, "scripts", .flags = OPT_PATH,
             .doc = "Scripts to run on this host, in order.  They must be executable."),
    OPT_STRS(C, environment_vars, "environment_vars", .flags = OPT_TMPL,
             .doc = "Added environment, as a list of \"KEY=VALUE\"."),
    OPT_MAP(C, env, "env", .flags = OPT_TMPL,
            .doc = "Added environment, as a map; wins over `environment_vars`."),
    OPT_STR(C, env_var_format, "env_var_format", .def = "\"%s='%s' \"", .flags = OPT_NO_TMPL,
            .doc = "How {{.Vars}} writes one variable: `%s` for name and value."),
    OPT_STRS(C, execute_command, "execute_command", .flags = OPT_TMPL,
             .doc =
                 "Argument vector that runs a script: {{.Vars}}, {{.Script}}, {{.Command}}.  "
                 "Default `[\"/bin/sh\", \"-c\", \"{{.Vars}} {{.Script}}\"]`, with the variables "
                 "passed by the environment."),
    OPT_STR(C, inline_shebang, "inline_shebang", .def = "\"/bin/sh -e\"", .flags = OPT_NO_TMPL,
            .doc = "Interpreter of `inline`, without `#!`."),
    OPT_STRS(C, only_on, "only_on", .flags = OPT_NOHASH,
             .doc = "Run only when this host is one of: darwin, freebsd, linux, openbsd, solaris, "
                    "windows."),
    OPT_STR(C, tempfile_extension, "tempfile_extension", .def = "\"\"", .flags = OPT_NOHASH,
            .doc = "Ending of the temporary script's name."),
    OPT_BOOL(C, use_linux_pathing, "use_linux_pathing", .def = "false",
             .flags = OPT_IGNORED | OPT_NOHASH, .doc = "Of Windows alone."),
    OPT_INTS(C, valid_exit_codes, "valid_exit_codes", .def = "[0]", .flags = OPT_NOHASH,
             .doc = "Exit statuses that mean success."),
    OPT_END,
};
#undef C

static bool check_sources(const struct body *body, struct diags *diags)
{
    static const char *const names[] = {"command", "inline", "script", "scripts"};
    size_t set = 0;
    const char *last = "inline";
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (!schema_is_set(body, names[i]))
            continue;
        set++;
        last = names[i];
    }
    if (set == 1)
        return true;
    if (set == 0)
        return diags_error(diags, schema_range(body, "inline"),
                           "Command, Inline, Script and Scripts options cannot all be empty",
                           "Set one of inline, script, scripts.");
    return diags_error(diags, schema_range(body, last),
                       "You may only specify one of the following "
                       "options: command, inline, script, scripts",
                       "Remove the others.");
}

static void check_only_on(const struct local_config *c, const struct body *body,
                          struct diags *diags)
{
    static const char *const systems[] = {"darwin",  "freebsd", "linux",
                                          "openbsd", "solaris", "windows"};
    for (size_t i = 0; i < c->only_on.len; i++) {
        bool known = false;
        for (size_t j = 0; j < ARRAY_SIZE(systems); j++)
            known = known || strcmp(c->only_on.ptr[i], systems[j]) == 0;
        autofree char *summary =
            xasprintf("Invalid OS specified in only_on: '%s'", c->only_on.ptr[i]);
        if (!known)
            diags_error(diags, schema_item_range(body, "only_on", i, c->only_on.len), summary,
                        "One of darwin, freebsd, linux, openbsd, solaris, windows.");
    }
}

static bool local_check(const void *config, const struct body *body, struct diags *diags)
{
    const struct local_config *c = config;
    size_t before = diags->errors;
    check_sources(body, diags);
    check_only_on(c, body, diags);
    prov_check_env(c->environment_vars, "environment_vars", body, diags);
    prov_check_files(c->script, c->scripts, body, diags);
    prov_check_template(c->command, "command", body, diags);
    for (size_t i = 0; i < c->inline_lines.len; i++)
        prov_check_template(c->inline_lines.ptr[i], "inline", body, diags);
    for (size_t i = 0; i < c->execute_command.len; i++)
        prov_check_template(c->execute_command.ptr[i], "execute_command", body, diags);
    prov_check_env_format(c->env_var_format, "env_var_format", body, diags);
    return diags->errors == before;
}

struct local_run {
    const struct local_config *c;
    struct build *b;
    struct arena *a;
    struct opt_map env;
    struct strbuf last; /* last line of standard error */
};

static void on_line(void *arg, bool is_stderr, str line)
{
    struct local_run *r = arg;
    if (is_stderr)
        prov_keep_last(&r->last, line);
    build_output(r->b, is_stderr, line);
}

/* "K=V" of the environment, for execve: unlike a prefix of a shell command it
 * is not seen in the process list. */
static const char **env_vector(struct local_run *r)
{
    const char **v = arena_new_array(r->a, const char *, r->env.len + 1);
    for (size_t i = 0; i < r->env.len; i++)
        v[i] = arena_fmt(r->a, "%s=%s", r->env.ptr[i].key, r->env.ptr[i].value);
    return v;
}

static bool make_argv(struct local_run *r, const char *script, const char ***out,
                      struct error **err)
{
    /* As the default that is documented, but for spaces in the script's name. */
    const char *plain[] = {"/bin/sh", "-c", "\"$0\"", "{{.Script}}"};
    struct opt_strings words = r->c->execute_command;
    if (words.len == 0)
        words = (struct opt_strings){plain, ARRAY_SIZE(plain)};
    const char *format = r->c->env_var_format == NULL ? "%s='%s' " : r->c->env_var_format;
    struct gotmpl_field fields[] = {
        {"Vars", str_from(prov_env_text(r->a, &r->env, format, true))},
        {"Script", str_from(script)},
        {"Command", str_from(script)},
    };
    const char **argv = arena_new_array(r->a, const char *, words.len + 1);
    for (size_t i = 0; i < words.len; i++) {
        char *word;
        if (!prov_render(r->b, r->a, words.ptr[i], fields, ARRAY_SIZE(fields), "execute_command",
                         &word, err))
            return false;
        argv[i] = word;
    }
    *out = argv;
    return true;
}

/* PATH is absolute; NAME is what people call it. */
static bool run_one(struct local_run *r, const char *path, const char *name, struct error **err)
{
    const char **argv;
    int status = 0;
    if (!make_argv(r, path, &argv, err))
        return false;
    autofree char *title = xasprintf("local shell script '%s'", name);
    strbuf_truncate(&r->last, 0);
    build_sayf(r->b, "Running local shell script: %s", name);
    struct proc_spec spec = {
        .argv = argv,
        .set_env = env_vector(r),
        .on_line = on_line,
        .arg = r,
        .cancel = prov_token(r->b),
        .what = title,
        .any_status = true,
    };
    return proc_run(&spec, &status, err) &&
           prov_judge(status, r->c->valid_exit_codes, title, r->last.buf, err);
}

static bool run_inline(struct local_run *r, struct opt_strings lines, struct error **err)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    const char *shebang = r->c->inline_shebang == NULL ? "/bin/sh -e" : r->c->inline_shebang;
    const char *ending = r->c->tempfile_extension == NULL ? "" : r->c->tempfile_extension;
    if (!prov_inline_text(r->b, r->a, lines, shebang, true, &text, err))
        return false;
    autofree char *dir = prov_work_dir(r->b, "imgfac-shell-", err);
    if (dir == NULL)
        return false;
    autofree char *path = xasprintf("%s/script%s", dir, ending);
    bool ok = io_write_file(path, strbuf_str(&text), 0700, err) && run_one(r, path, "inline", err);
    prov_work_remove(r->b, dir);
    return ok;
}

static bool run_file(struct local_run *r, const char *path, struct error **err)
{
    char *rendered;
    if (!prov_render(r->b, r->a, path, NULL, 0, "script", &rendered, err))
        return false;
    autofree char *absolute = io_absolute(rendered);
    if (!io_exists(absolute))
        return error_set(err, ERR_NOT_FOUND, 0, "Bad script '%s': there is no such file",
                         rendered) ||
               error_option(err, "script scripts");
    return run_one(r, absolute, rendered, err);
}

static bool is_for_this_host(const struct local_config *c)
{
    for (size_t i = 0; i < c->only_on.len; i++)
        if (strcmp(c->only_on.ptr[i], "linux") == 0)
            return true;
    return c->only_on.len == 0;
}

static bool run_all(struct local_run *r, struct error **err)
{
    const char *command[] = {r->c->command};
    if (!prov_env(r->b, r->a, r->c->environment_vars, r->c->env, &r->env, err))
        return false;
    if (r->c->command != NULL && !run_inline(r, (struct opt_strings){command, 1}, err))
        return false;
    if (r->c->inline_lines.len > 0 && !run_inline(r, r->c->inline_lines, err))
        return false;
    if (r->c->script != NULL && !run_file(r, r->c->script, err))
        return false;
    for (size_t i = 0; i < r->c->scripts.len; i++)
        if (!run_file(r, r->c->scripts.ptr[i], err))
            return false;
    return true;
}

static bool local_run(const void *config, struct build *b, struct error **err)
{
    const struct local_config *c = config;
    if (!is_for_this_host(c)) {
        build_sayf(b, "Skipping shell-local due to runtime OS");
        return true;
    }
    AUTO(arena) struct arena *a = arena_new("shell-local provisioner");
    struct local_run r = {.c = c, .b = b, .a = a, .last = STRBUF_INIT_MAX(512)};
    bool ok = run_all(&r, err);
    strbuf_clear(&r.last);
    return ok;
}

const struct provisioner_type provisioner_shell_local = {
    .name = "shell-local",
    .summary = "Run shell commands or scripts on this host.",
    .doc = "For what has to be done on this host between other provisioners.  The scripts "
           "find the same variables as those of the provisioner \"shell\"."
           "\n\n"
           "    provisioner \"shell-local\" {\n"
           "      inline = [\"./make-config >build/app.conf\"]\n"
           "    }",
    .opts = local_opts,
    .config_size = sizeof(struct local_config),
    .check = local_check,
    .run = local_run,
};
