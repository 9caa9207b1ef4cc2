/* SPDX-License-Identifier: Apache-2.0 */
#include "bootstrap/contents.h"

#include "base/io.h"
#include "base/mem.h"

/* A kernel message below this level stays out of the console: printing the
 * whole log on two consoles takes seconds on an emulated processor. */
#define CONSOLE_ARGS "console=tty0 console=ttyS0,115200 loglevel=4"

struct file {
    const char *path;
    mode_t mode;
    const char *text;
};

/* MODULES=dep would look at the host, MODULES=most triples the size. */
static const struct file overlay[] = {
    {"etc/initramfs-tools/conf.d/imgfac", 0644,
     "# Small and quick to unpack; the hook 'imgfac' lists the drivers.\n"
     "MODULES=list\n"
     "COMPRESS=zstd\n"
     "COMPRESSLEVEL=3\n"
     "FSTYPE=ext4\n"},
    {"etc/initramfs-tools/hooks/imgfac", 0755,
     "#!/bin/sh\n"
     "# Disks of the usual hypervisors; udev loads those that are there.\n"
     "case $1 in\n"
     "prereqs)\n"
     "    exit 0\n"
     "    ;;\n"
     "esac\n"
     ". /usr/share/initramfs-tools/hook-functions\n"
     "manual_add_modules ext4 crc32c_intel virtio_pci virtio_mmio virtio_blk virtio_scsi \\\n"
     "    virtio_rng sd_mod nvme ahci ata_piix xen-blkfront hv_storvsc vmw_pvscsi mptspi \\\n"
     "    usbhid\n"},
};

static const struct file files[] = {
    /* grub-cloud-amd64 installs the boot loader only when this is there; it
     * must not be while the package is configured in the tree. */
    {"etc/grub.d/enable_cloud", 0755,
     "#!/bin/sh\n"
     "# Lets grub-cloud-amd64 install GRUB for BIOS and UEFI when it is updated.\n"
     "exit 0\n"},
    {"etc/systemd/network/99-imgfac-dhcp.network", 0644,
     "# Any Ethernet interface that no other file claims gets its address by DHCP,\n"
     "# whatever its name: cloud-init's files come first.\n"
     "[Match]\n"
     "Type=ether\n"
     "Kind=!*\n"
     "\n"
     "[Network]\n"
     "DHCP=yes\n"
     "\n"
     "[DHCPv4]\n"
     "UseDomains=yes\n"},
    {"etc/systemd/system/systemd-networkd-wait-online.service.d/imgfac.conf", 0644,
     "# One interface is enough, and a machine without a network must not stall.\n"
     "[Service]\n"
     "ExecStart=\n"
     "ExecStart=/lib/systemd/systemd-networkd-wait-online --any --timeout=30\n"},
    {"etc/systemd/system/imgfac-ssh-host-keys.service", 0644,
     "[Unit]\n"
     "Description=Make the SSH host keys that are missing\n"
     "After=cloud-init.service\n"
     "Before=ssh.service\n"
     "ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key\n"
     "\n"
     "[Service]\n"
     "Type=oneshot\n"
     "RemainAfterExit=yes\n"
     "ExecStart=/usr/bin/ssh-keygen -A\n"
     "\n"
     "[Install]\n"
     "WantedBy=multi-user.target\n"},
    {"etc/repart.d/50-root.conf", 0644,
     "# Let the root partition fill a disk that has grown; x-systemd.growfs in\n"
     "# /etc/fstab does the same to its file system.\n"
     "[Partition]\n"
     "Type=root\n"},
    {"etc/modprobe.d/imgfac-lazy-crypto.conf", 0644,
     "# Loaded when something asks for the algorithm, not because the processor has\n"
     "# the instructions: each module costs boot time.\n"
     "blacklist aesni_intel\n"
     "blacklist ghash_clmulni_intel\n"
     "blacklist sha1_ssse3\n"
     "blacklist sha256_ssse3\n"
     "blacklist sha512_ssse3\n"
     "blacklist crct10dif_pclmul\n"
     "blacklist crc32_pclmul\n"},
    {"etc/apt/apt.conf.d/90imgfac", 0644,
     "// Nobody reads translated package descriptions on a server.\n"
     "Acquire::Languages \"none\";\n"},
    {"boot/grub/grubenv", 0644, NULL},
    {"etc/machine-id", 0444, ""},
};

