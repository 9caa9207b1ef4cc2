/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/config.h"

#include "qemu/args.h"
#include "qemu/keyval.h"

#define C struct qemu_config

static const struct opt_choice accels[] = {
    {"auto", ACCEL_AUTO, "KVM when a probe shows that it really runs code, else TCG"},
    {"kvm", ACCEL_KVM, "hardware virtualisation"},
    {"tcg", ACCEL_TCG, "emulation: works everywhere, slow"},
    {"none", ACCEL_NONE, "QEMU's own default, which is TCG"},
    {"xen", ACCEL_OTHER, NULL},
    {"hax", ACCEL_OTHER, NULL},
    {"hvf", ACCEL_OTHER, NULL},
    {"whpx", ACCEL_OTHER, NULL},
    {NULL, 0, NULL},
};

static const struct opt_choice disk_buses[] = {
    {"virtio", DISK_VIRTIO, NULL},
    {"virtio-scsi", DISK_VIRTIO_SCSI, NULL},
    {"scsi", DISK_SCSI, NULL},
    {"sata", DISK_SATA, NULL},
    {"ide", DISK_IDE, NULL},
    {"sd", DISK_SD, NULL},
    {NULL, 0, NULL},
};

static const struct opt_choice formats[] = {
    {"qcow2", FORMAT_QCOW2, NULL},
    {"raw", FORMAT_RAW, NULL},
    {NULL, 0, NULL},
};

static const struct opt img_args_opts[] = {
    OPT_STRS(struct qemu_img_args, convert, "convert", .doc = "For qemu-img convert."),
    OPT_STRS(struct qemu_img_args, create, "create", .doc = "For qemu-img create."),
    OPT_STRS(struct qemu_img_args, resize, "resize", .doc = "For qemu-img resize."),
    OPT_END,
};

