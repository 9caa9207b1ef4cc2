/* SPDX-License-Identifier: Apache-2.0 */

/* Which firmware boots the guest: from efi_*, `firmware`, the base image and
 * the descriptors of the host. */

#include "qemu/state.h"

#include "base/io.h"
#include "qemu/args.h"
#include "qemu/domain.h"

static bool has_word(const char *text, const char *word)
{
    return text != NULL && strstr(text, word) != NULL;
}

static const char *given_path(const struct qemu_config *c)
{
    return c->efi_firmware_code != NULL ? c->efi_firmware_code : c->firmware;
}

static bool wants_secure_boot(const struct qemu_config *c)
{
    const char *path = given_path(c);
    return (c->firmware != NULL && strcmp(c->firmware, "efi-secure") == 0) ||
           has_word(path, "secboot") || has_word(path, ".ms.");
}

/* Only flash that a PC's chipset protects: a q35. */
static bool check_machine(const struct qemu_state *s, struct error **err)
{
    if (!s->firmware.needs_smm || domain_is_q35(s->machine))
        return true;
    error_set(err, ERR_TEMPLATE, 0, "the firmware '%s' does not run on the machine type '%s'",
              s->firmware.code != NULL ? s->firmware.code : "efi-secure", s->machine);
    error_option(err, "machine_type");
    return error_hint(err, "Secure Boot needs machine_type = \"q35\".");
}

static const char *format_of(const char *path)
{
    return str_ends(str_from(path), STR(".qcow2")) ? "qcow2" : "raw";
}

/* libvirt takes no relative paths. */
static const char *absolute(const struct build *b, const char *path)
{
    autofree char *text = io_absolute(path);
    return arena_strdup(b->arena, text);
}

static bool missing(const char *option, const char *path, const char *arch, struct error **err)
{
    error_set(err, ERR_HOST, 0, "the firmware '%s' (%s) is not there", path, option);
    error_option(err, option);
    return error_hint(err,
                      "Install the package %s, or leave the paths out: efi_boot = true finds the "
                      "firmware of any distribution.",
                      firmware_package(arch));
}

/* Paths differ between distributions.  One of the usual places that this host
 * does not have stands for what its own descriptors offer. */
static bool use_instead(struct build *b, const char *option, const char *path, struct error **err)
{
    struct qemu_state *s = qemu_state(b);
    struct error *why = NULL;
    bool is_usual =
        strncmp(path, "/usr/", 5) == 0 && (has_word(path, "OVMF") || has_word(path, "AAVMF") ||
                                           has_word(path, "edk2") || has_word(path, "efi"));
    if (!is_usual || !firmware_find_uefi(s->arch, s->machine, wants_secure_boot(s->config),
                                         b->arena, &s->firmware, &why)) {
        error_drop(&why);
        return missing(option, path, s->arch, err);
    }
    if (b->events != NULL)
        build_warnf(b, "there is no '%s' on this host: using '%s'", path, s->firmware.code);
    return true;
}

static bool use_paths(struct build *b, struct error **err)
{
    struct qemu_state *s = qemu_state(b);
    const struct qemu_config *c = s->config;
    if (!io_exists(c->efi_firmware_code))
        return use_instead(b, "efi_firmware_code", c->efi_firmware_code, err);
    bool known = firmware_find_code(c->efi_firmware_code, s->arch, b->arena, &s->firmware);
    if (!known)
        s->firmware = (struct firmware){.code_format = format_of(c->efi_firmware_code),
                                        .needs_smm = wants_secure_boot(c)};
    s->firmware.code = absolute(b, c->efi_firmware_code);
    if (c->efi_firmware_vars == NULL && !known) {
        error_set(err, ERR_TEMPLATE, 0, "nothing says which variables belong to '%s'",
                  c->efi_firmware_code);
        error_option(err, "efi_firmware_code");
        return error_hint(err, "Set efi_firmware_vars, too.");
    }
    if (c->efi_firmware_vars == NULL)
        return true;
    s->firmware.vars = absolute(b, c->efi_firmware_vars);
    s->firmware.vars_format = format_of(c->efi_firmware_vars);
    return io_exists(c->efi_firmware_vars) ||
           missing("efi_firmware_vars", c->efi_firmware_vars, s->arch, err);
}

