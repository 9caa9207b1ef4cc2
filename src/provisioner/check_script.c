/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/check.h"

#include "base/clock.h"

/* Functions of the script: POSIX shell, and what a small guest has.  f answers
 * with the first line of a text.  Nothing but `run` starts what the template
 * says; its text goes by a file, not by arguments, and so do the patterns of
 * grep: either may be a secret, and arguments are for all to see. */
static const char prelude[] =
    "LC_ALL=C\nexport LC_ALL\nPATH=$PATH:/usr/sbin:/sbin\n"
    "nl='\n'\n"
    "t=$(mktemp -d) || exit 9\ntrap 'rm -rf \"$t\"' EXIT\n"
    "has_tool() { command -v \"$1\" >/dev/null 2>&1; }\n"
    "f() { printf '%s %s %s\\n' \"$n\" \"$1\" \"${2%%\"$nl\"*}\"; }\n"
    "pkg() {\n"
    "  if has_tool dpkg-query; then\n"
    "    s=$(dpkg-query -W -f='${db:Status-Status} ${Version}' -- \"$1\" 2>/dev/null)\n"
    "    case $s in 'installed '*) echo \"${s#installed }\";; esac\n"
    "  elif has_tool rpm; then\n"
    "    s=$(rpm -q --qf '%{VERSION}-%{RELEASE}\\n' -- \"$1\" 2>/dev/null) && echo \"$s\"\n"
    "  elif has_tool apk; then\n"
    "    apk info -e \"$1\" >/dev/null 2>&1 || return\n"
    "    s=$(apk list -I \"$1\" 2>/dev/null); s=${s%% *}; echo \"${s#\"$1\"-}\"\n"
    "  elif has_tool pacman; then\n"
    "    s=$(pacman -Q -- \"$1\" 2>/dev/null) && echo \"${s#* }\"\n"
    "  fi\n}\n"
    "active() {\n"
    "  if has_tool systemctl; then systemctl is-active -- \"$1\" 2>&1\n"
    "  elif has_tool rc-service; then rc-service \"$1\" status >/dev/null 2>&1 && echo active || echo "
    "inactive\n"
    "  else service \"$1\" status >/dev/null 2>&1 && echo active || echo inactive; fi\n}\n"
    "enabled() {\n"
    "  if has_tool systemctl; then systemctl is-enabled -- \"$1\" 2>&1\n"
    "  elif has_tool rc-update; then rc-update show 2>/dev/null | grep -qw -e \"$1\" && echo enabled "
    "|| echo disabled\n"
    "  else set -- /etc/rc[2345].d/S[0-9][0-9]\"$1\"; [ -e \"$1\" ] && echo enabled || echo disabled; "
    "fi\n}\n"
    "listening() {\n"
    "  for x in \"/proc/net/$1\" \"/proc/net/${1}6\"; do\n"
    "    [ -r \"$x\" ] || continue\n"
    "    while read -r _ l _ s _; do\n"
    "      case $l/$s in *:\"$2/$3\") printf '%s ' \"${l%:*}\";; esac\n"
    "    done <\"$x\"\n"
    "  done\n}\n"
    "entry() { getent \"$1\" \"$2\" 2>/dev/null || grep -e \"^$2:\" \"/etc/$1\"; }\n"
    "exists() { { [ -e \"$1\" ] || [ -L \"$1\" ]; } && echo yes; }\n"
    /* grep takes a text of several lines for several texts; "$3" in quotes is no pattern */
    "found() {\n"
    "  if [ \"$2\" = lines ]; then case $(cat <\"$1\"; echo .) in *\"$3\"*) ;; *) false;; esac\n"
    "  else printf '%s\\n' \"$3\" | grep -q \"$2\" -f - -- \"$1\"; fi 2>/dev/null\n}\n"
    "has() {\n"
    "  if found \"$@\"; then echo yes; else\n"
    "  printf 'no '; head -n 1 -- \"$1\" 2>&1 | head -c 200; fi\n}\n"
    "hasnt() { case $(has \"$@\") in yes*) echo 'no it is there';; *) echo yes;; esac; }\n"
    "sum() { sha256sum <\"$1\" | { read -r s _; echo \"$s\"; }; }\n"
    "run() {\n"
    "  printf '%s\\n' \"$1\" >\"$t/c\"\n"
    "  if has_tool timeout; then timeout \"$2\" sh \"$t/c\"; else sh \"$t/c\"; fi "
    "</dev/null >\"$t/out\" 2>\"$t/err\"\n}\n";

