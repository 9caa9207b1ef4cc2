/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/firmware.h"

#include <fnmatch.h>
#include <jansson.h>

#include "base/io.h"
#include "base/log.h"
#include "base/map.h"

#define DESCRIPTOR_MAX ((size_t)1 << 20)

DEFINE_AUTO(json, json_t *, json_decref);

static bool list_has(const json_t *list, const char *word)
{
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item) if (json_is_string(item) &&
                                          strcmp(json_string_value(item), word) == 0) return true;
    return false;
}

/* Descriptors name versioned machines: "pc" stands for pc-i440fx-*. */
static bool machine_fits(const json_t *machines, const char *machine)
{
    const char *full = machine;
    if (strcmp(machine, "pc") == 0)
        full = "pc-i440fx-0.0";
    else if (strcmp(machine, "q35") == 0)
        full = "pc-q35-0.0";
    else if (strcmp(machine, "virt") == 0)
        full = "virt-0.0";
    size_t i;
    json_t *item;
    json_array_foreach(machines, i,
                       item) if (json_is_string(item) &&
                                 fnmatch(json_string_value(item), full, 0) == 0) return true;
    return false;
}

static bool target_fits(const json_t *targets, const char *arch, const char *machine)
{
    size_t i;
    json_t *target;
    json_array_foreach(targets, i, target)
    {
        const char *a = json_string_value(json_object_get(target, "architecture"));
        if (a != NULL && strcmp(a, arch) == 0 &&
            machine_fits(json_object_get(target, "machines"), machine))
            return true;
    }
    return false;
}

static const char *text_of(const json_t *object, const char *key, struct arena *a)
{
    const char *s = json_string_value(json_object_get(object, key));
    return s != NULL ? arena_strdup(a, s) : NULL;
}

static bool fits(const json_t *root, const char *arch, const char *machine, bool secure_boot)
{
    const json_t *features = json_object_get(root, "features");
    bool secure = list_has(features, "secure-boot");
    bool enrolled = list_has(features, "enrolled-keys");
    return list_has(json_object_get(root, "interface-types"), "uefi") &&
           target_fits(json_object_get(root, "targets"), arch, machine) && secure == secure_boot &&
           enrolled == secure_boot && !list_has(features, "amd-sev-es") &&
           !list_has(features, "intel-tdx");
}

static bool read_mapping(const json_t *root, struct arena *a, struct firmware *out)
{
    const json_t *mapping = json_object_get(root, "mapping");
    const char *device = json_string_value(json_object_get(mapping, "device"));
    const json_t *code = json_object_get(mapping, "executable");
    const json_t *vars = json_object_get(mapping, "nvram-template");
    if (device == NULL || strcmp(device, "flash") != 0)
        return false;
    *out = (struct firmware){
        .code = text_of(code, "filename", a),
        .code_format = text_of(code, "format", a),
        .vars = text_of(vars, "filename", a),
        .vars_format = text_of(vars, "format", a),
        .needs_smm = list_has(json_object_get(root, "features"), "requires-smm"),
    };
    return out->code != NULL && out->vars != NULL && io_exists(out->code) && io_exists(out->vars);
}

/* What is looked for: by features, or (CODE) by the file itself. */
struct wanted {
    const char *arch, *machine;
    bool secure_boot;
    const char *code; /* after realpath(); NULL: any */
};

static bool same_file(const char *path, const char *real)
{
    autofree char *other = path != NULL ? realpath(path, NULL) : NULL;
    return other != NULL && strcmp(other, real) == 0;
}

static bool is_wanted(const json_t *root, const struct wanted *w)
{
    const json_t *mapping = json_object_get(root, "mapping");
    const json_t *code = json_object_get(mapping, "executable");
    if (w->code == NULL)
        return fits(root, w->arch, w->machine, w->secure_boot);
    return same_file(json_string_value(json_object_get(code, "filename")), w->code);
}

static bool try_descriptor(const char *path, const struct wanted *w, struct arena *a,
                           struct firmware *out)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT_MAX(DESCRIPTOR_MAX);
    struct error *err = NULL;
    if (!io_read_file(path, DESCRIPTOR_MAX, &text, &err)) {
        log_debug("qemu", "firmware descriptor: %s", err->msg);
        error_drop(&err);
        return false;
    }
    AUTO(json) json_t *root = json_loadb(text.buf, text.len, 0, NULL);
    return root != NULL && is_wanted(root, w) && read_mapping(root, a, out);
}

static int by_key(const void *x, const void *y)
{
    const struct map_entry *a = x, *b = y;
    return str_cmp(a->key, b->key);
}

/* File names of all directories; an earlier directory hides a later one's. */
static void list_descriptors(const char *const *dirs, struct map *found)
{
    for (size_t i = 0; dirs[i] != NULL; i++) {
        autoclosedir DIR *d = opendir(dirs[i]);
        const struct dirent *e;
        while (d != NULL && (e = readdir(d)) != NULL) {
            str name = str_from(e->d_name);
            if (str_ends(name, STR(".json")) && !map_has(found, name))
                map_set(found, name, arena_fmt(found->arena, "%s/%s", dirs[i], e->d_name));
        }
    }
    qsort(found->entries, found->len, sizeof(*found->entries), by_key);
}

static bool search(const char *const *dirs, const struct wanted *w, struct arena *a,
                   struct firmware *out)
{
    struct map found;
    map_init(&found, a);
    list_descriptors(dirs, &found);
    MAP_EACH (e, &found)
        if (try_descriptor(e->value, w, a, out))
            return true;
    return false;
}

const char *firmware_package(const char *arch)
{
    return strcmp(arch, "aarch64") == 0   ? "qemu-efi-aarch64"
           : strcmp(arch, "riscv64") == 0 ? "qemu-efi-riscv64"
                                          : "ovmf";
}

bool firmware_find_in(const char *const *dirs, const char *arch, const char *machine,
                      bool secure_boot, struct arena *a, struct firmware *out, struct error **err)
{
    const struct wanted w = {arch, machine, secure_boot, NULL};
    if (search(dirs, &w, a, out))
        return true;
    error_set(err, ERR_HOST, 0, "no UEFI firmware for %s, machine %s%s, on this host", arch,
              machine, secure_boot ? ", with Secure Boot" : "");
    if (secure_boot && strcmp(machine, "pc") == 0)
        return error_hint(err, "Secure Boot needs machine_type = \"q35\".");
    return error_hint(err,
                      "Install the package %s, or set efi_firmware_code and "
                      "efi_firmware_vars.",
                      firmware_package(arch));
}

/* The user's directory hides the site's, that one the system's. */
static const char *const *descriptor_dirs(struct arena *a)
{
    const char *config = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    const char *own = config != NULL && config[0] == '/'
                          ? arena_fmt(a, "%s/qemu/firmware", config)
                          : arena_fmt(a, "%s/.config/qemu/firmware", home != NULL ? home : "");
    const char *const dirs[] = {own, "/etc/qemu/firmware", "/usr/share/qemu/firmware", NULL};
    return arena_memdup(a, dirs, sizeof(dirs));
}

bool firmware_find_uefi(const char *arch, const char *machine, bool secure_boot, struct arena *a,
                        struct firmware *out, struct error **err)
{
    return firmware_find_in(descriptor_dirs(a), arch, machine, secure_boot, a, out, err);
}

bool firmware_find_code(const char *code, const char *arch, struct arena *a, struct firmware *out)
{
    autofree char *real = realpath(code, NULL);
    const struct wanted w = {.arch = arch, .code = real};
    return real != NULL && search(descriptor_dirs(a), &w, a, out);
}
