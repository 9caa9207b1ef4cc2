/* SPDX-License-Identifier: Apache-2.0 */
#include "bootstrap/builder.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "bootstrap/contents.h"
#include "bootstrap/disk.h"
#include "bootstrap/userns.h"
#include "ledger/ledger.h"
#include "net/http.h"
#include "plug/builder.h"

#define INSTALL_TIME (60 * 60 * NS_PER_S)
#define LOG_MAX      ((size_t)4 << 20)
#define SPACE_NEEDED ((uint64_t)2 << 30) /* tree, packages, disk, compacted image */
#define RELEASE_MAX  ((size_t)64 << 10)

struct state {
    const struct debootstrap_config *config;
    struct layout layout;
    struct layout_ids ids;
    const char *tree, *overlay, *disk; /* paths in the work directory */
    ledger_id entry;
    struct strbuf log; /* what mmdebstrap said */
    struct build *build;
    size_t packages_done;
    uint64_t progress;
};

/* Phases of mmdebstrap and the part of its time that is over when they begin,
 * in percent, as measured. */
static const struct {
    const char *mark;
    unsigned percent;
} phases[] = {
    {"I: running apt-get update", 1},         {"I: downloading packages", 5},
    {"I: extracting archives", 20},           {"I: installing essential", 30},
    {"I: installing remaining packages", 40}, {"I: cleaning package lists", 98},
};
#define INSTALL_FROM    40
#define INSTALL_PERCENT 57
#define INSTALL_LINES   310 /* "Unpacking" and "Setting up" of the default set */

static void note_progress(struct state *s, str line)
{
    uint64_t percent = s->progress;

    for (size_t i = 0; i < ARRAY_SIZE(phases); i++)
        if (str_starts(line, str_from(phases[i].mark)))
            percent = phases[i].percent;
    if (percent >= INSTALL_FROM &&
        (str_starts(line, STR("Unpacking ")) || str_starts(line, STR("Setting up ")))) {
        s->packages_done = MIN(s->packages_done + 1, (size_t)INSTALL_LINES);
        percent = INSTALL_FROM + s->packages_done * INSTALL_PERCENT / INSTALL_LINES;
    }
    if (percent <= s->progress)
        return;
    s->progress = percent;
    build_progress(s->build, "Installing packages", percent, 100);
}

/* The rest (lists of packages, commands apt runs) is noise unless it fails. */
static bool is_for_the_user(str line)
{
    static const char *const starts[] = {
        "Get:",
        "Unpacking ",
        "Setting up ",
        "Processing triggers ",
        "update-initramfs: ",
        "I: ",
        "W: ",
        "E: ",
        "Err:",
        "dpkg: ",
    };

    for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
        if (str_starts(line, str_from(starts[i])))
            return true;
    return false;
}

static void install_line(void *arg, bool is_stderr, str line)
{
    struct state *s = arg;

    (void)is_stderr;
    if (strbuf_addstr(&s->log, line))
        strbuf_addc(&s->log, '\n');
    note_progress(s, line);
    /* mmdebstrap talks on standard error by habit. */
    if (is_for_the_user(line))
        build_output(s->build, false, line);
}

static void tool_line(void *arg, bool is_stderr, str line)
{
    struct state *s = arg;

    build_output(s->build, is_stderr, line);
}

static bool check_space(const char *dir, struct error **err)
{
    uint64_t free_bytes;

    if (!io_free_space(dir, &free_bytes, err))
        return false;
    if (free_bytes >= SPACE_NEEDED)
        return true;
    error_set(err, ERR_NO_SPACE, 0, "only %llu MB are free in '%s', %llu MB are needed",
              (unsigned long long)(free_bytes >> 20), dir,
              (unsigned long long)(SPACE_NEEDED >> 20));
    return error_hint(err, "Free some space, or put the store on a larger disk.");
}

