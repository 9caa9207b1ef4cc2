/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/catalog_commands.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "catalog/catalog.h"
#include "cli/app.h"
#include "cli/exit.h"
#include "media/imgtool.h"
#include "ui/ui.h"

#define SECTOR 512

/* Bytes moving between the catalog and files of the user. */

struct transfer {
    struct event_sink *events;
    const char *what;
};

static void show_progress(void *arg, uint64_t done, uint64_t total)
{
    struct transfer *t = arg;
    event_emit(t->events, &(struct event){.kind = EVENT_PROGRESS,
                                          .build = "catalog",
                                          .text = str_from(t->what),
                                          .done = done,
                                          .total = total});
}

static struct ui *quiet_ui(struct app *app)
{
    return ui_new(app->is_tty ? &ui_tty : &ui_plain,
                  &(struct ui_options){.out = app->err, .color = app->color});
}

struct import_flags {
    struct opt_strings channels;
    const char *description;
    const char *os;
    const char *efivars;
};

static const struct opt import_rows[] = {
    OPT_STRS(struct import_flags, channels, "channel", .arg = "NAME",
             .doc = "Point this channel to it, besides latest.  May be given several times."),
    OPT_STR(struct import_flags, description, "description", .arg = "TEXT",
            .doc = "Description of the bucket."),
    OPT_STR(struct import_flags, os, "os", .arg = "NAME",
            .doc = "Operating system, such as debian-12."),
    OPT_STR(struct import_flags, efivars, "efivars", .arg = "FILE",
            .doc = "UEFI variable store to be kept with the image, as OVMF has it."),
    OPT_END,
};

/* An image from outside must stand on its own: a backing file or an external
 * data file would make the catalog read other files of the host. */
static bool check_standalone(const char *path, const struct img_info *info, struct error **err)
{
    if (info->backing != NULL)
        error_set(err, ERR_USAGE, 0, "image '%s' needs the backing file '%s'", path, info->backing);
    else if (info->has_data_file)
        error_set(err, ERR_USAGE, 0, "image '%s' keeps its data in another file", path);
    else if (info->encrypted)
        error_set(err, ERR_USAGE, 0, "image '%s' is encrypted", path);
    else if (strcmp(info->format, "qcow2") != 0 && strcmp(info->format, "raw") != 0)
        error_set(err, ERR_USAGE, 0, "image '%s' has format %s", path, info->format);
    if (*err == NULL)
        return true;
    return error_hint(err, "Convert it first: qemu-img convert -O qcow2 '%s' new.qcow2", path);
}

/* Whatever has no known header counts as raw, also a text file; but disks are
 * made of sectors. */
static bool check_sectors(const char *path, uint64_t size, const struct img_info *info,
                          struct error **err)
{
    if (strcmp(info->format, "raw") != 0 || (size > 0 && size % SECTOR == 0))
        return true;
    error_set(err, ERR_USAGE, 0, "'%s' is not a disk image", path);
    return error_hint(err,
                      "It has no header that qemu-img knows, and its %" PRIu64
                      " bytes are not a whole number of sectors of a raw disk.",
                      size);
}

static int import_run(struct app *app, const void *opaque, const struct opt_strings *args)
{
    const struct import_flags *flags = opaque;
    struct catalog *cat = app_catalog(app);
    struct error *e = NULL;
    struct img_info info;
    uint64_t size = 0;
    if (cat == NULL)
        return app->failure;
    if (!io_file_size(args->ptr[1], &size, NULL, &e) ||
        !img_info(args->ptr[1], NULL, app->arena, &info, &e) ||
        !check_standalone(args->ptr[1], &info, &e) || !check_sectors(args->ptr[1], size, &info, &e))
        return app_fail(app, e);
    AUTO(ui) struct ui *ui = quiet_ui(app);
    struct transfer t = {.events = ui_sink(ui), .what = "Storing the image"};
    autofree char *source = io_absolute(args->ptr[1]);
    struct catalog_new_version n = {.bucket = args->ptr[0],
                                    .bucket_description = flags->description,
                                    .image_path = args->ptr[1],
                                    .format = info.format,
                                    .virtual_size = info.virtual_size,
                                    .builder = "import",
                                    .source = source,
                                    .os = flags->os,
                                    .efivars_path = flags->efivars,
                                    .started_wall_ns = clock_wall(),
                                    .finished_wall_ns = clock_wall(),
                                    .channels = flags->channels,
                                    .progress = show_progress,
                                    .arg = &t};
    struct catalog_version v;
    if (!catalog_add_version(cat, &n, app->cancel, app->arena, &v, &e))
        return app_fail(app, e);
    fprintf(app->out, "%s %s (%s)\n", v.bucket, v.name, v.fingerprint);
    return EXIT_OK;
}

