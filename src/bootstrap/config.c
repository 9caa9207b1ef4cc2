/* SPDX-License-Identifier: Apache-2.0 */
#include "bootstrap/config.h"

#include "hcl/diag.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS  "0123456789"

static const struct opt_choice architectures[] = {
    {.name = "amd64", .doc = "x86-64; boots with BIOS and with UEFI."},
    {0},
};

static const struct opt_choice filesystems[] = {
    {.name = "ext4", .doc = "Written without mounting it."},
    {0},
};

const struct opt debootstrap_opts[] = {
    OPT_STR(struct debootstrap_config, suite, "suite", .def = "\"bookworm\"", .flags = OPT_IMGFAC,
            .doc = "Debian release to install: `bookworm`, `trixie`, `sid` ..."),
    OPT_STR(struct debootstrap_config, mirror, "mirror", .def = "\"http://deb.debian.org/debian\"",
            .flags = OPT_IMGFAC,
            .doc = "Mirror the packages come from; it is also written to the image's "
                   "sources.list."),
    OPT_STR(struct debootstrap_config, security_mirror, "security_mirror",
            .def = "\"http://deb.debian.org/debian-security\"", .flags = OPT_IMGFAC,
            .doc = "Mirror of the security updates.  Empty: none."),
    OPT_STRS(struct debootstrap_config, components, "components", .def = "[\"main\"]",
             .flags = OPT_IMGFAC, .doc = "Components of the archive to use."),
    OPT_STR(struct debootstrap_config, keyring, "keyring", .flags = OPT_IMGFAC | OPT_PATH,
            .doc = "OpenPGP keyring of the host that the mirror's signature is checked with.  "
                   "Default: the host's Debian archive keyring."),
    OPT_STRS(struct debootstrap_config, packages, "packages", .flags = OPT_IMGFAC,
             .doc = "Packages to install besides the base."),
    OPT_ENUM(struct debootstrap_config, architecture, "architecture", .def = "\"amd64\"",
             .choices = architectures, .flags = OPT_IMGFAC, .doc = "Architecture of the image."),
    OPT_STR(struct debootstrap_config, kernel, "kernel", .flags = OPT_IMGFAC,
            .doc = "Kernel package.  Default: `linux-image-cloud-amd64`, which is small and has "
                   "drivers for virtio, NVMe, Xen, Hyper-V and VMware disks but not for AHCI "
                   "(SATA); `linux-image-amd64` has them all.",
            .see = "packages"),
    OPT_STR(struct debootstrap_config, kernel_cmdline, "kernel_cmdline", .flags = OPT_IMGFAC,
            .doc = "Words added to the kernel's command line."),
    OPT_SIZE(struct debootstrap_config, disk_size, "disk_size", .def = "\"4G\"", .min = "1536M",
             .flags = OPT_IMGFAC,
             .doc = "Virtual size of the disk.  A number without unit is in megabytes.  On a "
                    "larger disk the root file system grows at boot."),
    OPT_ENUM(struct debootstrap_config, filesystem, "filesystem", .def = "\"ext4\"",
             .choices = filesystems, .flags = OPT_IMGFAC, .doc = "File system of the root."),
    OPT_STR(struct debootstrap_config, hostname, "hostname", .def = "\"debian\"",
            .flags = OPT_IMGFAC, .doc = "Host name until cloud-init sets another."),
    OPT_STR(struct debootstrap_config, locale, "locale", .def = "\"C.UTF-8\"", .flags = OPT_IMGFAC,
            .doc = "System locale, for instance `de_DE.UTF-8`.  Another than `C.UTF-8` brings the "
                   "package `locales`."),
    OPT_STR(struct debootstrap_config, timezone, "timezone", .def = "\"Etc/UTC\"",
            .flags = OPT_IMGFAC, .doc = "Time zone, for instance `Europe/Paris`."),
    OPT_BOOL(struct debootstrap_config, cloud_init, "cloud_init", .def = "true",
             .flags = OPT_IMGFAC,
             .doc = "Install cloud-init.  Without it the image gets an address by DHCP and makes "
                    "its SSH host keys, and nobody can log in until something else sees to that."),
    OPT_STRS(struct debootstrap_config, datasources, "datasources",
             .def = "[\"NoCloud\", \"ConfigDrive\", \"OpenStack\", \"None\"]", .flags = OPT_IMGFAC,
             .doc = "Where cloud-init looks for its data.  Few make the boot fast."),
    OPT_BOOL(struct debootstrap_config, documentation, "documentation", .def = "false",
             .flags = OPT_IMGFAC,
             .doc = "Keep manual pages, package documentation and translations."),
    OPT_STR(struct debootstrap_config, vm_name, "vm_name",
            .doc = "File name of the image.  Default: `packer-NAME`."),
    OPT_STR(struct debootstrap_config, output_directory, "output_directory", .flags = OPT_PATH,
            .doc = "Directory the image is written to.  Default: `output-NAME`, or only the "
                   "catalog when there is a `catalog` block."),
    OPT_END,
};

static const struct {
    const char *suite;
    int version;
} debian[] = {
    {"bullseye", 11}, {"bookworm", 12}, {"trixie", 13},
    {"forky", 14},    {"sid", 99},      {"unstable", 99},
};

static const char *const ubuntu[] = {
    "bionic", "focal", "jammy", "lunar", "mantic", "noble", "oracular", "plucky", "questing",
};

int debootstrap_debian_version(const char *suite)
{
    for (size_t i = 0; i < ARRAY_SIZE(debian); i++)
        if (strcmp(debian[i].suite, suite) == 0)
            return debian[i].version;
    return 0;
}

