/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/check.h"

#include <arpa/inet.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "hcl/diag.h"
#include "provisioner/guest.h"
#include "provisioner/provisioner.h"

#define ANSWERS_MAX ((size_t)8 << 20)
#define PACE_NS     NS_PER_S

static const struct opt package_opts[] = {
    OPT_STR(struct check_package, name, "name", .flags = OPT_LABEL, .doc = "Name of the package."),
    OPT_BOOL(struct check_package, installed, "installed", .def = "true",
             .doc = "Whether it shall be there."),
    OPT_STR(struct check_package, version, "version",
            .doc = "Its version, with the wildcards of file names: `1.22.*`."),
    OPT_END,
};
static const struct opt service_opts[] = {
    OPT_STR(struct check_service, name, "name", .flags = OPT_LABEL, .doc = "Name of the service."),
    OPT_TRISTATE(struct check_service, running, "running",
                 .doc = "Whether it shall run.  Default true, unless only `enabled` is set."),
    OPT_TRISTATE(struct check_service, enabled, "enabled",
                 .doc = "Whether it shall start at boot."),
    OPT_END,
};
static const struct opt_choice file_types[] = {
    {"any", FILE_ANY, NULL},
    {"file", FILE_REGULAR, NULL},
    {"directory", FILE_DIRECTORY, NULL},
    {"symlink", FILE_SYMLINK, NULL},
    {0},
};
#define F struct check_file
static const struct opt file_opts[] = {
    OPT_STR(F, path, "path", .flags = OPT_LABEL, .doc = "Absolute path."),
    OPT_BOOL(F, exists, "exists", .def = "true", .doc = "Whether it shall be there."),
    OPT_ENUM(F, type, "type", .choices = file_types, .def = "\"any\"", .doc = "What it shall be."),
    OPT_STR(F, mode, "mode", .doc = "Octal: `0644`."),
    OPT_STR(F, owner, "owner", .doc = "Name or number."),
    OPT_STR(F, group, "group", .doc = "Name or number."),
    OPT_STR(F, size, "size", .doc = "In bytes."),
    OPT_STR(F, sha256, "sha256", .doc = "Digest of the contents, in hexadecimal."),
    OPT_STR(F, links_to, "links_to", .doc = "Target of the symbolic link."),
    OPT_STRS(F, contains, "contains",
             .doc = "Texts that shall be in it: `text` (of one line or several), `/regular "
                    "expression/` (of grep -E, for one line); with `!` in front what may not be."),
    OPT_END,
};
#undef F
static const struct opt port_opts[] = {
    OPT_STR(struct check_port, port, "port", .flags = OPT_LABEL,
            .doc = "`tcp:80`, `udp:53` or `80`."),
    OPT_BOOL(struct check_port, listening, "listening", .def = "true",
             .doc = "Whether something shall listen."),
    OPT_STR(struct check_port, address, "address", .doc = "On this address: `127.0.0.1`, `::`."),
    OPT_END,
};
static const struct opt user_opts[] = {
    OPT_STR(struct check_user, name, "name", .flags = OPT_LABEL, .doc = "Name of the account."),
    OPT_BOOL(struct check_user, exists, "exists", .def = "true",
             .doc = "Whether it shall be there."),
    OPT_STR(struct check_user, uid, "uid", .doc = "Number of the user."),
    OPT_STR(struct check_user, gid, "gid", .doc = "Number of its group."),
    OPT_STR(struct check_user, home, "home", .doc = "Home directory."),
    OPT_STR(struct check_user, shell, "shell", .doc = "Login shell."),
    OPT_STRS(struct check_user, groups, "groups", .doc = "Names of groups it shall be in."),
    OPT_END,
};
static const struct opt group_opts[] = {
    OPT_STR(struct check_group, name, "name", .flags = OPT_LABEL, .doc = "Name of the group."),
    OPT_BOOL(struct check_group, exists, "exists", .def = "true",
             .doc = "Whether it shall be there."),
    OPT_STR(struct check_group, gid, "gid", .doc = "Its number."),
    OPT_END,
};
static const struct opt command_opts[] = {
    OPT_STR(struct check_command, command, "command", .flags = OPT_LABEL,
            .doc = "Shell text to run."),
    OPT_INT(struct check_command, exit_status, "exit_status", .min = "0", .max = "255", .def = "0",
            .doc = "The status it shall end with."),
    OPT_STRS(struct check_command, output, "stdout",
             .doc = "What its output shall contain, as `contains` of a file."),
    OPT_STRS(struct check_command, errors, "stderr", .doc = "The same of its standard error."),
    OPT_DUR(struct check_command, timeout_ns, "timeout", .def = "\"1m\"", .min = "1s",
            .doc = "How long it may run."),
    OPT_END,
};