static const struct {
    const char *path, *target;
} links[] = {
    {"etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf"},
    {"etc/systemd/system/multi-user.target.wants/systemd-networkd.service",
     "/lib/systemd/system/systemd-networkd.service"},
    {"etc/systemd/system/dbus-org.freedesktop.network1.service",
     "/lib/systemd/system/systemd-networkd.service"},
    {"etc/systemd/system/sockets.target.wants/systemd-networkd.socket",
     "/lib/systemd/system/systemd-networkd.socket"},
    {"etc/systemd/system/network-online.target.wants/systemd-networkd-wait-online.service",
     "/lib/systemd/system/systemd-networkd-wait-online.service"},
    {"etc/systemd/system/multi-user.target.wants/imgfac-ssh-host-keys.service",
     "/etc/systemd/system/imgfac-ssh-host-keys.service"},
    /* An image is patched by being built again; and apt's lock in the middle
     * of a build fails it. */
    {"etc/systemd/system/apt-daily.timer", "/dev/null"},
    {"etc/systemd/system/apt-daily-upgrade.timer", "/dev/null"},
    /* For ext4 on LVM only. */
    {"etc/systemd/system/e2scrub_all.timer", "/dev/null"},
    {"etc/systemd/system/e2scrub_reap.service", "/dev/null"},
};

#define GRUBENV_SIZE 1024 /* grub-core/lib/envblk.c */

bool contents_write_overlay(const char *dir, struct error **err)
{
    for (size_t i = 0; i < ARRAY_SIZE(overlay); i++) {
        autofree char *path = io_path_join(dir, overlay[i].path);
        autofree char *parent = io_dirname(path);
        if (!io_mkdir_p(parent, 0755, err) ||
            !io_write_file(path, str_from(overlay[i].text), overlay[i].mode, err))
            return false;
    }
    return true;
}

void contents_render_fstab(struct strbuf *out, const struct layout_ids *ids)
{
    strbuf_addf(out,
                "UUID=%s / ext4 rw,discard,errors=remount-ro,x-systemd.growfs 0 1\n"
                "UUID=%04X-%04X /boot/efi vfat "
                "noauto,x-systemd.automount,x-systemd.idle-timeout=2min,umask=0077 0 0\n",
                ids->root_fs, (unsigned)(ids->esp_serial >> 16),
                (unsigned)ids->esp_serial & 0xffff);
}

void contents_render_grub_stub(struct strbuf *out, const struct layout_ids *ids, bool efi)
{
    strbuf_addf(out, "search.fs_uuid %s root\nset prefix=($root)/boot/grub\n", ids->root_fs);
    if (efi)
        strbuf_adds(out, "configfile $prefix/grub.cfg\n");
}

static void add_cmdline(struct strbuf *out, const struct debootstrap_config *c)
{
    strbuf_adds(out, CONSOLE_ARGS);
    if (c->kernel_cmdline != NULL && c->kernel_cmdline[0] != '\0')
        strbuf_addf(out, " %s", c->kernel_cmdline);
}

