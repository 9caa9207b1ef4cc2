/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/command.h"

#include <jansson.h>

#include "base/io.h"
#include "cli/app.h"
#include "cli/catalog_commands.h"
#include "cli/exit.h"
#include "cli/table.h"
#include "cli/template_flags.h"
#include "hcl/diag.h"
#include "hcl/suggest.h"
#include "plug/plugin.h"
#include "plug/registry.h"
#include "plugin/plugin.h"
#include "plugin/store.h"
#include "template/template.h"

/* --- installed --- */

struct list_flags {
    int format;
};

static const struct opt list_rows[] = {
    OPT_ENUM(struct list_flags, format, "format", .def = "\"table\"", .choices = output_formats,
             .arg = "FORMAT", .doc = "How to print."),
    OPT_END,
};

/* "ok", or in a word what is wrong. */
static const char *state_of(const struct plugin_file *f)
{
    AUTO(error) struct error *e = NULL;
    if (f->sha256 == NULL)
        return "not installed";
    if (plugin_verify(f, NULL, NULL, &e))
        return "ok";
    return error_is(e, ERR_CHECKSUM) ? "changed" : "unsafe";
}

static const char *offers(struct arena *a, const struct plugin_file *f)
{
    const char *text = "";
    for (size_t i = 0; i < f->said.count; i++)
        text =
            arena_fmt(a, "%s%s%s %s", text, i > 0 ? ", " : "",
                      component_kind_text(f->said.components[i].kind), f->said.components[i].type);
    return text;
}

static void print_json(struct app *app, const struct plugin_files *files)
{
    json_t *list = json_array();
    VEC_EACH (f, files) {
        json_t *o = json_object();
        json_object_set_new(o, "name", json_string(f->name));
        json_object_set_new(o, "version",
                            f->sha256 == NULL ? json_null() : json_string(f->said.version));
        json_object_set_new(o, "state", json_string(state_of(f)));
        json_object_set_new(o, "offers", json_string(offers(app->arena, f)));
        json_object_set_new(o, "path", json_string(f->path));
        json_object_set_new(o, "sha256", f->sha256 == NULL ? json_null() : json_string(f->sha256));
        json_array_append_new(list, o);
    }
    json_dumpf(list, app->out, JSON_INDENT(2));
    fputc('\n', app->out);
    json_decref(list);
}

static void print_table(struct app *app, const struct plugin_files *files, int format)
{
    static const char *const headings[] = {"NAME", "VERSION", "STATE", "OFFERS", "PATH", NULL};
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    struct table *t = table_new(app->arena, headings);
    VEC_EACH (f, files) {
        const char *cells[] = {f->name, f->sha256 == NULL ? NULL : f->said.version, state_of(f),
                               offers(app->arena, f), f->path};
        table_add_row(t, cells);
    }
    if (format == OUTPUT_CSV)
        table_print_csv(t, &out);
    else
        table_print(t, app->is_tty ? app_width(app->out) : 0, &out);
    app_write(app->out, strbuf_str(&out));
}

static int installed_run(struct app *app, const void *opaque, const struct opt_strings *args)
{
    const struct list_flags *flags = opaque;
    struct plugin_files files;
    (void)args;
    plugin_list(app->arena, &files);
    if (flags->format == OUTPUT_JSON) {
        print_json(app, &files);
    } else if (files.len > 0 || flags->format == OUTPUT_CSV) {
        print_table(app, &files, flags->format);
    } else {
        struct opt_strings dirs;
        plugin_dirs(app->arena, &dirs);
        fprintf(app->err, "No plugins in:\n");
        for (size_t i = 0; i < dirs.len; i++)
            fprintf(app->err, "    %s\n", dirs.ptr[i]);
    }
    return EXIT_OK;
}

static const struct command cmd_installed = {
    .name = "installed",
    .args = "",
    .summary = "List the plugins on this host",
    .opts = list_rows,
    .config_size = sizeof(struct list_flags),
    .plain_signals = true,
    .run = installed_run,
};

/* --- install --- */

struct install_flags {
    bool force;
    const char *dir, *path;
};

static const struct opt install_rows[] = {
    OPT_BOOL(struct install_flags, force, "force", .def = "false",
             .doc = "Install over a plugin that is there, and pin it as it is now."),
    OPT_STR(struct install_flags, dir, "dir", .arg = "PATH", .flags = OPT_PATH,
            .doc = "The plugin directory; else the first of $IMGFAC_PLUGIN_PATH, else that of the "
                   "user."),
    OPT_STR(struct install_flags, path, "path", .arg = "PATH", .flags = OPT_PATH,
            .doc = "The executable, when the argument is the name of a source, as Packer has it."),
    OPT_END,
};

/* What is built in cannot be replaced: the plugin's would never run. */
static void warn_shadowed(struct app *app, const struct plugin_file *f)
{
    plugins_forget();
    for (size_t i = 0; i < f->said.count; i++) {
        const struct component *c = &f->said.components[i];
        const struct provisioner_type *t = registry_find_provisioner(str_from(c->type));
        if (c->kind == COMPONENT_PROVISIONER && t != NULL && t->run_self == NULL)
            fprintf(app->err,
                    "Warning: the provisioner \"%s\" is built in; the plugin's is not "
                    "used.\n",
                    c->type);
        if (c->kind == COMPONENT_POST_PROCESSOR)
            fprintf(app->err, "Warning: the post-processor \"%s\" cannot be run yet.\n", c->type);
    }
}

