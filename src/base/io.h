/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BASE_IO_H
#define IMGFAC_BASE_IO_H

/* Files: whole-file reads with a limit, whole-file writes that are never seen
 * half done (temporary name, fsync, rename, fsync of the directory), trees,
 * sparse copies.  All paths are borrowed; returned strings are heap.  Every
 * failure names the path.  ENOSPC becomes ERR_NO_SPACE, ENOENT ERR_NOT_FOUND. */

#include <sys/types.h>

#include "base/error.h"
#include "base/strbuf.h"

struct cancel;

/* Append the file to OUT; larger than MAX bytes is an error. */
bool io_read_file(const char *path, size_t max, struct strbuf *out, struct error **err);
/* Append at most the last MAX bytes of the file to OUT. */
bool io_read_tail(const char *path, size_t max, struct strbuf *out, struct error **err);
bool io_write_file(const char *path, str data, mode_t mode, struct error **err);
bool io_mkdir_p(const char *path, mode_t mode, struct error **err);
/* Remove a file or a whole tree, not following links; absent is success. */
bool io_remove_tree(const char *path, struct error **err);
bool io_exists(const char *path);
bool io_is_dir(const char *path);
/* Size in bytes, and bytes really allocated (either may be NULL). */
bool io_file_size(const char *path, uint64_t *size, uint64_t *allocated, struct error **err);
/* Free bytes for this user on the file system of PATH (or its nearest
 * existing parent). */
bool io_free_space(const char *path, uint64_t *bytes, struct error **err);
/* Copy keeping holes (SEEK_DATA, copy_file_range); DST must not exist.
 * PROGRESS (may be NULL) is called with bytes done of total. */
bool io_copy_sparse(const char *src, const char *dst, struct cancel *c,
                    void (*progress)(void *arg, uint64_t done, uint64_t total), void *arg,
                    struct error **err);
/* fsync the file, rename it over DST, fsync the directory. */
bool io_commit_rename(const char *tmp, const char *dst, struct error **err);
/* Make a fresh directory DIR/PREFIXxxxxxx, mode 0700; heap path or NULL. */
char *io_make_temp_dir(const char *dir, const char *prefix, struct error **err);
/* $TMPDIR or /var/tmp: images are too large for a tmpfs /tmp; borrowed. */
const char *io_temp_root(void) ATTR_RETURNS_NONNULL;

/* "a/b" joined; heap.  NAME may be absolute: then it is returned alone. */
char *io_path_join(const char *dir, const char *name) ATTR_RETURNS_NONNULL;
/* Part after the last slash; borrowed. */
const char *io_basename(const char *path) ATTR_RETURNS_NONNULL;
char *io_dirname(const char *path) ATTR_RETURNS_NONNULL;
/* Absolute path against the current directory, no links resolved; heap. */
char *io_absolute(const char *path) ATTR_RETURNS_NONNULL;
/* Path of the executable NAME in $PATH (then /usr/sbin:/sbin), heap, or NULL. */
char *io_find_program(const char *name);
/* Write everything, retrying EINTR; false sets errno. */
bool io_write_all(int fd, const void *data, size_t len);

#endif
