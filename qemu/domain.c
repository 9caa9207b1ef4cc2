/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/domain.h"

#include <inttypes.h>

#include "base/strbuf.h"
#include "qemu/netdump.h"
#include "qemu/netwatch.h"
#include "qemu/xml.h"

/* Slots of PCI bus 0.  1 is the chipset (pc), 0x1f of q35.  QEMU makes the
 * devices of its own command line before libvirt's and gives them the lowest
 * free slots: those are left to qemuargs. */
enum {
    SLOT_DISKS = 0x0c, /* and upwards */
    SLOT_VIDEO = 0x19,
    SLOT_SCSI = 0x1a,
    SLOT_SATA = 0x1b,
    SLOT_RNG = 0x1c,
    SLOT_AGENT = 0x1d,
    SLOT_USB = 0x1e,
};

#define TCG_CACHE_MIB "512"

bool domain_is_q35(const char *machine)
{
    return str_starts(str_from(machine), STR("q35")) ||
           str_find(str_from(machine), STR("-q35")) >= 0;
}

static bool is_x86(const struct domain *d)
{
    return strcmp(d->arch, "x86_64") == 0 || strcmp(d->arch, "i386") == 0;
}

static bool is_pc(const struct domain *d)
{
    return !domain_is_q35(d->machine) && is_x86(d);
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

static void write_vars(struct xml *x, const struct domain *d)
{
    if (d->firmware_vars == NULL)
        return;
    xml_open(x, "nvram");
    xml_attr(x, "template", d->vars_template);
    xml_text(x, d->firmware_vars);
    xml_close(x);
}

/* By the descriptors of the host that runs it. */
static void write_auto_firmware(struct xml *x, const struct domain *d)
{
    xml_open(x, "firmware");
    xml_open(x, "feature");
    xml_attr(x, "enabled", d->secure_boot ? "yes" : "no");
    xml_attr(x, "name", "secure-boot");
    xml_close(x);
    xml_close(x);
    if (d->secure_boot) {
        xml_open(x, "loader");
        xml_attr(x, "secure", "yes");
        xml_close(x);
    }
    write_vars(x, d);
}

static void write_firmware(struct xml *x, const struct domain *d)
{
    if (d->firmware_auto) {
        write_auto_firmware(x, d);
    } else if (d->firmware_code != NULL) {
        xml_open(x, "loader");
        xml_attr(x, "readonly", "yes");
        if (is_x86(d))
            xml_attr(x, "secure", d->secure_boot ? "yes" : "no");
        xml_attr(x, "type", "pflash");
        if (d->firmware_vars == NULL)
            xml_attr(x, "stateless", "yes");
        xml_text(x, d->firmware_code);
        xml_close(x);
        write_vars(x, d);
    } else if (d->bios != NULL) {
        xml_leaf(x, "loader", d->bios);
    }
}

static void write_os(struct xml *x, const struct domain *d)
{
    const struct {
        const char *element, *text;
    } direct[] = {
        {"kernel", d->kernel}, {"initrd", d->initrd}, {"cmdline", d->cmdline}, {"dtb", d->dtb}};
    xml_open(x, "os");
    if (d->firmware_auto)
        xml_attr(x, "firmware", "efi");
    xml_open(x, "type");
    xml_attr(x, "arch", strcmp(d->arch, "i386") == 0 ? "i686" : d->arch);
    xml_attr(x, "machine", d->machine);
    xml_text(x, "hvm");
    xml_close(x);
    write_firmware(x, d);
    for (size_t i = 0; i < ARRAY_SIZE(direct); i++)
        if (direct[i].text != NULL)
            xml_leaf(x, direct[i].element, direct[i].text);
    xml_close(x);
}

static void write_empty(struct xml *x, const char *element)
{
    xml_open(x, element);
    xml_close(x);
}

/* Outside the PC only UEFI firmware hands ACPI tables on. */
static void write_features(struct xml *x, const struct domain *d)
{
    xml_open(x, "features");
    if (is_x86(d) ||
        (strcmp(d->arch, "aarch64") == 0 && (d->firmware_code != NULL || d->firmware_auto)))
        write_empty(x, "acpi");
    if (is_x86(d))
        write_empty(x, "apic");
    if (d->secure_boot || d->smm) {
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

static void write_topology(struct xml *x, const struct domain *d)
{
    if (d->sockets == 0 && d->cores == 0 && d->threads == 0)
        return;
    xml_open(x, "topology");
    xml_attrf(x, "sockets", "%u", MAX(d->sockets, 1u));
    xml_attrf(x, "cores", "%u", MAX(d->cores, 1u));
    xml_attrf(x, "threads", "%u", MAX(d->threads, 1u));
    xml_close(x);
}

static void write_vcpu(struct xml *x, const struct domain *d)
{
    xml_open(x, "vcpu");
    xml_attr(x, "placement", "static");
    if (d->vcpus_online != 0 && d->vcpus_online < d->vcpus)
        xml_attrf(x, "current", "%u", d->vcpus_online);
    char count[16];
    snprintf(count, sizeof(count), "%u", d->vcpus);
    xml_text(x, count);
    xml_close(x);
}

/* What only makes an emulated guest slow: a fifth level of page tables makes page
 * walks longer; "fast" string instructions are run byte by byte, and kernel and
 * libc take words where the processor does not praise them (fork and exec cost a
 * tenth less). */
static void write_cpu_without(struct xml *x)
{
    static const char *const slow[] = {"la57", "erms", "fsrm"};
    for (size_t i = 0; i < ARRAY_SIZE(slow); i++) {
        xml_open(x, "feature");
        xml_attr(x, "policy", "disable");
        xml_attr(x, "name", slow[i]);
        xml_close(x);
    }
}

/* libvirt 9.0 knows no processors but these; QEMU's default is left for others. */
static void write_cpu(struct xml *x, const struct domain *d)
{
    write_vcpu(x, d);
    if (!d->kvm && !is_x86(d) && strcmp(d->arch, "aarch64") != 0)
        return;
    xml_open(x, "cpu");
    xml_attr(x, "mode", d->kvm ? "host-passthrough" : "maximum");
    write_topology(x, d);
    if (!d->kvm && strcmp(d->arch, "x86_64") == 0)
        write_cpu_without(x);
    xml_close(x);
}

static void write_lifecycle(struct xml *x, const struct domain *d)
{
    xml_open(x, "clock");
    xml_attr(x, "offset", d->clock != NULL ? d->clock : "utc");
    xml_close(x);
    xml_leaf(x, "on_poweroff", "destroy");
    xml_leaf(x, "on_reboot", d->no_reboot ? "destroy" : "restart");
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

static bool is_url(const struct domain_disk *disk)
{
    return strstr(disk->path, "://") != NULL;
}

/* https://host:port/path?query, read by QEMU's curl driver. */
static void write_url(struct xml *x, const char *url)
{
    str rest = str_from(url);
    str scheme = str_sub(rest, 0, (size_t)str_find(rest, STR("://")));
    rest = str_sub(rest, scheme.len + 3, rest.len);
    str host = str_split(&rest, '/');
    str path = rest.ptr == NULL ? STR("") : rest;
    str query = path;
    path = str_split(&query, '?');
    ptrdiff_t colon = str_find_char(host, ':');
    xml_open(x, "source");
    xml_attrf(x, "protocol", "%.*s", STR_FMT(scheme));
    xml_attrf(x, "name", "%.*s", STR_FMT(path));
    if (query.ptr != NULL)
        xml_attrf(x, "query", "%.*s", STR_FMT(query));
    xml_open(x, "host");
    xml_attrf(x, "name", "%.*s", STR_FMT(colon < 0 ? host : str_sub(host, 0, (size_t)colon)));
    if (colon >= 0)
        xml_attrf(x, "port", "%.*s", STR_FMT(str_sub(host, (size_t)colon + 1, host.len)));
    else
        xml_attr(x, "port", str_eqz(scheme, "https") ? "443" : "80");
    xml_close(x);
    xml_close(x);
}

static void write_disk_source(struct xml *x, const struct domain_disk *disk)
{
    if (is_url(disk)) {
        write_url(x, disk->path);
        return;
    }
    xml_open(x, "source");
    xml_attr(x, "file", disk->path);
    if (disk->keep_owner)
        write_no_relabel(x);
    xml_close(x);
    write_backing(x, disk);
}

static void write_disk(struct xml *x, const struct domain *d, size_t index)
{
    static const char *const devices[] = {
        [MEDIA_DISK] = "disk", [MEDIA_CDROM] = "cdrom", [MEDIA_FLOPPY] = "floppy"};
    const struct domain_disk *disk = &d->disks[index];
    xml_open(x, "disk");
    xml_attr(x, "type", is_url(disk) ? "network" : "file");
    xml_attr(x, "device", devices[disk->media]);
    xml_open(x, "driver");
    xml_attr(x, "name", "qemu");
    xml_attr(x, "type", disk->format);
    xml_attr(x, "cache", disk->cache);
    xml_attr(x, "discard", disk->discard);
    xml_attr(x, "detect_zeroes", disk->detect_zeroes);
    xml_close(x);
    write_disk_source(x, disk);
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
    xml_attr(x, "model", "none"); /* see write_usb_args() */
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
    if (d->console_pty) {
        xml_attr(x, "type", "pty");
        return;
    }
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

static void write_agent(struct xml *x, const char *socket)
{
    xml_open(x, "controller");
    xml_attr(x, "type", "virtio-serial");
    xml_attr(x, "index", "0");
    write_slot(x, SLOT_AGENT);
    xml_close(x);
    xml_open(x, "channel");
    xml_attr(x, "type", "unix");
    if (*socket != '\0') {
        xml_open(x, "source");
        xml_attr(x, "mode", "bind");
        xml_attr(x, "path", socket);
        xml_close(x);
    }
    xml_open(x, "target");
    xml_attr(x, "type", "virtio");
    xml_attr(x, "name", "org.qemu.guest_agent.0");
    xml_close(x);
    xml_close(x);
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

static void write_tpm(struct xml *x, const struct domain *d)
{
    if (d->tpm_model == NULL)
        return;
    xml_open(x, "tpm");
    xml_attr(x, "model", d->tpm_model);
    xml_open(x, "backend");
    xml_attr(x, "type", "emulator");
    xml_attr(x, "version", d->tpm1 ? "1.2" : "2.0");
    xml_close(x);
    xml_close(x);
}

static void write_bridge(struct xml *x, const struct domain *d)
{
    if (d->bridge == NULL || d->nic_model == NULL)
        return;
    bool is_virtio = strcmp(d->nic_model, "virtio-net-pci") == 0;
    xml_open(x, "interface");
    xml_attr(x, "type", "bridge");
    xml_open(x, "mac");
    xml_attr(x, "address", d->mac);
    xml_close(x);
    xml_open(x, "source");
    xml_attr(x, "bridge", d->bridge);
    xml_close(x);
    xml_open(x, "model");
    xml_attr(x, "type", is_virtio ? "virtio" : d->nic_model);
    xml_close(x);
    xml_open(x, "rom");
    xml_attr(x, "enabled", "no");
    xml_close(x);
    write_slot(x, DOMAIN_NIC_SLOT);
    xml_close(x);
}

static void write_small_devices(struct xml *x, const struct domain *d)
{
    write_tpm(x, d);
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
    if (is_x86(d)) {
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
        if (strcmp(d->disks[i].bus, "sd") != 0)
            write_disk(x, d, i);
    write_controllers(x, d);
    write_bridge(x, d);
    if (d->console_log != NULL)
        write_console(x, d);
    if (d->agent_socket != NULL)
        write_agent(x, d->agent_socket);
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

/* An SD card hangs on a controller that libvirt does not know. */
static void write_sd_args(struct xml *x, const struct domain_disk *disk)
{
    write_arg(x, "-drive");
    xml_open(x, "qemu:arg");
    xml_attrf(x, "value", "if=none,id=imgfac-sd,file=%s,format=%s,cache=%s,discard=%s", disk->path,
              disk->format, disk->cache, disk->discard);
    xml_close(x);
    write_arg(x, "-device");
    write_arg(x, "sdhci-pci");
    write_arg(x, "-device");
    write_arg(x, "sd-card,drive=imgfac-sd");
}

/* QEMU makes the devices of its own command line first: a USB device there
 * would not find a controller of libvirt's. */
static void write_usb_args(struct xml *x, const struct domain *d)
{
    char text[64];
    if (!d->usb)
        return;
    snprintf(text, sizeof(text), "qemu-xhci,id=imgfac-usb,addr=0x%x", SLOT_USB);
    write_arg(x, "-device");
    write_arg(x, text);
    if (!d->tablet)
        return;
    write_arg(x, "-device");
    write_arg(x, "usb-tablet,bus=imgfac-usb.0");
}

/* Only PCI cards have a slot and a boot ROM. */
static void write_nic_args(struct xml *x, const struct domain *d)
{
    str model = str_from(d->nic_model);
    bool is_pci = !str_ends(model, STR("-device")) && !str_starts(model, STR("usb-"));
    char text[256];
    snprintf(text, sizeof(text), "%s,netdev=%s", d->nic_model,
             d->nic_netdev != NULL ? d->nic_netdev : DOMAIN_NETDEV);
    write_arg(x, "-device");
    if (!is_pci) {
        write_arg(x, text);
        return;
    }
    xml_open(x, "qemu:arg");
    xml_attrf(x, "value", "%s,bus=%s,addr=0x%x,romfile=", text, is_pc(d) ? "pci.0" : "pcie.0",
              DOMAIN_NIC_SLOT);
    xml_close(x);
}

/* libvirt 9.0 forwards ports only through passt; QEMU's own user network can
 * do it too. */
static void write_network_args(struct xml *x, const struct domain *d)
{
    char text[160] = "user,id=" DOMAIN_NETDEV;
    if (d->forward_port != 0)
        snprintf(text, sizeof(text), "user,id=" DOMAIN_NETDEV ",hostfwd=tcp:127.0.0.1:%d-:%d",
                 d->forward_port, d->guest_port);
    if (d->nic_netdev == NULL) {
        write_arg(x, "-netdev");
        write_arg(x, text);
    }
    if (d->nic_model != NULL)
        write_nic_args(x, d);
}

/* QEMU parts its options at commas; a comma within one is doubled. */
static void add_path(struct strbuf *out, const char *path)
{
    for (; *path != '\0'; path++)
        strbuf_addn(out, *path, *path == ',' ? 2 : 1);
}

/* A second monitor beside libvirt's own, for `imgfac screenshot`. */
static void write_monitor(struct xml *x, const char *socket)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    strbuf_adds(&text, "unix:");
    add_path(&text, socket);
    strbuf_adds(&text, ",server=on,wait=off");
    write_arg(x, "-qmp");
    write_arg(x, text.buf);
}

/* A boot that ends without a login is explained by its packets. */
static void write_net_dump(struct xml *x, const struct domain *d)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    strbuf_addf(&text, "filter-dump,id=" NETWATCH_OBJECT ",netdev=%s,maxlen=%d,file=",
                d->nic_netdev != NULL ? d->nic_netdev : DOMAIN_NETDEV, NETDUMP_PACKET_MAX);
    add_path(&text, d->net_dump);
    write_arg(x, "-object");
    write_arg(x, text.buf);
}

static void write_qemu_args(struct xml *x, const struct domain *d)
{
    xml_open(x, "qemu:commandline");
    if (is_x86(d)) {
        /* SeaBIOS and what it boots write to the serial port, too: a boot that
         * ends there explains itself on the console. */
        write_arg(x, "-machine");
        write_arg(x, "graphics=off");
    }
    if (d->cpu_model != NULL) {
        write_arg(x, "-cpu");
        write_arg(x, d->cpu_model);
    }
    for (size_t i = 0; i < d->disk_count; i++)
        if (strcmp(d->disks[i].bus, "sd") == 0)
            write_sd_args(x, &d->disks[i]);
    write_usb_args(x, d);
    if (d->bridge == NULL)
        write_network_args(x, d);
    if (d->bridge == NULL && d->net_dump != NULL)
        write_net_dump(x, d);
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
    if (d->uuid != NULL)
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
    write_lifecycle(x, d);
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

const char *domain_video_model(const char *vga)
{
    static const struct {
        const char *vga, *model;
    } models[] = {{"std", "vga"}, {"vmware", "vmvga"}, {"none", NULL}};
    for (size_t i = 0; i < ARRAY_SIZE(models); i++)
        if (strcmp(vga, models[i].vga) == 0)
            return models[i].model;
    return vga;
}
