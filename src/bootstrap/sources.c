/* SPDX-License-Identifier: Apache-2.0 */
#include "bootstrap/sources.h"

static void add(struct arena *a, struct words *list, const char *word)
{
    words_push(a, list, word);
}

static const char *join(struct arena *a, const struct words *list, const char *separator)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;

    VEC_EACH (word, list) {
        strbuf_adds(&sb, word == list->ptr ? "" : separator);
        strbuf_adds(&sb, *word);
    }
    return arena_strdup(a, sb.buf);
}

static const char *security_suite(struct arena *a, const char *suite)
{
    return arena_fmt(a, "%s-security", suite);
}

struct words sources_lines(struct arena *a, const struct debootstrap_config *c)
{
    struct words lines = {0}, components = {0};

    for (size_t i = 0; i < c->components.len; i++)
        add(a, &components, c->components.ptr[i]);
    const char *from = join(a, &components, " ");
    add(a, &lines, arena_fmt(a, "deb %s %s %s", c->mirror, c->suite, from));
    if (debootstrap_is_rolling(c->suite))
        return lines;
    add(a, &lines, arena_fmt(a, "deb %s %s-updates %s", c->mirror, c->suite, from));
    if (c->security_mirror[0] != '\0')
        add(a, &lines,
            arena_fmt(a, "deb %s %s %s", c->security_mirror, security_suite(a, c->suite), from));
    return lines;
}

const char *sources_kernel(const struct debootstrap_config *c)
{
    return c->kernel != NULL && c->kernel[0] != '\0' ? c->kernel : "linux-image-cloud-amd64";
}

struct words sources_packages(struct arena *a, const struct debootstrap_config *c)
{
    static const char *const base[] = {
        "ca-certificates",
        "dbus",
        "e2fsprogs",
        "grub-cloud-amd64",
        "initramfs-tools",
        "iproute2",
        "kmod",
        "libpam-systemd",
        "netbase",
        "openssh-client",
        "openssh-server",
        "procps",
        "sudo",
        "systemd-sysv",
        "tzdata",
        "udev",
        "zstd",
    };
    struct words list = {0};

    add(a, &list, sources_kernel(c));
    for (size_t i = 0; i < ARRAY_SIZE(base); i++)
        add(a, &list, base[i]);
    /* Before bookworm the resolver is part of systemd; from trixie on
     * systemd-repart is a package of its own. */
    if (debootstrap_debian_version(c->suite) != 11)
        add(a, &list, "systemd-resolved");
    if (debootstrap_debian_version(c->suite) >= 13)
        add(a, &list, "systemd-repart");
    if (c->cloud_init) {
        add(a, &list, "cloud-init");
        add(a, &list, "cloud-guest-utils");
        add(a, &list, "fdisk");
    }
    if (strcmp(c->locale, "C.UTF-8") != 0)
        add(a, &list, "locales");
    for (size_t i = 0; i < c->packages.len; i++)
        add(a, &list, c->packages.ptr[i]);
    return list;
}

/* Hooks are split into words as a shell would do it (Text::ParseWords). */
static const char *copy_in_hook(struct arena *a, const char *overlay)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;

    strbuf_adds(&sb, "--essential-hook=copy-in ");
    strbuf_add_shell_quoted(&sb, str_from(arena_fmt(a, "%s/etc", overlay)));
    strbuf_adds(&sb, " /");
    return arena_strdup(a, sb.buf);
}

struct words sources_mmdebstrap(struct arena *a, const struct debootstrap_config *c,
                                const char *tree, const char *overlay)
{
    static const char *const no_documentation[] = {
        "--dpkgopt=path-exclude=/usr/share/man/*",
        "--dpkgopt=path-exclude=/usr/share/info/*",
        "--dpkgopt=path-exclude=/usr/share/doc/*",
        "--dpkgopt=path-include=/usr/share/doc/*/copyright",
        "--dpkgopt=path-exclude=/usr/share/lintian/*",
        "--dpkgopt=path-exclude=/usr/share/locale/*",
        "--dpkgopt=path-include=/usr/share/locale/locale.alias",
    };
    struct words argv = {0}, packages = sources_packages(a, c), lines = sources_lines(a, c);

    add(a, &argv, "mmdebstrap");
    add(a, &argv, "--mode=root");
    add(a, &argv, "--variant=minbase");
    add(a, &argv, "--format=directory");
    add(a, &argv, "--architectures=amd64");
    add(a, &argv, "--verbose");
    /* Mounting it takes a network namespace of our own, which has no network. */
    add(a, &argv, "--skip=chroot/mount/sys");
    add(a, &argv, "--aptopt=Acquire::Languages \"none\"");
    if (!c->documentation)
        for (size_t i = 0; i < ARRAY_SIZE(no_documentation); i++)
            add(a, &argv, no_documentation[i]);
    if (c->keyring != NULL)
        add(a, &argv, arena_fmt(a, "--keyring=%s", c->keyring));
    add(a, &argv, arena_fmt(a, "--include=%s", join(a, &packages, ",")));
    add(a, &argv, copy_in_hook(a, overlay));
    add(a, &argv, "--");
    add(a, &argv, c->suite);
    add(a, &argv, tree);
    VEC_EACH (line, &lines)
        add(a, &argv, *line);
    add(a, &argv, NULL);
    return argv;
}