static bool check_keyring(const struct debootstrap_config *c, struct error **err)
{
    if (c->keyring == NULL || access(c->keyring, R_OK) == 0)
        return true;
    error_set(err, ERR_NOT_FOUND, 0, "cannot read the keyring '%s'", c->keyring);
    error_option(err, "keyring");
    return error_hint(err, "Check the option \"keyring\".");
}

static bool install_packages(struct state *s, struct build *b, struct error **err)
{
    struct words argv = sources_mmdebstrap(b->arena, s->config, s->tree, s->overlay);
    static const char *const env[] = {"LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", NULL};
    struct proc_spec spec = {
        .set_env = env,
        .on_line = install_line,
        .arg = s,
        .cancel = b->cancel,
        .timeout_ns = INSTALL_TIME,
        .what = arena_fmt(b->arena, "install %s from '%s'", s->config->suite, s->config->mirror),
    };

    if (userns_run(b->arena, &argv, spec, err))
        return true;
    if (!error_is(*err, ERR_CANCELLED) && !error_is(*err, ERR_TIMEOUT))
        sources_explain(s->config, strbuf_str(&s->log), err);
    return false;
}

static bool bootstrap_run(struct step *step, struct build *b, struct error **err)
{
    struct state *s = step->state;
    const struct debootstrap_config *c = s->config;

    build_sayf(b, "Installing Debian %s from %s", c->suite, c->mirror);
    if (!userns_check(b->cancel, err) || !check_keyring(c, err) || !check_space(b->work_dir, err))
        return false;
    if (!contents_write_overlay(s->overlay, err) ||
        !ledger_add(b->ledger, "subuid-tree", s->tree, &s->entry, err) ||
        !install_packages(s, b, err))
        return false;
    autofree char *shown = http_url_display(c->mirror); /* no password in the catalog */
    bool is_web = strncmp(c->mirror, "http", strlen("http")) == 0;
    b->base.source = arena_fmt(b->arena, "%s %s", is_web ? shown : c->mirror, c->suite);
    return true;
}

static void bootstrap_cleanup(struct step *step, struct build *b, bool ok)
{
    AUTO(error) struct error *e = NULL;
    struct state *s = step->state;

    (void)ok;
    if (userns_remove_tree(s->tree, &e))
        ledger_strike(b->ledger, s->entry);
    strbuf_clear(&s->log);
}

/* "de_DE.UTF-8": the table of locale-gen wants the character set too. */
static bool make_locale(struct state *s, struct build *b, struct rootfs *tree, struct error **err)
{
    const char *name = s->config->locale, *dot = strchr(name, '.');
    const char *words[] = {"chroot", s->tree, "/usr/sbin/locale-gen", NULL};
    struct words argv = {.ptr = words, .len = ARRAY_SIZE(words)};
    struct proc_spec spec = {.on_line = tool_line,
                             .arg = s,
                             .cancel = b->cancel,
                             .timeout_ns = INSTALL_TIME,
                             .what = "make the locale"};

    if (strcmp(name, "C.UTF-8") == 0)
        return true;
    const char *line = arena_fmt(b->arena, "%s %s\n", name, dot != NULL ? dot + 1 : "ISO-8859-1");
    return rootfs_write(tree, "etc/locale.gen", str_from(line), 0644, err) &&
           userns_run(b->arena, &argv, spec, err);
}

/* "debian-12" out of etc/os-release; NULL when it does not say. */
static const char *os_name(struct arena *a, struct rootfs *tree)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT_MAX(2 * RELEASE_MAX);
    AUTO(error) struct error *e = NULL;
    str id = STR(""), version = STR("");

    if (!rootfs_read(tree, "etc/os-release", RELEASE_MAX, &text, &e))
        return NULL;
    str rest = strbuf_str(&text);
    while (rest.ptr != NULL) {
        str line = str_next_line(&rest);
        str key = str_split(&line, '=');
        while (line.len >= 2 && line.ptr[0] == '"' && line.ptr[line.len - 1] == '"')
            line = str_sub(line, 1, line.len - 1);
        if (str_eqz(key, "ID"))
            id = line;
        else if (str_eqz(key, "VERSION_ID"))
            version = line;
    }
    if (id.len == 0 || version.len == 0)
        return NULL;
    return arena_fmt(a, "%.*s-%.*s", STR_FMT(id), STR_FMT(version));
}

