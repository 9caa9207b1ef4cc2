/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/state.h"

#include <fcntl.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "media/imgtool.h"
#include "plug/communicator.h"
#include "qemu/console.h"
#include "qemu/guest.h"

#define DEFAULT_TIMEOUT_NS (5 * 60 * NS_PER_S)

static int64_t timeout_of(const struct qemu_state *s)
{
    int64_t t = s->config->shutdown_timeout_ns;
    return !s->kvm && t == DEFAULT_TIMEOUT_NS ? t * QEMU_TCG_FACTOR : t;
}

static void on_line(void *arg, bool is_stderr, str line)
{
    build_output(arg, is_stderr, line);
}

/* The status means nothing: the connection breaks while the guest goes down. */
static bool run_command(struct build *b, struct error **err)
{
    const struct qemu_state *s = qemu_state(b);
    int status = 0;
    struct comm_command cmd = {.command = s->config->shutdown_command,
                               .on_line = on_line,
                               .arg = b,
                               .timeout_ns = timeout_of(s)};
    build_sayf(b, "Gracefully halting virtual machine...");
    bool ok = comm_run(b->comm, &cmd, b->cancel, &status, err);
    if (!ok && error_is(*err, ERR_DISCONNECT)) {
        error_drop(err);
        ok = true;
    }
    if (ok)
        return true;
    error_option(err, "shutdown_command");
    return error_wrap(err, "cannot run shutdown_command");
}

static bool ask_to_stop(struct build *b, struct error **err)
{
    struct qemu_state *s = qemu_state(b);
    guest_expect_off(s->guest);
    if (s->config->comm.type == COMM_NONE && s->config->shutdown_command == NULL) {
        build_sayf(b, "Waiting for shutdown...");
        return true;
    }
    if (s->config->shutdown_command != NULL && b->comm != NULL) {
        bool ok = run_command(b, err);
        comm_close(steal(&b->comm));
        return ok;
    }
    comm_close(steal(&b->comm));
    build_sayf(b, "Shutting the virtual machine down");
    return guest_press_power(s->guest, err);
}

static bool explain_timeout(const struct qemu_state *s, struct error **err)
{
    if (!error_is(*err, ERR_TIMEOUT))
        return false;
    error_option(err, "shutdown_command shutdown_timeout");
    if (s->config->shutdown_command == NULL)
        return error_hint(err, "The guest does not obey its power button: set shutdown_command, "
                               "or raise shutdown_timeout.");
    return error_hint(err, "Check that shutdown_command powers the machine off, or raise "
                           "shutdown_timeout.");
}

/* A machine that was to boot by UEFI and did by SeaBIOS made another image than
 * the template asked for; SeaBIOS says its name on the serial port. */
static bool check_firmware(const struct build *b, struct error **err)
{
    enum { BEGINNING = 64 << 10 };
    const struct qemu_state *s = qemu_state(b);
    autoclose int fd =
        s->efi && b->console_log != NULL ? open(b->console_log, O_RDONLY | O_CLOEXEC) : -1;
    autofree char *text = xmalloc(BEGINNING);
    ssize_t n = fd >= 0 ? read(fd, text, BEGINNING) : 0;
    if (n <= 0 || memmem(text, (size_t)n, "SeaBIOS (version", 16) == NULL)
        return true;
    error_set(err, ERR_GUEST, 0, "UEFI was asked for, but the guest was booted by its BIOS");
    return error_hint(err, "Do qemuargs replace the firmware?  See imgfac inspect -domain-xml.");
}

static bool shutdown_run(struct step *step, struct build *b, struct error **err)
{
    (void)step;
    struct qemu_state *s = qemu_state(b);
    if (!check_firmware(b, err) || !ask_to_stop(b, err))
        return false;
    if (!guest_wait_off(s->guest, timeout_of(s), b->cancel, err))
        return explain_timeout(s, err);
    s->was_off = true;
    console_watch_stop(steal(&s->watch));
    return true;
}

struct step qemu_step_shutdown(struct build *b)
{
    (void)b;
    return (struct step){
        .name = "shutdown", .title = "Waiting for the machine to shut down", .run = shutdown_run};
}

static bool collect_disk(struct build *b, const char *src, size_t number, struct error **err)
{
    const struct qemu_config *c = qemu_state(b)->config;
    const char *name =
        c->vm_name != NULL ? c->vm_name : arena_fmt(b->arena, "packer-%s", b->source_name);
    struct img_convert job = {
        .src = src,
        .src_format = "qcow2",
        .dst = arena_fmt(b->arena, "%s/%s-%zu", b->output_dir, name, number),
        .dst_format = qemu_format_name(c),
        .compress = c->disk_compression,
        .cancel = b->cancel,
    };
    if (c->qemu_img_args != NULL)
        job.args = (struct img_args){c->qemu_img_args->convert.ptr, c->qemu_img_args->convert.len};
    return img_convert(&job, err);
}

/* What goes beside the image: further disks and the variable store. */
static bool collect_run(struct step *step, struct build *b, struct error **err)
{
    (void)step;
    const struct qemu_state *s = qemu_state(b);
    if (s->efi && !s->config->efi_drop_efivars)
        b->image.efivars = s->vars_path;
    if (b->output_dir == NULL) {
        if (s->more_disks.len > 0)
            build_warnf(b, "The catalog keeps the first disk only: set output_directory for "
                           "disk_additional_size");
        return true;
    }
    if (!io_mkdir_p(b->output_dir, 0755, err))
        return false;
    for (size_t i = 0; i < s->more_disks.len; i++)
        if (!collect_disk(b, s->more_disks.ptr[i], i + 1, err))
            return false;
    if (b->image.efivars == NULL)
        return true;
    const char *dst = arena_fmt(b->arena, "%s/efivars.fd", b->output_dir);
    return io_copy_sparse(b->image.efivars, dst, b->cancel, NULL, NULL, err);
}

struct step qemu_step_collect(struct build *b)
{
    (void)b;
    return (struct step){.name = "collect", .run = collect_run};
}