const struct opt qemu_opts[] = {
    OPT_STR(C, base, "base", .flags = OPT_IMGFAC,
            .conflicts = "iso_url iso_urls iso_checksum disk_image",
            .doc = "Image of the catalog to start from: BUCKET@CHANNEL, BUCKET:VERSION or BUCKET. "
                   "The build writes into an overlay; the base itself is never changed."),
    OPT_STR(C, hypervisor, "hypervisor", .flags = OPT_IMGFAC | OPT_NOHASH,
            .doc = "Name of a hypervisor of the site configuration.  Default: its first one."),
    OPT_BLOCK(C, cloud_init, "cloud_init", struct cloud_init_config, cloud_init_opts,
              .flags = OPT_IMGFAC,
              .doc = "Attach a NoCloud seed.  With `base` one is attached in any case, holding "
                     "the account and the key of the build."),

    OPT_STR(C, iso_url, "iso_url", .flags = OPT_NOHASH, .conflicts = "iso_urls",
            .doc = "URL or path of the installer's ISO, or of a disk when `disk_image` is true."),
    OPT_STRS(C, iso_urls, "iso_urls", .flags = OPT_NOHASH,
             .doc = "Several places of the same file, tried in order."),
    OPT_STR(C, iso_checksum, "iso_checksum",
            .doc = "Digest of the file: HEX, TYPE:HEX, file:PATH-OR-URL of a list, or none."),
    OPT_STR(C, iso_target_path, "iso_target_path", .flags = OPT_PATH | OPT_NOHASH,
            .doc = "Where the download is kept.  Default: the cache."),
    OPT_STR(C, iso_target_extension, "iso_target_extension", .flags = OPT_NOHASH,
            .doc = "Extension of the file in the cache."),
    OPT_BOOL(C, iso_skip_cache, "iso_skip_cache", .flags = OPT_NOHASH,
             .doc = "Let QEMU read the URL without downloading it."),

    OPT_STR(C, http_directory, "http_directory", .flags = OPT_PATH,
            .doc = "Directory served to the guest over HTTP."),
    OPT_MAP(C, http_content, "http_content", .conflicts = "http_directory",
            .doc = "Texts served to the guest over HTTP, by path."),
    OPT_INT(C, http_port_min, "http_port_min", .def = "8000", .min = "0", .max = "65535",
            .flags = OPT_NOHASH, .doc = "First port the HTTP server may take."),
    OPT_INT(C, http_port_max, "http_port_max", .def = "9000", .min = "0", .max = "65535",
            .flags = OPT_NOHASH, .doc = "Port after the last one it may take."),
    OPT_STR(C, http_bind_address, "http_bind_address", .flags = OPT_NOHASH,
            .doc = "Address the HTTP server listens on.  Default: the host's loopback, where user "
                   "networking takes what the guest sends to {{ .HTTPIP }}; 0.0.0.0 with "
                   "net_bridge."),
    OPT_STR(C, http_interface, "http_interface", .flags = OPT_NOHASH | OPT_IGNORED,
            .conflicts = "http_bind_address",
            .doc = "Accepted as Packer's QEMU plugin accepts it, without effect there and here."),
    OPT_STR(C, http_network_protocol, "http_network_protocol", .flags = OPT_NOHASH,
            .doc = "tcp, tcp4, tcp6, unix or unixpacket."),

    OPT_STRS(C, floppy_files, "floppy_files", .doc = "Files for the root of a floppy disk."),
    OPT_STRS(C, floppy_dirs, "floppy_dirs", .doc = "Directories for a floppy disk."),
    OPT_MAP(C, floppy_content, "floppy_content", .doc = "Texts for a floppy disk, by path."),
    OPT_STR(C, floppy_label, "floppy_label", .doc = "Label of the floppy disk."),
    OPT_STRS(C, cd_files, "cd_files", .doc = "Files and directories for a further CD."),
    OPT_MAP(C, cd_content, "cd_content", .doc = "Texts for that CD, by path."),
    OPT_STR(C, cd_label, "cd_label", .doc = "Label of that CD; packer when unset."),

    OPT_STRS(C, boot_command, "boot_command", .flags = OPT_TMPL,
             .doc = "Keys typed at the console after `boot_wait`: text, <enter>, <wait5s> and the "
                    "like as in Packer, and <waitFor 'REGULAR EXPRESSION' 60s>, which goes on when "
                    "the serial console shows it and fails after the time (5m when left out)."),
    OPT_STRS_LIST(C, boot_steps, "boot_steps", .flags = OPT_TMPL, .conflicts = "boot_command",
                  .doc = "Boot commands, each with a description."),
    OPT_DUR(C, boot_wait_ns, "boot_wait", .flags = OPT_NOHASH,
            .doc = "Time before typing; negative: none.  Default: 10s, or none when the boot "
                   "command begins with <waitFor>."),
    OPT_DUR(C, boot_key_interval_ns, "boot_key_interval", .min = "0s", .flags = OPT_NOHASH,
            .doc = "Least time between two keys.  Default: in a BIOS's boot loader as soon as the "
                   "guest has taken the key before, else 100ms."),
    OPT_DUR(C, boot_keygroup_interval_ns, "boot_keygroup_interval", .min = "0s",
            .flags = OPT_NOHASH | OPT_IGNORED,
            .doc = "Accepted as Packer accepts it, without effect there and here."),
    OPT_BOOL(C, disable_vnc, "disable_vnc", .flags = OPT_NOHASH,
             .doc = "No VNC server, no boot command."),

    OPT_STR(C, shutdown_command, "shutdown_command",
            .doc = "Command that shuts the guest down.  Without it the guest's power button is "
                   "pressed (Packer cuts the power)."),
    OPT_DUR(C, shutdown_timeout_ns, "shutdown_timeout", .min = "0s", .def = "\"5m\"",
            .flags = OPT_NOHASH, .doc = "How long the guest may take to shut down."),

    OPT_ENUM(C, accelerator, "accelerator", .def = "\"auto\"", .choices = accels,
             .flags = OPT_NOHASH, .doc = "How guest code is run."),
    OPT_STR(C, machine_type, "machine_type", .def = "\"pc\"", .doc = "Machine type of QEMU."),
    OPT_INT(C, cpus, "cpus", .min = "0", .flags = OPT_NOHASH,
            .doc = "Number of virtual processors; 1, or the product of the topology, when unset."),
    OPT_INT(C, sockets, "sockets", .min = "0", .max = "512", .flags = OPT_NOHASH,
            .doc = "Sockets."),
    OPT_INT(C, cores, "cores", .min = "0", .max = "512", .flags = OPT_NOHASH,
            .doc = "Cores of a socket."),
    OPT_INT(C, threads, "threads", .min = "0", .max = "512", .flags = OPT_NOHASH,
            .doc = "Threads of a core."),
    OPT_STR(C, cpu_model, "cpu_model",
            .doc = "Processor model, as for -cpu of QEMU.  Default: all that the accelerator can."),
    OPT_INT(C, memory_mib, "memory", .min = "0", .max = "16777216", .flags = OPT_NOHASH,
            .doc = "Memory in megabytes: 1024 with `base` or a disk image, else 512 when unset."),
    OPT_SIZE(C, disk_size, "disk_size", .min = "1M",
             .doc = "Size of the disk; a bare number is megabytes.  Default: 40G for a new disk, "
                    "the size of the base or disk image otherwise; it can only grow."),
    OPT_STRS(C, disk_additional_size, "disk_additional_size",
             .doc = "Sizes of further empty disks."),
    OPT_ENUM(C, disk_interface, "disk_interface", .def = "\"virtio\"", .choices = disk_buses,
             .doc = "Bus of the disks."),
    OPT_STR(C, disk_cache, "disk_cache", .flags = OPT_NOHASH,
            .doc = "writethrough, writeback, none, unsafe or directsync.  Default: unsafe, for the "
                   "disk is thrown away when the build does not end well."),
    OPT_STR(C, disk_discard, "disk_discard", .def = "\"unmap\"", .flags = OPT_NOHASH,
            .doc = "unmap or ignore."),
    OPT_STR(C, disk_detect_zeroes, "disk_detect_zeroes", .def = "\"unmap\"", .flags = OPT_NOHASH,
            .doc = "unmap, on or off."),
    OPT_BOOL(C, disk_image, "disk_image", .doc = "The URL names a bootable disk, not an ISO."),
    OPT_BOOL(C, use_backing_file, "use_backing_file", .flags = OPT_NOHASH,
             .doc = "Packer: overlay instead of a copy.  Here an overlay is used always; the "
                    "finished image stands alone."),
    OPT_BOOL(C, skip_resize_disk, "skip_resize_disk", .doc = "Keep the size of the disk image."),
    OPT_BOOL(C, skip_compaction, "skip_compaction", .flags = OPT_NOHASH,
             .doc = "Hand over the working disk without compacting it."),
    OPT_BOOL(C, disk_compression, "disk_compression", .flags = OPT_NOHASH,
             .doc = "Compress the finished qcow2 image."),
    OPT_ENUM(C, format, "format", .def = "\"qcow2\"", .choices = formats,
             .doc = "Format of the finished image."),
    OPT_STR(C, cdrom_interface, "cdrom_interface",
            .doc = "Bus of the CD drives: ide, sata, scsi or virtio-scsi."),
    OPT_STR(C, net_device, "net_device", .def = "\"virtio-net\"",
            .doc = "Model of the network card."),
    OPT_STR(C, net_bridge, "net_bridge", .flags = OPT_NOHASH, .doc = "Bridge of the host."),
    OPT_STR(C, firmware, "firmware", .flags = OPT_PATH,
            .doc = "Firmware file, or \"bios\" or \"efi\" to let the host choose."),
    OPT_BOOL(C, use_pflash, "use_pflash", .doc = "Attach `firmware` as flash memory."),
    OPT_TRISTATE(C, efi_boot, "efi_boot", .doc = "Boot by UEFI firmware."),
    OPT_STR(C, efi_firmware_code, "efi_firmware_code", .flags = OPT_PATH | OPT_NOHASH,
            .doc = "UEFI code.  Default: found by QEMU's firmware descriptors."),
    OPT_STR(C, efi_firmware_vars, "efi_firmware_vars", .flags = OPT_PATH | OPT_NOHASH,
            .doc = "Template of the variable store; always copied."),
    OPT_BOOL(C, efi_drop_efivars, "efi_drop_efivars", .flags = OPT_NOHASH,
             .doc = "Do not put the variable store beside the image."),
    OPT_BOOL(C, vtpm, "vtpm", .doc = "Give the guest a TPM."),
    OPT_BOOL(C, use_tpm1, "use_tpm1", .doc = "TPM 1.2 instead of 2.0."),
    OPT_STR(C, tpm_device_type, "tpm_device_type", .doc = "Model of the TPM."),
    OPT_STR(C, vga, "vga", .doc = "Model of the graphics card."),
    OPT_STR(C, display, "display", .flags = OPT_NOHASH | OPT_IGNORED,
            .doc = "No window is ever opened; connect with VNC when `headless` is false."),
    OPT_BOOL(C, use_default_display, "use_default_display", .flags = OPT_NOHASH | OPT_IGNORED,
             .doc = "No window is ever opened."),
    OPT_TRISTATE(C, headless, "headless", .flags = OPT_NOHASH,
                 .doc = "false: offer the screen over VNC.  Default: true."),
    OPT_STR(C, vnc_bind_address, "vnc_bind_address", .def = "\"127.0.0.1\"", .flags = OPT_NOHASH,
            .doc = "Address VNC listens on."),
    OPT_INT(C, vnc_port_min, "vnc_port_min", .def = "5900", .min = "5900", .max = "65534",
            .flags = OPT_NOHASH, .doc = "First port VNC may take."),
    OPT_INT(C, vnc_port_max, "vnc_port_max", .def = "6000", .min = "5900", .max = "65534",
            .flags = OPT_NOHASH, .doc = "Port after the last one VNC may take."),
    OPT_BOOL(C, vnc_use_password, "vnc_use_password", .flags = OPT_NOHASH,
             .doc = "Ask VNC clients for a password."),
    OPT_STR(C, vnc_password, "vnc_password", .flags = OPT_SENSITIVE | OPT_NOHASH,
            .doc = "That password, at most 8 characters; made up when unset."),
    OPT_BOOL(C, qmp_enable, "qmp_enable", .flags = OPT_NOHASH | OPT_IGNORED,
             .doc = "libvirt holds the monitor; use virsh qemu-monitor-command."),
    OPT_STR(C, qmp_socket_path, "qmp_socket_path", .flags = OPT_NOHASH | OPT_IGNORED,
            .doc = "libvirt holds the monitor."),
    OPT_STR(C, qemu_binary, "qemu_binary", .def = "\"qemu-system-x86_64\"", .flags = OPT_NOHASH,
            .doc = "Emulator, looked up in PATH."),
    OPT_STRS_LIST(C, qemuargs, "qemuargs", .flags = OPT_TMPL,
                  .doc = "Further arguments of QEMU, each a list of switch and value."),
    OPT_BLOCK(C, qemu_img_args, "qemu_img_args", struct qemu_img_args, img_args_opts,
              .doc = "Further arguments of qemu-img."),
    OPT_STR(C, output_directory, "output_directory", .flags = OPT_PATH | OPT_NOHASH,
            .doc = "Directory of the finished image."),
    OPT_STR(C, vm_name, "vm_name", .flags = OPT_NOHASH, .doc = "File name of the finished image."),
    OPT_BOOL(C, run_once, "run_once", .flags = OPT_NOHASH | OPT_DEPRECATED,
             .doc = "Without effect, as in Packer."),
    OPT_INT(C, host_port_min, "host_port_min", .def = "2222", .min = "1", .max = "65535",
            .flags = OPT_NOHASH, .doc = "First host port for the communicator."),
    OPT_INT(C, host_port_max, "host_port_max", .def = "4444", .min = "1", .max = "65535",
            .flags = OPT_NOHASH, .doc = "Port after the last one."),
    OPT_INT(C, host_port_min, "ssh_host_port_min", .min = "1", .max = "65535",
            .flags = OPT_NOHASH | OPT_DEPRECATED, .instead = "host_port_min",
            .doc = "Old name of host_port_min."),
    OPT_INT(C, host_port_max, "ssh_host_port_max", .min = "1", .max = "65535",
            .flags = OPT_NOHASH | OPT_DEPRECATED, .instead = "host_port_max",
            .doc = "Old name of host_port_max."),
    OPT_BOOL(C, skip_nat_mapping, "skip_nat_mapping", .flags = OPT_NOHASH,
             .doc = "Forward no port: the communicator's own host and port are used as given."),
    OPT_EMBED(C, comm, comm_opts),
    OPT_END,
};

