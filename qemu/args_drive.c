/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/args_internal.h"

#include "base/io.h"

/* Packer names the drives of its own so. */
#define PACKER_DISK "drive"
#define PACKER_CD   "cdrom"

/* Devices that put a drive of `if=none` onto a bus that libvirt knows. */
static const struct drive_device {
    const char *driver, *bus;
    enum domain_media media;
} drive_devices[] = {
    {"virtio-blk-pci", "virtio", MEDIA_DISK},
    {"virtio-blk", "virtio", MEDIA_DISK},
    {"scsi-hd", "scsi", MEDIA_DISK},
    {"scsi-cd", "scsi", MEDIA_CDROM},
    {"ide-hd", "ide", MEDIA_DISK},
    {"ide-cd", "ide", MEDIA_CDROM},
    {"floppy", "fdc", MEDIA_FLOPPY},
};

static const struct drive_device *find_device(const char *driver)
{
    for (size_t i = 0; driver != NULL && i < ARRAY_SIZE(drive_devices); i++)
        if (strcmp(drive_devices[i].driver, driver) == 0)
            return &drive_devices[i];
    return NULL;
}

static struct arg_item *device_of(struct args *s, const char *id)
{
    for (size_t i = 0; id != NULL && i < s->devices.len; i++) {
        const char *drive = keyvals_get(&s->devices.ptr[i].kv, "drive");
        if (drive != NULL && strcmp(drive, id) == 0)
            return &s->devices.ptr[i];
    }
    return NULL;
}

/* "ide" of a q35, and what hangs on an AHCI controller, is SATA to libvirt. */
static const char *real_bus(const struct args *s, const char *bus, const struct keyvals *device)
{
    const char *at = device != NULL ? keyvals_get(device, "bus") : NULL;
    bool other = at != NULL && strncmp(at, "ide", 3) != 0;
    if (strcmp(bus, "ide") != 0)
        return bus;
    return other || domain_is_q35(s->d->machine) ? "sata" : "ide";
}

/* The disk that the template means by PATH: the build's own, or its file. */
struct meaning {
    const struct domain_disk *own; /* NULL: a file of the user */
    const char *path;
};

static struct meaning meaning_of(struct args *s, const struct domain_disk *defaults, size_t count,
                                 const char *path)
{
    struct meaning m = {.path = strstr(path, "://") != NULL ? path : args_absolute(s, path)};
    size_t disk = 0;
    for (size_t i = 0; i < count; i++) {
        const struct domain_disk *d = &defaults[i];
        if (strcmp(m.path, d->path) == 0)
            m.own = d;
        if (d->media != MEDIA_DISK || d->read_only)
            continue;
        const char *name = disk == 0 ? s->x->disk : arena_fmt(s->a, "%s-%zu", s->x->disk, disk);
        if (strcmp(m.path, name) == 0)
            m.own = d;
        disk++;
    }
    return m;
}

/* The first pflash is the code, the second one the variables. */
static void map_flash(struct args *s, struct arg_item *item)
{
    const char *file = keyvals_get(&item->kv, "file");
    const char *unit = keyvals_get(&item->kv, "unit");
    bool is_vars = unit != NULL ? strcmp(unit, "1") == 0 : s->d->firmware_code != NULL;
    item->done = true;
    if (file == NULL)
        return;
    const char *path = args_absolute(s, file);
    if (!is_vars) {
        s->d->firmware_code = path;
        s->d->bios = NULL;
    } else if (s->x->efivars == NULL || strcmp(path, s->x->efivars) != 0 ||
               s->d->firmware_vars == NULL) {
        s->d->firmware_vars = path;
    }
}

static bool is_flash(const struct arg_item *item)
{
    const char *interface = keyvals_get(&item->kv, "if");
    return interface != NULL && strcmp(interface, "pflash") == 0;
}

/* Flash drives replace the builder's; without any the UEFI firmware that was
 * asked for stays (Packer boots the BIOS then). */
static void map_flashes(struct args *s)
{
    bool any = false;
    for (size_t i = 0; i < s->drives.len; i++)
        any |= is_flash(&s->drives.ptr[i]);
    if (!any)
        return;
    s->d->firmware_code = NULL;
    for (size_t i = 0; i < s->drives.len; i++)
        if (is_flash(&s->drives.ptr[i]))
            map_flash(s, &s->drives.ptr[i]);
}

