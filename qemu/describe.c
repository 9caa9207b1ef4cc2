/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/state.h"

#include <strings.h>

#include "base/io.h"
#include "gotemplate/gotemplate.h"
#include "httpd/server.h"
#include "qemu/args.h"
#include "qemu/conn.h"
#include "qemu/domain.h"

static const char *const bus_names[] = {
    [DISK_VIRTIO] = "virtio", [DISK_VIRTIO_SCSI] = "scsi", [DISK_SCSI] = "scsi",
    [DISK_SATA] = "sata",     [DISK_IDE] = "ide",          [DISK_SD] = "sd",
};

static struct domain_disk *add_disk(struct domain *d)
{
    assert(d->disk_count < DOMAIN_DISKS_MAX);
    return &d->disks[d->disk_count++];
}

static void add_work_disk(struct domain *d, const struct qemu_config *c, const char *path,
                          const char *serial)
{
    struct domain_disk *disk = add_disk(d);
    *disk = (struct domain_disk){
        .path = path,
        .format = "qcow2",
        .bus = c->disk_interface == DISK_IDE && domain_is_q35(d->machine)
                   ? "sata"
                   : bus_names[c->disk_interface],
        .cache = c->disk_cache != NULL ? c->disk_cache : "unsafe",
        .discard = c->disk_discard,
        .detect_zeroes = c->disk_detect_zeroes,
        .serial = serial,
    };
    /* libvirt takes "unmap" for zeroes only together with discard. */
    if (strcmp(c->disk_discard, "unmap") != 0 && strcmp(c->disk_detect_zeroes, "unmap") == 0)
        disk->detect_zeroes = "on";
}

/* Like Packer's default, QEMU's: IDE, which a q35 has as SATA; other machines
 * than PCs have neither. */
static const char *cdrom_bus(const struct qemu_config *c, const struct domain *d)
{
    const char *asked = c->cdrom_interface;
    if (asked != NULL && strcmp(asked, "virtio-scsi") == 0)
        return "scsi";
    if (asked != NULL && (strcmp(asked, "ide") != 0 || !domain_is_q35(d->machine)))
        return asked;
    if (strcmp(d->arch, "x86_64") != 0 && strcmp(d->arch, "i386") != 0)
        return "scsi";
    return domain_is_q35(d->machine) ? "sata" : "ide";
}

/* On a virtio bus a CD is a disk that cannot be written. */
static struct domain_disk cd_disk(const struct qemu_config *c, const struct domain *d,
                                  const char *path)
{
    const char *bus = cdrom_bus(c, d);
    return (struct domain_disk){.media = strcmp(bus, "virtio") == 0 ? MEDIA_DISK : MEDIA_CDROM,
                                .path = path,
                                .format = "raw",
                                .bus = bus,
                                .read_only = true};
}

/* A seed made by the template is given as a disk too: cloud kernels have no
 * driver for CD drives. */
static void add_cd(struct build *b, struct domain *d)
{
    const struct qemu_state *s = qemu_state(b);
    const char *label = s->config->cd_label;
    struct domain_disk cd = cd_disk(s->config, d, s->cd_path);
    *add_disk(d) = cd;
    if (label == NULL || strcasecmp(label, "cidata") != 0 || s->seed_path != NULL)
        return;
    cd.media = MEDIA_DISK;
    cd.bus = "virtio";
    *add_disk(d) = cd;
}

/* An empty disk boots nothing, so the installer comes second: after the
 * installation the same order boots the disk. */
static void add_installer(struct domain *d, const struct qemu_state *s)
{
    struct domain_disk iso = cd_disk(s->config, d, s->source_path);
    iso.keep_owner = true;
    iso.boot_order = 2;
    *add_disk(d) = iso;
}

