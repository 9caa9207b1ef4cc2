/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/command.h"

#include "base/io.h"
#include "cli/app.h"
#include "cli/exit.h"
#include "hcl/diag.h"
#include "hcl/fmt.h"
#include "upgrade/upgrade.h"

struct upgrade_flags {
    const char *output_file;
    bool annotations;
};

#define F struct upgrade_flags

static const struct opt opts[] = {
    OPT_STR(F, output_file, "output-file", .arg = "PATH", .flags = OPT_PATH,
            .doc = "Where to write; - prints.  By default the name of the template with "
                   "\".pkr.hcl\" behind it."),
    OPT_BOOL(F, annotations, "with-annotations", .def = "false",
             .doc = "Add comments that explain the blocks."),
    OPT_END,
};

/* The HCL text of the template in F; false after diagnostics. */
static bool convert(struct app *app, const struct source_file *f, bool annotations,
                    struct strbuf *out)
{
    struct diags diags;
    diags_init(&diags, app->arena);
    struct upgrade_legacy *legacy = upgrade_read(app->arena, f, &diags);
    struct source_file *hcl = NULL;
    if (legacy != NULL && diags_ok(&diags))
        hcl = upgrade_write(legacy, &(struct upgrade_options){.annotations = annotations}, &diags);
    bool ok = hcl != NULL && diags_ok(&diags) && hcl_format_file(hcl, &diags, out);
    app_print_diags(app, &diags);
    return ok;
}

static bool write_out(struct app *app, const char *path, str text, struct error **err)
{
    autofree char *dir = io_dirname(path);
    if (strcmp(path, "-") == 0) {
        app_write(app->out, text);
        return true;
    }
    if (!io_mkdir_p(dir, 0755, err) || !io_write_file(path, text, 0644, err))
        return error_wrap(err, "cannot write the template '%s'", path);
    fprintf(app->out, "Successfully created %s. Exit 0\n", path);
    return true;
}

static int run(struct app *app, const void *opaque, const struct opt_strings *args)
{
    const F *flags = opaque;
    struct error *err = NULL;
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    const char *input = args->ptr[0];
    const char *output = flags->output_file;
    struct source_file *f = source_load(app->arena, input, &err);
    if (f == NULL) {
        error_wrap(&err, "cannot read the template '%s'", input);
        return app_fail(app, err);
    }
    if (!convert(app, f, flags->annotations, &out))
        return EXIT_TEMPLATE;
    if (output == NULL)
        output = strcmp(input, "-") == 0 ? "-" : arena_fmt(app->arena, "%s.pkr.hcl", input);
    return write_out(app, output, strbuf_str(&out), &err) ? EXIT_OK : app_fail(app, err);
}

const struct command cmd_hcl2_upgrade = {
    .name = "hcl2_upgrade",
    .args = "TEMPLATE",
    .summary = "Turn a template of Packer's old JSON format into HCL",
    .doc = "TEMPLATE is a JSON file with \"builders\"; - is standard input. Calls such as "
           "{{user `x`}} become expressions, what is only known while a build runs stays as it "
           "is. Such a file can also be built, validated and inspected as it is.",
    .opts = opts,
    .config_size = sizeof(F),
    .min_args = 1,
    .max_args = 1,
    .plain_signals = true,
    .run = run,
};