/* Line of OUTPUT that holds MARK, without "E: "; empty: none. */
static str line_with(str output, str mark)
{
    str rest = output;

    while (rest.ptr != NULL) {
        str line = str_next_line(&rest);
        if (str_find(line, mark) >= 0)
            return str_trim(line);
    }
    return (str){0};
}

static bool explain_space(const struct debootstrap_config *c, str line, struct error **err)
{
    (void)c, (void)line;
    error_set(err, ERR_NO_SPACE, 0, "the disk of the store is full");
    return error_hint(err, "Free some space, or put the store on a larger disk.");
}

static bool explain_network(const struct debootstrap_config *c, str line, struct error **err)
{
    error_set(err, ERR_NETWORK, 0, "cannot reach the mirror '%s' (%.*s)", c->mirror, STR_FMT(line));
    error_option(err, "mirror");
    return error_hint(err, "Check the network, http_proxy, and the options \"mirror\" and "
                           "\"security_mirror\".");
}

static bool explain_signature(const struct debootstrap_config *c, str line, struct error **err)
{
    error_set(err, ERR_CHECKSUM, 0, "cannot trust the mirror '%s': %.*s", c->mirror, STR_FMT(line));
    error_option(err, "keyring mirror");
    return error_hint(err, "Install the distribution's keyring (debian-archive-keyring), or name "
                           "one with the option \"keyring\".");
}

static bool explain_suite(const struct debootstrap_config *c, str line, struct error **err)
{
    (void)line;
    error_set(err, ERR_NOT_FOUND, 0, "the mirror '%s' has no suite '%s'", c->mirror, c->suite);
    error_option(err, "suite");
    return error_hint(err, "Check the options \"suite\", \"mirror\" and \"security_mirror\"; "
                           "releases past their end of life are on archive.debian.org.");
}

static bool explain_package(const struct debootstrap_config *c, str line, struct error **err)
{
    error_set(err, ERR_NOT_FOUND, 0, "suite '%s' lacks a package (%.*s)", c->suite, STR_FMT(line));
    error_option(err, "packages");
    return error_hint(err, "Check the options \"packages\" and \"kernel\"; a package of contrib or "
                           "non-free needs its component in \"components\".");
}

/* In order: an unreachable mirror has no Release file either. */
static const struct {
    const char *mark;
    bool (*explain)(const struct debootstrap_config *c, str line, struct error **err);
} causes[] = {
    {"No space left on device", explain_space},
    {"have enough free space", explain_space},
    {"Could not resolve", explain_network},
    {"Temporary failure resolving", explain_network},
    {"Could not connect", explain_network},
    {"Unable to connect", explain_network},
    {"Connection timed out", explain_network},
    {"Connection failed", explain_network},
    {"Could not handshake", explain_network},
    {"Certificate verification failed", explain_network},
    {"NO_PUBKEY", explain_signature},
    {"is not signed", explain_signature},
    {"signatures were invalid", explain_signature},
    {"does not have a Release file", explain_suite},
    {"no longer has a Release file", explain_suite},
    {"404  Not Found", explain_suite},
    {"Unable to locate package", explain_package},
    {"find any package", explain_package},
    {"has no installation candidate", explain_package},
    {"was not found", explain_package},
    {"unable to satisfy", explain_package},
    {"unmet dependencies", explain_package},
};

void sources_explain(const struct debootstrap_config *c, str output, struct error **err)
{
    for (size_t i = 0; i < ARRAY_SIZE(causes); i++) {
        str line = line_with(output, str_from(causes[i].mark));
        if (line.len == 0)
            continue;
        if (str_starts(line, STR("E: ")))
            line = str_sub(line, 3, line.len);
        /* What was said besides is noise; the user has seen the lines. */
        error_drop(err);
        causes[i].explain(c, line, err);
        return;
    }
}
