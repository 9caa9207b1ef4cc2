/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/command.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/proc.h"
#include "cli/app.h"
#include "cli/exit.h"
#include "hcl/diag.h"
#include "hcl/fmt.h"
#include "hcl/source.h"

struct fmt_flags {
    bool check;
    bool diff;
    bool write;
    bool recursive;
};

#define F struct fmt_flags

static const struct opt opts[] = {
    OPT_BOOL(F, check, "check",
             .doc = "Write nothing; exit with status 3 when a file would change."),
    OPT_BOOL(F, diff, "diff", .doc = "Print what changes, in the form of diff -u."),
    OPT_BOOL(F, write, "write", .def = "true", .doc = "Write changed files in place."),
    OPT_BOOL(F, recursive, "recursive", .doc = "Go into the directories below as well."),
    OPT_END,
};

/* One call of the command. */
struct job {
    struct app *app;
    const F *flags;
    bool changed;
    int code; /* the first failure */
};

DEFINE_ARENA_VEC(names, char *);

static void fail(struct job *job, struct error *e)
{
    int code = app_fail(job->app, e);
    if (job->code == EXIT_OK)
        job->code = code;
}

static bool print_diff(struct job *job, const char *path, str text, struct error **err)
{
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    char *old_label = arena_fmt(job->app->arena, "old/%s", path);
    char *new_label = arena_fmt(job->app->arena, "new/%s", path);
    const char *argv[] = {"diff",    "-u", "--label", old_label, "--label",
                          new_label, "--", path,      "-",       NULL};
    struct proc_spec spec = {
        .argv = argv, .input = text, .out = &out, .any_status = true, .what = "compare files"};
    int status;
    if (!proc_run(&spec, &status, err))
        return false;
    if (status > 1)
        return error_set(err, ERR_IO, 0, "cannot compare '%s' with its new form", path);
    app_write(job->app->out, strbuf_str(&out));
    return true;
}

/* Replace the file (behind a symbolic link: its target), keeping its mode. */
static bool write_back(const char *path, str text, struct error **err)
{
    struct stat st;
    autofree char *target = realpath(path, NULL);
    if (target == NULL || stat(target, &st) != 0)
        return error_set(err, ERR_IO, errno, "cannot write '%s'", path);
    return io_write_file(target, text, st.st_mode & 07777, err);
}

static bool finish_file(struct job *job, const char *path, str text, struct error **err)
{
    job->changed = true;
    fprintf(job->app->out, "%s\n", path);
    if (job->flags->diff && !print_diff(job, path, text, err))
        return false;
    return job->flags->check || !job->flags->write || write_back(path, text, err);
}

static void finish_stdin(struct job *job, str text, bool changed)
{
    job->changed = job->changed || changed;
    if (!changed || (job->flags->write && !job->flags->check))
        app_write(job->app->out, text);
}

/* PATH, or "-" for standard input. */
static void format_file(struct job *job, const char *path)
{
    AUTO(arena) struct arena *a = arena_new("fmt");
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    struct error *err = NULL;
    struct diags diags;
    diags_init(&diags, a);
    struct source_file *f = source_load(a, path, &err);
    if (f == NULL) {
        fail(job, err);
        return;
    }
    if (!hcl_format_file(f, &diags, &out)) {
        app_print_diags(job->app, &diags);
        if (job->code == EXIT_OK)
            job->code = EXIT_TEMPLATE;
        return;
    }
    bool changed = !str_eq(f->text, strbuf_str(&out));
    if (strcmp(path, "-") == 0)
        finish_stdin(job, strbuf_str(&out), changed);
    else if (changed && !finish_file(job, path, strbuf_str(&out), &err))
        fail(job, err);
}

static bool is_template_name(str name)
{
    return str_ends(name, STR(".pkr.hcl")) || str_ends(name, STR(".pkrvars.hcl")) ||
           str_ends(name, STR(".imgfac.hcl"));
}

/* Hidden files and the copies that editors leave. */
static bool is_ignored(str name)
{
    return name.len == 0 || name.ptr[0] == '.' || name.ptr[name.len - 1] == '~' ||
           (name.len > 1 && name.ptr[0] == '#' && name.ptr[name.len - 1] == '#');
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool list_names(struct arena *a, const char *dir, struct names *out, struct error **err)
{
    autoclosedir DIR *d = opendir(dir);
    if (d == NULL)
        return error_set(err, ERR_IO, errno, "cannot read directory '%s'", dir);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (!is_ignored(str_from(e->d_name)))
            names_push(a, out, arena_strdup(a, e->d_name));
    }
    if (out->len > 0)
        qsort(out->ptr, out->len, sizeof(*out->ptr), compare_names);
    return true;
}

static void format_dir(struct job *job, const char *dir)
{
    AUTO(arena) struct arena *a = arena_new("fmt");
    struct names names = {0};
    struct error *err = NULL;
    if (!list_names(a, dir, &names, &err)) {
        fail(job, err);
        return;
    }
    VEC_EACH (name, &names) {
        struct stat st;
        autofree char *path = io_path_join(dir, *name);
        if (lstat(path, &st) != 0)
            continue;
        if (S_ISDIR(st.st_mode) && job->flags->recursive)
            format_dir(job, path);
        else if (!S_ISDIR(st.st_mode) && is_template_name(str_from(*name)))
            format_file(job, path);
    }
}

static void format_path(struct job *job, const char *path)
{
    struct error *err = NULL;
    if (io_is_dir(path)) {
        format_dir(job, path);
    } else if (strcmp(path, "-") != 0 && !io_exists(path)) {
        error_set(&err, ERR_NOT_FOUND, 0, "there is no file or directory '%s'", path);
        fail(job, err);
    } else if (strcmp(path, "-") != 0 && !str_ends(str_from(path), STR(".hcl"))) {
        error_set(&err, ERR_USAGE, 0, "'%s' is not an HCL file", path);
        error_hint(&err, "Only files whose name ends in .hcl have a layout to bring in order.");
        fail(job, err);
    } else {
        format_file(job, path);
    }
}

static int run(struct app *app, const void *flags, const struct opt_strings *args)
{
    struct job job = {.app = app, .flags = flags};
    for (size_t i = 0; i < args->len; i++)
        format_path(&job, args->ptr[i]);
    if (job.code != EXIT_OK)
        return job.code;
    return job.flags->check && job.changed ? EXIT_FMT_CHANGES : EXIT_OK;
}

const struct command cmd_fmt = {
    .name = "fmt",
    .args = "PATH...",
    .summary = "Bring templates into the one layout",
    .doc = "A PATH is a file whose name ends in .hcl, or a directory, of which all files that end "
           "in .pkr.hcl, .pkrvars.hcl or .imgfac.hcl are taken; - is standard input, whose new "
           "form is printed. Only spaces change: two for each level, equals signs and comments in "
           "line. The names of changed files are printed.",
    .opts = opts,
    .config_size = sizeof(F),
    .min_args = 1,
    .max_args = -1,
    .plain_signals = true,
    .run = run,
};