void contents_render_grub_cfg(struct strbuf *out, const struct debootstrap_config *c,
                              const struct layout_ids *ids, const char *kernel_version)
{
    strbuf_addf(out,
                "# The first boot's menu; update-grub writes its own over it.\n"
                "set timeout=0\n"
                "serial --speed=115200\n"
                "terminal_input console serial\n"
                "terminal_output console serial\n"
                "search --no-floppy --fs-uuid --set=root %s\n"
                "menuentry 'Debian GNU/Linux' {\n"
                "    linux /boot/vmlinuz-%s root=UUID=%s ro ",
                ids->root_fs, kernel_version, ids->root_fs);
    add_cmdline(out, c);
    strbuf_addf(out, "\n    initrd /boot/initrd.img-%s\n}\n", kernel_version);
}

static void render_grub_default(struct strbuf *out, const struct debootstrap_config *c)
{
    strbuf_adds(out, "# Read after /etc/default/grub; run update-grub after a change.\n"
                     "GRUB_TIMEOUT=0\n"
                     "GRUB_DISABLE_OS_PROBER=true\n"
                     "GRUB_CMDLINE_LINUX=\"");
    add_cmdline(out, c);
    strbuf_adds(out, "\"\n");
}

void contents_render_cloud_cfg(struct strbuf *out, const struct debootstrap_config *c)
{
    /* ds-identify reads the list only when it is on one line. */
    strbuf_adds(out, "# The base image's settings; later files and user data win.\n"
                     "datasource_list: [");
    for (size_t i = 0; i < c->datasources.len; i++)
        strbuf_addf(out, "%s%s", i == 0 ? "" : ", ", c->datasources.ptr[i]);
    strbuf_adds(out, "]\n"
                     "# Slow keys to make, and nothing needs them.\n"
                     "ssh_genkeytypes: [ed25519, ecdsa]\n"
                     "# Set already; this skips the module.\n"
                     "locale: 'false'\n"
                     "# systemd-repart and systemd-growfs do it earlier and faster.\n"
                     "growpart:\n"
                     "  mode: 'off'\n"
                     "resize_rootfs: false\n"
                     "# grub-cloud-amd64 knows the disk by itself.\n"
                     "grub_dpkg:\n"
                     "  enabled: false\n"
                     "system_info:\n"
                     "  network:\n"
                     "    renderers: [networkd]\n");
}

static bool write_rendered(struct rootfs *r, const char *path, struct strbuf *text,
                           struct error **err)
{
    bool ok = rootfs_write(r, path, strbuf_str(text), 0644, err);

    strbuf_truncate(text, 0);
    return ok;
}

static void add_grubenv(struct strbuf *out)
{
    strbuf_adds(out, "# GRUB Environment Block\n");
    strbuf_addn(out, '#', GRUBENV_SIZE - out->len);
}

static bool write_static(struct rootfs *r, struct error **err)
{
    AUTO(strbuf) struct strbuf grubenv = STRBUF_INIT;

    add_grubenv(&grubenv);
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        str text = files[i].text == NULL ? strbuf_str(&grubenv) : str_from(files[i].text);
        if (!rootfs_write(r, files[i].path, text, files[i].mode, err))
            return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(links); i++)
        if (!rootfs_symlink(r, links[i].path, links[i].target, err))
            return false;
    return rootfs_mkdir_p(r, "boot/efi", err);
}

static bool write_names(struct rootfs *r, const struct debootstrap_config *c, struct error **err)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    autofree char *zone = xasprintf("../usr/share/zoneinfo/%s", c->timezone);

    strbuf_addf(&text, "%s\n", c->hostname);
    if (!write_rendered(r, "etc/hostname", &text, err))
        return false;
    strbuf_addf(&text,
                "127.0.0.1 localhost\n"
                "127.0.1.1 %s\n"
                "::1 localhost ip6-localhost ip6-loopback\n"
                "ff02::1 ip6-allnodes\n"
                "ff02::2 ip6-allrouters\n",
                c->hostname);
    if (!write_rendered(r, "etc/hosts", &text, err))
        return false;
    strbuf_addf(&text, "LANG=%s\n", c->locale);
    if (!write_rendered(r, "etc/default/locale", &text, err))
        return false;
    strbuf_addf(&text, "%s\n", c->timezone);
    if (!write_rendered(r, "etc/timezone", &text, err))
        return false;
    if (!rootfs_exists(r, zone + strlen("../"))) {
        error_set(err, ERR_TEMPLATE, 0, "unknown time zone '%s'", c->timezone);
        error_option(err, "timezone");
        return error_hint(err, "Give a name of the tz database, such as \"Europe/Paris\".");
    }
    return rootfs_symlink(r, "etc/localtime", zone, err);
}