#define C struct check_config
static const struct opt check_opts[] = {
    OPT_BLOCKS(C, packages, "package", struct check_package, package_opts, .flags = OPT_IMGFAC,
               .doc = "A package of dpkg, rpm, apk or pacman."),
    OPT_BLOCKS(C, services, "service", struct check_service, service_opts, .flags = OPT_IMGFAC,
               .doc = "A service of systemd, OpenRC or System V."),
    OPT_BLOCKS(C, files, "file", struct check_file, file_opts, .flags = OPT_IMGFAC,
               .doc = "A file or directory."),
    OPT_BLOCKS(C, ports, "port", struct check_port, port_opts, .flags = OPT_IMGFAC,
               .doc = "A port."),
    OPT_BLOCKS(C, users, "user", struct check_user, user_opts, .flags = OPT_IMGFAC,
               .doc = "An account."),
    OPT_BLOCKS(C, groups, "group", struct check_group, group_opts, .flags = OPT_IMGFAC,
               .doc = "A group."),
    OPT_BLOCKS(C, commands, "command", struct check_command, command_opts, .flags = OPT_IMGFAC,
               .doc = "A command and what it shall answer."),
    OPT_TRISTATE(C, sudo, "sudo", .flags = OPT_IMGFAC,
                 .doc = "Look as root.  Not set: where sudo asks for no password."),
    OPT_DUR(C, retry_timeout_ns, "retry_timeout", .min = "0s", .def = "\"0s\"",
            .flags = OPT_IMGFAC | OPT_NOHASH,
            .doc = "Look again, once a second for so long, while something is not as it shall be: "
                   "for services that take time to start."),
    OPT_BOOL(C, fail, "fail", .def = "true", .flags = OPT_IMGFAC | OPT_NOHASH,
             .doc = "End the build when a check fails.  Else it is a warning."),
    OPT_END,
};
#undef C

/* Patterns that grep would take for something else. */
static void check_patterns(const struct opt_strings *list, struct range range, struct diags *diags)
{
    for (size_t i = 0; i < list->len; i++) {
        const char *p = list->ptr[i] + (list->ptr[i][0] == '!' ? 1 : 0);
        size_t len = strlen(p);
        if (len == 0)
            diags_error(diags, range, "Nothing to look for", "An empty text is in every file.");
        else if (len > 2 && p[0] == '/' && p[len - 1] == '/' && strchr(p, '\n') != NULL)
            diags_error(diags, range, "Regular expression of several lines",
                        "It is compared with each line alone.  Write one for each line, or a "
                        "text (without slashes), which may have several lines.");
    }
}

static void check_all_patterns(const struct check_config *c, const struct body *body,
                               struct diags *diags)
{
    const struct check_file *f = c->files.ptr;
    for (size_t i = 0; i < c->files.len; i++)
        check_patterns(&f[i].contains,
                       schema_nested_range(body, "file", i, c->files.len, "contains"), diags);
    const struct check_command *cmd = c->commands.ptr;
    for (size_t i = 0; i < c->commands.len; i++) {
        check_patterns(&cmd[i].output,
                       schema_nested_range(body, "command", i, c->commands.len, "stdout"), diags);
        check_patterns(&cmd[i].errors,
                       schema_nested_range(body, "command", i, c->commands.len, "stderr"), diags);
    }
}