/* The script under construction. */
struct making {
    struct arena *a;
    struct expectations *list;
    struct strbuf *sb;
    const char *kind, *name;
};

static const char *quoted(struct making *m, const char *text)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    strbuf_add_shell_quoted(&sb, str_from(text));
    return arena_strdup(m->a, sb.buf);
}

static const char *truth(bool b)
{
    return b ? "true" : "false";
}

/* One more expectation, answered by the output of the shell text COMMAND. */
static struct expectation *ask(struct making *m, const char *what, enum judge_kind judge,
                               const char *want, const char *command)
{
    strbuf_addf(m->sb, "f %zu \"$(%s)\"\n", m->list->len, command);
    expectations_push(
        m->a, m->list,
        (struct expectation){
            .kind = m->kind, .name = m->name, .what = what, .want = want, .judge = judge});
    return &m->list->ptr[m->list->len - 1];
}

static void add_package(struct making *m, const struct check_package *p)
{
    const char *command = arena_fmt(m->a, "pkg %s", quoted(m, p->name));
    ask(m, "installed", JUDGE_SET, truth(p->installed), command);
    if (p->version != NULL && p->installed)
        ask(m, "version", JUDGE_GLOB, p->version, command);
}

static void add_service(struct making *m, const struct check_service *s)
{
    const char *name = quoted(m, s->name);
    if (s->running != -1 || s->enabled == -1)
        ask(m, "running", JUDGE_ACTIVE, truth(s->running != 0), arena_fmt(m->a, "active %s", name));
    if (s->enabled != -1)
        ask(m, "enabled", JUDGE_ENABLED, truth(s->enabled), arena_fmt(m->a, "enabled %s", name));
}

static void ask_stat(struct making *m, const char *what, const char *format, enum judge_kind judge,
                     const char *want)
{
    if (want != NULL)
        ask(m, what, judge, want,
            arena_fmt(m->a, "stat -c %s -- %s 2>&1", format, quoted(m, m->name)));
}

/* On one line, for people. */
static const char *on_one_line(struct arena *a, const char *text)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            strbuf_adds(&sb, "\\n");
        else
            strbuf_addc(&sb, *text);
    }
    return arena_strndup(a, sb.buf, sb.len);
}

/* "text", "/expression/", and "!" in front for what may not be there. */
static void ask_pattern(struct making *m, const char *what, const char *file, const char *pattern)
{
    const char *p = pattern;
    bool negated = *p == '!';
    p += negated ? 1 : 0;
    size_t len = strlen(p);
    bool regex = len > 2 && p[0] == '/' && p[len - 1] == '/';
    const char *text = regex ? arena_strndup(m->a, p + 1, len - 2) : p;
    const char *how = regex ? "-E" : strchr(text, '\n') != NULL ? "lines" : "-F";
    ask(m, what, JUDGE_PATTERN, on_one_line(m->a, pattern),
        arena_fmt(m->a, "%s %s %s %s", negated ? "hasnt" : "has", file, how, quoted(m, text)));
}

static bool is_number(const char *s)
{
    return *s != '\0' && s[strspn(s, "0123456789")] == '\0';
}

static const char *type_name(int type)
{
    switch (type) {
    case FILE_REGULAR: return "file";
    case FILE_DIRECTORY: return "directory";
    case FILE_SYMLINK: return "symlink";
    default: return NULL;
    }
}

static void add_file(struct making *m, const struct check_file *f)
{
    const char *path = quoted(m, f->path);
    ask(m, "exists", JUDGE_SET, truth(f->exists), arena_fmt(m->a, "exists %s", path));
    if (!f->exists)
        return;
    ask_stat(m, "type", "%F", JUDGE_TYPE, type_name(f->type));
    ask_stat(m, "mode", "%a", JUDGE_OCTAL, f->mode);
    if (f->owner != NULL)
        ask_stat(m, "owner", is_number(f->owner) ? "%u" : "%U", JUDGE_EQUAL, f->owner);
    if (f->group != NULL)
        ask_stat(m, "group", is_number(f->group) ? "%g" : "%G", JUDGE_EQUAL, f->group);
    ask_stat(m, "size", "%s", JUDGE_EQUAL, f->size);
    if (f->sha256 != NULL)
        ask(m, "sha256", JUDGE_EQUAL, f->sha256, arena_fmt(m->a, "sum %s 2>&1", path));
    if (f->links_to != NULL)
        ask(m, "links_to", JUDGE_EQUAL, f->links_to, arena_fmt(m->a, "readlink -- %s", path));
    for (size_t i = 0; i < f->contains.len; i++)
        ask_pattern(m, "contains", path, f->contains.ptr[i]);
}

