/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/args.h"

#include "base/io.h"
#include "gotemplate/gotemplate.h"
#include "hcl/diag.h"
#include "httpd/server.h"
#include "qemu/args_internal.h"

void args_note(struct args *s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    arg_words_push(s->a, &s->notes, arena_vfmt(s->a, fmt, ap));
    va_end(ap);
}

void args_pass(struct args *s, const char *name, const char *value)
{
    arg_words_push(s->a, &s->extra, arena_fmt(s->a, "-%s", name));
    if (value != NULL && *value != '\0')
        arg_words_push(s->a, &s->extra, value);
}

/* libvirt starts QEMU in another directory. */
const char *args_absolute(struct args *s, const char *path)
{
    autofree char *absolute = io_absolute(path);
    autofree char *clean = httpd_clean_path(absolute);
    return arena_strdup(s->a, clean);
}

const char *args_format_of(const char *path)
{
    str name = str_from(path);
    return str_ends(name, STR(".qcow2")) || str_ends(name, STR(".qcow")) ? "qcow2" : "raw";
}

bool args_add_disk(struct args *s, struct domain_disk disk, struct error **err)
{
    if (s->d->disk_count == DOMAIN_DISKS_MAX)
        return error_set(err, ERR_TEMPLATE, 0, "a guest may have %d drives", DOMAIN_DISKS_MAX);
    s->d->disks[s->d->disk_count++] = disk;
    return true;
}

/* Each switch: a function that changes the domain, or why nothing is done. */

static bool bad_number(const char *name, const char *value, struct error **err)
{
    return error_set(err, ERR_TEMPLATE, 0, "qemuargs: -%s has the unusable value '%s'", name,
                     value);
}

const char *args_machine(const char *type)
{
    /* What Ubuntu's QEMU calls the newest of its own. */
    if (strcmp(type, "ubuntu") == 0)
        return "pc";
    return strcmp(type, "ubuntu-q35") == 0 ? "q35" : type;
}

/* Accelerator and type were looked at before; see args_value(). */
static bool map_machine(struct args *s, const char *value, struct error **err)
{
    (void)err;
    struct keyvals kv = keyvals_parse(s->a, value, "type");
    const char *type = keyvals_take(&kv, "type");
    if (type != NULL)
        s->d->machine = args_machine(type);
    keyvals_take(&kv, "accel");
    if (keyvals_is_on(&kv, "smm"))
        s->d->smm = true;
    if (keyvals_is_on(&kv, "usb"))
        s->d->usb = true;
    keyvals_take(&kv, "smm");
    keyvals_take(&kv, "usb");
    if (kv.len > 0)
        args_pass(s, "machine", keyvals_text(s->a, &kv));
    return true;
}

static bool map_accel(struct args *s, const char *value, struct error **err)
{
    (void)err;
    if (strchr(value, ',') != NULL)
        args_note(s, "qemuargs: of \"-accel %s\" only the name is used", value);
    return true;
}

bool args_memory(struct arena *a, const char *value, uint64_t *mib)
{
    struct keyvals kv = keyvals_parse(a, value, "size");
    const char *size = keyvals_get(&kv, "size");
    uint64_t bytes;
    if (size == NULL || !str_to_size(str_from(size), 1 << 20, &bytes) || bytes < 1 << 20)
        return false;
    *mib = bytes >> 20;
    return true;
}

static bool map_memory(struct args *s, const char *value, struct error **err)
{
    struct keyvals kv = keyvals_parse(s->a, value, "size");
    if (!args_memory(s->a, value, &s->d->memory_mib))
        return bad_number("m", value, err);
    if (keyvals_get(&kv, "maxmem") != NULL)
        args_note(s, "qemuargs: memory cannot grow here, maxmem and slots are left out");
    return true;
}

#define MOST_CPUS 512

struct smp {
    unsigned cpus, maxcpus, sockets, cores, threads; /* 0: not said */
};

static bool take_count(struct keyvals *kv, const char *key, unsigned *out)
{
    int64_t n = 0;
    const char *text = keyvals_take(kv, key);
    *out = 0;
    if (text == NULL)
        return true;
    if (!str_to_i64(str_from(text), &n) || n < 1 || n > MOST_CPUS)
        return false;
    *out = (unsigned)n;
    return true;
}

