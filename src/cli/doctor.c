/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/doctor.h"

#include <glob.h>
#include <guestfs.h>
#include <libvirt/libvirt.h>
#include <pwd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/lazylib.h"
#include "base/proc.h"
#include "base/vec.h"
#include "host/host.h"
#include "qemu/conn.h"
#include "qemu/firmware.h"

#define GIB             ((uint64_t)1 << 30)
#define VERSION_WAIT_NS (10 * NS_PER_S)
#define FULL_CURE       "Run libguestfs-test-tool to see why."

void doctor_add(struct doctor *d, const char *name, enum doctor_verdict verdict, const char *found,
                const char *cure)
{
    struct doctor_line line = {name, verdict, found, verdict == DOCTOR_OK ? NULL : cure};
    doctor_lines_push(d->arena, &d->lines, line);
}

static void add_error(struct doctor *d, const char *name, enum doctor_verdict verdict,
                      struct error *e, const char *cure)
{
    autofree char *line = error_line(e);
    const char *hint = error_first_hint(e);
    doctor_add(d, name, verdict, arena_strdup(d->arena, line),
               hint != NULL ? arena_strdup(d->arena, hint) : cure);
    error_free(e);
}

static void check_kvm(struct doctor *d)
{
    const struct host_kvm *kvm = host_kvm();
    const char *found = kvm->usable ? arena_fmt(d->arena, "runs code (1000000 steps in %.1f ms)",
                                                (double)kvm->loop_ns / (double)NS_PER_MS)
                                    : arena_fmt(d->arena, "not used: %s", kvm->reason);
    doctor_add(d, "kvm", kvm->usable ? DOCTOR_OK : DOCTOR_WARN, found, kvm->cure);
}

static void check_libvirt(struct doctor *d)
{
    struct error *err = NULL;
    if (geteuid() == 0 && getpwnam("libvirt-qemu") == NULL) {
        doctor_add(
            d, "libvirt", DOCTOR_FAIL, "its QEMU driver wants the account libvirt-qemu",
            "useradd --system --user-group --no-create-home --shell /usr/sbin/nologin libvirt-qemu");
        return;
    }
    const char *run_dir = arena_fmt(d->arena, "%s/run", d->store);
    struct conn *c = conn_open("auto", run_dir, NULL, &err);
    if (c == NULL) {
        add_error(d, "libvirt", DOCTOR_FAIL, err, "Install libvirt-daemon-driver-qemu.");
        return;
    }
    unsigned long v = 0;
    virConnectGetLibVersion(conn_handle(c), &v);
    doctor_add(d, "libvirt", DOCTOR_OK,
               arena_fmt(d->arena, "%lu.%lu.%lu, %s", v / 1000000, v / 1000 % 1000, v % 1000,
                         conn_root(c) != NULL ? "QEMU driver inside imgfac" : conn_uri(c)),
               NULL);
    conn_close(c);
}

/* First line that TOOL --version prints. */
static void check_tool(struct doctor *d, const char *name, const char *tool, const char *option,
                       enum doctor_verdict when_missing, const char *what_for)
{
    AUTO(strbuf) struct strbuf out = STRBUF_INIT_MAX(4096);
    struct error *err = NULL;
    int status;
    const char *const argv[] = {tool, option, NULL};
    struct proc_spec spec = {.argv = argv,
                             .out = &out,
                             .err_out = &out,
                             .any_status = true,
                             .cancel = d->cancel,
                             .timeout_ns = VERSION_WAIT_NS,
                             .what = tool};
    autofree char *path = io_find_program(tool);
    if (path == NULL) {
        const char *package = proc_package_of(tool);
        doctor_add(d, name, when_missing, arena_fmt(d->arena, "%s is missing: %s", tool, what_for),
                   arena_fmt(d->arena, "apt-get install %s", package != NULL ? package : tool));
        return;
    }
    if (!proc_run(&spec, &status, &err)) {
        add_error(d, name, when_missing, err, NULL);
        return;
    }
    str rest = strbuf_str(&out);
    str line = str_trim(str_next_line(&rest));
    doctor_add(d, name, DOCTOR_OK,
               line.len > 0 ? str_dup(d->arena, line) : arena_strdup(d->arena, path), NULL);
}

static void check_tools(struct doctor *d)
{
    check_tool(d, "qemu", "qemu-system-x86_64", "--version", DOCTOR_FAIL, "no guest can run");
    check_tool(d, "qemu-img", "qemu-img", "--version", DOCTOR_FAIL, "no disk can be made");
    check_tool(d, "mmdebstrap", "mmdebstrap", "--version", DOCTOR_WARN,
               "the builder debootstrap needs it");
    check_tool(d, "mke2fs", "mke2fs", "-V", DOCTOR_WARN, "the builder debootstrap needs it");
    check_tool(d, "mtools", "mtools", "--version", DOCTOR_WARN,
               "the builder debootstrap and floppies need it");
}

static void check_firmware(struct doctor *d)
{
    struct error *err = NULL;
    struct firmware f;
    if (firmware_find_uefi("x86_64", "q35", false, d->arena, &f, &err))
        doctor_add(d, "uefi", DOCTOR_OK, f.code, NULL);
    else
        add_error(d, "uefi", DOCTOR_WARN, err, "apt-get install ovmf");
}

