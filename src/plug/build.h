/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_PLUG_BUILD_H
#define IMGFAC_PLUG_BUILD_H

/* The typed state of one running build: what its steps hand to each other.
 * Owned by the one thread that runs the build; everything in it lives until
 * the build is freed.  No bag of void pointers: a new thing passed between
 * steps is a new field here, with its owner named. */

#include "base/arena.h"
#include "base/cancel.h"
#include "base/error.h"
#include "base/str.h"
#include "ui/event.h"

struct builder_type;
struct catalog;
struct comm;
struct comm_config;
struct guest_agent;
struct config;
struct ledger;
struct opt_strings;
struct runfile;

/* Where and how the guest is reached; filled by the builder's steps. */
struct build_target {
    const char *host;     /* "127.0.0.1" */
    int port;             /* forwarded host port */
    const char *user;     /* NULL: the communicator's own option */
    const char *password; /* secret, registered with the redactor; or NULL */
    const char
        *private_key_pem;   /* secret; ephemeral key of this build, OpenSSH or PEM text; or NULL */
    const char *public_key; /* authorized_keys line without newline, or NULL */
    const char *http_ip;    /* as seen by the guest; or NULL */
    int http_port;          /* 0: no server */
};

/* The disk image that the build makes.  `path` moves on as steps transform it. */
struct build_image {
    const char *path;
    const char *format;                     /* "qcow2" or "raw" */
    uint64_t virtual_size;                  /* bytes */
    const char *backing;                    /* backing file of an overlay; NULL when standalone */
    const char *arch;                       /* "x86_64" */
    const char *firmware;                   /* "bios", "uefi", "both" */
    const char *os;                         /* "debian-12" as far as the builder knows; or NULL */
    const char *final_format;               /* what the finished image shall be; NULL: qcow2 */
    bool compress;                          /* disk_compression: compress a qcow2 (zstd) */
    bool skip_compaction;                   /* hand over the working disk as it is */
    const struct opt_strings *convert_args; /* of qemu-img for that; or NULL */
    const char *efivars;                    /* UEFI variables that go with it, raw; or NULL */
};

/* What the image was made from; for lineage. */
struct build_base {
    const char *bucket;      /* NULL: not from the catalog */
    const char *fingerprint; /* version of the base */
    const char *channel;     /* channel it was asked by; or NULL */
    const char *source;      /* URL, mirror and suite, or path */
    const char *sha256;      /* of the base image; or NULL */
};

struct build {
    const char *name;         /* "qemu.golden": prefix of every line */
    const char *builder_name; /* "qemu" */
    const char *source_name;  /* "golden": second label of the source block */
    const char *alias;        /* name of this use of the source; often the same */
    const char *run_uuid;
    const char *template_dir; /* relative paths of the template are against the current directory */

    struct arena *arena;
    struct cancel *cancel; /* of the step that runs now */
    struct cancel *guest; /* child of the build's token; CANCEL_CRASH when the guest dies unasked */
    struct event_sink *events;
    struct ledger *ledger;
    struct runfile *run; /* what other processes see of it; NULL: nothing (tests) */
    struct catalog *catalog;
    const struct config *config; /* site configuration */
    bool force;                  /* -force: delete a previous output */
    bool debug;

    const char *work_dir;    /* private directory on the disk of the store; removed at the end */
    const char *output_dir;  /* where the template wants the image; NULL: only the catalog */
    const char *log_dir;     /* console log and the failure bundle; kept when the build fails */
    const char *console_log; /* path; NULL before the domain is defined */

    const struct comm_config *comm_config;
    struct guest_agent *agent; /* of the guest, by the builder; NULL: none */
    struct comm *comm;         /* set by the connect step */
    bool login_is_posix;       /* a script on this connection found the login shell to be so */
    struct build_target target;
    struct build_image image;
    struct build_base base;

    bool wants_cloud_init;       /* a seed was attached: ready means cloud-init finished too */
    const char *build_user;      /* account made for the build, removed by sealing; or NULL */
    const char *build_user_home; /* its home; NULL: /home/USER */

    void *builder_state; /* owned by the builder's steps */
};

void build_sayf(struct build *b, const char *fmt, ...) ATTR_PRINTF(2, 3);
void build_warnf(struct build *b, const char *fmt, ...) ATTR_PRINTF(2, 3);
/* One line of output of the guest or of a tool. */
void build_output(struct build *b, bool is_stderr, str line);
/* TOTAL 0: unknown.  Cheap; the sink thins out. */
void build_progress(struct build *b, const char *what, uint64_t done, uint64_t total);

#endif
