/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_LEDGER_RUNFILE_H
#define IMGFAC_LEDGER_RUNFILE_H

/* What a build tells other processes about itself, while it runs and while
 * -on-error=abort keeps its machine: one JSON file STORE/run/ID/build.json, for
 * its owner only, replaced as a whole at each change; the ledger has the
 * directory.  It holds no secret, only the paths of files with them.  The writing side
 * belongs to the build's thread; reading is for any process. */

#include "base/arena.h"
#include "base/str.h"
#include "base/vec.h"
#include "ledger/ledger.h"

#define RUN_WAITING "waiting" /* for memory or processors of its hypervisor */
#define RUN_RUNNING "running"
#define RUN_KEPT    "kept" /* failed, and left as it was for a look */

struct run_info {
    const char *id;      /* ULID: sorts by start */
    const char *build;   /* "qemu.golden" */
    const char *state;   /* RUN_...; what is wrong with it runfile_list() tells */
    const char *step;    /* that runs now, or failed */
    const char *started; /* RFC 3339 */
    int64_t pid;         /* of the imgfac that builds it */
    int64_t pid_start;   /* proc_start_time() of it */
    const char *ledger;  /* base name of the ledger with what it made */

    const char *hypervisor; /* name in the configuration; "" for the default */
    int64_t memory_mib, vcpus;

    const char *work_dir, *log_dir;
    const char *base; /* absolute path of the image that its disk stands on, or NULL */
    const char *domain, *uuid, *uri;
    const char *monitor;     /* socket that speaks QMP, or NULL */
    const char *console;     /* socket of the serial console, or NULL */
    const char *console_log; /* what it wrote so far, or NULL */

    const char *ssh_host, *ssh_user;
    int64_t ssh_port;
    const char *ssh_key;         /* path of the private key; NULL: a password is asked for */
    const char *ssh_known_hosts; /* path, host under the name RUN_HOST_ALIAS; may not exist */
};
DEFINE_ARENA_VEC(run_infos, struct run_info);

#define RUN_HOST_ALIAS "guest"
/* An ID begins with the time: its last characters tell builds apart. */
#define RUN_ID_SHOWN 6

struct runfile;

/* INFO's strings are borrowed until runfile_close(); id must be set. */
struct runfile *runfile_open(const char *store, const struct run_info *info, struct ledger *l,
                             struct error **err);
/* To be changed, then published; NULL for NULL. */
struct run_info *runfile_info(struct runfile *r);
/* Write it out; a failure is logged only.  NULL-safe. */
void runfile_publish(struct runfile *r);
/* Remove it unless KEEP, which publishes RUN_KEPT; NULL-safe. */
void runfile_close(struct runfile *r, bool keep);

/* All builds of the store, oldest first, in A.  Files that cannot be read, or
 * whose process has died without being kept, are left out. */
bool runfile_list(const char *store, struct arena *a, struct run_infos *out, struct error **err);
/* The one that WORD means: its name, or the end of its ID; the newest of
 * several with one name.  ERR_NOT_FOUND lists what there is. */
bool runfile_find(const char *store, const char *word, struct arena *a, struct run_info *out,
                  struct error **err);
/* Does the imgfac that wrote it live? */
bool runfile_is_alive(const struct run_info *info);
/* Read TEXT; false when it is not what runfile_publish() writes. */
bool runfile_parse(struct arena *a, str text, struct run_info *out);

#endif
