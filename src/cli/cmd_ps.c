/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include "base/clock.h"
#include "cli/app.h"
#include "cli/catalog_commands.h"
#include "cli/exit.h"
#include "cli/table.h"
#include "cli/version_json.h"
#include "ledger/runfile.h"
#include "qemu/look.h"

struct ps_flags {
    int format;
};

static const struct opt ps_rows[] = {
    OPT_ENUM(struct ps_flags, format, "format", .def = "\"table\"", .choices = output_formats,
             .arg = "FORMAT", .doc = "How the list is printed."),
    OPT_END,
};

static const char *age_of(struct arena *a, const struct run_info *info)
{
    int64_t start;
    if (info->started == NULL || !clock_parse_rfc3339(str_from(info->started), &start))
        return "";
    autofree char *text = clock_short_duration(MAX(clock_wall() - start, INT64_C(0)));
    return arena_strdup(a, text);
}

/* What was kept has no imgfac any more, but its machine may run. */
static const char *pid_of(struct arena *a, const struct run_info *info, int64_t guest)
{
    int64_t pid = strcmp(info->state, RUN_KEPT) == 0 ? guest : info->pid;
    return pid > 0 ? arena_fmt(a, "%lld", (long long)pid) : "";
}

static struct table *make_table(struct arena *a, const struct run_infos *all)
{
    static const char *const headings[] = {"BUILD",  "ID",  "STATE", "STEP", "AGE",
                                           "DOMAIN", "SSH", ">PID",  NULL};
    struct table *t = table_new(a, headings);
    for (size_t i = 0; i < all->len; i++) {
        const struct run_info *info = &all->ptr[i];
        int64_t guest = look_guest_pid(info);
        bool is_off = guest == 0 && strcmp(info->state, RUN_KEPT) == 0;
        const char *const cells[] = {
            info->build,
            info->id + MAX(strlen(info->id), (size_t)RUN_ID_SHOWN) - RUN_ID_SHOWN,
            is_off ? "kept, off" : info->state,
            info->step,
            age_of(a, info),
            guest > 0 ? info->domain : "",
            guest > 0 && info->ssh_port > 0
                ? arena_fmt(a, "%s:%lld", info->ssh_host, (long long)info->ssh_port)
                : "",
            pid_of(a, info, guest),
        };
        table_add_row(t, cells);
    }
    return t;
}

static json_t *as_json(const struct run_info *info)
{
    int64_t guest = look_guest_pid(info);
    json_t *ssh = NULL;
    if (info->ssh_port > 0)
        ssh = json_pack("{s:s?, s:I, s:s?, s:s?}", "host", info->ssh_host, "port",
                        (json_int_t)info->ssh_port, "user", info->ssh_user, "key", info->ssh_key);
    return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:I, s:I, s:s?, s:s?, s:s?, s:s?, s:s?, s:o?}",
                     "build", info->build, "id", info->id, "state", info->state, "step", info->step,
                     "started", info->started, "pid", (json_int_t)info->pid, "guest_pid",
                     (json_int_t)guest, "domain", info->domain, "uuid", info->uuid, "console_log",
                     info->console_log, "log_directory", info->log_dir, "work_directory",
                     info->work_dir, "ssh", ssh);
}

static void print_json(struct app *app, const struct run_infos *all)
{
    json_t *list = json_array();
    for (size_t i = 0; i < all->len; i++)
        json_array_append_new(list, as_json(&all->ptr[i]));
    version_json_print(app->out, "builds", list);
}

static void print(struct app *app, const struct ps_flags *flags, const struct run_infos *all)
{
    if (flags->format == OUTPUT_JSON) {
        print_json(app, all);
        return;
    }
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    struct table *t = make_table(app->arena, all);
    if (flags->format == OUTPUT_CSV)
        table_print_csv(t, &out);
    else
        table_print(t, app->is_tty ? app_width(app->out) : 0, &out);
    app_write(app->out, strbuf_str(&out));
}

static int ps_run(struct app *app, const void *opaque, const struct opt_strings *args)
{
    const struct ps_flags *flags = opaque;
    struct run_infos all;
    struct error *e = NULL;
    (void)args;
    const char *store = app_store_path(app);
    if (store == NULL || app_ledger(app) == NULL)
        return app->failure;
    if (!runfile_list(store, app->arena, &all, &e))
        return app_fail(app, e);
    if (all.len == 0 && flags->format == OUTPUT_TABLE)
        fprintf(app->err, "No build runs, and none is kept.\n");
    else
        print(app, flags, &all);
    return EXIT_OK;
}

const struct command cmd_ps = {
    .name = "ps",
    .args = "",
    .summary = "List the builds that run or are kept",
    .doc =
        "Builds of this store, of every process: `waiting` for memory or processors, "
        "`running`, or `kept` after -on-error=abort until `imgfac gc -kept` removes them.  BUILD "
        "of ssh, attach, screenshot and gc is the name or the ID shown here.",
    .opts = ps_rows,
    .config_size = sizeof(struct ps_flags),
    .min_args = 0,
    .max_args = 0,
    .run = ps_run,
};