static bool read_smp(struct keyvals *kv, struct smp *out)
{
    return take_count(kv, "cpus", &out->cpus) && take_count(kv, "maxcpus", &out->maxcpus) &&
           take_count(kv, "sockets", &out->sockets) && take_count(kv, "cores", &out->cores) &&
           take_count(kv, "threads", &out->threads);
}

/* What is not said follows from the rest, cores before sockets, as in QEMU. */
static void fill_topology(struct smp *t, unsigned all)
{
    unsigned product = MAX(t->sockets, 1u) * MAX(t->cores, 1u) * MAX(t->threads, 1u);
    unsigned rest = MAX(all, product) / product;
    if (t->cores == 0)
        t->cores = rest;
    else if (t->sockets == 0)
        t->sockets = rest;
    t->sockets = MAX(t->sockets, 1u);
    t->threads = MAX(t->threads, 1u);
}

static bool map_smp(struct args *s, const char *value, struct error **err)
{
    struct keyvals kv = keyvals_parse(s->a, value, "cpus");
    struct smp t;
    if (!read_smp(&kv, &t))
        return bad_number("smp", value, err);
    unsigned all = t.maxcpus != 0 ? t.maxcpus : MAX(t.cpus, 1u);
    struct domain *d = s->d;
    d->sockets = d->cores = d->threads = 0;
    if (t.sockets != 0 || t.cores != 0 || t.threads != 0) {
        fill_topology(&t, all);
        d->sockets = t.sockets;
        d->cores = t.cores;
        d->threads = t.threads;
        all = t.sockets * t.cores * t.threads;
    }
    d->vcpus = all;
    d->vcpus_online = t.cpus != 0 && t.cpus < all ? t.cpus : 0;
    return all <= MOST_CPUS || bad_number("smp", value, err);
}

static bool map_cpu(struct args *s, const char *value, struct error **err)
{
    (void)err;
    s->d->cpu_model = value;
    return true;
}

/* The places of `order`: a floppy, c disk, d CD, n network. */
static void set_order(struct domain *d, const char *letters)
{
    static const struct {
        char letter;
        enum domain_media media;
    } kinds[] = {{'a', MEDIA_FLOPPY}, {'c', MEDIA_DISK}, {'d', MEDIA_CDROM}};
    int order = 1;
    for (size_t i = 0; i < d->disk_count; i++)
        d->disks[i].boot_order = 0;
    for (const char *l = letters; *l != '\0'; l++)
        for (size_t i = 0; i < d->disk_count; i++)
            for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
                if (kinds[k].letter == *l && kinds[k].media == d->disks[i].media &&
                    d->disks[i].boot_order == 0)
                    d->disks[i].boot_order = order++;
}

static bool map_boot(struct args *s, const char *value, struct error **err)
{
    (void)err;
    struct keyvals kv = keyvals_parse(s->a, value, "order");
    const char *order = keyvals_take(&kv, "order");
    /* "once=d" is how the builder boots an ISO: an empty disk boots nothing. */
    const char *once = keyvals_take(&kv, "once");
    if (order != NULL)
        set_order(s->d, order);
    else if (once != NULL && s->x->config->disk_image)
        set_order(s->d, arena_fmt(s->a, "%sc", once));
    if (kv.len > 0)
        args_pass(s, "boot", keyvals_text(s->a, &kv));
    return true;
}

#define MAP_TEXT(name, field, text)                                                                \
    static bool map_##name(struct args *s, const char *value, struct error **err)                  \
    {                                                                                              \
        (void)err;                                                                                 \
        s->d->field = (text);                                                                      \
        return true;                                                                               \
    }
MAP_TEXT(kernel, kernel, args_absolute(s, value))
MAP_TEXT(initrd, initrd, args_absolute(s, value))
MAP_TEXT(append, cmdline, value)
MAP_TEXT(dtb, dtb, args_absolute(s, value))
MAP_TEXT(vga, video, domain_video_model(value))

static bool map_bios(struct args *s, const char *value, struct error **err)
{
    (void)err;
    s->d->firmware_code = NULL;
    s->d->firmware_vars = NULL;
    s->d->secure_boot = false;
    /* A bare name is looked up by QEMU among its own files. */
    if (strchr(value, '/') == NULL && !io_exists(value))
        args_pass(s, "bios", value);
    else
        s->d->bios = args_absolute(s, value);
    return true;
}

static bool map_pflash(struct args *s, const char *value, struct error **err)
{
    (void)err;
    if (s->d->firmware_code == NULL)
        s->d->firmware_code = args_absolute(s, value);
    else
        s->d->firmware_vars = args_absolute(s, value);
    return true;
}