/* What Packer's users write: the name of a plugin in place of a file. */
static int install_source(struct app *app, const char *source)
{
    struct plugin_answer a;
    struct error *err = NULL;
    registry_find_plugin(app->arena, str_from(source), str_from(source), &a);
    if (a.state == PLUGIN_BUILT_IN || a.state == PLUGIN_INSTALLED) {
        fprintf(app->out, "%s: %s (%s)\n", source,
                a.state == PLUGIN_BUILT_IN ? "built in" : "installed", a.what);
        return EXIT_OK;
    }
    error_set(&err, ERR_NOT_FOUND, 0, "'%s' cannot be downloaded", source);
    error_hint(&err, "imgfac downloads no plugins, and Packer's own cannot be used.  Give the file "
                     "of a plugin for imgfac.");
    return app_fail(app, err);
}

/* "github.com/hashicorp/qemu" */
static bool is_source(const char *text)
{
    size_t slashes = 0;
    for (const char *c = text; *c != '\0'; c++)
        slashes += *c == '/';
    return slashes == 2 && text[0] != '/' && text[0] != '.' && !io_exists(text);
}

static int install_run(struct app *app, const void *opaque, const struct opt_strings *args)
{
    const struct install_flags *flags = opaque;
    const char *path = flags->path != NULL ? flags->path : args->ptr[0];
    if (flags->path == NULL && is_source(path))
        return install_source(app, path);
    const struct plugin_install job = {
        .path = path, .dir = flags->dir, .force = flags->force, .cancel = app->cancel};
    struct plugin_file f;
    struct error *err = NULL;
    if (!plugin_install(app->arena, &job, &f, &err))
        return app_fail(app, err);
    fprintf(app->out, "Installed plugin %s %s in %s: %s\n", f.name, f.said.version, f.path,
            offers(app->arena, &f));
    warn_shadowed(app, &f);
    return EXIT_OK;
}

static const struct command cmd_install = {
    .name = "install",
    .args = "PATH|SOURCE [VERSION]",
    .summary = "Copy a plugin into the plugin directory and pin it",
    .doc = "PATH is an executable named imgfac-plugin-NAME.  It is asked what it offers, and its "
           "checksum is written down beside it: it is never started again once it has changed.\n\n"
           "SOURCE is a name such as github.com/hashicorp/qemu: whether that is there is said, "
           "nothing is downloaded.",
    .opts = install_rows,
    .config_size = sizeof(struct install_flags),
    .min_args = 1,
    .max_args = 2,
    .run = install_run,
};

/* --- remove --- */

static int not_installed(struct app *app, const struct plugin_files *files, const char *name)
{
    struct error *err = NULL;
    struct suggest s;
    suggest_init(&s, str_from(name));
    VEC_EACH (f, files)
        suggest_offer(&s, str_from(f->name));
    error_set(&err, ERR_NOT_FOUND, 0, "there is no plugin '%s'", name);
    if (s.best.ptr != NULL)
        error_hint(&err, "Did you mean '%.*s'?", STR_FMT(s.best));
    else
        error_hint(&err, "`imgfac plugins installed` lists all.");
    return app_fail(app, err);
}

static int remove_run(struct app *app, const void *opaque, const struct opt_strings *args)
{
    struct plugin_files files;
    struct error *err = NULL;
    const char *name = args->ptr[0];
    (void)opaque;
    plugin_list(app->arena, &files);
    VEC_EACH (f, &files) {
        if (strcmp(f->name, name) != 0 && strcmp(f->path, name) != 0)
            continue;
        if (!plugin_uninstall(f, &err))
            return app_fail(app, err);
        fprintf(app->out, "Removed %s\n", f->path);
        return EXIT_OK;
    }
    return not_installed(app, &files, name);
}

static const struct command cmd_remove = {
    .name = "remove",
    .args = "NAME|PATH",
    .summary = "Remove a plugin and its pin",
    .min_args = 1,
    .max_args = 1,
    .plain_signals = true,
    .run = remove_run,
};

/* --- required --- */

static int required_run(struct app *app, const void *opaque, const struct opt_strings *args)
{
    struct diags diags;
    (void)opaque;
    diags_init(&diags, app->arena);
    struct template *t = template_load(app->arena, args->ptr[0], &diags);
    bool ok = t != NULL && diags_ok(&diags);
    app_print_diags(app, &diags);
    if (!ok)
        return EXIT_TEMPLATE;
    VEC_EACH (p, &t->plugins) {
        struct plugin_answer a;
        registry_find_plugin(app->arena, str_from(p->name), str_from(p->source), &a);
        fprintf(app->out, "%s %s \"%s\"%s%s\n", p->name, p->source, p->constraint,
                a.state == PLUGIN_BUILT_IN ? " built-in"
                : a.path != NULL           ? " "
                                           : "",
                a.path != NULL ? a.path : "");
    }
    return EXIT_OK;
}

static const struct command cmd_required = {
    .name = "required",
    .args = "TEMPLATE",
    .summary = "List the plugins that a template requires",
    .opts = template_flag_rows,
    .config_size = sizeof(struct template_flags),
    .min_args = 1,
    .max_args = 1,
    .plain_signals = true,
    .run = required_run,
};

static const struct command *const subcommands[] = {
    &cmd_installed, &cmd_install, &cmd_remove, &cmd_required, NULL,
};

const struct command cmd_plugins = {
    .name = "plugins",
    .args = "",
    .summary = "List, install and remove plugins",
    .doc = "A plugin is an executable imgfac-plugin-NAME that offers provisioners or data sources; "
           "docs/plugin-protocol.md says how to write one.  Plugins lie in $IMGFAC_PLUGIN_PATH, in "
           "the user's directory or in /usr/lib/imgfac/plugins.",
    .subcommands = subcommands,
};