const struct qemu_config *qemu_without_empty(const struct qemu_config *c, struct arena *a)
{
    struct qemu_config *copy = arena_memdup(a, c, sizeof(*c));
    for (const struct opt *o = qemu_opts; o->kind != OPT_KIND_END; o++) {
        const char **field = (const char **)(void *)((char *)copy + o->offset);
        if (o->kind != OPT_KIND_STRING || *field == NULL || **field != '\0')
            continue;
        /* A default is HCL text: "\"pc\"". */
        *field = o->def == NULL ? NULL : arena_strndup(a, o->def + 1, strlen(o->def) - 2);
    }
    return copy;
}

bool qemu_has_own_login(const struct qemu_config *c)
{
    return c->comm.ssh_password != NULL || c->comm.ssh_private_key_file != NULL ||
           c->comm.ssh_agent_auth;
}

bool qemu_wants_seed(const struct qemu_config *c)
{
    if (c->base != NULL || c->cloud_init != NULL)
        return true;
    bool has_cd = c->cd_files.len > 0 || c->cd_content.len > 0 || c->floppy_files.len > 0;
    return c->disk_image && c->comm.type == COMM_SSH && !qemu_has_own_login(c) && !has_cd;
}

bool qemu_wants_efi(const struct qemu_config *c)
{
    return c->efi_boot > 0 || c->efi_firmware_code != NULL || c->efi_firmware_vars != NULL ||
           (c->firmware != NULL &&
            (strcmp(c->firmware, "efi") == 0 || strcmp(c->firmware, "efi-secure") == 0));
}