static bool is_keyword(const char *firmware)
{
    return strcmp(firmware, "bios") == 0 || strcmp(firmware, "efi") == 0 ||
           strcmp(firmware, "efi-secure") == 0;
}

/* A file: -bios, or flash.  UEFI code that a descriptor knows gets a variable
 * store as well, which Packer does not give it. */
static bool use_file(struct build *b, struct error **err)
{
    struct qemu_state *s = qemu_state(b);
    const struct qemu_config *c = s->config;
    if (!io_exists(c->firmware))
        return use_instead(b, "firmware", c->firmware, err);
    const char *path = absolute(b, c->firmware);
    if (!c->use_pflash) {
        s->bios_path = path;
        return true;
    }
    if (!firmware_find_code(path, s->arch, b->arena, &s->firmware))
        s->firmware = (struct firmware){.code_format = format_of(path)};
    s->firmware.code = path;
    return true;
}

/* Nothing but UEFI boots a disk on these, unless the template brings its own. */
static bool needs_efi(const struct qemu_state *s)
{
    const struct qemu_config *c = s->config;
    return strcmp(s->arch, "aarch64") == 0 && !args_has(c, "bios") && !args_has(c, "kernel");
}

/* Asked for, or what the base image and the machine need. */
static bool is_efi(const struct qemu_state *s, const char *base_firmware)
{
    const struct qemu_config *c = s->config;
    if (qemu_wants_efi(c) || c->efi_boot == 0 || c->firmware != NULL)
        return qemu_wants_efi(c);
    return (base_firmware != NULL && strcmp(base_firmware, "uefi") == 0) || needs_efi(s);
}

static bool choose(struct build *b, struct error **err)
{
    struct qemu_state *s = qemu_state(b);
    const struct qemu_config *c = s->config;
    if (c->firmware != NULL && !is_keyword(c->firmware))
        return use_file(b, err);
    if (c->efi_firmware_code != NULL)
        return use_paths(b, err);
    return !s->efi || firmware_find_uefi(s->arch, s->machine, wants_secure_boot(c), b->arena,
                                         &s->firmware, err);
}

/* A base's own variables have its boot entries.  Not where the template names
 * others, nor where Secure Boot needs keys that they may not have; and another
 * build of the firmware may lay its store out in another size. */
static bool vars_of_base_fit(const struct qemu_state *s)
{
    AUTO(error) struct error *e = NULL;
    uint64_t own, kept;
    const char *format = s->firmware.vars_format;
    return s->vars_path != NULL && s->source_vars != NULL && s->config->efi_firmware_vars == NULL &&
           !wants_secure_boot(s->config) && (format == NULL || strcmp(format, "raw") == 0) &&
           io_file_size(s->firmware.vars, &own, NULL, &e) &&
           io_file_size(s->source_vars, &kept, NULL, &e) && own == kept;
}

/* On another host paths are that host's, and its descriptors decide. */
static bool choose_there(struct build *b)
{
    struct qemu_state *s = qemu_state(b);
    const struct qemu_config *c = s->config;
    bool is_file = c->firmware != NULL && !is_keyword(c->firmware);
    s->firmware.needs_smm = wants_secure_boot(c);
    if (is_file && !c->use_pflash) {
        s->bios_path = c->firmware;
    } else if (given_path(c) != NULL && (is_file || c->efi_firmware_code != NULL)) {
        s->firmware.code = is_file ? c->firmware : c->efi_firmware_code;
        s->firmware.vars = c->efi_firmware_vars;
    } else {
        s->firmware_auto = s->efi;
    }
    return true;
}

bool qemu_choose_firmware(struct build *b, struct error **err)
{
    struct qemu_state *s = qemu_state(b);
    s->efi = is_efi(s, b->image.firmware);
    s->firmware = (struct firmware){0};
    if (s->remote != NULL ? !choose_there(b) : !choose(b, err))
        return false;
    if (s->firmware.vars != NULL || s->firmware_auto)
        s->vars_path = arena_fmt(b->arena, "%s/efivars.fd", b->work_dir);
    if (vars_of_base_fit(s))
        s->firmware.vars = s->source_vars;
    return check_machine(s, err);
}
