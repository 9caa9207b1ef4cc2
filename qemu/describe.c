/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/state.h"

#include <strings.h>

#include "base/io.h"
#include "gotemplate/gotemplate.h"
#include "host/host.h"
#include "net/port.h"
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
        .bus = bus_names[c->disk_interface],
        .cache = c->disk_cache != NULL ? c->disk_cache : "unsafe",
        .discard = c->disk_discard,
        .detect_zeroes = c->disk_detect_zeroes,
        .serial = serial,
    };
    /* libvirt takes "unmap" for zeroes only together with discard. */
    if (strcmp(c->disk_discard, "unmap") != 0 && strcmp(c->disk_detect_zeroes, "unmap") == 0)
        disk->detect_zeroes = "on";
}

static const char *cdrom_bus(const struct qemu_config *c, const struct domain *d)
{
    const char *asked = c->cdrom_interface;
    if (asked != NULL && strncmp(asked, "virtio-scsi", 11) == 0)
        return "scsi";
    if (asked != NULL && strcmp(asked, "virtio") != 0)
        return asked;
    return strstr(d->machine, "q35") != NULL ? "sata" : "ide";
}

/* A seed made by the template is given as a disk too: cloud kernels have no
 * driver for CD drives. */
static void add_cd(struct build *b, struct domain *d)
{
    const struct qemu_state *s = qemu_state(b);
    const char *label = s->config->cd_label;
    struct domain_disk cd = {.media = MEDIA_CDROM,
                             .path = s->cd_path,
                             .format = "raw",
                             .bus = cdrom_bus(s->config, d),
                             .read_only = true};
    *add_disk(d) = cd;
    if (label == NULL || strcasecmp(label, "cidata") != 0 || s->seed_path != NULL)
        return;
    cd.media = MEDIA_DISK;
    cd.bus = "virtio";
    *add_disk(d) = cd;
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
    for (size_t i = 0; i < s->more_disks.len; i++)
        add_work_disk(d, c, s->more_disks.ptr[i], arena_fmt(b->arena, "disk-%zu", i + 1));
    if (s->seed_path != NULL)
        *add_disk(d) = (struct domain_disk){.path = s->seed_path,
                                            .format = "raw",
                                            .bus = "virtio",
                                            .read_only = true,
                                            .serial = "cidata"};
    if (s->cd_path != NULL)
        add_cd(b, d);
    if (s->floppy_path != NULL)
        *add_disk(d) = (struct domain_disk){
            .media = MEDIA_FLOPPY, .path = s->floppy_path, .format = "raw", .bus = "fdc"};
    if (from_iso)
        /* An empty disk boots nothing, so the installer comes second: after the
         * installation the same order boots the disk. */
        *add_disk(d) = (struct domain_disk){.media = MEDIA_CDROM,
                                            .path = s->source_path,
                                            .format = "raw",
                                            .bus = cdrom_bus(c, d),
                                            .read_only = true,
                                            .keep_owner = true,
                                            .boot_order = 2};
}

/* One vCPU under TCG unless asked: QEMU 7.2 was seen to crash with two while
 * the guest enumerated PCI. */
static void describe_cpu(const struct qemu_config *c, struct domain *d)
{
    unsigned product = (unsigned)(MAX(c->sockets, (int64_t)1) * MAX(c->cores, (int64_t)1) *
                                  MAX(c->threads, (int64_t)1));
    bool topology = c->sockets != 0 || c->cores != 0 || c->threads != 0;
    d->vcpus = topology ? product : c->cpus > 0 ? (unsigned)c->cpus : 1;
    if (topology) {
        d->sockets = (unsigned)c->sockets;
        d->cores = (unsigned)c->cores;
        d->threads = (unsigned)c->threads;
    }
    d->cpu_model = c->cpu_model;
    d->memory_mib = (uint64_t)qemu_memory_mib(c);
}

static const char *video_model(const struct qemu_config *c)
{
    static const struct {
        const char *vga, *model;
    } models[] = {{"std", "vga"}, {"vmware", "vmvga"}, {"none", NULL}};
    bool types = c->boot_command.len > 0 || c->boot_steps.len > 0;
    bool needs_screen = c->base == NULL || c->headless == 0 || types;
    if (c->vga == NULL)
        return needs_screen ? "vga" : NULL;
    for (size_t i = 0; i < ARRAY_SIZE(models); i++)
        if (strcmp(c->vga, models[i].vga) == 0)
            return models[i].model;
    return c->vga;
}

