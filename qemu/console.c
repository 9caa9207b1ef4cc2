/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>

#include "base/cancel.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/thread.h"

#define LINE_BYTES_MAX 4096
#define LINE_SHOWN_MAX 200

/* Signs, the most telling first.  FATAL ones end a boot by themselves. */
static const struct sign {
    const char *pattern;
    const char *cause;
    const char *hint;
    bool fatal;
    bool always; /* also after the boot */
} signs[] = {
    {"VFS: Unable to mount root fs", "the guest's kernel cannot mount its root file system",
     "Check the kernel's root= argument and that its initramfs has the disk's driver "
     "(disk_interface).",
     true, true},
    {"Kernel panic - not syncing", "the guest's kernel panicked", NULL, true, true},
    {"No bootable device", "the firmware found nothing to boot",
     "The disk has no boot loader for this firmware: set efi_boot when the image boots by UEFI.",
     true, false},
    {"BdsDxe: No bootable option", "the UEFI firmware found nothing to boot",
     "The disk has no EFI system partition: leave efi_boot out when the image boots by BIOS.", true,
     false},
    {"UEFI Interactive Shell", "the guest is in the firmware's shell: nothing else would boot",
     "The disk has no EFI boot loader: leave efi_boot out when the image boots by BIOS.", true,
     false},
    {"grub rescue>", "the boot loader cannot find its files", NULL, true, false},
    {"ALERT!", "the initramfs does not find the root file system",
     "Check the kernel's root= argument and that its initramfs has the disk's driver.", true,
     false},
    {"(initramfs)", "the guest stopped in the shell of its initramfs",
     "Check the kernel's root= argument and the file system.", true, false},
    {"You are in emergency mode", "the guest's system went into emergency mode",
     "A unit or mount of /etc/fstab failed; see the console log.", true, false},
    {"Out of memory: Killed process", "the guest ran out of memory", "Raise `memory`.", false,
     true},
    {"No space left on device", "the guest's disk is full", "Raise `disk_size`.", false, true},
    {"Prompt: '?' for help", "Debian's installer asks a question",
     "Answer it in the preseed file, or see on the console what went wrong.", false, false},
    {"Failed to start OpenBSD Secure Shell", "the guest's SSH server did not start", NULL, false,
     true},
    {"No DHCPOFFERS received", "the guest got no address by DHCP",
     "Its network driver or the name of the interface does not fit: see net_device and the "
     "image's network configuration.",
     false, true},
    {"Failed to raise network interfaces", "the guest's network did not come up",
     "The image's network configuration names another interface.", false, true},
    {"Failed to start Raise network interfaces", "the guest's network did not come up",
     "The image's network configuration names another interface.", false, true},
    {"Failed to start networking.service", "the guest's network did not come up",
     "The image's network configuration names another interface.", false, true},
    {"Failed loading yaml blob", "cloud-init cannot read its user-data", "Check user_data.", false,
     true},
    {"Failed to run module", "a module of cloud-init failed in the guest", "Check user_data.",
     false, true},
    {"Used fallback datasource", "cloud-init found no seed in the guest",
     "The image's cloud-init must allow the NoCloud data source.", false, true},
};

static const char *const booted_marks[] = {
    "login:",
    "Reached target",
    "Welcome to ",
    "Cloud-init v.",
};

static bool contains(str line, const char *pattern)
{
    return str_find(line, str_from(pattern)) >= 0;
}

bool console_line_is_booted(str line)
{
    for (size_t i = 0; i < ARRAY_SIZE(booted_marks); i++)
        if (contains(line, booted_marks[i]))
            return true;
    return false;
}

bool console_line_is_fatal(str line, bool booted)
{
    for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
        if (signs[i].fatal && (signs[i].always || !booted) && contains(line, signs[i].pattern))
            return true;
    return false;
}

