/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cancel.h"
#include "base/io_error.h"
#include "base/mem.h"

#define COPY_CHUNK  ((size_t)4 << 20) /* between two looks at the token */
#define ZERO_BLOCK  ((size_t)4096)
#define BUFFER_SIZE ((size_t)256 * 1024)

struct copy {
    const char *src, *dst;
    int in, out;
    uint64_t size;
    bool by_hand; /* copy_file_range(2) does not work between the two */
    char *buffer;
    struct cancel *cancel;
    void (*progress)(void *arg, uint64_t done, uint64_t total);
    void *arg;
};

static bool is_zero(const char *p, size_t len)
{
    return p[0] == 0 && memcmp(p, p + 1, len - 1) == 0;
}

/* Blocks of zeros are passed over: the file was made of one hole. */
static bool write_blocks(const struct copy *cp, size_t len, off_t at)
{
    for (size_t done = 0; done < len;) {
        const char *block = cp->buffer + done;
        size_t n = MIN(ZERO_BLOCK, len - done);
        ssize_t put = is_zero(block, n) ? (ssize_t)n : pwrite(cp->out, block, n, at + (off_t)done);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        done += (size_t)put;
    }
    return true;
}

/* Bytes copied, 0 at the end of the source, or -1 with errno. */
static ssize_t copy_by_hand(struct copy *cp, off_t at, size_t len)
{
    ssize_t n;

    if (cp->buffer == NULL)
        cp->buffer = xmalloc(BUFFER_SIZE);
    do
        n = pread(cp->in, cp->buffer, MIN(len, BUFFER_SIZE), at);
    while (n < 0 && errno == EINTR);
    if (n > 0 && !write_blocks(cp, (size_t)n, at))
        return -1;
    return n;
}

static ssize_t copy_some(struct copy *cp, off_t at, size_t len)
{
    off_t from = at, to = at;
    ssize_t n;

    if (fault("io.copy")) {
        errno = ENOSPC;
        return -1;
    }
    if (cp->by_hand)
        return copy_by_hand(cp, at, len);
    n = copy_file_range(cp->in, &from, cp->out, &to, len, 0);
    if (n > 0 || (n < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EIO)))
        return n;
    /* Two file systems, or one that cannot; 0 is what /proc and FUSE may say. */
    cp->by_hand = true;
    return copy_by_hand(cp, at, len);
}

static bool copy_extent(struct copy *cp, off_t start, off_t end, struct error **err)
{
    for (off_t at = start; at < end;) {
        ssize_t n;

        if (cancel_test(cp->cancel))
            return cancel_error(cp->cancel, err, "copying a file");
        n = copy_some(cp, at, MIN(COPY_CHUNK, (size_t)(end - at)));
        if (n < 0)
            return io_error(err, errno, "cannot copy '%s' to '%s'", cp->src, cp->dst);
        if (n == 0)
            return error_set(err, ERR_IO, 0, "'%s' became shorter while it was copied", cp->src);
        at += n;
        if (cp->progress != NULL)
            cp->progress(cp->arg, (uint64_t)at, cp->size);
    }
    return true;
}

static bool copy_data(struct copy *cp, struct error **err)
{
    off_t end = (off_t)cp->size, hole = 0;

    if (ftruncate(cp->out, end) < 0)
        return io_error(err, errno, "cannot make '%s' large enough", cp->dst);
    while (hole < end) {
        off_t data = lseek(cp->in, hole, SEEK_DATA);

        if (data < 0 && errno == ENXIO) /* only a hole is left */
            break;
        if (data < 0) /* the file system knows no holes */
            return copy_extent(cp, hole, end, err);
        hole = lseek(cp->in, data, SEEK_HOLE);
        if (hole < 0)
            return io_error(err, errno, "cannot read '%s'", cp->src);
        hole = MIN(hole, end);
        if (!copy_extent(cp, data, hole, err))
            return false;
    }
    if (cp->progress != NULL)
        cp->progress(cp->arg, cp->size, cp->size);
    return true;
}

bool io_copy_sparse(const char *src, const char *dst, struct cancel *c,
                    void (*progress)(void *arg, uint64_t done, uint64_t total), void *arg,
                    struct error **err)
{
    autoclose int in = open(src, O_RDONLY | O_CLOEXEC), out = -1;
    struct copy cp = {.src = src, .dst = dst, .in = in, .cancel = c, .arg = arg};
    struct stat st;
    bool ok;

    cp.progress = progress;
    if (in < 0)
        return io_error(err, errno, "cannot open '%s'", src);
    if (fstat(in, &st) < 0 || !S_ISREG(st.st_mode))
        return error_set(err, ERR_IO, 0, "'%s' is not a regular file", src);
    out = open(dst, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, st.st_mode & 0777);
    if (out < 0)
        return io_error(err, errno, "cannot create '%s'", dst);
    cp.out = out;
    cp.size = (uint64_t)st.st_size;
    ok = copy_data(&cp, err);
    free(cp.buffer);
    if (!ok)
        unlink(dst);
    return ok;
}