static bool check_check(const void *config, const struct body *body, struct diags *diags)
{
    const struct check_config *c = config;
    size_t before = diags->errors;
    for (size_t i = 0; i < c->ports.len; i++) {
        const struct check_port *p = &((const struct check_port *)c->ports.ptr)[i];
        bool udp;
        int port;
        char address[16];
        if (!check_parse_port(p->port, &udp, &port))
            diags_error(diags, schema_nested_range(body, "port", i, c->ports.len, NULL),
                        "Invalid port", "\"%s\" is not of the form tcp:80, udp:53 or 80.", p->port);
        if (p->address != NULL && inet_pton(AF_INET, p->address, address) != 1 &&
            inet_pton(AF_INET6, p->address, address) != 1)
            diags_error(diags, schema_nested_range(body, "port", i, c->ports.len, "address"),
                        "Invalid address", "\"%s\" is no numeric address.", p->address);
    }
    check_all_patterns(c, body, diags);
    size_t count = c->packages.len + c->services.len + c->files.len + c->ports.len + c->users.len +
                   c->groups.len + c->commands.len;
    if (count == 0)
        diags_error(diags, schema_range(body, "file"), "Nothing to check",
                    "Add blocks: package, service, file, port, user, group, command.");
    return diags->errors == before;
}

/* --- one look --- */

struct look {
    struct arena *a;
    struct expectations list;
    char nonce[UUID_SIZE];
    size_t answers;
};

static void on_line(void *arg, bool is_stderr, str line)
{
    struct look *l = arg;
    size_t mark = strlen(l->nonce);
    if (is_stderr || line.len < mark + 1 || memcmp(line.ptr, l->nonce, mark) != 0)
        return;
    str rest = str_sub(line, mark + 1, line.len);
    uint64_t number;
    if (!str_to_u64(str_split(&rest, ' '), &number) || number >= l->list.len)
        return;
    check_judge(l->a, &l->list.ptr[number], str_trim(rest.ptr == NULL ? (str){"", 0} : rest));
    l->answers++;
}

/* With sudo the script is another shell's standard input, so that its text is
 * in no arguments. */
static void wrap(struct strbuf *out, int sudo, const char *nonce, const char *script)
{
    if (sudo == 1)
        strbuf_adds(out, "_s=; [ \"$(id -u)\" -eq 0 ] || _s='sudo -n'\n");
    else if (sudo == -1)
        strbuf_adds(out, "_s=; [ \"$(id -u)\" -eq 0 ] || ! sudo -n true 2>/dev/null || _s='sudo "
                         "-n'\n");
    strbuf_addf(out, "%s /bin/sh -s <<'%s'\n%s%s\n", sudo == 0 ? "" : "$_s", nonce, script, nonce);
}

static bool look_once(const struct check_config *c, struct build *b, struct look *l,
                      struct error **err)
{
    AUTO(strbuf)
    struct strbuf script = STRBUF_INIT, text = STRBUF_INIT, last = STRBUF_INIT_MAX(512);
    const struct guest g = {.b = b, .a = l->a};
    int status = 0;
    hash_uuid4(l->nonce);
    check_make_script(l->a, c, l->nonce, &l->list, &script);
    wrap(&text, c->sudo, l->nonce, script.buf);
    struct guest_command cmd = {
        .text = text.buf, .quiet = true, .on_line = on_line, .arg = l, .last = &last};
    if (!guest_run(&g, &cmd, &status, err))
        return error_wrap(err, "cannot look into the guest");
    if (status == COMM_DISCONNECTED)
        return error_set(err, ERR_DISCONNECT, 0, "the connection broke during the checks");
    if (l->answers == l->list.len)
        return true;
    error_set(err, ERR_PROVISION, 0, "the guest answered %zu of %zu checks%s%s", l->answers,
              l->list.len, last.len > 0 ? ": " : "", last.buf);
    return error_hint(err, "A POSIX shell at /bin/sh is needed; with sudo = true also sudo "
                           "without a password.");
}