/* The guest's bytes for our messages: printable, without escape sequences, short. */
static const char *printable(str line, struct arena *a)
{
    AUTO(strbuf) struct strbuf out = STRBUF_INIT_MAX(LINE_SHOWN_MAX);
    for (size_t i = 0; i < line.len; i++) {
        unsigned char c = (unsigned char)line.ptr[i];
        if (c == 0x1b && i + 1 < line.len && line.ptr[i + 1] == '[') {
            for (i += 2; i < line.len && (unsigned char)line.ptr[i] < 0x40; i++)
                continue;
        } else if (c >= 0x20 && c != 0x7f) {
            strbuf_addc(&out, (char)c);
        }
    }
    str shown = str_trim(strbuf_str(&out));
    return arena_strndup(a, shown.ptr, shown.len);
}

bool console_find_cause(str text, struct arena *a, struct console_finding *out)
{
    const struct sign *best = NULL;
    str best_line = {0};
    bool booted = false;
    for (str rest = text; rest.ptr != NULL;) {
        str line = str_next_line(&rest);
        booted = booted || console_line_is_booted(line);
        for (const struct sign *s = signs; s < signs + ARRAY_SIZE(signs); s++) {
            if ((best != NULL && s >= best) || (booted && !s->always))
                continue;
            if (contains(line, s->pattern)) {
                best = s;
                best_line = line;
            }
        }
    }
    if (best == NULL)
        return false;
    *out = (struct console_finding){.cause = best->cause,
                                    .hint = best->hint,
                                    .line = printable(best_line, a),
                                    .fatal = best->fatal};
    return true;
}

struct console_watch {
    pthread_t thread;
    struct cancel *stop;
    char *path;
    void (*on_fatal)(void *arg);
    void *arg;
    struct strbuf line;
    bool booted;
    bool called;
};

static void judge_line(struct console_watch *w)
{
    str line = strbuf_str(&w->line);
    /* Machines may start again. */
    if (contains(line, "SeaBIOS (version") || contains(line, "Linux version"))
        w->booted = false;
    if (!w->called && console_line_is_fatal(line, w->booted)) {
        w->called = true;
        w->on_fatal(w->arg);
    }
    w->booted = w->booted || console_line_is_booted(line);
}

static void take(struct console_watch *w, str data)
{
    for (size_t i = 0; i < data.len; i++) {
        char c = data.ptr[i];
        if (c == '\n' || c == '\r' || w->line.len >= LINE_BYTES_MAX) {
            judge_line(w);
            strbuf_truncate(&w->line, 0);
        }
        if (c != '\n' && c != '\r')
            strbuf_addc(&w->line, c);
    }
    /* A prompt ends no line. */
    if (w->line.len > 0)
        judge_line(w);
}

static void read_new(struct console_watch *w, int fd)
{
    char chunk[8192];
    ssize_t n;
    while ((n = read(fd, chunk, sizeof(chunk))) > 0)
        take(w, (str){chunk, (size_t)n});
}

static void *watch_run(void *arg)
{
    struct console_watch *w = arg;
    autoclose int fd = open(w->path, O_RDONLY | O_CLOEXEC);
    autoclose int notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (fd < 0 || notify < 0 || inotify_add_watch(notify, w->path, IN_MODIFY) < 0)
        return NULL;
    while (!cancel_test(w->stop)) {
        char events[1024];
        read_new(w, fd);
        struct pollfd p[] = {{.fd = notify, .events = POLLIN},
                             {.fd = cancel_fd(w->stop), .events = POLLIN}};
        if (poll(p, ARRAY_SIZE(p), -1) < 0 && errno != EINTR)
            break;
        while (read(notify, events, sizeof(events)) > 0)
            continue;
    }
    return NULL;
}

struct console_watch *console_watch_start(const char *path, void (*on_fatal)(void *arg), void *arg)
{
    struct console_watch *w = xnew(struct console_watch);
    w->stop = cancel_new(NULL);
    w->path = xstrdup(path);
    w->on_fatal = on_fatal;
    w->arg = arg;
    strbuf_init(&w->line, LINE_BYTES_MAX + 1);
    w->thread = thread_start("console", watch_run, w);
    return w;
}

void console_watch_stop(struct console_watch *w)
{
    if (w == NULL)
        return;
    cancel_trigger(w->stop, CANCEL_USER);
    pthread_join(w->thread, NULL);
    cancel_free(w->stop);
    strbuf_clear(&w->line);
    free(w->path);
    free(w);
}