int64_t qemu_memory_mib(const struct qemu_config *c)
{
    enum { SMALLEST = 10, PACKER = 512, WITH_SYSTEM = 1024 };
    AUTO(arena) struct arena *a = arena_new("memory");
    const char *given = args_value(c, a, "m");
    uint64_t mib;
    if (given != NULL && args_memory(a, given, &mib))
        return (int64_t)mib;
    if (c->memory_mib >= SMALLEST)
        return c->memory_mib;
    return c->base != NULL || c->disk_image ? WITH_SYSTEM : PACKER;
}

static const char *machine_key(const struct qemu_config *c, struct arena *a, const char *key)
{
    const char *text = args_value(c, a, "machine");
    if (text == NULL)
        text = args_value(c, a, "M");
    if (text == NULL)
        return NULL;
    struct keyvals kv = keyvals_parse(a, text, "type");
    return keyvals_get(&kv, key);
}

const char *qemu_arch(const struct qemu_config *c)
{
    static const char mark[] = "qemu-system-";
    const char *at = strstr(c->qemu_binary, mark);
    return at != NULL && at[sizeof(mark) - 1] != '\0' ? at + sizeof(mark) - 1 : "x86_64";
}

/* "pc" is the default of PCs alone. */
const char *qemu_machine(const struct qemu_config *c, struct arena *a)
{
    const char *type = machine_key(c, a, "type");
    const char *arch = qemu_arch(c);
    bool is_pc = strcmp(arch, "x86_64") == 0 || strcmp(arch, "i386") == 0;
    if (type == NULL)
        type = c->machine_type;
    if (!is_pc && strcmp(type, "pc") == 0)
        type = "virt";
    return args_machine(type);
}

