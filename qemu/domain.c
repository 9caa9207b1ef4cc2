/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/domain.h"

#include <inttypes.h>

#include "base/mem.h"
#include "qemu/xml.h"

/* Slots of PCI bus 0.  1 is the chipset (pc), 0x1f of q35. */
enum {
    SLOT_VIDEO = 0x02,
    SLOT_NIC = 0x03,
    SLOT_SCSI = 0x04,
    SLOT_SATA = 0x05,
    SLOT_RNG = 0x06,
    SLOT_DISKS = 0x08, /* and upwards */
};

#define TCG_CACHE_MIB "512"

static bool is_q35(const struct domain *d)
{
    return str_starts(str_from(d->machine), STR("q35")) ||
           str_find(str_from(d->machine), STR("-q35")) >= 0;
}

static bool is_pc(const struct domain *d)
{
    return !is_q35(d) && strcmp(d->arch, "x86_64") == 0;
}

static void write_slot(struct xml *x, unsigned slot)
{
    xml_open(x, "address");
    xml_attr(x, "type", "pci");
    xml_attr(x, "domain", "0x0000");
    xml_attr(x, "bus", "0x00");
    xml_attrf(x, "slot", "0x%02x", slot);
    xml_attr(x, "function", "0x0");
    xml_close(x);
}

/* A catalog image or a user's file must keep owner and label. */
static void write_no_relabel(struct xml *x)
{
    xml_open(x, "seclabel");
    xml_attr(x, "model", "dac");
    xml_attr(x, "relabel", "no");
    xml_close(x);
}

static void write_os(struct xml *x, const struct domain *d)
{
    xml_open(x, "os");
    xml_open(x, "type");
    xml_attr(x, "arch", d->arch);
    xml_attr(x, "machine", d->machine);
    xml_text(x, "hvm");
    xml_close(x);
    if (d->firmware_code != NULL) {
        xml_open(x, "loader");
        xml_attr(x, "readonly", "yes");
        xml_attr(x, "secure", d->secure_boot ? "yes" : "no");
        xml_attr(x, "type", "pflash");
        xml_text(x, d->firmware_code);
        xml_close(x);
        if (d->firmware_vars != NULL)
            xml_leaf(x, "nvram", d->firmware_vars);
    } else if (d->bios != NULL) {
        xml_leaf(x, "loader", d->bios);
    }
    xml_close(x);
}

static void write_features(struct xml *x, const struct domain *d)
{
    xml_open(x, "features");
    xml_open(x, "acpi");
    xml_close(x);
    xml_open(x, "apic");
    xml_close(x);
    if (d->secure_boot) {
        xml_open(x, "smm");
        xml_attr(x, "state", "on");
        xml_close(x);
    }
    if (!d->kvm) {
        xml_open(x, "tcg");
        xml_open(x, "tb-cache");
        xml_attr(x, "unit", "MiB");
        xml_text(x, TCG_CACHE_MIB);
        xml_close(x);
        xml_close(x);
    }
    xml_close(x);
}

static void write_cpu(struct xml *x, const struct domain *d)
{
    bool topology = d->sockets != 0 || d->cores != 0 || d->threads != 0;
    xml_open(x, "vcpu");
    xml_attr(x, "placement", "static");
    char count[16];
    snprintf(count, sizeof(count), "%u", d->vcpus);
    xml_text(x, count);
    xml_close(x);
    xml_open(x, "cpu");
    xml_attr(x, "mode", d->kvm ? "host-passthrough" : "maximum");
    if (topology) {
        xml_open(x, "topology");
        xml_attrf(x, "sockets", "%u", MAX(d->sockets, 1u));
        xml_attrf(x, "cores", "%u", MAX(d->cores, 1u));
        xml_attrf(x, "threads", "%u", MAX(d->threads, 1u));
        xml_close(x);
    }
    if (!d->kvm && strcmp(d->arch, "x86_64") == 0) {
        /* A fifth level of page tables only makes emulated page walks longer. */
        xml_open(x, "feature");
        xml_attr(x, "policy", "disable");
        xml_attr(x, "name", "la57");
        xml_close(x);
    }
    xml_close(x);
}

static void write_lifecycle(struct xml *x)
{
    xml_open(x, "clock");
    xml_attr(x, "offset", "utc");
    xml_close(x);
    xml_leaf(x, "on_poweroff", "destroy");
    xml_leaf(x, "on_reboot", "restart");
    /* The event says that the guest panicked; we destroy it then. */
    xml_leaf(x, "on_crash", "preserve");
}

static const char *target_prefix(const struct domain_disk *disk)
{
    if (strcmp(disk->bus, "virtio") == 0)
        return "vd";
    if (strcmp(disk->bus, "ide") == 0)
        return "hd";
    return strcmp(disk->bus, "fdc") == 0 ? "fd" : "sd";
}