static void add_port(struct making *m, const struct check_port *p)
{
    bool udp;
    int port;
    if (!check_parse_port(p->port, &udp, &port))
        return; /* diagnosed before */
    const char *want = p->listening && p->address != NULL ? p->address : truth(p->listening);
    ask(m, p->address != NULL ? "address" : "listening", JUDGE_PORT, want,
        arena_fmt(m->a, "listening %s %04X %s", udp ? "udp" : "tcp", (unsigned)port,
                  udp ? "07" : "0A"));
}

static void ask_field(struct making *m, const char *what, const char *command, int field,
                      const char *want)
{
    if (want != NULL)
        ask(m, what, JUDGE_EQUAL, want, command)->field = field;
}

/* passwd(5) */
static void add_user(struct making *m, const struct check_user *u)
{
    const char *command = arena_fmt(m->a, "entry passwd %s", quoted(m, u->name));
    ask(m, "exists", JUDGE_SET, truth(u->exists), command);
    if (!u->exists)
        return;
    ask_field(m, "uid", command, 3, u->uid);
    ask_field(m, "gid", command, 4, u->gid);
    ask_field(m, "home", command, 6, u->home);
    ask_field(m, "shell", command, 7, u->shell);
    for (size_t i = 0; i < u->groups.len; i++)
        ask(m, "groups", JUDGE_WORD, u->groups.ptr[i],
            arena_fmt(m->a, "id -Gn -- %s 2>&1", quoted(m, u->name)));
}

static void add_group(struct making *m, const struct check_group *g)
{
    const char *command = arena_fmt(m->a, "entry group %s", quoted(m, g->name));
    ask(m, "exists", JUDGE_SET, truth(g->exists), command);
    if (g->exists)
        ask_field(m, "gid", command, 3, g->gid);
}

static void add_command(struct making *m, const struct check_command *c)
{
    int64_t limit = c->timeout_ns > 0 ? (c->timeout_ns + NS_PER_S - 1) / NS_PER_S : 60;
    strbuf_addf(m->sb, "run %s %lld; st=$?\n", quoted(m, c->command), (long long)limit);
    ask(m, "exit_status", JUDGE_EQUAL, arena_fmt(m->a, "%lld", (long long)c->exit_status),
        "echo $st");
    for (size_t i = 0; i < c->output.len; i++)
        ask_pattern(m, "stdout", "\"$t/out\"", c->output.ptr[i]);
    for (size_t i = 0; i < c->errors.len; i++)
        ask_pattern(m, "stderr", "\"$t/err\"", c->errors.ptr[i]);
}

#define EACH(m, type, blocks, fn, word, label)                                                     \
    for (size_t i = 0; i < (blocks).len; i++) {                                                    \
        const struct type *item = &((const struct type *)(blocks).ptr)[i];                         \
        (m)->kind = (word);                                                                        \
        (m)->name = item->label;                                                                   \
        fn((m), item);                                                                             \
    }

void check_make_script(struct arena *a, const struct check_config *c, const char *nonce,
                       struct expectations *list, struct strbuf *script)
{
    struct making m = {.a = a, .list = list, .sb = script};
    strbuf_addf(script, "n=%s\n%s", nonce, prelude);
    EACH(&m, check_package, c->packages, add_package, "package", name)
    EACH(&m, check_service, c->services, add_service, "service", name)
    EACH(&m, check_file, c->files, add_file, "file", path)
    EACH(&m, check_port, c->ports, add_port, "port", port)
    EACH(&m, check_user, c->users, add_user, "user", name)
    EACH(&m, check_group, c->groups, add_group, "group", name)
    EACH(&m, check_command, c->commands, add_command, "command", command)
}