bool debootstrap_is_rolling(const char *suite)
{
    return strcmp(suite, "sid") == 0 || strcmp(suite, "unstable") == 0;
}

/* Where a value goes decides what it may hold. */
struct syntax {
    const char *first, *rest; /* allowed bytes; FIRST NULL: the same as REST */
    const char *what;         /* for the message */
};

static const struct syntax package_syntax = {
    LETTERS DIGITS, LETTERS DIGITS "+.-:=~/",
    "A package name has letters, digits, '+', '-' and '.'; it may end with '=VERSION' or "
    "'/SUITE'."};
static const struct syntax word_syntax = {LETTERS DIGITS, LETTERS DIGITS "_.-",
                                          "It has letters, digits, '_', '.' and '-'."};
static const struct syntax path_syntax = {LETTERS, LETTERS DIGITS "_+-/",
                                          "It is written like 'Europe/Paris'."};
static const struct syntax locale_syntax = {LETTERS, LETTERS DIGITS "_.@-",
                                            "It is written like 'de_DE.UTF-8'."};
static const struct syntax host_syntax = {LETTERS DIGITS, LETTERS DIGITS "-",
                                          "A host name has letters, digits and '-'."};
static const struct syntax cmdline_syntax = {
    NULL, LETTERS DIGITS " _.,:=/+@%-",
    "Words of the kernel's command line have letters, digits and any of _ . , : = / + @ % - here."};
static const struct syntax url_syntax = {
    LETTERS, LETTERS DIGITS "_.,:;=/+@%~&?-",
    "A mirror is a URL such as 'http://deb.debian.org/debian'."};

static bool fits(const struct syntax *syntax, const char *text)
{
    const char *first = syntax->first != NULL ? syntax->first : syntax->rest;

    return text[0] != '\0' && strchr(first, text[0]) != NULL &&
           text[strspn(text, syntax->rest)] == '\0';
}

static bool check_at(struct range range, const char *name, const char *text,
                     const struct syntax *syntax, struct diags *diags)
{
    if (text == NULL || fits(syntax, text))
        return true;
    autofree char *summary = NULL;
    if (asprintf(&summary, "Invalid value for \"%s\"", name) < 0)
        return false;
    return diags_error(diags, range, summary, "'%s' is not possible here.  %s", text, syntax->what);
}

static bool check_text(const struct body *body, const char *name, const char *text,
                       const struct syntax *syntax, struct diags *diags)
{
    return check_at(schema_range(body, name), name, text, syntax, diags);
}

static bool check_list(const struct body *body, const char *name, const struct opt_strings *list,
                       const struct syntax *syntax, struct diags *diags)
{
    bool ok = true;

    for (size_t i = 0; i < list->len; i++)
        ok = check_at(schema_item_range(body, name, i, list->len), name, list->ptr[i], syntax,
                      diags) &&
             ok;
    return ok;
}

static bool check_mirror(const struct body *body, const char *name, const char *url,
                         struct diags *diags)
{
    static const char *const schemes[] = {"http://", "https://", "file:/", "copy:/"};

    if (!check_text(body, name, url, &url_syntax, diags))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
        if (strncmp(url, schemes[i], strlen(schemes[i])) == 0)
            return true;
    return diags_error(diags, schema_range(body, name), "Unsupported mirror",
                       "'%s' begins with none of http://, https://, file:/ and copy:/.", url);
}

static bool check_suite(const struct body *body, const char *suite, struct diags *diags)
{
    if (!check_text(body, "suite", suite, &word_syntax, diags))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(ubuntu); i++)
        if (strcmp(suite, ubuntu[i]) == 0)
            return diags_error(diags, schema_range(body, "suite"), "Unsupported suite",
                               "'%s' is a release of Ubuntu, which has no package that maintains "
                               "GRUB for BIOS and UEFI at once.  Give one of Debian, or build "
                               "from Ubuntu's own cloud image with the builder \"qemu\".",
                               suite);
    return true;
}

static bool check_lists(const struct debootstrap_config *c, const struct body *body,
                        struct diags *diags)
{
    bool ok = check_list(body, "components", &c->components, &word_syntax, diags);

    ok = check_list(body, "packages", &c->packages, &package_syntax, diags) && ok;
    ok = check_list(body, "datasources", &c->datasources, &word_syntax, diags) && ok;
    if (c->components.len == 0)
        ok = diags_error(diags, schema_range(body, "components"), "No component",
                         "A mirror is asked for at least one component, such as \"main\".");
    return ok;
}

bool debootstrap_check(const void *config, const struct body *body, struct diags *diags)
{
    const struct debootstrap_config *c = config;
    bool ok = check_suite(body, c->suite, diags);

    ok = check_mirror(body, "mirror", c->mirror, diags) && ok;
    if (c->security_mirror[0] != '\0')
        ok = check_mirror(body, "security_mirror", c->security_mirror, diags) && ok;
    ok = check_lists(c, body, diags) && ok;
    ok = check_text(body, "kernel", c->kernel, &package_syntax, diags) && ok;
    if (c->kernel_cmdline != NULL && c->kernel_cmdline[0] != '\0')
        ok = check_text(body, "kernel_cmdline", c->kernel_cmdline, &cmdline_syntax, diags) && ok;
    ok = check_text(body, "hostname", c->hostname, &host_syntax, diags) && ok;
    ok = check_text(body, "locale", c->locale, &locale_syntax, diags) && ok;
    ok = check_text(body, "timezone", c->timezone, &path_syntax, diags) && ok;
    return ok;
}