static bool map_cdrom(struct args *s, const char *value, struct error **err)
{
    bool is_disk = strcmp(s->x->cdrom_bus, "virtio") == 0;
    struct domain_disk cd = {.media = is_disk ? MEDIA_DISK : MEDIA_CDROM,
                             .path = args_absolute(s, value),
                             .format = "raw",
                             .bus = s->x->cdrom_bus,
                             .read_only = true,
                             .keep_owner = true};
    return args_add_disk(s, cd, err);
}

static bool map_floppy(struct args *s, const char *value, struct error **err)
{
    size_t n = 0;
    for (size_t i = 0; i < s->d->disk_count; i++)
        if (s->d->disks[i].media != MEDIA_FLOPPY)
            s->d->disks[n++] = s->d->disks[i];
    s->d->disk_count = n;
    struct domain_disk floppy = {.media = MEDIA_FLOPPY,
                                 .path = args_absolute(s, value),
                                 .format = "raw",
                                 .bus = "fdc",
                                 .keep_owner = true};
    return args_add_disk(s, floppy, err);
}

static bool map_rtc(struct args *s, const char *value, struct error **err)
{
    (void)err;
    struct keyvals kv = keyvals_parse(s->a, value, NULL);
    const char *base = keyvals_get(&kv, "base");
    if (base != NULL && (strcmp(base, "localtime") == 0 || strcmp(base, "utc") == 0)) {
        s->d->clock = base;
        keyvals_take(&kv, "base");
    }
    if (keyvals_get(&kv, "clock") != NULL && strcmp(keyvals_get(&kv, "clock"), "host") == 0)
        keyvals_take(&kv, "clock"); /* QEMU's default */
    if (kv.len > 0)
        args_pass(s, "rtc", keyvals_text(s->a, &kv));
    return true;
}

static bool map_usb(struct args *s, const char *value, struct error **err)
{
    (void)value, (void)err;
    s->d->usb = true;
    return true;
}

static bool map_usbdevice(struct args *s, const char *value, struct error **err)
{
    s->d->usb = true;
    if (strcmp(value, "tablet") == 0)
        s->d->tablet = true;
    else if (strcmp(value, "mouse") == 0 || strcmp(value, "keyboard") == 0)
        args_pass(s, "device", *value == 'm' ? "usb-mouse" : "usb-kbd");
    else
        return bad_number("usbdevice", value, err);
    return true;
}

static bool map_no_reboot(struct args *s, const char *value, struct error **err)
{
    (void)value, (void)err;
    s->d->no_reboot = true;
    return true;
}

/* imgfac reads the first serial port itself. */
static bool map_serial(struct args *s, const char *value, struct error **err)
{
    (void)err;
    if (strncmp(value, "file:", 5) == 0)
        s->x->console_copy = args_absolute(s, value + 5);
    else if (strcmp(value, "stdio") != 0 && strcmp(value, "mon:stdio") != 0 &&
             strcmp(value, "none") != 0 && strcmp(value, "null") != 0)
        args_note(s,
                  "qemuargs: \"-serial %s\" is left out: imgfac reads the serial port itself and "
                  "keeps what comes in console.log",
                  value);
    return true;
}

static bool map_vnc(struct args *s, const char *value, struct error **err)
{
    struct keyvals kv = keyvals_parse(s->a, value, "vnc");
    const char *where = keyvals_take(&kv, "vnc");
    str host = str_from(where);
    str number = host;
    int64_t display;
    if (where == NULL || strcmp(where, "none") == 0) {
        s->d->vnc_address = NULL;
        return true;
    }
    ptrdiff_t colon = str_rfind_char(host, ':');
    if (str_starts(host, STR("unix:")) || colon < 0) {
        args_pass(s, "vnc", value);
        return true;
    }
    number = str_sub(host, (size_t)colon + 1, host.len);
    host = str_sub(host, 0, (size_t)colon);
    if (!str_to_i64(number, &display) || display < 0 || display > 59635)
        return bad_number("vnc", value, err);
    s->d->vnc_address = host.len > 0 ? str_dup(s->a, host) : "0.0.0.0";
    s->d->vnc_port = 5900 + (int)display;
    if (s->d->video == NULL)
        s->d->video = "vga";
    return true;
}

/* There is no terminal that a monitor could be on. */
static bool map_monitor(struct args *s, const char *value, struct error **err)
{
    (void)err;
    if (strcmp(value, "none") != 0 && strcmp(value, "stdio") != 0 && strcmp(value, "null") != 0)
        args_pass(s, "monitor", value);
    return true;
}

