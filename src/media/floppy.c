/* SPDX-License-Identifier: Apache-2.0 */

#include "media/floppy.h"

#include <errno.h>
#include <fcntl.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/proc.h"

struct floppy {
    const char *image;
    const char *work_dir;
    struct cancel *cancel;
};

static bool run(const struct floppy *f, const char *const *argv, bool any_status,
                struct error **err)
{
    /* mtools asks the terminal about names it must shorten, and /etc/mtools.conf
     * may name drives of the host. */
    static const char *const env[] = {"MTOOLSRC=/dev/null", "MTOOLS_SKIP_CHECK=1", NULL};
    autofree char *what = xasprintf("write floppy disk '%s'", f->image);
    int status;
    struct proc_spec spec = {
        .argv = argv, .set_env = env, .cancel = f->cancel, .what = what, .any_status = any_status};
    return proc_run(&spec, &status, err);
}

static bool format(const struct floppy *f, const char *label, struct error **err)
{
    autofree char *name = xstrndup(label, MIN(strlen(label), (size_t)11));
    const char *const argv[] = {"mformat", "-C", "-i", f->image, "-f",
                                "1440",    "-v", name, "::",     NULL};
    return run(f, argv, false, err);
}

/* Every directory above PATH; one that is there already is no error. */
static bool make_parents(const struct floppy *f, const char *path, struct error **err)
{
    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        autofree char *dir = xasprintf("::%.*s", (int)(slash - path), path);
        const char *const argv[] = {"mmd", "-D", "s", "-i", f->image, dir, NULL};
        if (!run(f, argv, true, err))
            return false;
    }
    return true;
}

static bool copy_in(const struct floppy *f, const struct iso_file *file, struct error **err)
{
    autofree char *target = xasprintf("::%s", file->path);
    autofree char *text = io_path_join(f->work_dir, "floppy-text");
    const char *source = file->host_path;
    if (source == NULL) {
        source = text;
        if (!io_write_file(text, file->data, 0600, err))
            return false;
    }
    const char *const argv[] = {"mcopy", "-D", "o", "-i", f->image, source, target, NULL};
    bool ok = make_parents(f, file->path, err) && run(f, argv, false, err);
    unlink(text);
    return ok || error_wrap(err, "cannot put '%s' on the floppy disk (1.44 MB)", file->path);
}

bool floppy_write(const char *path, const char *label, const struct iso_file *files, size_t count,
                  const char *work_dir, struct cancel *c, struct error **err)
{
    struct floppy f = {.image = path, .work_dir = work_dir, .cancel = c};
    autoclose int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set(err, ERR_IO, errno, "cannot create floppy image '%s'", path);
    bool ok = format(&f, label, err);
    for (size_t i = 0; ok && i < count; i++)
        ok = copy_in(&f, &files[i], err);
    if (!ok)
        unlink(path);
    return ok;
}
