/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/state.h"

#include "base/io.h"
#include "media/imgtool.h"

#define NEW_DISK_SIZE ((uint64_t)40 << 30) /* Packer's 40960M */

/* qemu_img_args { resize = ["--shrink"] }: the end of the image is given up. */
static bool may_shrink(const struct qemu_config *c)
{
    const struct qemu_img_args *args = c->qemu_img_args;
    for (size_t i = 0; args != NULL && i < args->resize.len; i++)
        if (strcmp(args->resize.ptr[i], "--shrink") == 0)
            return true;
    return false;
}

/* Virtual size of the disk, or false when the template asks for less than the
 * source has. */
static bool choose_size(const struct qemu_state *s, uint64_t *out, struct error **err)
{
    const struct qemu_config *c = s->config;
    bool has_source = c->base != NULL || c->disk_image;
    uint64_t asked = c->skip_resize_disk ? 0 : c->disk_size;
    if (!has_source) {
        *out = c->disk_size != 0 ? c->disk_size : NEW_DISK_SIZE;
        return true;
    }
    *out = asked != 0 ? asked : s->source_size;
    if (*out >= s->source_size || may_shrink(c))
        return true;
    error_set(err, ERR_TEMPLATE, 0,
              "the disk_size of %llu MiB is less than the %llu MiB of the image to start from",
              (unsigned long long)(*out >> 20), (unsigned long long)(s->source_size >> 20));
    error_option(err, "disk_size");
    return error_hint(err, "A disk can only grow: leave disk_size out or make it larger.");
}

/* Only the room that is certainly needed can be checked, as overlays grow: the
 * finished image is hardly smaller than what it was made from. */
static bool check_space(struct build *b, struct error **err)
{
    enum { LEAST_MIB = 256 };
    const struct qemu_state *s = qemu_state(b);
    bool has_source = s->config->base != NULL || s->config->disk_image;
    uint64_t room, source = 0;
    if (!io_free_space(b->work_dir, &room, err) ||
        (has_source && !io_file_size(s->source_path, NULL, &source, err)))
        return false;
    uint64_t wanted = (source >> 20) + LEAST_MIB;
    if (room >> 20 >= wanted)
        return true;
    error_set(err, ERR_NO_SPACE, 0,
              "the build needs at least %llu MiB, only %llu MiB are free in '%s'",
              (unsigned long long)wanted, (unsigned long long)(room >> 20), b->work_dir);
    return error_hint(err, "Make room, or put the store on a larger disk (store.path).");
}

static struct img_args img_args(const struct opt_strings *list)
{
    return (struct img_args){list->ptr, list->len};
}

static struct img_args create_args(const struct qemu_config *c)
{
    return c->qemu_img_args != NULL ? img_args(&c->qemu_img_args->create) : (struct img_args){0};
}

static bool make_more_disks(struct build *b, struct error **err)
{
    struct qemu_state *s = qemu_state(b);
    const struct opt_strings *sizes = &s->config->disk_additional_size;
    s->more_disks.ptr = arena_new_array(b->arena, const char *, sizes->len);
    for (size_t i = 0; i < sizes->len; i++) {
        uint64_t bytes = 0;
        const char *path = arena_fmt(b->arena, "%s/disk-%zu.qcow2", b->work_dir, i + 1);
        if (!str_to_size(str_from(sizes->ptr[i]), 1 << 20, &bytes))
            return error_set(err, ERR_TEMPLATE, 0, "disk_additional_size: '%s' is no size",
                             sizes->ptr[i]) ||
                   error_option(err, "disk_additional_size");
        struct img_new disk = {
            .path = path, .size = bytes, .args = create_args(s->config), .cancel = b->cancel};
        if (s->remote == NULL && !img_make(&disk, err))
            return false;
        s->more_disks.ptr[s->more_disks.len++] = path;
    }
    return true;
}

/* With resize arguments qemu-img resizes, as it does under Packer; without, the
 * overlay has its size from the start. */
static bool make_disk(struct build *b, const char *path, uint64_t size, struct error **err)
{
    const struct qemu_state *s = qemu_state(b);
    const struct qemu_config *c = s->config;
    bool has_source = c->base != NULL || c->disk_image;
    bool resizes = has_source && c->qemu_img_args != NULL && c->qemu_img_args->resize.len > 0;
    struct img_new disk = {.path = path,
                           .backing = has_source ? s->source_path : NULL,
                           .backing_format = s->source_format,
                           .size = resizes ? 0 : size,
                           .args = create_args(c),
                           .cancel = b->cancel};
    return img_make(&disk, err) &&
           (!resizes || img_resize_args(path, "qcow2", size, img_args(&c->qemu_img_args->resize),
                                        b->cancel, err));
}

static bool run(struct step *step, struct build *b, struct error **err)
{
    (void)step;
    struct qemu_state *s = qemu_state(b);
    const struct qemu_config *c = s->config;
    const char *path = arena_fmt(b->arena, "%s/disk.qcow2", b->work_dir);
    bool has_source = c->base != NULL || c->disk_image;
    uint64_t size;
    if (!choose_size(s, &size, err) || !check_space(b, err))
        return false;
    /* On another host libvirt makes it; the path is where it will be fetched to. */
    if (s->remote == NULL && !make_disk(b, path, size, err))
        return false;
    b->image.path = path;
    b->image.format = "qcow2";
    b->image.virtual_size = size;
    b->image.backing = has_source ? s->source_path : NULL;
    b->image.arch = s->arch;
    b->image.final_format = qemu_format_name(c);
    b->image.compress = c->disk_compression;
    b->image.convert_args = c->qemu_img_args != NULL ? &c->qemu_img_args->convert : NULL;
    b->image.skip_compaction = c->skip_compaction;
    return make_more_disks(b, err);
}

struct step qemu_step_disk(struct build *b)
{
    (void)b;
    return (struct step){.name = "disk", .run = run};
}
