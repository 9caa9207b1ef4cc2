/* SPDX-License-Identifier: Apache-2.0 */

#include "media/iso.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/clock.h"

static void archive_close_auto(struct archive *a)
{
    if (a != NULL)
        archive_write_free(a);
}
DEFINE_AUTO(archive, struct archive *, archive_close_auto);
DEFINE_AUTO(archive_entry, struct archive_entry *, archive_entry_free);

static bool iso_error(struct error **err, struct archive *a, const char *path)
{
    const char *why = archive_error_string(a);
    return error_set(err, archive_errno(a) == ENOSPC ? ERR_NO_SPACE : ERR_IO, 0,
                     "cannot write CD image '%s': %s", path, why != NULL ? why : "unknown error");
}

static bool write_data(struct archive *a, const char *image, str data, struct error **err)
{
    while (data.len > 0) {
        la_ssize_t n = archive_write_data(a, data.ptr, data.len);
        if (n <= 0)
            return iso_error(err, a, image);
        data = str_sub(data, (size_t)n, data.len);
    }
    return true;
}

static bool copy_host_file(struct archive *a, const char *image, const char *path, int fd,
                           struct error **err)
{
    char chunk[65536];
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof(chunk));
        if (n == 0)
            return true;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set(err, ERR_IO, errno, "cannot read '%s'", path);
        if (!write_data(a, image, (str){chunk, (size_t)n}, err))
            return false;
    }
}

static bool add_file(struct archive *a, const char *image, const struct iso_file *f,
                     struct error **err)
{
    autoclose int fd = -1;
    int64_t size = (int64_t)f->data.len;
    if (f->host_path != NULL) {
        struct stat st;
        fd = open(f->host_path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) != 0)
            return error_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno,
                             "cannot open '%s'", f->host_path);
        if (!S_ISREG(st.st_mode))
            return error_set(err, ERR_IO, 0, "'%s' is not a regular file", f->host_path);
        size = st.st_size;
    }
    AUTO(archive_entry) struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname_utf8(entry, f->path);
    archive_entry_set_size(entry, size);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_mtime(entry, clock_wall() / NS_PER_S, 0);
    if (archive_write_header(a, entry) != ARCHIVE_OK)
        return iso_error(err, a, image);
    return fd >= 0 ? copy_host_file(a, image, f->host_path, fd, err)
                   : write_data(a, image, f->data, err);
}

static bool start(struct archive *a, int fd, const char *label)
{
    return archive_write_set_format_iso9660(a) == ARCHIVE_OK &&
           archive_write_set_format_option(a, "iso9660", "volume-id", label) == ARCHIVE_OK &&
           archive_write_set_format_option(a, "iso9660", "joliet", "1") == ARCHIVE_OK &&
           archive_write_set_format_option(a, "iso9660", "rockridge", "useful") == ARCHIVE_OK &&
           archive_write_add_filter_none(a) == ARCHIVE_OK &&
           archive_write_open_fd(a, fd) == ARCHIVE_OK;
}

static bool write_all(int fd, const char *path, const char *label, const struct iso_file *files,
                      size_t count, struct error **err)
{
    AUTO(archive) struct archive *a = archive_write_new();
    if (!start(a, fd, label))
        return iso_error(err, a, path);
    for (size_t i = 0; i < count; i++)
        if (!add_file(a, path, &files[i], err))
            return false;
    return archive_write_close(a) == ARCHIVE_OK || iso_error(err, a, path);
}

bool iso_write(const char *path, const char *label, const struct iso_file *files, size_t count,
               struct error **err)
{
    autoclose int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set(err, ERR_IO, errno, "cannot create CD image '%s'", path);
    if (write_all(fd, path, label, files, count, err))
        return true;
    unlink(path);
    return false;
}
