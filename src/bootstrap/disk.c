/* SPDX-License-Identifier: Apache-2.0 */
#include "bootstrap/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "base/io.h"
#include "bootstrap/biosgrub.h"
#include "bootstrap/contents.h"
#include "bootstrap/userns.h"

#define TOOL_TIME  (10 * 60 * NS_PER_S)
#define CORE_MAX   ((size_t)4 << 20)
#define GRUB_DIR   "boot/grub/i386-pc"
#define SHIM_DIR   "usr/lib/shim/"
#define SIGNED_DIR "usr/lib/grub/x86_64-efi-signed/"

static bool write_at(int fd, const char *path, const void *data, size_t len, uint64_t offset,
                     struct error **err)
{
    if (lseek(fd, (off_t)offset, SEEK_SET) >= 0 && io_write_all(fd, data, len))
        return true;
    return error_set(err, errno == ENOSPC ? ERR_NO_SPACE : ERR_IO, errno, "cannot write '%s'",
                     path);
}

static int open_disk(const struct disk_job *job, int flags, struct error **err)
{
    int fd = open(job->path, flags | O_RDWR | O_CLOEXEC, 0644);

    if (fd < 0)
        error_set(err, ERR_IO, errno, "cannot open the disk '%s'", job->path);
    return fd;
}

bool disk_create(const struct disk_job *job, struct error **err)
{
    uint8_t head[GPT_HEAD_SIZE], tail[GPT_TAIL_SIZE];
    uint64_t size = job->layout->disk_sectors * SECTOR_SIZE;
    autoclose int fd = open_disk(job, O_CREAT | O_EXCL, err);

    if (fd < 0)
        return false;
    if (ftruncate(fd, (off_t)size) < 0)
        return error_set(err, ERR_IO, errno, "cannot make the disk '%s'", job->path);
    layout_render_gpt(job->layout, job->ids, head, tail);
    return write_at(fd, job->path, head, sizeof(head), 0, err) &&
           write_at(fd, job->path, tail, sizeof(tail), size - sizeof(tail), err);
}

static bool run(const struct disk_job *job, const struct words *argv, bool in_userns,
                const char *what, struct error **err)
{
    static const char *const env[] = {"MTOOLS_SKIP_CHECK=1", "MTOOLSRC=/dev/null", "LC_ALL=C",
                                      NULL};
    struct proc_spec spec = {
        .argv = argv->ptr,
        .set_env = env,
        .on_line = job->on_line,
        .arg = job->arg,
        .cancel = job->cancel,
        .timeout_ns = TOOL_TIME,
        .what = what,
    };

    return in_userns ? userns_run(job->arena, argv, spec, err) : proc_run(&spec, NULL, err);
}

static struct words words_of(struct arena *a, const char *const *list, size_t len)
{
    struct words w = {0};

    for (size_t i = 0; i < len; i++)
        words_push(a, &w, list[i]);
    words_push(a, &w, NULL);
    return w;
}

#define RUN(job, in_userns, what, err, ...)                                                        \
    ({                                                                                             \
        const char *const list_[] = {__VA_ARGS__};                                                 \
        struct words argv_ = words_of((job)->arena, list_, ARRAY_SIZE(list_));                     \
        run((job), &argv_, (in_userns), (what), (err));                                            \
    })

/* mformat leaves bytes in the boot sector where a disk has its partition
 * table; GRUB's tools then see partitions inside the partition and say so.
 * FAT32 keeps a copy of the boot sector in sector 6. */
static bool wipe_fat_table(const struct disk_job *job, struct error **err)
{
    static const uint8_t zeros[64];
    uint64_t table = layout_offset(job->layout, LAYOUT_ESP) + 446;
    autoclose int fd = open_disk(job, 0, err);

    return fd >= 0 && write_at(fd, job->path, zeros, sizeof(zeros), table, err) &&
           write_at(fd, job->path, zeros, sizeof(zeros), table + (uint64_t)6 * SECTOR_SIZE, err);
}

static bool format_esp(const struct disk_job *job, const char *image, struct error **err)
{
    struct arena *a = job->arena;
    uint64_t sectors = layout_size(job->layout, LAYOUT_ESP) / SECTOR_SIZE;
    const char *total = arena_fmt(a, "%llu", (unsigned long long)sectors);
    const char *hidden =
        arena_fmt(a, "%llu", (unsigned long long)job->layout->parts[LAYOUT_ESP].first);
    const char *serial = arena_fmt(a, "%08X", (unsigned)job->ids->esp_serial);

    return RUN(job, false, "format the EFI system partition", err, "mformat", "-i", image, "-F",
               "-c", "1", "-T", total, "-h", "255", "-s", "63", "-H", hidden, "-N", serial, "-v",
               "EFI", "::") &&
           wipe_fat_table(job, err);
}