/* A kernel that this user can read, for libguestfs to boot. */
static bool find_kernel(struct doctor *d, const char **readable, const char **hidden)
{
    glob_t found = {0};
    *readable = *hidden = NULL;
    if (glob("/boot/vmlinuz-*", 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            *(access(found.gl_pathv[i], R_OK) == 0 ? readable : hidden) =
                arena_strdup(d->arena, found.gl_pathv[i]);
    globfree(&found);
    return *readable != NULL;
}

static guestfs_h *new_handle(void)
{
    guestfs_h *g = guestfs_create();
    if (g == NULL)
        return NULL;
    guestfs_set_error_handler(g, NULL, NULL);
    guestfs_set_backend(g, "direct");
    if (!host_kvm()->usable)
        guestfs_set_backend_setting(g, "force_tcg", "1");
    return g;
}

static void launch_appliance(struct doctor *d, guestfs_h *g)
{
    int64_t start = clock_now();
    if (guestfs_add_drive_scratch(g, 1 << 20, -1) == 0 && guestfs_launch(g) == 0 &&
        guestfs_shutdown(g) == 0)
        doctor_add(d, "appliance", DOCTOR_OK,
                   arena_fmt(d->arena, "started and stopped in %.1f s",
                             (double)(clock_now() - start) / (double)NS_PER_S),
                   NULL);
    else
        doctor_add(d, "appliance", DOCTOR_FAIL,
                   arena_fmt(d->arena, "does not start: %s", guestfs_last_error(g)), FULL_CURE);
}

static void check_guestfs(struct doctor *d)
{
    const char *kernel, *hidden;
    guestfs_h *g = new_handle();
    if (g == NULL) {
        doctor_add(d, "libguestfs", DOCTOR_FAIL, "cannot be used",
                   "apt-get install libguestfs-tools");
        return;
    }
    autofree char *supermin = io_find_program("supermin");
    if (!find_kernel(d, &kernel, &hidden))
        doctor_add(d, "libguestfs", DOCTOR_FAIL,
                   hidden != NULL ? arena_fmt(d->arena, "may not read %s", hidden)
                                  : "there is no kernel in /boot to boot its appliance",
                   hidden != NULL
                       ? arena_fmt(d->arena, "chmod 0644 %s (or dpkg-statoverride)", hidden)
                       : "apt-get install linux-image-cloud-amd64");
    else if (supermin == NULL)
        doctor_add(d, "libguestfs", DOCTOR_FAIL, "supermin is missing", "apt-get install supermin");
    else {
        struct guestfs_version *v = guestfs_version(g);
        doctor_add(d, "libguestfs", DOCTOR_OK,
                   arena_fmt(d->arena, "%lld.%lld.%lld, direct backend, %s", (long long)v->major,
                             (long long)v->minor, (long long)v->release, kernel),
                   NULL);
        guestfs_free_version(v);
        if (d->full)
            launch_appliance(d, g);
    }
    guestfs_close(g);
}

static void check_store(struct doctor *d)
{
    struct error *err = NULL;
    uint64_t room;
    if (!io_free_space(d->store, &room, &err)) {
        add_error(d, "store", DOCTOR_FAIL, err, NULL);
        return;
    }
    const char *found =
        arena_fmt(d->arena, "%s: %.1f GiB free", d->store, (double)room / (double)GIB);
    doctor_add(d, "store",
               room < 2 * GIB    ? DOCTOR_FAIL
               : room < 10 * GIB ? DOCTOR_WARN
                                 : DOCTOR_OK,
               found, "Make room, or set store.path in the configuration to a larger disk.");
}

static void check_memory(struct doctor *d)
{
    uint64_t room = host_memory_available_bytes();
    const char *found =
        arena_fmt(d->arena, "%.1f of %.1f GiB available, %u processors", (double)room / (double)GIB,
                  (double)host_memory_bytes() / (double)GIB, host_cpus());
    doctor_add(
        d, "memory",
        room < GIB       ? DOCTOR_FAIL
        : room < 2 * GIB ? DOCTOR_WARN
                         : DOCTOR_OK,
        found,
        "A guest has 1 GiB, sealing needs about as much: end other programs or lower `memory`.");
}

/* newuidmap lets an ordinary user make a root of his own for mmdebstrap. */
static void check_subuid(struct doctor *d)
{
    const struct passwd *pw = geteuid() != 0 ? getpwuid(geteuid()) : NULL;
    AUTO(strbuf) struct strbuf text = STRBUF_INIT_MAX(1 << 20);
    struct error *err = NULL;
    if (pw == NULL)
        return;
    autofree char *newuidmap = io_find_program("newuidmap");
    bool listed = false;
    if (!io_read_file("/etc/subuid", 1 << 20, &text, &err))
        error_drop(&err);
    for (str rest = strbuf_str(&text); rest.ptr != NULL && !listed;) {
        str line = str_next_line(&rest);
        listed = str_eqz(str_split(&line, ':'), pw->pw_name);
    }
    const char *cure = newuidmap == NULL ? "apt-get install uidmap"
                                         : arena_fmt(d->arena,
                                                     "usermod --add-subuids 100000-165535 "
                                                     "--add-subgids 100000-165535 %s",
                                                     pw->pw_name);
    doctor_add(d, "subuid", listed && newuidmap != NULL ? DOCTOR_OK : DOCTOR_WARN,
               listed && newuidmap != NULL ? "the builder debootstrap works without root"
                                           : "the builder debootstrap works as root only",
               cure);
}

void doctor_run(struct doctor *d)
{
    struct error *err = NULL;
    if (!lazylib_load_all(&err)) {
        add_error(d, "libraries", DOCTOR_FAIL, err, NULL);
        return; /* the checks would call them */
    }
    static void (*const checks[])(struct doctor *) = {
        check_kvm,   check_libvirt, check_tools,  check_firmware,           check_guestfs,
        check_store, check_memory,  check_subuid, doctor_check_hypervisors,
    };
    for (size_t i = 0; i < ARRAY_SIZE(checks) && !cancel_test(d->cancel); i++)
        checks[i](d);
}