static bool configure_run(struct step *step, struct build *b, struct error **err)
{
    struct state *s = step->state;
    AUTO(rootfs) struct rootfs tree = {.fd = -1};

    if (!rootfs_open(&tree, s->tree, err) || !contents_apply(&tree, s->config, &s->ids, err) ||
        !make_locale(s, b, &tree, err))
        return false;
    b->image.os = os_name(b->arena, &tree);
    return contents_clean(&tree, err);
}

static bool disk_run(struct step *step, struct build *b, struct error **err)
{
    struct state *s = step->state;
    AUTO(rootfs) struct rootfs tree = {.fd = -1};
    struct disk_job job = {
        .arena = b->arena,
        .cancel = b->cancel,
        .tree = &tree,
        .path = s->disk,
        .layout = &s->layout,
        .ids = &s->ids,
        .on_line = tool_line,
        .arg = s,
    };

    if (!rootfs_open(&tree, s->tree, err) || !disk_create(&job, err) ||
        !disk_write_esp(&job, err) || !disk_write_biosgrub(&job, err) ||
        !disk_write_root(&job, err))
        return false;
    b->image.path = s->disk;
    b->image.format = "raw";
    b->image.virtual_size = s->layout.disk_sectors * SECTOR_SIZE;
    b->image.arch = "x86_64";
    b->image.firmware = "both";
    b->image.final_format = "qcow2";
    b->image.compress = true;
    return true;
}

static void add_steps(const void *config, struct build *b, struct step_list *prepare,
                      struct step_list *finish)
{
    struct state *s = arena_new_object(b->arena, struct state);

    (void)finish;
    *s = (struct state){
        .config = config,
        .tree = arena_fmt(b->arena, "%s/tree", b->work_dir),
        .overlay = arena_fmt(b->arena, "%s/overlay", b->work_dir),
        .disk = arena_fmt(b->arena, "%s/disk.raw", b->work_dir),
        .log = STRBUF_INIT_MAX(LOG_MAX),
        .build = b,
    };
    layout_compute(s->config->disk_size, &s->layout);
    layout_new_ids(&s->ids);
    const struct step steps[] = {
        {.name = "bootstrap",
         .title = "Installing packages",
         .state = s,
         .run = bootstrap_run,
         .cleanup = bootstrap_cleanup},
        {.name = "configure", .title = "Configuring the system", .state = s, .run = configure_run},
        {.name = "disk", .title = "Making the disk", .state = s, .run = disk_run},
    };
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
        step_list_push(b->arena, prepare, steps[i]);
}

static void output(const void *config, const char **dir, const char **name)
{
    const struct debootstrap_config *c = config;

    *dir = c->output_directory;
    *name = c->vm_name;
}

const struct builder_type builder_debootstrap = {
    .name = "debootstrap",
    .summary = "Makes a bootable Debian base image out of a mirror.",
    .doc =
        "Installs packages of a Debian mirror with mmdebstrap and makes a disk of them that boots "
        "with BIOS and with UEFI: no ISO, no guest, no loop device, and no root.  An ordinary "
        "user needs a range of subordinate ids in /etc/subuid and /etc/subgid.\n"
        "\n"
        "The image is a GPT disk with GRUB, an EFI system partition and an ext4 root file system "
        "that grows with the disk.  GRUB is kept up to date by the package grub-cloud-amd64.  The "
        "consoles are tty0 and ttyS0.  The image has no machine ID, no SSH host keys and no "
        "account that can log in: cloud-init makes all of them at the first boot.  Network "
        "interfaces are configured by systemd-networkd, with DHCP unless cloud-init says "
        "otherwise.",
    .opts = debootstrap_opts,
    .config_size = sizeof(struct debootstrap_config),
    .flags = BUILDER_CLEAN,
    .check = debootstrap_check,
    .output = output,
    .add_steps = add_steps,
};