static void describe_screen(const struct qemu_state *s, struct domain *d)
{
    const struct qemu_config *c = s->config;
    d->video = video_model(c);
    if (s->vnc_port == NULL)
        return;
    d->vnc_address = c->vnc_bind_address;
    d->vnc_port = port_hold_number(s->vnc_port);
    d->vnc_password = s->vnc_password;
    if (d->video == NULL)
        d->video = "vga";
}

static void describe_firmware(const struct qemu_state *s, struct domain *d)
{
    const struct qemu_config *c = s->config;
    if (s->efi) {
        d->firmware_code = s->firmware.code;
        d->firmware_code_format = s->firmware.code_format;
        d->firmware_vars = s->vars_path;
    } else if (c->firmware != NULL && strcmp(c->firmware, "bios") != 0) {
        if (c->use_pflash)
            d->firmware_code = c->firmware;
        else
            d->bios = c->firmware;
    }
}

static bool render_arg(struct build *b, str text, const char **out, struct error **err)
{
    const struct qemu_config *c = qemu_state(b)->config;
    const struct gotmpl_field fields[] = {
        {"HTTPIP", str_from(b->target.http_ip)},
        {"HTTPPort", str_from(arena_fmt(b->arena, "%d", b->target.http_port))},
        {"HTTPDir", str_from(c->http_directory != NULL ? c->http_directory : "")},
        {"OutputDir", str_from(b->output_dir != NULL ? b->output_dir : b->work_dir)},
        {"Name", str_from(c->vm_name != NULL ? c->vm_name
                                             : arena_fmt(b->arena, "packer-%s", b->source_name))},
        {"SSHHostPort", str_from(arena_fmt(b->arena, "%d", b->target.port))},
    };
    struct gotmpl_data data = {.fields = fields,
                               .field_count = ARRAY_SIZE(fields),
                               .build_name = b->source_name,
                               .build_type = b->builder_name};
    if (!gotmpl_render(b->arena, text, &data, &text, err))
        return error_wrap(err, "cannot use qemuargs");
    *out = str_dup(b->arena, text);
    return true;
}

/* qemuargs: [["-smbios", "type=1,..."], ...]; values of one switch are joined. */
static bool describe_args(struct build *b, struct domain *d, struct error **err)
{
    const struct opt_strings_list *list = &qemu_state(b)->config->qemuargs;
    const char **argv = arena_new_array(b->arena, const char *, list->len * 2);
    size_t n = 0;
    for (size_t i = 0; i < list->len; i++) {
        const struct opt_strings *words = &list->ptr[i];
        AUTO(strbuf) struct strbuf value = STRBUF_INIT;
        for (size_t j = 1; j < words->len; j++)
            strbuf_adds(&value, words->ptr[j]);
        if (words->len > 0)
            argv[n++] = words->ptr[0];
        if (value.len > 0 && !render_arg(b, strbuf_str(&value), &argv[n++], err))
            return false;
    }
    d->extra_args = (struct opt_strings){.ptr = argv, .len = n};
    return true;
}

bool qemu_describe_domain(struct build *b, struct domain *d, struct error **err)
{
    const struct qemu_state *s = qemu_state(b);
    const struct qemu_config *c = s->config;
    autofree char *emulator = io_find_program(c->qemu_binary);
    if (emulator == NULL) {
        error_set(err, ERR_HOST, 0, "'%s' is not installed", c->qemu_binary);
        return error_hint(err, "Install the package qemu-system-x86, or set qemu_binary.");
    }
    *d = (struct domain){
        .name = s->domain_name,
        .uuid = s->domain_uuid,
        .kvm = s->kvm,
        .arch = s->arch,
        .machine = c->machine_type,
        .emulator = arena_strdup(b->arena, emulator),
        .nic_model = domain_nic_device(c->net_device),
        .console_log = b->console_log,
        .console_socket = s->console_socket,
        .monitor_socket = s->monitor_socket,
    };
    if (s->port != NULL) {
        d->forward_port = port_hold_number(s->port);
        d->guest_port =
            c->comm.type == COMM_WINRM ? (int)c->comm.winrm_port : (int)c->comm.ssh_port;
        if (d->guest_port == 0)
            d->guest_port = c->comm.type == COMM_WINRM ? (c->comm.winrm_use_ssl ? 5986 : 5985) : 22;
    }
    describe_cpu(c, d);
    describe_disks(b, d);
    describe_screen(s, d);
    describe_firmware(s, d);
    return describe_args(b, d, err);
}