static void take_driver(const struct keyvals *kv, struct domain_disk *disk)
{
    const char *cache = keyvals_get(kv, "cache");
    const char *discard = keyvals_get(kv, "discard");
    const char *zeroes = keyvals_get(kv, "detect-zeroes");
    if (cache != NULL)
        disk->cache = cache;
    if (discard != NULL)
        disk->discard = strcmp(discard, "on") == 0 ? "unmap" : discard;
    if (zeroes != NULL)
        disk->detect_zeroes = zeroes;
    /* libvirt takes "unmap" for zeroes only together with discard. */
    if (disk->detect_zeroes != NULL && strcmp(disk->detect_zeroes, "unmap") == 0 &&
        (disk->discard == NULL || strcmp(disk->discard, "unmap") != 0))
        disk->detect_zeroes = "on";
}

static void set_boot_index(const struct keyvals *device, struct domain_disk *disk)
{
    const char *text = keyvals_get(device, "bootindex");
    int64_t index;
    if (text != NULL && str_to_i64(str_from(text), &index) && index >= 0 && index < 1000)
        disk->boot_order = (int)index + 1;
}

/* The device on which a drive of `if=none` sits; NULL: none that libvirt has. */
static bool place_by_device(struct args *s, const struct arg_item *item, struct domain_disk *disk)
{
    struct arg_item *device = device_of(s, keyvals_get(&item->kv, "id"));
    const struct drive_device *kind =
        device != NULL ? find_device(keyvals_get(&device->kv, "driver")) : NULL;
    if (kind == NULL)
        return false;
    const char *serial = keyvals_get(&device->kv, "serial");
    disk->bus = real_bus(s, kind->bus, &device->kv);
    disk->media = kind->media;
    disk->boot_order = 0;
    set_boot_index(&device->kv, disk);
    if (serial != NULL)
        disk->serial = serial;
    device->done = true;
    return true;
}

static bool place_by_interface(struct args *s, const char *interface, bool is_cd,
                               struct domain_disk *disk)
{
    static const char *const known[] = {"virtio", "scsi", "ide", "sata", "sd"};
    if (strcmp(interface, "floppy") == 0) {
        disk->bus = "fdc";
        disk->media = MEDIA_FLOPPY;
        return true;
    }
    disk->media = is_cd && strcmp(interface, "virtio") != 0 ? MEDIA_CDROM : MEDIA_DISK;
    for (size_t i = 0; i < ARRAY_SIZE(known); i++)
        if (strcmp(known[i], interface) == 0) {
            disk->bus = real_bus(s, known[i], NULL);
            return true;
        }
    return false;
}

/* QEMU opens it itself, from the place where it really is. */
static void pass_drive(struct args *s, struct arg_item *item, const struct domain_disk *disk)
{
    keyvals_set(s->a, &item->kv, "file", disk->path);
    keyvals_set(s->a, &item->kv, "format", disk->format);
    args_pass(s, "drive", keyvals_text(s->a, &item->kv));
}

static bool map_drive(struct args *s, struct arg_item *item, const struct domain_disk *defaults,
                      size_t count, struct error **err)
{
    const char *file = keyvals_get(&item->kv, "file");
    const char *interface = keyvals_get(&item->kv, "if");
    const char *media = keyvals_get(&item->kv, "media");
    const char *format = keyvals_get(&item->kv, "format");
    bool is_cd = media != NULL && strcmp(media, "cdrom") == 0;
    bool is_none = interface != NULL && strcmp(interface, "none") == 0;
    if (file == NULL || *file == '\0') {
        args_pass(s, "drive", keyvals_text(s->a, &item->kv));
        return true;
    }
    struct meaning m = meaning_of(s, defaults, count, file);
    struct domain_disk disk = {.path = m.path,
                               .format = format != NULL ? format : args_format_of(file),
                               .keep_owner = true};
    if (m.own != NULL)
        disk = *m.own;
    disk.read_only = disk.read_only || is_cd || keyvals_is_on(&item->kv, "readonly") ||
                     keyvals_is_on(&item->kv, "read-only");
    take_driver(&item->kv, &disk);
    if (interface == NULL)
        interface = strcmp(s->d->arch, "x86_64") == 0 ? "ide" : "virtio";
    if (is_none ? !place_by_device(s, item, &disk)
                : !place_by_interface(s, interface, is_cd, &disk)) {
        pass_drive(s, item, &disk);
        return true;
    }
    return args_add_disk(s, disk, err);
}