int qemu_accelerator(const struct qemu_config *c, struct arena *a)
{
    const char *name = args_value(c, a, "accel");
    if (name == NULL)
        name = machine_key(c, a, "accel");
    if (name == NULL)
        return args_has(c, "enable-kvm") ? ACCEL_KVM : c->accelerator;
    /* "kvm:tcg": the first that works. */
    return strncmp(name, "kvm", 3) == 0   ? ACCEL_KVM
           : strncmp(name, "tcg", 3) == 0 ? ACCEL_TCG
                                          : ACCEL_AUTO;
}

bool qemu_forwards(const struct qemu_config *c)
{
    bool by_net = c->comm.type == COMM_SSH || c->comm.type == COMM_WINRM;
    return by_net && !c->skip_nat_mapping && c->net_bridge == NULL;
}

bool qemu_reads_url(const struct qemu_config *c)
{
    const char *url = c->iso_url != NULL    ? c->iso_url
                      : c->iso_urls.len > 0 ? c->iso_urls.ptr[0]
                                            : "";
    return c->iso_skip_cache && strstr(url, "://") != NULL && strncmp(url, "file:", 5) != 0;
}

/* A template that says where its screen shall be wants to see it. */
bool qemu_shows_screen(const struct qemu_config *c)
{
    bool says = strcmp(c->vnc_bind_address, "127.0.0.1") != 0 || c->vnc_port_min != 5900 ||
                c->vnc_port_max != 6000 || c->vnc_use_password;
    return !c->disable_vnc && (c->headless == 0 || says);
}

const char *qemu_format_name(const struct qemu_config *c)
{
    return c->format == FORMAT_RAW ? "raw" : "qcow2";
}

struct opt_strings qemu_urls(const struct qemu_config *c, struct arena *a)
{
    if (c->iso_url == NULL)
        return c->iso_urls;
    struct opt_strings one = {.ptr = arena_new_array(a, const char *, 1), .len = 1};
    one.ptr[0] = c->iso_url;
    return one;
}
