/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/io_error.h"
#include "base/mem.h"

#define READ_CHUNK ((size_t)64 * 1024)

enum err_code io_error_code(int errnum)
{
    switch (errnum) {
    case ENOSPC:
    case EDQUOT: return ERR_NO_SPACE;
    case ENOENT: return ERR_NOT_FOUND;
    case EEXIST: return ERR_EXISTS;
    default: return ERR_IO;
    }
}

bool io_write_all(int fd, const void *data, size_t len)
{
    const char *p = data;

    while (len > 0) {
        ssize_t n = write(fd, p, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}

static ssize_t read_some(int fd, void *buf, size_t len)
{
    ssize_t n;

    do
        n = read(fd, buf, len);
    while (n < 0 && errno == EINTR);
    return n;
}

/* The size in fstat() is not asked: it is 0 for files of /proc. */
bool io_read_file(const char *path, size_t max, struct strbuf *out, struct error **err)
{
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t room_left = out->max > out->len ? out->max - out->len : 0;
    size_t left = MIN(max, room_left);

    if (fd < 0)
        return io_error(err, errno, "cannot open '%s'", path);
    for (;;) {
        size_t want = MIN(left, READ_CHUNK);
        char *room = want == 0 ? NULL : strbuf_reserve(out, want), past_end[1];
        ssize_t n = room == NULL ? read_some(fd, past_end, 1) : read_some(fd, room, want);

        if (n < 0)
            return io_error(err, errno, "cannot read '%s'", path);
        if (n == 0)
            return true;
        if (room == NULL)
            return error_set(err, ERR_IO, 0, "'%s' is larger than %zu bytes", path, max);
        strbuf_grew(out, (size_t)n);
        left -= (size_t)n;
    }
}

/* A file that grows meanwhile (a console log) is read up to its size at the call. */
bool io_read_tail(const char *path, size_t max, struct strbuf *out, struct error **err)
{
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return io_error(err, errno, "cannot open '%s'", path);
    off_t size = lseek(fd, 0, SEEK_END);
    if (size > (off_t)max)
        lseek(fd, size - (off_t)max, SEEK_SET);
    else
        lseek(fd, 0, SEEK_SET);
    for (size_t left = MIN(max, (size_t)MAX(size, (off_t)0)); left > 0;) {
        char *room = strbuf_reserve(out, MIN(left, READ_CHUNK));
        ssize_t n = room == NULL ? 0 : read_some(fd, room, MIN(left, READ_CHUNK));
        if (n < 0)
            return io_error(err, errno, "cannot read '%s'", path);
        if (n == 0)
            break;
        strbuf_grew(out, (size_t)n);
        left -= (size_t)n;
    }
    return true;
}

static bool sync_directory_of(const char *path, struct error **err)
{
    autofree char *dir = io_dirname(path);
    autoclose int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return io_error(err, errno, "cannot open the directory '%s'", dir);
    /* Some network file systems cannot sync a directory; they say EINVAL. */
    if (fsync(fd) < 0 && errno != EINVAL)
        return io_error(err, errno, "cannot write the directory '%s'", dir);
    return true;
}

bool io_commit_rename(const char *tmp, const char *dst, struct error **err)
{
    autoclose int fd = open(tmp, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return io_error(err, errno, "cannot open '%s'", tmp);
    if (fault("io.fsync"))
        return io_error(err, EIO, "cannot write '%s'", tmp);
    if (fsync(fd) < 0)
        return io_error(err, errno, "cannot write '%s'", tmp);
    if (rename(tmp, dst) < 0)
        return io_error(err, errno, "cannot rename '%s' to '%s'", tmp, dst);
    return sync_directory_of(dst, err);
}

/* A name next to PATH that no other writer has. */
static char *temporary_name(const char *path)
{
    autofree char *dir = io_dirname(path);
    uint64_t noise = 0;

    if (getrandom(&noise, sizeof(noise), 0) < 0)
        noise = (uint64_t)getpid() << 32 | (uintptr_t)&noise >> 4;
    return xasprintf("%s/.%s.%016" PRIx64, dir, io_basename(path), noise);
}

static bool write_in_place(const char *path, int flags, str data, mode_t mode, struct error **err)
{
    autoclose int fd = open(path, O_WRONLY | O_CLOEXEC | flags, mode);
    int opened;

    if (fd < 0)
        return io_error(err, errno, "cannot create '%s'", path);
    if (fault("io.write"))
        return io_error(err, ENOSPC, "cannot write '%s'", path);
    if (!io_write_all(fd, data.ptr, data.len))
        return io_error(err, errno, "cannot write '%s'", path);
    opened = steal_fd(&fd);
    if (close(opened) < 0)
        return io_error(err, errno, "cannot write '%s'", path);
    return true;
}

bool io_write_file(const char *path, str data, mode_t mode, struct error **err)
{
    autofree char *real = realpath(path, NULL), *tmp = NULL;
    struct stat st;

    /* A device or a pipe is written, never replaced by a file. */
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return write_in_place(path, 0, data, mode, err);
    if (real == NULL)
        real = xstrdup(path);
    tmp = temporary_name(real);
    if (write_in_place(tmp, O_CREAT | O_EXCL | O_NOFOLLOW, data, mode, err) &&
        io_commit_rename(tmp, real, err))
        return true;
    unlink(tmp);
    return error_wrap(err, "cannot write '%s'", path);
}

bool io_exists(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

bool io_is_dir(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool io_mkdir_p(const char *path, mode_t mode, struct error **err)
{
    autofree char *part = xstrdup(path);

    for (char *p = part + 1; *part != '\0'; p++) {
        char c = *p;

        if (c != '/' && c != '\0')
            continue;
        *p = '\0';
        if (mkdir(part, mode) < 0 && !io_is_dir(part))
            return io_error(err, errno, "cannot make the directory '%s'", part);
        *p = c;
        if (c == '\0')
            return true;
    }
    return io_error(err, ENOENT, "cannot make a directory without a name");
}

/* Device and mount of a file, to stay on one mount. */
struct place {
    uint32_t major, minor;
    uint64_t mount;
    bool is_dir;
};

static bool place_of(int dir_fd, const char *name, struct place *out)
{
    struct statx sx;

    if (statx(dir_fd, name, AT_SYMLINK_NOFOLLOW, STATX_TYPE | STATX_MNT_ID, &sx) < 0)
        return false;
    *out = (struct place){
        .major = sx.stx_dev_major,
        .minor = sx.stx_dev_minor,
        .mount = (sx.stx_mask & STATX_MNT_ID) != 0 ? sx.stx_mnt_id : 0,
        .is_dir = S_ISDIR(sx.stx_mode),
    };
    return true;
}

static bool same_mount(const struct place *a, const struct place *b)
{
    return a->major == b->major && a->minor == b->minor && a->mount == b->mount;
}

static int remove_entry(int dir_fd, const char *name, const struct place *root);

/* 0 or an errno value. */
static int remove_content(int fd, const struct place *root)
{
    autoclosedir DIR *d = NULL;
    struct stat st;
    int own = dup(fd), rc = 0;

    if (own < 0 || (d = fdopendir(own)) == NULL)
        return errno;
    /* A directory without write permission cannot be emptied by its owner. */
    if (fstat(fd, &st) == 0 && (st.st_mode & 0700) != 0700)
        fchmod(fd, (st.st_mode & 07777) | 0700);
    for (struct dirent *e; rc == 0 && (errno = 0, e = readdir(d)) != NULL;)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            rc = remove_entry(fd, e->d_name, root);
    return rc != 0 ? rc : errno;
}

/* Never leaves the mount it began on: what is mounted inside the tree (a bind
 * mount left by a crash) belongs to somebody else. */
static int remove_entry(int dir_fd, const char *name, const struct place *root)
{
    struct place here;

    if (!place_of(dir_fd, name, &here))
        return errno == ENOENT ? 0 : errno;
    if (root != NULL && !same_mount(root, &here))
        return EXDEV;
    if (here.is_dir) {
        autoclose int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int rc = fd < 0 ? errno : remove_content(fd, root == NULL ? &here : root);

        if (rc != 0)
            return rc;
    }
    if (unlinkat(dir_fd, name, here.is_dir ? AT_REMOVEDIR : 0) < 0 && errno != ENOENT)
        return errno;
    return 0;
}

bool io_remove_tree(const char *path, struct error **err)
{
    int rc = remove_entry(AT_FDCWD, path, NULL);

    if (rc == EXDEV) {
        error_set(err, ERR_IO, 0, "cannot remove '%s': something is mounted inside", path);
        return error_hint(err, "Unmount it (see findmnt), then remove the directory.");
    }
    return rc == 0 ? true : io_error(err, rc, "cannot remove '%s'", path);
}

bool io_file_size(const char *path, uint64_t *size, uint64_t *allocated, struct error **err)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return io_error(err, errno, "cannot look at '%s'", path);
    if (size != NULL)
        *size = (uint64_t)st.st_size;
    if (allocated != NULL)
        *allocated = (uint64_t)st.st_blocks * 512;
    return true;
}

bool io_free_space(const char *path, uint64_t *bytes, struct error **err)
{
    autofree char *at = io_absolute(path);
    struct statvfs vfs;

    while (statvfs(at, &vfs) < 0) {
        char *parent = io_dirname(at);
        bool is_top = strcmp(parent, at) == 0;

        free(at);
        at = parent;
        if ((errno != ENOENT && errno != ENOTDIR) || is_top)
            return io_error(err, errno, "cannot look at the file system of '%s'", path);
    }
    *bytes = (uint64_t)vfs.f_bavail * vfs.f_frsize;
    return true;
}

char *io_make_temp_dir(const char *dir, const char *prefix, struct error **err)
{
    autofree char *name = xasprintf("%s/%sXXXXXX", dir, prefix);

    if (mkdtemp(name) != NULL)
        return steal(&name);
    io_error(err, errno, "cannot make a directory in '%s'", dir);
    return NULL;
}