/* What stays whatever qemuargs say: the build's seed and its floppy. */
static bool is_ours_alone(const struct domain_disk *disk)
{
    return disk->media == MEDIA_FLOPPY ||
           (disk->serial != NULL && strcmp(disk->serial, "cidata") == 0);
}

static bool replace_drives(struct args *s, struct error **err)
{
    struct domain_disk *defaults = arena_memdup(s->a, s->d->disks, sizeof(s->d->disks));
    size_t count = s->d->disk_count, seen = 0;
    s->d->disk_count = 0;
    for (size_t i = 0; i < count; i++)
        if (is_ours_alone(&defaults[i]) && !args_add_disk(s, defaults[i], err))
            return false;
    for (size_t i = 0; i < s->drives.len; i++)
        if (!s->drives.ptr[i].done && !map_drive(s, &s->drives.ptr[i], defaults, count, err))
            return false;
    for (size_t i = 0; i < s->d->disk_count; i++)
        seen += strcmp(s->d->disks[i].path, defaults[0].path) == 0;
    for (size_t i = 0; i < s->extra.len; i++)
        seen += strstr(s->extra.ptr[i], defaults[0].path) != NULL;
    if (seen == 0) {
        /* A guest without the disk that is to be made helps nobody. */
        args_note(s,
                  "qemuargs: none of the -drive values is the disk of the build (%s): it is "
                  "attached all the same",
                  s->x->disk);
        return args_add_disk(s, defaults[0], err);
    }
    return true;
}

/* Without an order of the template's: the disk, then the CDs. */
static void default_order(struct domain *d, const char *main_disk)
{
    int order = 2;
    for (size_t i = 0; i < d->disk_count; i++)
        if (d->disks[i].boot_order != 0)
            return;
    for (size_t i = 0; i < d->disk_count; i++)
        if (strcmp(d->disks[i].path, main_disk) == 0)
            d->disks[i].boot_order = 1;
        else if (d->disks[i].media == MEDIA_CDROM)
            d->disks[i].boot_order = order++;
}

/* The builder's drive of Packer's name ID ("drive1", "cdrom0"); NULL: none. */
static struct domain_disk *default_of(struct args *s, const char *id)
{
    bool is_cd = str_starts(str_from(id), STR(PACKER_CD));
    size_t prefix = is_cd ? strlen(PACKER_CD) : strlen(PACKER_DISK);
    int64_t number;
    if ((!is_cd && !str_starts(str_from(id), STR(PACKER_DISK))) ||
        !str_to_i64(str_sub(str_from(id), prefix, strlen(id)), &number))
        return NULL;
    for (size_t i = 0; i < s->d->disk_count; i++) {
        struct domain_disk *disk = &s->d->disks[i];
        bool fits =
            is_cd ? disk->media == MEDIA_CDROM : disk->media == MEDIA_DISK && !disk->read_only;
        if (fits && number-- == 0)
            return disk;
    }
    return NULL;
}

/* -device scsi-hd,drive=drive0 without a -drive of that name: Packer's own. */
static void move_default(struct args *s, struct arg_item *device)
{
    const char *id = keyvals_get(&device->kv, "drive");
    const struct drive_device *kind = find_device(keyvals_get(&device->kv, "driver"));
    if (id == NULL || kind == NULL || device->done)
        return;
    struct domain_disk *disk = default_of(s, id);
    if (disk == NULL)
        return;
    disk->bus = real_bus(s, kind->bus, &device->kv);
    set_boot_index(&device->kv, disk);
    device->done = true;
}

bool args_drives(struct args *s, struct error **err)
{
    const char *main_disk = s->d->disks[0].path;
    size_t plain = 0;
    map_flashes(s);
    for (size_t i = 0; i < s->drives.len; i++) {
        s->replaces_drives |= !s->drives.ptr[i].adds;
        plain += !s->drives.ptr[i].done;
    }
    if (plain > 0 && s->replaces_drives && !replace_drives(s, err))
        return false;
    for (size_t i = 0; plain > 0 && !s->replaces_drives && i < s->drives.len; i++)
        if (!s->drives.ptr[i].done &&
            !map_drive(s, &s->drives.ptr[i], s->d->disks, s->d->disk_count, err))
            return false;
    for (size_t i = 0; i < s->devices.len; i++)
        move_default(s, &s->devices.ptr[i]);
    default_order(s->d, main_disk);
    return true;
}

