/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_MEDIA_IMGTOOL_H
#define IMGFAC_MEDIA_IMGTOOL_H

/* Disk images through qemu-img, called by argument vector.  Sizes are bytes.
 * All calls block, observe CANCEL and remove what they made half. */

#include "base/cancel.h"
#include "base/error.h"

struct arena;

struct img_info {
    const char *format; /* "qcow2", "raw" ... */
    uint64_t virtual_size;
    uint64_t actual_size; /* bytes allocated */
    const char *backing;  /* as written in the image; NULL: none */
    const char *backing_format;
    bool has_data_file; /* qcow2 with external data: refuse from outside */
    bool dirty;
    bool encrypted;
    const char *compression; /* qcow2 compression type, or NULL */
};

/* Inspect without opening backing files.  FORMAT NULL: probe (raw when unknown). */
bool img_info(const char *path, const char *format, struct arena *a, struct img_info *out,
              struct error **err);
bool img_create(const char *path, const char *format, uint64_t size, struct cancel *c,
                struct error **err);
/* Further arguments of qemu-img, put before the file's name. */
struct img_args {
    const char *const *ptr;
    size_t len;
};
/* A new qcow2, or (BACKING, absolute) an overlay; SIZE 0: that of the backing image. */
struct img_new {
    const char *path;
    const char *backing, *backing_format; /* or NULL */
    uint64_t size;
    struct img_args args;
    struct cancel *cancel;
};
bool img_make(const struct img_new *job, struct error **err);
/* qcow2 overlay on the absolute path BACKING; SIZE 0: that of the backing image. */
bool img_create_overlay(const char *path, const char *backing, const char *backing_format,
                        uint64_t size, struct cancel *c, struct error **err);
/* Grow only; shrinking is refused by qemu-img. */
bool img_resize(const char *path, const char *format, uint64_t size, struct cancel *c,
                struct error **err);
bool img_resize_args(const char *path, const char *format, uint64_t size, struct img_args args,
                     struct cancel *c, struct error **err);

/* The overlay PATH shall name BACKING (absolute), which has the very content of
 * the backing file it named before; no data is touched. */
bool img_rebase_unsafe(const char *path, const char *backing, const char *backing_format,
                       struct cancel *c, struct error **err);

struct img_convert {
    const char *src, *src_format;
    const char *dst, *dst_format;
    bool compress; /* qcow2: zstd */
    struct img_args args;
    void (*progress)(void *arg, uint64_t done, uint64_t total); /* percent*100 of 10000 */
    void *arg;
    struct cancel *cancel;
};
/* A standalone copy: backing files are folded in. */
bool img_convert(const struct img_convert *job, struct error **err);
/* Integrity of a qcow2; raw is always fine. */
bool img_check(const char *path, const char *format, struct cancel *c, struct error **err);

#endif
