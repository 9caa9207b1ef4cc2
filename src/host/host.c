/* SPDX-License-Identifier: Apache-2.0 */

#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "host/kvm_loop.h"

/* The loop takes about a millisecond on hardware; whoever needs longer than
 * this would take hours to boot a guest. */
#define LOOP_LIMIT_NS (100 * NS_PER_MS)
#define CHILD_WAIT_MS 400

static const char cure_tcg[] =
    "builds run under TCG (slow but right); on a virtual host let the hypervisor pass hardware "
    "virtualisation through";

static struct host_kvm result;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Why /dev/kvm could not be used at STAGE, with the cure that fits. */
static void explain(const struct kvm_loop_result *r)
{
    result.reason = kvm_stage_text(r->stage, r->errnum);
    if (r->stage != KVM_STAGE_OPEN)
        result.cure = cure_tcg;
    else if (r->errnum == ENOENT || r->errnum == ENODEV || r->errnum == ENXIO)
        result.cure = "switch on virtualisation in the firmware and load kvm_intel or kvm_amd";
    else if (r->errnum == EACCES || r->errnum == EPERM)
        result.cure = "add the user to the group kvm (sudo usermod -aG kvm USER) and log in again";
}

/* Closed in the child: what others wait for on our files, such as the lock of
 * the ledger, must end with us. */
static void close_all_but(int fd)
{
    if (fd > 3)
        close_range(3, (unsigned)fd - 1, 0);
    close_range((unsigned)fd + 1, ~0U, 0);
}

/* The child runs the vCPU: a KVM that interprets may not return for minutes,
 * and a child can be killed without touching our own threads.  It ends when
 * its parent is killed, too. */
static void child_main(int fd, pid_t parent)
{
    struct kvm_loop_result r = {0};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    close_all_but(fd);
    kvm_loop_run(&r);
    ssize_t n = write(fd, &r, sizeof(r));
    _exit(n == (ssize_t)sizeof(r) ? 0 : 1);
}

static bool read_result(int fd, struct kvm_loop_result *r)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int64_t deadline = clock_now() + CHILD_WAIT_MS * NS_PER_MS;
    for (;;) {
        int64_t left = (deadline - clock_now()) / NS_PER_MS;
        if (left <= 0)
            return false;
        int n = poll(&p, 1, (int)left);
        if (n > 0)
            return read(fd, r, sizeof(*r)) == (ssize_t)sizeof(*r);
        if (n < 0 && errno != EINTR)
            return false;
    }
}

static void probe_once(void)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) {
        result.reason = "no pipe for the probe";
        return;
    }
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        child_main(fds[1], parent);
    close(fds[1]);
    struct kvm_loop_result r = {0};
    bool answered = pid > 0 && read_result(fds[0], &r);
    close(fds[0]);
    if (pid > 0) {
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    result.loop_ns = r.loop_ns;
    if (!answered) {
        result.reason = "a loop of 1000000 steps did not end in 400 ms: this KVM interprets";
        result.cure = cure_tcg;
    } else if (r.stage != KVM_STAGE_DONE) {
        explain(&r);
    } else if (r.loop_ns > LOOP_LIMIT_NS) {
        result.reason = "a loop of 1000000 steps took over 100 ms: this KVM interprets";
        result.cure = cure_tcg;
    } else {
        result.usable = true;
    }
    log_info("qemu", "kvm %s, loop %.1f ms%s%s", result.usable ? "usable" : "not used",
             (double)result.loop_ns / 1e6, result.reason != NULL ? ": " : "",
             result.reason != NULL ? result.reason : "");
}

const struct host_kvm *host_kvm(void)
{
    pthread_once(&once, probe_once);
    return &result;
}

/* cgroup v2 limit of this process, or UINT64_MAX. */
static uint64_t cgroup_memory_limit(void)
{
    autofclose FILE *f = fopen("/sys/fs/cgroup/memory.max", "re");
    char line[64];
    uint64_t limit;
    if (f != NULL && fgets(line, sizeof(line), f) != NULL &&
        str_to_u64(str_trim(str_from(line)), &limit))
        return limit;
    return UINT64_MAX;
}

uint64_t host_memory_bytes(void)
{
    struct sysinfo si;
    if (sysinfo(&si) != 0)
        return 0;
    uint64_t total = (uint64_t)si.totalram * si.mem_unit;
    return MIN(total, cgroup_memory_limit());
}

uint64_t host_memory_available_bytes(void)
{
    autofclose FILE *f = fopen("/proc/meminfo", "re");
    char line[128];
    while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
        str s = str_from(line);
        uint64_t kib;
        if (!str_starts(s, STR("MemAvailable:")))
            continue;
        s = str_trim(str_sub(s, sizeof("MemAvailable:") - 1, s.len));
        if (str_ends(s, STR("kB")) && str_to_u64(str_trim(str_sub(s, 0, s.len - 2)), &kib))
            return MIN(kib * 1024, cgroup_memory_limit());
    }
    return host_memory_bytes();
}

unsigned host_cpus(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
        return (unsigned)CPU_COUNT(&set);
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (unsigned)n : 1;
}