/* SRC is read through the tree, whose links must not lead to files of the host. */
static bool copy_to_esp(const struct disk_job *job, const char *image, const char *src,
                        const char *dst, struct error **err)
{
    AUTO(strbuf) struct strbuf data = STRBUF_INIT;

    const char *file = arena_fmt(job->arena, "%s.file", job->path);

    if (!rootfs_read(job->tree, src, CORE_MAX * 4, &data, err) ||
        !io_write_file(file, strbuf_str(&data), 0644, err))
        return false;
    bool ok = RUN(job, false, "write to the EFI system partition", err, "mcopy", "-o", "-i", image,
                  file, dst);
    unlink(file);
    return ok;
}

bool disk_write_esp(const struct disk_job *job, struct error **err)
{
    static const struct {
        const char *src, *dst;
    } files[] = {
        {SHIM_DIR "shimx64.efi.signed", "::EFI/BOOT/BOOTX64.EFI"},
        {SHIM_DIR "mmx64.efi.signed", "::EFI/BOOT/mmx64.efi"},
        {SIGNED_DIR "grubx64.efi.signed", "::EFI/BOOT/grubx64.efi"},
        {SHIM_DIR "shimx64.efi.signed", "::EFI/debian/shimx64.efi"},
        {SHIM_DIR "mmx64.efi.signed", "::EFI/debian/mmx64.efi"},
        {SIGNED_DIR "grubx64.efi.signed", "::EFI/debian/grubx64.efi"},
        {"boot/grub/efi-stub.cfg", "::EFI/BOOT/grub.cfg"},
        {"boot/grub/efi-stub.cfg", "::EFI/debian/grub.cfg"},
    };
    AUTO(strbuf) struct strbuf stub = STRBUF_INIT;
    const char *image = arena_fmt(job->arena, "%s@@%llu", job->path,
                                  (unsigned long long)layout_offset(job->layout, LAYOUT_ESP));

    contents_render_grub_stub(&stub, job->ids, true);
    if (!rootfs_write(job->tree, "boot/grub/efi-stub.cfg", strbuf_str(&stub), 0644, err) ||
        !format_esp(job, image, err) ||
        !RUN(job, false, "make the folders of the EFI system partition", err, "mmd", "-i", image,
             "::EFI", "::EFI/BOOT", "::EFI/debian"))
        return false;
    /* No fbx64.efi in BOOT: shim would start it in place of GRUB, and it resets
     * the machine after having made a boot entry. */
    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        if (!copy_to_esp(job, image, files[i].src, files[i].dst, err))
            return false;
    return rootfs_unlink(job->tree, "boot/grub/efi-stub.cfg", err);
}

/* By the tree's own GRUB: modules and core image are of one version. */
static bool make_core(const struct disk_job *job, struct strbuf *core, struct error **err)
{
    AUTO(strbuf) struct strbuf stub = STRBUF_INIT;

    contents_render_grub_stub(&stub, job->ids, false);
    return rootfs_write(job->tree, GRUB_DIR "/load.cfg", strbuf_str(&stub), 0644, err) &&
           RUN(job, true, "make GRUB's core image", err, "chroot", job->tree->path,
               "/usr/bin/grub-mkimage", "-O", "i386-pc", "-o", "/" GRUB_DIR "/core.img", "-c",
               "/" GRUB_DIR "/load.cfg", "-p", "/boot/grub", "biosdisk", "part_gpt", "ext2",
               "search_fs_uuid", "normal") &&
           rootfs_read(job->tree, GRUB_DIR "/core.img", CORE_MAX, core, err);
}

bool disk_write_biosgrub(const struct disk_job *job, struct error **err)
{
    AUTO(strbuf) struct strbuf core = STRBUF_INIT, boot = STRBUF_INIT;
    uint64_t first = job->layout->parts[LAYOUT_BIOS].first;
    uint8_t sector0[SECTOR_SIZE];
    autoclose int fd = open_disk(job, 0, err);

    if (fd < 0 || !make_core(job, &core, err) ||
        !rootfs_read(job->tree, "usr/lib/grub/i386-pc/boot.img", CORE_MAX, &boot, err))
        return false;
    if (pread(fd, sector0, sizeof(sector0), 0) != (ssize_t)sizeof(sector0))
        return error_set(err, ERR_IO, errno, "cannot read '%s'", job->path);
    return biosgrub_patch_core(&core, first, layout_size(job->layout, LAYOUT_BIOS) / SECTOR_SIZE,
                               err) &&
           biosgrub_patch_boot(strbuf_str(&boot), first, sector0, err) &&
           write_at(fd, job->path, core.buf, core.len, first * SECTOR_SIZE, err) &&
           write_at(fd, job->path, sector0, sizeof(sector0), 0, err);
}

bool disk_write_root(const struct disk_job *job, struct error **err)
{
    struct arena *a = job->arena;
    const char *extended =
        arena_fmt(a, "offset=%llu,lazy_itable_init=1,lazy_journal_init=1,nodiscard",
                  (unsigned long long)layout_offset(job->layout, LAYOUT_ROOT));
    const char *size =
        arena_fmt(a, "%lluk", (unsigned long long)(layout_size(job->layout, LAYOUT_ROOT) / 1024));

    return RUN(job, true, "make the root file system", err, "mke2fs", "-q", "-F", "-t", "ext4",
               "-L", "root", "-U", job->ids->root_fs, "-d", job->tree->path, "-E", extended,
               job->path, size);
}