static bool write_boot(struct rootfs *r, const struct debootstrap_config *c,
                       const struct layout_ids *ids, struct error **err)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    autofree char *version = rootfs_find_latest(r, "boot", "vmlinuz-");

    if (version == NULL) {
        error_set(err, ERR_TEMPLATE, 0, "the kernel package installed no kernel in /boot");
        error_option(err, "kernel");
        return error_hint(err, "Check the option \"kernel\".");
    }
    contents_render_grub_cfg(&text, c, ids, version);
    if (!write_rendered(r, "boot/grub/grub.cfg", &text, err))
        return false;
    render_grub_default(&text, c);
    if (!write_rendered(r, "etc/default/grub.d/10-imgfac.cfg", &text, err))
        return false;
    contents_render_fstab(&text, ids);
    return write_rendered(r, "etc/fstab", &text, err);
}

/* As grub-install does: the core image loads its modules from here. */
static bool copy_grub_modules(struct rootfs *r, struct error **err)
{
    static const char *const kinds[] = {"i386-pc", "x86_64-efi"};
    static const char *const suffixes[] = {".mod", ".lst", NULL};

    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        autofree char *from = xasprintf("usr/lib/grub/%s", kinds[i]);
        autofree char *to = xasprintf("boot/grub/%s", kinds[i]);
        if (!rootfs_copy_dir(r, from, to, suffixes, err))
            return false;
    }
    return true;
}

bool contents_apply(struct rootfs *r, const struct debootstrap_config *c,
                    const struct layout_ids *ids, struct error **err)
{
    AUTO(strbuf) struct strbuf cloud = STRBUF_INIT;

    if (!write_static(r, err) || !write_names(r, c, err) || !write_boot(r, c, ids, err) ||
        !copy_grub_modules(r, err))
        return false;
    if (!c->cloud_init)
        return true;
    contents_render_cloud_cfg(&cloud, c);
    return write_rendered(r, "etc/cloud/cloud.cfg.d/90-imgfac.cfg", &cloud, err);
}

bool contents_clean(struct rootfs *r, struct error **err)
{
    static const struct {
        const char *dir, *suffix;
    } dirs[] = {
        {"var/log", ".log"},        {"var/log/apt", ""},       {"var/cache/debconf", "-old"},
        {"var/lib/dpkg", "-old"},   {"var/cache/apt", ".bin"}, {"var/lib/apt/lists", ""},
        {"var/cache/ldconfig", ""},
    };
    static const char *const paths[] = {
        "etc/ssh/ssh_host_rsa_key",
        "etc/ssh/ssh_host_rsa_key.pub",
        "etc/ssh/ssh_host_ecdsa_key",
        "etc/ssh/ssh_host_ecdsa_key.pub",
        "etc/ssh/ssh_host_ed25519_key",
        "etc/ssh/ssh_host_ed25519_key.pub",
        "var/lib/dbus/machine-id",
        "var/lib/systemd/random-seed",
        "etc/apt/apt.conf.d/99mmdebstrap",
        "etc/.pwd.lock",
        "etc/passwd-",
        "etc/group-",
        "etc/shadow-",
        "etc/gshadow-",
        "etc/subuid-",
        "etc/subgid-",
    };

    for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
        if (!rootfs_clean_dir(r, dirs[i].dir, dirs[i].suffix, err))
            return false;
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
        if (!rootfs_unlink(r, paths[i], err))
            return false;
    return true;
}
