/* SPDX-License-Identifier: Apache-2.0 */
#include "bootstrap/userns.h"

#include <pwd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"

/* Debian's policy gives ids up to 65534 (nobody). */
#define IDS_NEEDED  65535
#define SUBID_MAX   ((size_t)1 << 20)
#define REMOVE_TIME (60 * NS_PER_S)
#define CHECK_TIME  (20 * NS_PER_S)

struct words userns_argv(struct arena *a, bool is_root, const struct words *argv)
{
    static const char *const mapped[] = {"--map-auto", "--map-root-user"};
    static const char *const common[] = {"--mount", "--pid", "--fork", "--kill-child", "--"};
    struct words all = {0};

    words_push(a, &all, "unshare");
    for (size_t i = 0; !is_root && i < ARRAY_SIZE(mapped); i++)
        words_push(a, &all, mapped[i]);
    for (size_t i = 0; i < ARRAY_SIZE(common); i++)
        words_push(a, &all, common[i]);
    VEC_EACH (word, argv)
        words_push(a, &all, *word);
    return all;
}

/* Lines "user:first:count". */
bool userns_has_range(str text, const char *name, unsigned uid, uint64_t count)
{
    str rest = text;
    uint64_t id, have;

    while (rest.ptr != NULL) {
        str line = str_next_line(&rest);
        str owner = str_split(&line, ':');
        str_split(&line, ':');
        bool ours = str_eqz(owner, name) || (str_to_u64(owner, &id) && id == uid);
        if (ours && line.ptr != NULL && str_to_u64(str_trim(line), &have) && have >= count)
            return true;
    }
    return false;
}

static bool check_range(const char *path, const char *user, struct error **err)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    AUTO(error) struct error *unreadable = NULL;

    if (io_read_file(path, SUBID_MAX, &text, &unreadable) &&
        userns_has_range(strbuf_str(&text), user, getuid(), IDS_NEEDED))
        return true;
    error_set(err, ERR_HOST, 0, "user '%s' has no range of subordinate ids in '%s'", user, path);
    return error_hint(err,
                      "An image has files of many users.  Let root give '%s' a range: usermod "
                      "--add-subuids 100000-165535 --add-subgids 100000-165535 %s; or run as root.",
                      user, user);
}

static bool try_namespaces(struct cancel *c, struct error **err)
{
    AUTO(arena) struct arena *a = arena_new("userns");
    struct words argv = {0};
    struct proc_spec spec = {
        .cancel = c, .timeout_ns = CHECK_TIME, .what = "make a user namespace"};

    words_push(a, &argv, "true");
    words_push(a, &argv, NULL);
    if (userns_run(a, &argv, spec, err))
        return true;
    if (error_is(*err, ERR_CANCELLED))
        return false;
    return error_hint(err, "This host forbids it: see the sysctls kernel.unprivileged_userns_clone "
                           "and kernel.apparmor_restrict_unprivileged_userns, or run as root.");
}

static bool check_tools(struct error **err)
{
    /* newuidmap is looked up by unshare. */
    static const struct {
        const char *tool, *package;
        bool users_only;
    } tools[] = {
        {"mmdebstrap", "mmdebstrap", false}, {"unshare", "util-linux", false},
        {"mke2fs", "e2fsprogs", false},      {"mformat", "mtools", false},
        {"mcopy", "mtools", false},          {"newuidmap", "uidmap", true},
        {"newgidmap", "uidmap", true},
    };

    for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
        autofree char *path = io_find_program(tools[i].tool);
        if (path != NULL || (tools[i].users_only && geteuid() == 0))
            continue;
        error_set(err, ERR_HOST, 0, "the tool '%s' is not installed", tools[i].tool);
        return error_hint(err, "Install it: apt-get install %s", tools[i].package);
    }
    return true;
}

bool userns_check(struct cancel *c, struct error **err)
{
    struct passwd pw, *found = NULL;
    char buffer[4096], number[24];

    if (!check_tools(err))
        return false;
    if (geteuid() == 0)
        return try_namespaces(c, err);
    if (getpwuid_r(getuid(), &pw, buffer, sizeof(buffer), &found) != 0)
        found = NULL;
    snprintf(number, sizeof(number), "%u", (unsigned)getuid());
    const char *user = found != NULL ? found->pw_name : number;
    return check_range("/etc/subuid", user, err) && check_range("/etc/subgid", user, err) &&
           try_namespaces(c, err);
}

bool userns_run(struct arena *a, const struct words *argv, struct proc_spec spec,
                struct error **err)
{
    struct words all = userns_argv(a, geteuid() == 0, argv);

    spec.argv = all.ptr;
    return proc_run(&spec, NULL, err);
}

bool userns_remove_tree(const char *path, struct error **err)
{
    AUTO(arena) struct arena *a = arena_new("userns");
    AUTO(error) struct error *plain = NULL;
    struct words argv = {0};
    struct proc_spec spec = {.timeout_ns = REMOVE_TIME, .what = "remove the tree"};
    const char *const words[] = {"rm", "-rf", "--one-file-system", "--", path, NULL};

    if (path[0] != '/')
        return error_set(err, ERR_INTERNAL, 0, "'%s' is not an absolute path", path);
    /* Root may remove everything, and so may a user what was hardly begun. */
    if (io_remove_tree(path, &plain))
        return true;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        words_push(a, &argv, words[i]);
    return userns_run(a, &argv, spec, err);
}

const struct reaper reaper_subuid_tree = {.kind = "subuid-tree", .reap = userns_remove_tree};
