/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include <errno.h>

#include "base/io.h"
#include "cli/app.h"
#include "cli/exit.h"
#include "ledger/runfile.h"

#define OPTIONS_MAX 24

/* The user's own configuration shall not play a part; the key is a path, never
 * its text, and the host key is the one that the build learnt. */
static const char **make_argv(struct app *app, const struct run_info *info,
                              const struct opt_strings *words)
{
    bool is_known = info->ssh_known_hosts != NULL && io_exists(info->ssh_known_hosts);
    const char **argv = arena_new_array(app->arena, const char *, OPTIONS_MAX + words->len);
    size_t n = 0;
    argv[n++] = "ssh";
    argv[n++] = "-F";
    argv[n++] = "/dev/null";
    argv[n++] = "-oHostKeyAlias=" RUN_HOST_ALIAS;
    argv[n++] = "-oLogLevel=ERROR";
    argv[n++] = is_known ? "-oStrictHostKeyChecking=yes" : "-oStrictHostKeyChecking=no";
    argv[n++] = arena_fmt(app->arena, "-oUserKnownHostsFile=%s",
                          is_known ? info->ssh_known_hosts : "/dev/null");
    if (info->ssh_key != NULL) {
        argv[n++] = "-oIdentitiesOnly=yes";
        argv[n++] = "-i";
        argv[n++] = info->ssh_key;
    }
    argv[n++] = arena_fmt(app->arena, "-p%lld", (long long)info->ssh_port);
    if (info->ssh_user != NULL)
        argv[n++] = arena_fmt(app->arena, "-l%s", info->ssh_user);
    argv[n++] = "--";
    argv[n++] = info->ssh_host;
    for (size_t i = 0; i < words->len; i++)
        argv[n++] = words->ptr[i];
    return argv;
}

/* Does not come back when it works. */
static bool become_ssh(const char *const *argv, struct error **err)
{
    autofree char *program = io_find_program("ssh");
    union {
        const char *const *constant;
        char *const *plain;
    } u = {.constant = argv};
    if (program != NULL)
        execv(program, u.plain);
    error_set(err, ERR_HOST, program != NULL ? errno : 0, "cannot start ssh");
    return error_hint(err, "Install the package openssh-client.");
}

static int ssh_run(struct app *app, const void *flags, const struct opt_strings *args)
{
    (void)flags;
    struct run_info info;
    struct error *e = NULL;
    const char *store = app_store_path(app);
    if (store == NULL)
        return app->failure;
    if (!runfile_find(store, args->ptr[0], app->arena, &info, &e))
        return app_fail(app, e);
    if (info.ssh_port == 0 || info.ssh_host == NULL) {
        error_set(&e, ERR_NOT_FOUND, 0, "'%s' has no guest that is reached by SSH", info.build);
        return app_fail(app, e);
    }
    size_t skip = args->len > 1 && strcmp(args->ptr[1], "--") == 0 ? 2 : 1;
    struct opt_strings words = {.ptr = args->ptr + skip, .len = args->len - skip};
    fflush(NULL);
    become_ssh(make_argv(app, &info, &words), &e);
    return app_fail(app, e);
}

const struct command cmd_ssh = {
    .name = "ssh",
    .args = "BUILD [-- COMMAND...]",
    .summary = "Log in to the guest of a build",
    .doc =
        "BUILD runs or is kept (see `imgfac ps`).  Runs the system's ssh with the account and the "
        "key of the build, and trusts only the host key that the build has learnt.  Without "
        "COMMAND it is a login shell.  A build that uses ssh_password is asked for it.",
    .min_args = 1,
    .max_args = -1,
    .plain_signals = true,
    .run = ssh_run,
};
