/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/tree.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "plug/build.h"

struct untar {
    struct archive *archive;
    struct build *build;
    bool (*read)(void *arg, str *out, struct error **err);
    void *arg;
    struct error *failure; /* of `read`, from within libarchive's callback */
    int root;              /* descriptor of the destination */
};

static la_ssize_t take(struct archive *a, void *arg, const void **block)
{
    struct untar *t = arg;
    str data = STR("");
    if (t->failure != NULL || !t->read(t->arg, &data, &t->failure)) {
        archive_set_error(a, EPIPE, "connection");
        return -1;
    }
    *block = data.ptr;
    return (la_ssize_t)data.len;
}

static bool damaged(struct untar *t, struct error **err)
{
    if (t->failure != NULL) {
        *err = steal(&t->failure);
        return false;
    }
    return error_set(err, ERR_GUEST, 0, "the guest's tar stream is damaged: %s",
                     archive_error_string(t->archive));
}

/* Open folder NAME below DIR, made when absent; takes DIR. */
static int descend(int dir, const char *name, struct error **err)
{
    autoclose int parent = dir;
    if (mkdirat(parent, name, 0755) < 0 && errno != EEXIST) {
        error_set(err, ERR_IO, errno, "cannot make folder '%s'", name);
        return -1;
    }
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        error_set(err, ERR_IO, errno, "cannot open folder '%s'", name);
    return fd;
}

/* The folder that holds NAME, whose last part is copied to *LEAF (empty for
 * "." alone); -1 with the error. */
static int open_parent(int root, const char *name, char **leaf, struct error **err)
{
    str rest = str_from(name);
    *leaf = xstrdup("");
    int dir = fcntl(root, F_DUPFD_CLOEXEC, 3);
    if (*name == '/') {
        error_set(err, ERR_GUEST, 0, "the guest sent the absolute name '%s'", name);
        close(dir);
        return -1;
    }
    while (rest.ptr != NULL) {
        str part = str_split(&rest, '/');
        if (part.len == 0 || str_eqz(part, "."))
            continue;
        if (str_eqz(part, "..")) {
            error_set(err, ERR_GUEST, 0, "the guest sent the name '%s', which leads outside", name);
            close(dir);
            return -1;
        }
        if (**leaf != '\0' && (dir = descend(dir, *leaf, err)) < 0)
            return -1;
        free(*leaf);
        *leaf = str_xdup(part);
    }
    return dir;
}