static bool map_ignored(struct args *s, const char *value, struct error **err)
{
    (void)s, (void)value, (void)err;
    return true;
}

static const struct arg_rule {
    const char *name;
    bool (*map)(struct args *s, const char *value, struct error **err);
    const char *refused; /* why not */
} rules[] = {
    {"machine", map_machine, NULL},
    {"M", map_machine, NULL},
    {"accel", map_accel, NULL},
    {"enable-kvm", map_ignored, NULL},
    {"no-kvm", map_ignored, NULL},
    {"m", map_memory, NULL},
    {"smp", map_smp, NULL},
    {"cpu", map_cpu, NULL},
    {"boot", map_boot, NULL},
    {"kernel", map_kernel, NULL},
    {"initrd", map_initrd, NULL},
    {"append", map_append, NULL},
    {"dtb", map_dtb, NULL},
    {"bios", map_bios, NULL},
    {"pflash", map_pflash, NULL},
    {"cdrom", map_cdrom, NULL},
    {"fda", map_floppy, NULL},
    {"vga", map_vga, NULL},
    {"vnc", map_vnc, NULL},
    {"serial", map_serial, NULL},
    {"rtc", map_rtc, NULL},
    {"usb", map_usb, NULL},
    {"usbdevice", map_usbdevice, NULL},
    {"no-reboot", map_no_reboot, NULL},
    {"monitor", map_monitor, NULL},
    {"qmp", map_monitor, NULL},
    /* No window is ever opened, and libvirt passes these itself. */
    {"display", map_ignored, NULL},
    {"nographic", map_ignored, NULL},
    {"curses", map_ignored, NULL},
    {"sdl", map_ignored, NULL},
    {"nodefaults", map_ignored, NULL},
    {"no-user-config", map_ignored, NULL},
    {"no-shutdown", map_ignored, NULL},
    {"name", map_ignored, NULL},
    {"daemonize", NULL, "libvirt starts QEMU and watches it"},
    {"pidfile", NULL, "libvirt starts QEMU and keeps its process number"},
    {"S", NULL, "the guest would never begin to run"},
    {"snapshot", NULL, "everything that the guest writes would be lost"},
    {"incoming", NULL, "libvirt starts QEMU"},
    {"loadvm", NULL, "a new disk holds no saved state"},
    {"chroot", NULL, "libvirt starts QEMU"},
    {"runas", NULL, "libvirt starts QEMU"},
    {"uuid", NULL, "imgfac finds its guests by their UUID"},
};

static const struct arg_rule *find_rule(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
        if (strcmp(rules[i].name, name) == 0)
            return &rules[i];
    return NULL;
}

/* "-device" and "--device" are one switch to QEMU. */
static const char *bare_name(const char *text)
{
    text += *text == '-';
    return text + (*text == '-');
}

static const char *join_value(struct arena *a, const struct opt_strings *words)
{
    const char *text = "";
    for (size_t i = 1; i < words->len; i++)
        text = arena_fmt(a, "%s%s", text, words->ptr[i]);
    return text;
}

const char *args_value(const struct qemu_config *c, struct arena *a, const char *name)
{
    for (size_t i = c->qemuargs.len; i > 0; i--) {
        const struct opt_strings *words = &c->qemuargs.ptr[i - 1];
        if (words->len > 0 && strcmp(bare_name(words->ptr[0]), name) == 0)
            return join_value(a, words);
    }
    return NULL;
}

bool args_has(const struct qemu_config *c, const char *name)
{
    for (size_t i = 0; i < c->qemuargs.len; i++)
        if (c->qemuargs.ptr[i].len > 0 && strcmp(bare_name(c->qemuargs.ptr[i].ptr[0]), name) == 0)
            return true;
    return false;
}

/* Values whose files QEMU opens itself. */
static const char *absolute_paths(struct args *s, const char *name, const char *value)
{
    static const char *const switches[] = {"chardev", "object", "fw_cfg",   "virtfs",
                                           "fsdev",   "smbios", "acpitable"};
    static const char *const keys[] = {"path", "file", "filename", "logfile"};
    bool has_paths = false;
    for (size_t i = 0; i < ARRAY_SIZE(switches); i++)
        has_paths |= strcmp(switches[i], name) == 0;
    if (!has_paths)
        return value;
    struct keyvals kv = keyvals_parse(s->a, value, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        const char *path = keyvals_get(&kv, keys[i]);
        if (path != NULL && *path != '/')
            keyvals_set(s->a, &kv, keys[i], args_absolute(s, path));
    }
    return keyvals_text(s->a, &kv);
}