static bool has_scsi(const struct domain *d)
{
    for (size_t i = 0; i < d->disk_count; i++)
        if (strcmp(d->disks[i].bus, "scsi") == 0)
            return true;
    return false;
}

/* Devices that libvirt makes by its own elements. */
static bool map_device(struct args *s, struct arg_item *item)
{
    static const struct {
        const char *driver, *video;
    } screens[] = {
        {"VGA", "vga"},           {"virtio-vga", "virtio"},   {"virtio-gpu-pci", "virtio"},
        {"virtio-gpu", "virtio"}, {"qxl-vga", "qxl"},         {"cirrus-vga", "cirrus"},
        {"ramfb", "ramfb"},       {"bochs-display", "bochs"}, {"vmware-svga", "vmvga"}};
    const char *driver = keyvals_get(&item->kv, "driver");
    const char *tpm = keyvals_get(&item->kv, "tpmdev");
    for (size_t i = 0; i < ARRAY_SIZE(screens); i++)
        if (strcmp(driver, screens[i].driver) == 0) {
            s->d->video = screens[i].video;
            return true;
        }
    if (strcmp(driver, "pvpanic") == 0)
        return true; /* every guest has one */
    if (strncmp(driver, "virtio-scsi", 11) == 0)
        return has_scsi(s->d);
    if (tpm != NULL && s->x->config->vtpm && strcmp(tpm, "tpm0") == 0) {
        s->d->tpm_model = strcmp(driver, "tpm-tis-device") == 0 ? "tpm-tis" : driver;
        return true;
    }
    return false;
}

static bool is_usb_controller(const char *driver)
{
    return strstr(driver, "xhci") != NULL || strstr(driver, "ehci") != NULL ||
           strstr(driver, "uhci") != NULL;
}

/* USB devices need a bus, which the builder has only on demand. */
static void ensure_usb(struct args *s)
{
    bool devices = false, controller = s->d->usb;
    for (size_t i = 0; i < s->devices.len; i++) {
        const char *driver = keyvals_get(&s->devices.ptr[i].kv, "driver");
        devices |= driver != NULL && strncmp(driver, "usb-", 4) == 0;
        controller |= driver != NULL && is_usb_controller(driver);
    }
    s->d->usb = s->d->usb || (devices && !controller);
}

/* As under Packer: a card of the same kind, or one on a network of its own,
 * takes the place of the builder's, and its slot: the guest calls it the same. */
static void map_card(struct args *s, struct arg_item *item)
{
    str driver = str_from(keyvals_get(&item->kv, "driver"));
    bool has_netdev = keyvals_get(&item->kv, "netdev") != NULL;
    if (str_find(driver, str_from(s->x->net_device)) < 0 && !has_netdev)
        return;
    bool is_pci = !str_ends(driver, STR("-device")) && !str_starts(driver, STR("usb-"));
    if (s->d->nic_model != NULL && has_netdev && is_pci && keyvals_get(&item->kv, "addr") == NULL &&
        keyvals_get(&item->kv, "bus") == NULL)
        keyvals_set(s->a, &item->kv, "addr", arena_fmt(s->a, "0x%x", DOMAIN_NIC_SLOT));
    s->d->nic_model = NULL;
}

void args_devices(struct args *s)
{
    const char *first = NULL;
    bool own = false;
    for (size_t i = 0; i < s->netdevs.len; i++) {
        const char *id = keyvals_get(&s->netdevs.ptr[i].kv, "id");
        s->replaces_netdevs |= !s->netdevs.ptr[i].adds;
        own |= id != NULL && strcmp(id, DOMAIN_NETDEV) == 0;
        if (first == NULL)
            first = id;
        args_pass(s, "netdev", keyvals_text(s->a, &s->netdevs.ptr[i].kv));
    }
    if (s->replaces_netdevs)
        s->d->nic_netdev = own || first == NULL ? DOMAIN_NETDEV : first;
    ensure_usb(s);
    for (size_t i = 0; i < s->devices.len; i++) {
        struct arg_item *item = &s->devices.ptr[i];
        if (item->done || keyvals_get(&item->kv, "driver") == NULL)
            continue;
        if (map_device(s, item))
            continue;
        map_card(s, item);
        args_pass(s, "device", keyvals_text(s->a, &item->kv));
    }
}