static void write_backing(struct xml *x, const struct domain_disk *disk)
{
    xml_open(x, "backingStore");
    if (disk->backing != NULL) {
        xml_attr(x, "type", "file");
        xml_open(x, "format");
        xml_attr(x, "type", disk->backing_format);
        xml_close(x);
        xml_open(x, "source");
        xml_attr(x, "file", disk->backing);
        write_no_relabel(x);
        xml_close(x);
        xml_open(x, "backingStore");
        xml_close(x);
    }
    xml_close(x);
}

/* Buses whose targets share one series of letters count together. */
static unsigned unit_of(const struct domain *d, size_t index)
{
    unsigned unit = 0;
    for (size_t i = 0; i < index; i++)
        if (strcmp(target_prefix(&d->disks[i]), target_prefix(&d->disks[index])) == 0)
            unit++;
    return unit;
}

static void write_disk_address(struct xml *x, const struct domain *d, size_t index)
{
    const char *bus = d->disks[index].bus;
    unsigned unit = unit_of(d, index);
    if (strcmp(bus, "virtio") == 0) {
        write_slot(x, SLOT_DISKS + unit);
        return;
    }
    if (strcmp(bus, "scsi") != 0)
        return; /* ide, sata, fdc: libvirt derives it from the target's name */
    xml_open(x, "address");
    xml_attr(x, "type", "drive");
    xml_attr(x, "controller", "0");
    xml_attr(x, "bus", "0");
    xml_attr(x, "target", "0");
    xml_attrf(x, "unit", "%u", unit);
    xml_close(x);
}

static void write_disk(struct xml *x, const struct domain *d, size_t index)
{
    static const char *const devices[] = {
        [MEDIA_DISK] = "disk", [MEDIA_CDROM] = "cdrom", [MEDIA_FLOPPY] = "floppy"};
    const struct domain_disk *disk = &d->disks[index];
    xml_open(x, "disk");
    xml_attr(x, "type", "file");
    xml_attr(x, "device", devices[disk->media]);
    xml_open(x, "driver");
    xml_attr(x, "name", "qemu");
    xml_attr(x, "type", disk->format);
    xml_attr(x, "cache", disk->cache);
    xml_attr(x, "discard", disk->discard);
    xml_attr(x, "detect_zeroes", disk->detect_zeroes);
    xml_close(x);
    xml_open(x, "source");
    xml_attr(x, "file", disk->path);
    if (disk->keep_owner)
        write_no_relabel(x);
    xml_close(x);
    write_backing(x, disk);
    xml_open(x, "target");
    xml_attrf(x, "dev", "%s%c", target_prefix(disk), 'a' + (int)unit_of(d, index));
    xml_attr(x, "bus", disk->bus);
    xml_close(x);
    if (disk->read_only) {
        xml_open(x, "readonly");
        xml_close(x);
    }
    if (disk->boot_order > 0) {
        xml_open(x, "boot");
        xml_attrf(x, "order", "%d", disk->boot_order);
        xml_close(x);
    }
    if (disk->serial != NULL)
        xml_leaf(x, "serial", disk->serial);
    write_disk_address(x, d, index);
    xml_close(x);
}

static bool has_bus(const struct domain *d, const char *bus)
{
    for (size_t i = 0; i < d->disk_count; i++)
        if (strcmp(d->disks[i].bus, bus) == 0)
            return true;
    return false;
}

static void write_controllers(struct xml *x, const struct domain *d)
{
    xml_open(x, "controller");
    xml_attr(x, "type", "usb");
    xml_attr(x, "model", "none");
    xml_close(x);
    if (has_bus(d, "scsi")) {
        xml_open(x, "controller");
        xml_attr(x, "type", "scsi");
        xml_attr(x, "index", "0");
        xml_attr(x, "model", "virtio-scsi");
        write_slot(x, SLOT_SCSI);
        xml_close(x);
    }
    if (has_bus(d, "sata") && is_pc(d)) {
        xml_open(x, "controller");
        xml_attr(x, "type", "sata");
        xml_attr(x, "index", "0");
        write_slot(x, SLOT_SATA);
        xml_close(x);
    }
}

/* Whether somebody listens to the socket or not, QEMU writes the log. */
static void write_console_source(struct xml *x, const struct domain *d)
{
    bool has_socket = d->console_socket != NULL;
    xml_attr(x, "type", has_socket ? "unix" : "file");
    xml_open(x, "source");
    if (has_socket)
        xml_attr(x, "mode", "bind");
    xml_attr(x, "path", has_socket ? d->console_socket : d->console_log);
    if (has_socket) {
        xml_close(x);
        xml_open(x, "log");
        xml_attr(x, "file", d->console_log);
    }
    xml_attr(x, "append", "on");
    xml_close(x);
}

static void write_console(struct xml *x, const struct domain *d)
{
    static const char *const kinds[] = {"serial", "console"};
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        xml_open(x, kinds[i]);
        write_console_source(x, d);
        xml_open(x, "target");
        if (i == 1)
            xml_attr(x, "type", "serial");
        xml_attr(x, "port", "0");
        xml_close(x);
        xml_close(x);
    }
}