static void describe_disks(struct build *b, struct domain *d)
{
    const struct qemu_state *s = qemu_state(b);
    const struct qemu_config *c = s->config;
    bool from_iso = c->base == NULL && !c->disk_image;
    add_work_disk(d, c, b->image.path, NULL);
    d->disks[0].backing = b->image.backing;
    d->disks[0].backing_format = s->source_format;
    d->disks[0].boot_order = 1;
    for (size_t i = 0; i < s->more_disks.len; i++) {
        add_work_disk(d, c, s->more_disks.ptr[i], arena_fmt(b->arena, "disk-%zu", i + 1));
        if (c->disk_interface == DISK_SD) /* one card is all that the slot takes */
            d->disks[d->disk_count - 1].bus = "virtio";
    }
    if (s->seed_path != NULL)
        *add_disk(d) = (struct domain_disk){.path = s->seed_path,
                                            .format = "raw",
                                            .bus = "virtio",
                                            .read_only = true,
                                            .serial = "cidata"};
    if (from_iso)
        add_installer(d, s);
    if (s->cd_path != NULL)
        add_cd(b, d);
    if (s->floppy_path != NULL)
        *add_disk(d) = (struct domain_disk){
            .media = MEDIA_FLOPPY, .path = s->floppy_path, .format = "raw", .bus = "fdc"};
}

/* One vCPU under TCG unless asked: QEMU 7.2 was seen to crash with two while
 * the guest enumerated PCI. */
int64_t qemu_vcpus(const struct qemu_config *c)
{
    bool topology = c->sockets != 0 || c->cores != 0 || c->threads != 0;
    if (topology)
        return MAX(c->sockets, INT64_C(1)) * MAX(c->cores, INT64_C(1)) *
               MAX(c->threads, INT64_C(1));
    return c->cpus > 0 ? c->cpus : 1;
}

static void describe_cpu(const struct qemu_config *c, struct domain *d)
{
    unsigned product = (unsigned)(MAX(c->sockets, (int64_t)1) * MAX(c->cores, (int64_t)1) *
                                  MAX(c->threads, (int64_t)1));
    bool topology = c->sockets != 0 || c->cores != 0 || c->threads != 0;
    d->vcpus = topology ? product : c->cpus > 0 ? (unsigned)c->cpus : 1;
    /* As in Packer: no more processors than the topology has. */
    if (topology && c->cpus > 0 && (unsigned)c->cpus < product)
        d->vcpus_online = (unsigned)c->cpus;
    if (topology) {
        d->sockets = (unsigned)c->sockets;
        d->cores = (unsigned)c->cores;
        d->threads = (unsigned)c->threads;
    }
    d->cpu_model = c->cpu_model;
    d->memory_mib = (uint64_t)qemu_memory_mib(c);
}

static const char *video_model(const struct qemu_config *c, const struct domain *d)
{
    bool types = c->boot_command.len > 0 || c->boot_steps.len > 0;
    bool needs_screen = c->base == NULL || c->headless == 0 || types;
    bool is_pc = strcmp(d->arch, "x86_64") == 0 || strcmp(d->arch, "i386") == 0;
    if (c->vga != NULL)
        return domain_video_model(c->vga);
    return !needs_screen ? NULL : is_pc ? "vga" : "virtio";
}

static void describe_screen(const struct qemu_state *s, struct domain *d)
{
    const struct qemu_config *c = s->config;
    d->video = video_model(c, d);
    if (s->vnc_number == 0)
        return;
    d->vnc_address = c->vnc_bind_address;
    d->vnc_port = s->vnc_number;
    d->vnc_password = s->vnc_password;
    if (d->video == NULL)
        d->video = "vga";
}

static void describe_firmware(const struct qemu_state *s, struct domain *d)
{
    d->firmware_code = s->firmware.code;
    d->firmware_vars = s->vars_path;
    d->firmware_auto = s->firmware_auto;
    if (s->remote != NULL) /* a local build has copied them */
        d->vars_template = s->firmware.vars;
    d->secure_boot = (s->firmware.code != NULL || s->firmware_auto) && s->firmware.needs_smm;
    d->bios = s->bios_path;
}

static void describe_tpm(const struct qemu_state *s, struct domain *d)
{
    const struct qemu_config *c = s->config;
    const char *model = c->tpm_device_type != NULL ? c->tpm_device_type : "tpm-tis";
    if (!c->vtpm)
        return;
    /* libvirt says tpm-tis on every bus. */
    d->tpm_model = strcmp(model, "tpm-tis-device") == 0 ? "tpm-tis" : model;
    d->tpm1 = c->use_tpm1;
}