const struct command cmd_catalog_import = {
    .name = "import",
    .args = "BUCKET FILE",
    .summary = "Put an image file into the catalog",
    .doc = "The file is copied, its digest recorded.  It must be a qcow2 or raw image without a "
           "backing file.",
    .opts = import_rows,
    .config_size = sizeof(struct import_flags),
    .min_args = 2,
    .max_args = 2,
    .run = import_run,
};

struct export_flags {
    bool force;
    const char *format;
    const char *efivars;
};

static const struct opt export_rows[] = {
    OPT_BOOL(struct export_flags, force, "force", .def = "false", .doc = "Overwrite FILE."),
    OPT_STR(struct export_flags, format, "format", .arg = "FORMAT",
            .doc = "qcow2 or raw; default: that of the stored image, byte for byte."),
    OPT_STR(struct export_flags, efivars, "efivars", .arg = "FILE",
            .doc = "Copy the UEFI variable store that was kept with the image to FILE, too."),
    OPT_END,
};

/* The file appears under its name only when it is complete. */
static bool export_to(struct app *app, const struct catalog_artifact *disk, const char *dst,
                      const char *format, struct error **err)
{
    AUTO(ui) struct ui *ui = quiet_ui(app);
    struct transfer t = {.events = ui_sink(ui), .what = "Exporting the image"};
    autofree char *part = xasprintf("%s.part", dst);
    unlink(part);
    struct img_convert job = {.src = disk->path,
                              .src_format = disk->format,
                              .dst = part,
                              .dst_format = format,
                              .compress = strcmp(format, "qcow2") == 0,
                              .progress = show_progress,
                              .arg = &t,
                              .cancel = app->cancel};
    bool ok = strcmp(format, disk->format) == 0
                  ? io_copy_sparse(disk->path, part, app->cancel, show_progress, &t, err)
                  : img_convert(&job, err);
    if (ok && io_commit_rename(part, dst, err))
        return true;
    unlink(part);
    return false;
}

static bool check_free(const char *path, bool force, struct error **err)
{
    if (!io_exists(path) || force)
        return true;
    return error_set(err, ERR_EXISTS, 0, "'%s' is there already; -force overwrites it", path);
}

static bool export_vars(struct app *app, const struct catalog_version *v,
                        const struct export_flags *flags, struct error **err)
{
    const struct catalog_artifact *vars = catalog_artifact_named(v, "efivars");
    if (flags->efivars == NULL)
        return true;
    if (vars == NULL)
        return error_set(err, ERR_NOT_FOUND, 0, "no UEFI variable store is kept with %s %s",
                         v->bucket, v->name);
    return check_free(flags->efivars, flags->force, err) &&
           export_to(app, vars, flags->efivars, vars->format, err);
}

static int export_run(struct app *app, const void *opaque, const struct opt_strings *args)
{
    const struct export_flags *flags = opaque;
    struct catalog *cat = app_catalog_read(app, NULL);
    struct catalog_version v;
    struct error *e = NULL;
    if (cat == NULL)
        return app->failure;
    if (!catalog_find(cat, str_from(args->ptr[0]), app->arena, &v, &e) ||
        !catalog_verify_version(cat, &v, app->cancel, NULL, NULL, &e))
        return app_fail(app, e);
    if (strcmp(v.status, "revoked") == 0)
        fprintf(app->err, "%s %s is revoked%s%s\n", v.bucket, v.name,
                v.revocation_message[0] != '\0' ? ": " : "", v.revocation_message);
    const struct catalog_artifact *disk = &v.artifacts[0];
    const char *format = flags->format != NULL ? flags->format : disk->format;
    if (strcmp(format, "qcow2") != 0 && strcmp(format, "raw") != 0)
        error_set(&e, ERR_USAGE, 0, "cannot export as '%s': qcow2 or raw", format);
    else if (check_free(args->ptr[1], flags->force, &e) && export_vars(app, &v, flags, &e))
        export_to(app, disk, args->ptr[1], format, &e);
    if (e != NULL)
        return app_fail(app, e);
    fprintf(app->out, "%s %s exported to %s\n", v.bucket, v.name, args->ptr[1]);
    return EXIT_OK;
}

const struct command cmd_catalog_export = {
    .name = "export",
    .args = "VERSION FILE",
    .summary = "Copy an image out of the catalog",
    .doc = "The stored bytes are verified against their digest first.",
    .opts = export_rows,
    .config_size = sizeof(struct export_flags),
    .min_args = 2,
    .max_args = 2,
    .run = export_run,
};