static void write_screen(struct xml *x, const struct domain *d)
{
    if (d->vnc_address != NULL) {
        xml_open(x, "graphics");
        xml_attr(x, "type", "vnc");
        xml_attrf(x, "port", "%d", d->vnc_port);
        xml_attr(x, "autoport", "no");
        xml_attr(x, "listen", d->vnc_address);
        xml_attr(x, "passwd", d->vnc_password);
        xml_close(x);
    }
    xml_open(x, "video");
    xml_open(x, "model");
    xml_attr(x, "type", d->video != NULL ? d->video : "none");
    xml_close(x);
    if (d->video != NULL)
        write_slot(x, SLOT_VIDEO);
    xml_close(x);
}

static void write_small_devices(struct xml *x, const struct domain *d)
{
    xml_open(x, "rng");
    xml_attr(x, "model", "virtio");
    xml_open(x, "backend");
    xml_attr(x, "model", "random");
    xml_text(x, "/dev/urandom");
    xml_close(x);
    write_slot(x, SLOT_RNG);
    xml_close(x);
    xml_open(x, "memballoon");
    xml_attr(x, "model", "none");
    xml_close(x);
    if (strcmp(d->arch, "x86_64") == 0) {
        xml_open(x, "panic");
        xml_attr(x, "model", "isa");
        xml_close(x);
    }
}

static void write_devices(struct xml *x, const struct domain *d)
{
    xml_open(x, "devices");
    xml_leaf(x, "emulator", d->emulator);
    for (size_t i = 0; i < d->disk_count; i++)
        write_disk(x, d, i);
    write_controllers(x, d);
    if (d->console_log != NULL)
        write_console(x, d);
    write_screen(x, d);
    write_small_devices(x, d);
    xml_close(x);
}

static void write_arg(struct xml *x, const char *value)
{
    xml_open(x, "qemu:arg");
    xml_attr(x, "value", value);
    xml_close(x);
}

/* libvirt 9.0 forwards ports only through passt; QEMU's own user network can
 * do it too. */
static void write_network_args(struct xml *x, const struct domain *d)
{
    char text[160] = "user,id=imgfac0";
    if (d->forward_port != 0)
        snprintf(text, sizeof(text), "user,id=imgfac0,hostfwd=tcp:127.0.0.1:%d-:%d",
                 d->forward_port, d->guest_port);
    write_arg(x, "-netdev");
    write_arg(x, text);
    snprintf(text, sizeof(text), "%s,netdev=imgfac0,bus=%s,addr=0x%x,romfile=", d->nic_model,
             is_pc(d) ? "pci.0" : "pcie.0", SLOT_NIC);
    write_arg(x, "-device");
    write_arg(x, text);
}

/* A second monitor beside libvirt's own, for `imgfac screenshot`. */
static void write_monitor(struct xml *x, const char *socket)
{
    autofree char *text = xasprintf("unix:%s,server=on,wait=off", socket);
    write_arg(x, "-qmp");
    write_arg(x, text);
}

static void write_qemu_args(struct xml *x, const struct domain *d)
{
    xml_open(x, "qemu:commandline");
    if (strcmp(d->arch, "x86_64") == 0) {
        /* SeaBIOS and what it boots write to the serial port, too: a boot that
         * ends there explains itself on the console. */
        write_arg(x, "-machine");
        write_arg(x, "graphics=off");
    }
    if (d->cpu_model != NULL) {
        write_arg(x, "-cpu");
        write_arg(x, d->cpu_model);
    }
    if (d->nic_model != NULL)
        write_network_args(x, d);
    if (d->monitor_socket != NULL)
        write_monitor(x, d->monitor_socket);
    for (size_t i = 0; i < d->extra_args.len; i++)
        write_arg(x, d->extra_args.ptr[i]);
    xml_close(x);
}

char *domain_xml(const struct domain *d, struct error **err)
{
    struct xml *x = xml_new();
    xml_open(x, "domain");
    xml_attr(x, "type", d->kvm ? "kvm" : "qemu");
    xml_attr(x, "xmlns:qemu", "http://libvirt.org/schemas/domain/qemu/1.0");
    xml_leaf(x, "name", d->name);
    xml_leaf(x, "uuid", d->uuid);
    xml_open(x, "memory");
    xml_attr(x, "unit", "MiB");
    char mib[24];
    snprintf(mib, sizeof(mib), "%" PRIu64, d->memory_mib);
    xml_text(x, mib);
    xml_close(x);
    write_os(x, d);
    write_features(x, d);
    write_cpu(x, d);
    write_lifecycle(x);
    write_devices(x, d);
    write_qemu_args(x, d);
    xml_close(x);
    char *text = xml_end(x);
    if (text == NULL)
        error_set(err, ERR_TEMPLATE, 0,
                  "a path or name of this build has a character that libvirt cannot take");
    return text;
}

const char *domain_nic_device(const char *net_device)
{
    static const struct {
        const char *given, *device;
    } names[] = {{"virtio-net", "virtio-net-pci"}, {"virtio", "virtio-net-pci"}};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (strcmp(net_device, names[i].given) == 0)
            return names[i].device;
    return net_device;
}