static void describe_network(const struct qemu_state *s, struct domain *d)
{
    const struct qemu_config *c = s->config;
    d->nic_model = domain_nic_device(c->net_device);
    d->bridge = c->net_bridge;
    d->mac = s->mac;
    d->forward_port = s->forward_port;
    if (s->forward_port == 0)
        return;
    bool winrm = c->comm.type == COMM_WINRM;
    d->guest_port = winrm ? (int)c->comm.winrm_port : (int)c->comm.ssh_port;
    if (d->guest_port == 0)
        d->guest_port = !winrm ? 22 : c->comm.winrm_use_ssl ? 5986 : 5985;
}

static const char *name_of(const struct build *b)
{
    const char *name = qemu_state(b)->config->vm_name;
    return name != NULL ? name : arena_fmt(b->arena, "packer-%s", b->source_name);
}

/* Where the template thinks that the machine's files are. */
static const char *output_of(const struct build *b)
{
    const char *dir = qemu_state(b)->config->output_directory;
    return dir != NULL ? dir : arena_fmt(b->arena, "output-%s", b->source_name);
}

static bool render_arg(void *arg, str text, const char **out, struct error **err)
{
    struct build *b = arg;
    const struct qemu_config *c = qemu_state(b)->config;
    const struct gotmpl_field fields[] = {
        {"HTTPIP", str_from(b->target.http_ip)},
        {"HTTPPort", str_from(arena_fmt(b->arena, "%d", b->target.http_port))},
        {"HTTPDir", str_from(c->http_directory != NULL ? c->http_directory : "")},
        {"OutputDir", str_from(output_of(b))},
        {"Name", str_from(name_of(b))},
        {"SSHHostPort", str_from(arena_fmt(b->arena, "%d", qemu_state(b)->forward_port))},
    };
    struct gotmpl_data data = {.fields = fields,
                               .field_count = ARRAY_SIZE(fields),
                               .build_name = b->source_name,
                               .build_type = b->builder_name};
    if (!gotmpl_render(b->arena, text, &data, &text, err))
        return error_option(err, "qemuargs") || error_wrap(err, "cannot use qemuargs");
    *out = str_dup(b->arena, text);
    return true;
}

static const char *clean_path(struct build *b, const char *file)
{
    autofree char *path = io_path_join(output_of(b), file);
    autofree char *absolute = io_absolute(path);
    autofree char *clean = httpd_clean_path(absolute);
    return arena_strdup(b->arena, clean);
}

static bool apply_args(struct build *b, struct domain *d, struct error **err)
{
    struct qemu_state *s = qemu_state(b);
    struct args_context x = {
        .arena = b->arena,
        .config = s->config,
        .domain = d,
        .disk = clean_path(b, name_of(b)),
        .efivars = clean_path(b, "efivars.fd"),
        .net_device = s->config->net_device,
        .cdrom_bus = cdrom_bus(s->config, d),
        .render = render_arg,
        .arg = b,
    };
    if (!args_apply(&x, err))
        return false;
    s->notes = x.notes;
    s->console_copy = x.console_copy;
    return true;
}

bool qemu_describe_domain(struct build *b, struct domain *d, struct error **err)
{
    const struct qemu_state *s = qemu_state(b);
    *d = (struct domain){
        .name = s->domain_name,
        .uuid = s->domain_uuid,
        .kvm = s->kvm,
        .arch = s->arch,
        .machine = s->machine,
        .emulator = s->emulator,
        .console_log = b->console_log,
        .console_socket = s->console_socket,
        .monitor_socket = s->monitor_socket,
        .net_dump = s->net_dump,
    };
    if (s->config->comm.type == COMM_GUEST_AGENT)
        d->agent_socket = s->conn != NULL && conn_root(s->conn) != NULL
                              ? arena_fmt(b->arena, "%s/agent", b->work_dir)
                              : "";
    describe_cpu(s->config, d);
    describe_disks(b, d);
    describe_screen(s, d);
    describe_firmware(s, d);
    describe_tpm(s, d);
    describe_network(s, d);
    return apply_args(b, d, err);
}