/* A fresh file, whatever had its name. */
static int make_file(int dir, const char *leaf, struct error **err)
{
    unlinkat(dir, leaf, 0);
    int fd = openat(dir, leaf, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        error_set(err, ERR_IO, errno, "cannot write '%s'", leaf);
    return fd;
}

int tree_make_file(int root, const char *name, struct error **err)
{
    autofree char *leaf = NULL;
    autoclose int dir = open_parent(root, name, &leaf, err);
    if (dir < 0)
        return -1;
    if (*leaf != '\0')
        return make_file(dir, leaf, err);
    error_set(err, ERR_GUEST, 0, "the guest sent a file without a name");
    return -1;
}

bool tree_make_dir(int root, const char *name, struct error **err)
{
    autofree char *leaf = NULL;
    autoclose int dir = open_parent(root, name, &leaf, err);
    if (dir >= 0 && *leaf != '\0')
        dir = descend(steal_fd(&dir), leaf, err);
    return dir >= 0;
}

static bool unpack_file(struct untar *t, int dir, const char *leaf, unsigned mode,
                        struct error **err)
{
    autoclose int fd = make_file(dir, leaf, err);
    if (fd < 0)
        return false;
    if (archive_read_data_into_fd(t->archive, fd) != ARCHIVE_OK)
        return damaged(t, err);
    if (fchmod(fd, mode & 0777) < 0)
        return error_set(err, ERR_IO, errno, "cannot set the mode of '%s'", leaf);
    return true;
}

/* A second name of a file that came before. */
static bool unpack_hard_link(struct untar *t, const char *target, int dir, const char *leaf,
                             struct error **err)
{
    autofree char *old_leaf = NULL;
    autoclose int old_dir = open_parent(t->root, target, &old_leaf, err);
    if (old_dir < 0)
        return false;
    unlinkat(dir, leaf, 0);
    if (linkat(old_dir, old_leaf, dir, leaf, 0) < 0)
        return error_set(err, ERR_IO, errno, "cannot write '%s'", leaf);
    return true;
}

static bool unpack(struct untar *t, struct archive_entry *e, struct error **err)
{
    autofree char *leaf = NULL;
    const char *name = archive_entry_pathname(e);
    if (name == NULL)
        return error_set(err, ERR_GUEST, 0, "the guest sent a name that cannot be read");
    autoclose int dir = open_parent(t->root, name, &leaf, err);
    if (dir < 0)
        return false;
    if (*leaf == '\0')
        return true;
    if (archive_entry_hardlink(e) != NULL)
        return unpack_hard_link(t, archive_entry_hardlink(e), dir, leaf, err);
    if (archive_entry_filetype(e) == AE_IFREG)
        return unpack_file(t, dir, leaf, archive_entry_perm(e), err);
    if (archive_entry_filetype(e) == AE_IFDIR) {
        dir = descend(steal_fd(&dir), leaf, err);
        return dir >= 0;
    }
    build_warnf(t->build, "'%s' is neither a file nor a folder: left out", name);
    return true;
}

static void untar_clear(struct untar *t)
{
    if (t->archive != NULL)
        archive_read_free(t->archive);
    error_drop(&t->failure);
    cleanup_close(&t->root);
}
DEFINE_AUTO_CLEAR(untar, struct untar, untar_clear);

bool tree_untar(const char *dst, struct build *b,
                bool (*read)(void *arg, str *out, struct error **err), void *arg,
                struct error **err)
{
    AUTO(untar) struct untar t = {.build = b, .read = read, .arg = arg, .root = -1};
    struct archive_entry *e;
    int rc;
    if (!io_mkdir_p(dst, 0755, err))
        return false;
    t.root = open(dst, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (t.root < 0)
        return error_set(err, ERR_IO, errno, "cannot open folder '%s'", dst);
    t.archive = archive_read_new();
    archive_read_support_format_tar(t.archive);
    archive_read_support_format_empty(t.archive);
    if (archive_read_open(t.archive, &t, NULL, take, NULL) != ARCHIVE_OK)
        return damaged(&t, err);
    while ((rc = archive_read_next_header(t.archive, &e)) >= ARCHIVE_WARN && rc != ARCHIVE_EOF)
        if (!unpack(&t, e, err))
            return false;
    return rc == ARCHIVE_EOF || damaged(&t, err);
}

/* Quote for the shell but leave the wildcards alone. */
static void add_pattern(struct strbuf *sb, const char *pattern)
{
    while (*pattern != '\0') {
        size_t plain = strcspn(pattern, "*?[]");
        if (plain > 0)
            strbuf_add_shell_quoted(sb, (str){pattern, plain});
        pattern += plain;
        size_t wild = strspn(pattern, "*?[]");
        strbuf_add(sb, pattern, wild);
        pattern += wild;
    }
}

void tree_tar_command(struct strbuf *sb, const char *src)
{
    size_t fixed = strcspn(src, "*?[");
    bool is_pattern = src[fixed] != '\0';
    size_t len = strlen(src);
    autofree char *path = xstrdup(src);
    while (!is_pattern && len > 1 && path[len - 1] == '/')
        path[--len] = '\0';
    bool contents = !is_pattern && src[len] == '/';
    while (is_pattern && fixed > 0 && src[fixed - 1] != '/')
        fixed--;
    autofree char *parent = is_pattern ? xasprintf("%.*s", (int)fixed, src)
                            : contents ? xstrdup(path)
                                       : io_dirname(path);
    strbuf_adds(sb, "cd ");
    strbuf_add_shell_quoted(sb, str_from(*parent == '\0' ? "." : parent));
    strbuf_adds(sb, " && tar -chf - -- ");
    if (is_pattern)
        add_pattern(sb, src + fixed);
    else
        strbuf_add_shell_quoted(sb, str_from(contents ? "." : io_basename(path)));
}
