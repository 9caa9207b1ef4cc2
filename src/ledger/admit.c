/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/admit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/inotify.h>

#include "base/clock.h"
#include "base/io.h"

/* The end of a build is an event of the directory, but not a killed one. */
#define LOOK_AGAIN_NS (2 * NS_PER_S)

static bool is_too_large(const struct run_info *mine, const struct admit_limits *limits,
                         struct error **err)
{
    const char *what = NULL;
    int64_t wanted = 0, limit = 0;
    if (limits->memory_mib > 0 && mine->memory_mib > limits->memory_mib) {
        what = "MiB of memory";
        wanted = mine->memory_mib, limit = limits->memory_mib;
    } else if (limits->vcpus > 0 && !limits->vcpus_soft && mine->vcpus > limits->vcpus) {
        what = "virtual CPUs";
        wanted = mine->vcpus, limit = limits->vcpus;
    }
    if (what == NULL)
        return false;
    error_set(err, ERR_HOST, 0,
              "the guest wants %lld %s, but builds on hypervisor '%s' may use %lld together",
              (long long)wanted, what, mine->hypervisor, (long long)limit);
    error_hint(err, "Lower `memory` or `cpus` of the template, or raise the limit of the "
                    "hypervisor in the configuration.");
    return true;
}

static bool shares(const struct run_info *other, const struct run_info *mine)
{
    return strcmp(other->id, mine->id) != 0 && other->hypervisor != NULL &&
           strcmp(other->hypervisor, mine->hypervisor) == 0;
}

const char *admit_reason(const struct run_infos *all, const struct run_info *mine,
                         const struct admit_limits *limits, struct arena *a)
{
    int64_t memory = 0, vcpus = 0;
    const char *users = "";
    VEC_EACH (other, all) {
        if (!shares(other, mine))
            continue;
        bool waits = strcmp(other->state, RUN_WAITING) == 0;
        if (waits && strcmp(other->id, mine->id) < 0)
            return arena_fmt(a, "its turn: '%s' (pid %lld) waits longer", other->build,
                             (long long)other->pid);
        if (waits)
            continue;
        memory += other->memory_mib;
        vcpus += other->vcpus;
        users = arena_fmt(a, "%s%s%s", users, *users != '\0' ? ", " : "", other->build);
    }
    if (limits->memory_mib > 0 && memory + mine->memory_mib > limits->memory_mib)
        return arena_fmt(a, "memory: wants %lld MiB, %lld of %lld MiB are free (in use by %s)",
                         (long long)mine->memory_mib, (long long)(limits->memory_mib - memory),
                         (long long)limits->memory_mib, users);
    if (limits->vcpus > 0 && vcpus > 0 && vcpus + mine->vcpus > limits->vcpus)
        return arena_fmt(a, "virtual CPUs: wants %lld, %lld of %lld are free (in use by %s)",
                         (long long)mine->vcpus, (long long)MAX(limits->vcpus - vcpus, INT64_C(0)),
                         (long long)limits->vcpus, users);
    return NULL;
}

/* One look under the lock; *REASON is NULL when it was let in. */
static bool try_once(const char *store, struct runfile *r, const struct admit_limits *limits,
                     struct arena *a, const char **reason, struct error **err)
{
    autofree char *path = io_path_join(store, "admission.lock");
    autoclose int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct run_infos all;
    if (lock < 0 || flock(lock, LOCK_EX) < 0)
        return error_set(err, ERR_IO, errno, "cannot lock '%s'", path);
    if (!runfile_list(store, a, &all, err))
        return false;
    struct run_info *mine = runfile_info(r);
    *reason = admit_reason(&all, mine, limits, a);
    if (*reason != NULL)
        return true;
    mine->state = RUN_RUNNING;
    runfile_publish(r);
    return true;
}

static void await_change(int notify, struct cancel *c)
{
    char events[4096];
    int64_t until = clock_now() + LOOK_AGAIN_NS;
    while (!cancel_test(c) && clock_now() < until) {
        struct pollfd p[] = {{.fd = notify, .events = POLLIN},
                             {.fd = cancel_fd(c), .events = POLLIN}};
        poll(p, ARRAY_SIZE(p), MIN((int)((until - clock_now()) / NS_PER_MS) + 1, 250));
        if (read(notify, events, sizeof(events)) > 0)
            return;
    }
}

static bool wait_for_turn(const char *store, struct runfile *r, const struct admit_limits *limits,
                          struct cancel *c, void (*say)(void *arg, const char *reason), void *arg,
                          struct error **err)
{
    autofree char *dir = io_path_join(store, "run");
    autoclose int notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    AUTO(strbuf) struct strbuf said = STRBUF_INIT;
    if (notify < 0 || inotify_add_watch(notify, dir, IN_DELETE) < 0)
        return error_set(err, ERR_IO, errno, "cannot watch '%s'", dir);
    for (;;) {
        AUTO(arena) struct arena *a = arena_new("admission");
        const char *reason = NULL;
        if (!try_once(store, r, limits, a, &reason, err))
            return false;
        if (reason == NULL)
            return true;
        if (say != NULL && !str_eqz(strbuf_str(&said), reason))
            say(arg, reason);
        strbuf_truncate(&said, 0);
        strbuf_adds(&said, reason);
        await_change(notify, c);
        if (cancel_test(c))
            return cancel_error(c, err, "waiting for room on the hypervisor");
    }
}

bool admit_wait(const char *store, struct runfile *r, const struct admit_limits *limits,
                struct cancel *c, void (*say)(void *arg, const char *reason), void *arg,
                struct error **err)
{
    struct run_info *mine = runfile_info(r);
    if (is_too_large(mine, limits, err))
        return false;
    mine->state = RUN_WAITING;
    runfile_publish(r);
    return wait_for_turn(store, r, limits, c, say, arg, err);
}