static bool apply_one(struct args *s, const struct opt_strings *words, struct error **err)
{
    const char *name = bare_name(words->ptr[0]);
    bool adds = strncmp(words->ptr[0], "--", 2) == 0;
    const char *value = join_value(s->a, words);
    const struct arg_rule *rule = find_rule(name);
    if (!s->x->render(s->x->arg, str_from(value), &value, err))
        return false;
    if (rule != NULL && rule->refused != NULL)
        return error_set(err, ERR_TEMPLATE, 0, "qemuargs may not have -%s: %s", name,
                         rule->refused);
    if (rule != NULL)
        return rule->map(s, value, err);
    if (strcmp(name, "drive") == 0)
        arg_items_push(s->a, &s->drives,
                       (struct arg_item){keyvals_parse(s->a, value, "file"), adds, false});
    else if (strcmp(name, "device") == 0)
        arg_items_push(s->a, &s->devices,
                       (struct arg_item){keyvals_parse(s->a, value, "driver"), adds, false});
    else if (strcmp(name, "netdev") == 0)
        arg_items_push(s->a, &s->netdevs,
                       (struct arg_item){keyvals_parse(s->a, value, "type"), adds, false});
    else
        args_pass(s, name, absolute_paths(s, name, value));
    return true;
}

static bool is_boot_switch(const struct opt_strings *words)
{
    return words->len > 0 && strcmp(bare_name(words->ptr[0]), "boot") == 0;
}

/* Boot order last, when the drives are known. */
static bool apply_all(struct args *s, bool boot, struct error **err)
{
    const struct opt_strings_list *list = &s->x->config->qemuargs;
    for (size_t i = 0; i < list->len; i++)
        if (list->ptr[i].len > 0 && is_boot_switch(&list->ptr[i]) == boot &&
            !apply_one(s, &list->ptr[i], err))
            return false;
    return true;
}

/* An emulated guest has no host's processor. */
static void fit_cpu(struct args *s)
{
    const char *model = s->d->cpu_model;
    if (s->d->kvm || model == NULL || strncmp(model, "host", 4) != 0)
        return;
    struct keyvals kv = keyvals_parse(s->a, model, "model");
    if (strcmp(kv.ptr[0].value, "host") != 0)
        return;
    struct keyvals kept = {0};
    keyvals_push(s->a, &kept, (struct keyval){"max", NULL, false});
    for (size_t i = 1; i < kv.len; i++)
        if (strncmp(kv.ptr[i].key, "hv", 2) != 0 && strncmp(kv.ptr[i].key, "kvm", 3) != 0 &&
            strncmp(kv.ptr[i].key, "migratable", 10) != 0)
            keyvals_push(s->a, &kept, kv.ptr[i]);
    s->d->cpu_model = keyvals_text(s->a, &kept);
}

bool args_apply(struct args_context *x, struct error **err)
{
    struct args s = {.x = x, .a = x->arena, .d = x->domain};
    if (!apply_all(&s, false, err) || !args_drives(&s, err))
        return false;
    args_devices(&s);
    if (!apply_all(&s, true, err))
        return false;
    fit_cpu(&s);
    x->domain->extra_args = (struct opt_strings){s.extra.ptr, s.extra.len};
    x->notes = (struct opt_strings){s.notes.ptr, s.notes.len};
    return true;
}

void args_check(const struct qemu_config *c, const struct body *body, struct diags *diags)
{
    for (size_t i = 0; i < c->qemuargs.len; i++) {
        const struct opt_strings *words = &c->qemuargs.ptr[i];
        const struct arg_rule *rule = words->len > 0 ? find_rule(bare_name(words->ptr[0])) : NULL;
        if (rule != NULL && rule->refused != NULL)
            diags_error(diags, schema_range(body, "qemuargs"), "Switch of QEMU not possible here",
                        "qemuargs may not have \"%s\": %s.", words->ptr[0], rule->refused);
        for (size_t j = 0; j < words->len; j++) {
            struct error *err = NULL;
            if (!gotmpl_check(str_from(words->ptr[j]), &err))
                diags_add_error(diags, schema_range(body, "qemuargs"), err);
            error_drop(&err);
        }
    }
}
