/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/ssh_record.h"

#include <fcntl.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/redact.h"
#include "plug/build.h"

/* Different reasons told to the user; more than these only reach the file. */
#define SAID_MAX 16

struct ssh_record {
    struct build *build;
    char *path; /* NULL: no log directory */
    int64_t start_ns;
    size_t attempts;
    /* The run of equal outcomes that is not written yet. */
    char *reason;
    size_t count;
    int64_t first_ns, last_ns;
    char *said[SAID_MAX];
    size_t said_count;
};

struct ssh_record *ssh_record_new(struct build *b)
{
    struct ssh_record *r = xnew(struct ssh_record);
    r->build = b;
    r->start_ns = clock_now();
    if (b->log_dir != NULL)
        r->path = io_path_join(b->log_dir, "ssh.log");
    return r;
}

void ssh_record_free(struct ssh_record *r)
{
    if (r == NULL)
        return;
    ssh_record_flush(r);
    for (size_t i = 0; i < r->said_count; i++)
        free(r->said[i]);
    free(r->path);
    free(r);
}

static void append_line(const char *path, const char *line)
{
    autofree char *clean = redact_dup(line);
    autoclose int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || !io_write_all(fd, clean, strlen(clean)))
        log_warn("ssh", "cannot write '%s'", path);
}

void ssh_record_flush(struct ssh_record *r)
{
    if (r->reason == NULL)
        return;
    double first = (double)(r->first_ns - r->start_ns) / NS_PER_S;
    double last = (double)(r->last_ns - r->start_ns) / NS_PER_S;
    autofree char *line = r->count == 1 ? xasprintf("%9.3f s  %s\n", first, r->reason)
                                        : xasprintf("%9.3f s  %s (%zu times, last at %.3f s)\n",
                                                    first, r->reason, r->count, last);
    if (r->path != NULL)
        append_line(r->path, line);
    free(steal(&r->reason));
    r->count = 0;
}

static void say_once(struct ssh_record *r, const char *reason)
{
    for (size_t i = 0; i < r->said_count; i++)
        if (strcmp(r->said[i], reason) == 0)
            return;
    if (r->said_count == SAID_MAX)
        return;
    r->said[r->said_count++] = xstrdup(reason);
    build_sayf(r->build, "SSH: %s", reason);
}

void ssh_record_add(struct ssh_record *r, bool say, const char *reason)
{
    int64_t now = clock_now();
    r->attempts++;
    log_debug("ssh", "%s", reason);
    if (say)
        say_once(r, reason);
    if (r->reason == NULL || strcmp(r->reason, reason) != 0) {
        ssh_record_flush(r);
        r->reason = xstrdup(reason);
        r->first_ns = now;
    }
    r->count++;
    r->last_ns = now;
}

size_t ssh_record_attempts(const struct ssh_record *r)
{
    return r->attempts;
}