/* --- the report --- */

static size_t count_failed(const struct look *l)
{
    size_t n = 0;
    VEC_EACH (e, &l->list)
        n += e->ok ? 0 : 1;
    return n;
}

static char *describe(const struct expectation *e)
{
    if (e->ok)
        return xasprintf("%s '%s' %s: %s", e->kind, e->name, e->what, e->want);
    return xasprintf("%s '%s' %s: expected %s, is %s", e->kind, e->name, e->what, e->want,
                     e->actual == NULL ? "unknown" : e->actual);
}

static void report(struct build *b, const struct look *l)
{
    build_sayf(b, "%zu of %zu checks passed", l->list.len - count_failed(l), l->list.len);
    VEC_EACH (e, &l->list) {
        autofree char *text = describe(e);
        autofree char *line = xasprintf("%-6s%s", e->ok ? "ok" : "FAIL", text);
        build_output(b, !e->ok, str_from(line));
    }
}

static bool set_failure(const struct look *l, struct error **err)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT_MAX(2048);
    size_t failed = count_failed(l);
    VEC_EACH (e, &l->list) {
        if (e->ok)
            continue;
        autofree char *text = describe(e);
        strbuf_addf(&sb, "%s%s", sb.len > 0 ? "; " : "", text);
    }
    error_set(err, ERR_PROVISION, 0, "%s", sb.buf);
    return error_wrap(err, "%zu of %zu checks failed", failed, l->list.len);
}

static bool check_run(const void *config, struct build *b, struct error **err)
{
    const struct check_config *c = config;
    int64_t deadline = clock_now() + c->retry_timeout_ns;
    build_sayf(b, "Checking the guest...");
    for (;;) {
        AUTO(arena) struct arena *a = arena_new("check provisioner");
        struct look l = {.a = a};
        if (!look_once(c, b, &l, err))
            return false;
        bool ok = count_failed(&l) == 0;
        if (ok || clock_now() + PACE_NS > deadline) {
            report(b, &l);
            if (ok || c->fail)
                return ok || set_failure(&l, err);
            build_warnf(b, "%zu checks failed", count_failed(&l));
            return true;
        }
        if (!cancel_sleep(prov_token(b), PACE_NS))
            return cancel_error(prov_token(b), err, "checking the guest");
    }
}

const struct provisioner_type provisioner_checks = {
    .name = "check",
    .summary = "Assert packages, services, files, ports, users and commands of the guest.",
    .doc =
        "All is looked at in one round trip by a POSIX shell script; nothing is installed in the "
        "guest.  Every check is reported; those that fail with what was expected and what is."
        "\n\n"
        "    provisioner \"check\" {\n"
        "      package \"openssh-server\" {}\n"
        "      service \"ssh\" {\n"
        "        enabled = true\n"
        "      }\n"
        "      file \"/etc/ssh/sshd_config\" {\n"
        "        mode     = \"0644\"\n"
        "        owner    = \"root\"\n"
        "        contains = [\"!/^PasswordAuthentication yes/\"]\n"
        "      }\n"
        "      port \"tcp:22\" {}\n"
        "      user \"root\" {\n"
        "        shell = \"/bin/bash\"\n"
        "      }\n"
        "      command \"sshd -t\" {}\n"
        "    }",
    .opts = check_opts,
    .config_size = sizeof(struct check_config),
    .flags = PROV_NEEDS_COMM,
    .check = check_check,
    .run = check_run,
};
