/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/command.h"

#include <jansson.h>

#include "cli/app.h"
#include "cli/doctor.h"
#include "cli/exit.h"

struct doctor_flags {
    bool json;
    bool full;
};

static const struct opt doctor_rows[] = {
    OPT_BOOL(struct doctor_flags, json, "json", .doc = "Print one JSON object."),
    OPT_BOOL(struct doctor_flags, full, "full",
             .doc = "Start a libguestfs appliance too, which takes half a minute."),
    OPT_END,
};

static const char *const words[] = {
    [DOCTOR_OK] = "OK", [DOCTOR_WARN] = "WARN", [DOCTOR_FAIL] = "FAIL"};

static void print_json(struct app *app, const struct doctor *d, bool ok)
{
    json_t *list = json_array();
    VEC_EACH (l, &d->lines)
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s, s:s?}", "name", l->name, "verdict",
                                        words[l->verdict], "found", l->found, "cure", l->cure));
    json_t *root = json_pack("{s:b, s:o}", "ok", ok, "checks", list);
    json_dumpf(root, app->out, JSON_INDENT(2));
    fputc('\n', app->out);
    json_decref(root);
}

static const char *colour_of(const struct app *app, enum doctor_verdict v)
{
    static const char *const codes[] = {
        [DOCTOR_OK] = "\x1b[32m", [DOCTOR_WARN] = "\x1b[33m", [DOCTOR_FAIL] = "\x1b[31m"};
    return app->color ? codes[v] : "";
}

static void print_text(struct app *app, const struct doctor *d, size_t failed, size_t warned)
{
    VEC_EACH (l, &d->lines) {
        fprintf(app->out, "%s%-4s%s  %-10s  %s\n", colour_of(app, l->verdict), words[l->verdict],
                app->color ? "\x1b[0m" : "", l->name, l->found);
        if (l->cure != NULL)
            fprintf(app->out, "                  -> %s\n", l->cure);
    }
    if (failed > 0)
        fprintf(app->out, "\n%zu of %zu checks failed.\n", failed, d->lines.len);
    else
        fprintf(app->out, "\nThis host can build images%s.\n",
                warned > 0 ? ", with the limits above" : "");
}

static int run(struct app *app, const void *flags, const struct opt_strings *args)
{
    (void)args;
    const struct doctor_flags *f = flags;
    const char *store = app_store_path(app);
    if (store == NULL)
        return app->failure;
    struct doctor d = {.arena = app->arena,
                       .cancel = app->cancel,
                       .store = store,
                       .full = f->full,
                       .config = app->config};
    doctor_run(&d);
    if (cancel_test(app->cancel))
        return EXIT_CANCELLED;
    size_t failed = 0, warned = 0;
    VEC_EACH (l, &d.lines) {
        failed += l->verdict == DOCTOR_FAIL;
        warned += l->verdict == DOCTOR_WARN;
    }
    if (f->json)
        print_json(app, &d, failed == 0);
    else
        print_text(app, &d, failed, warned);
    return failed > 0 ? EXIT_HOST : EXIT_OK;
}

const struct command cmd_doctor = {
    .name = "doctor",
    .args = "",
    .summary = "Check whether this host can build images, with the cure for what is missing",
    .doc = "Looks at virtualisation (by running code, not by looking for /dev/kvm), libvirt, QEMU, "
           "firmware, libguestfs, tools, room in the store and memory.  Changes nothing.",
    .opts = doctor_rows,
    .config_size = sizeof(struct doctor_flags),
    .run = run,
};
