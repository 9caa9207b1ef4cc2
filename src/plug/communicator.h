/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_PLUG_COMMUNICATOR_H
#define IMGFAC_PLUG_COMMUNICATOR_H

/* How to talk to the guest: run commands, move files.  Nobody calls a vtable
 * directly: the comm_* functions check the contract, log, observe cancellation
 * and wrap errors.  A connection belongs to one thread. */

#include "base/cancel.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "plug/build.h"
#include "schema/schema.h"

/* Options of all communicators, flat in the source block as in Packer; rows in
 * plug/comm_config.c.  Unset strings are NULL. */
struct comm_config {
    int type; /* enum comm_kind */
    int64_t pause_before_connecting_ns;
    const char *ssh_host;
    int64_t ssh_port;
    const char *ssh_username;
    const char *ssh_password;
    const char *ssh_private_key_file;
    const char *ssh_certificate_file;
    const char *temporary_key_pair_name;
    const char *temporary_key_pair_type;
    int64_t temporary_key_pair_bits;
    const char *ssh_keypair_name;
    const char *ssh_host_key; /* "SHA256:..." */
    const char *ssh_bastion_host_key;
    struct opt_strings ssh_ciphers;
    struct opt_strings ssh_kex;
    bool ssh_clear_authorized_keys;
    bool ssh_pty;
    int64_t ssh_timeout_ns; /* 0: not set */
    int64_t ssh_wait_timeout_ns;
    int64_t ssh_handshake_attempts; /* 0: not set */
    bool ssh_agent_auth;
    bool ssh_disable_agent_forwarding;
    const char *ssh_bastion_host;
    int64_t ssh_bastion_port;
    bool ssh_bastion_agent_auth;
    const char *ssh_bastion_username;
    const char *ssh_bastion_password;
    bool ssh_bastion_interactive;
    const char *ssh_bastion_private_key_file;
    const char *ssh_bastion_certificate_file;
    int ssh_file_transfer_method; /* enum comm_transfer */
    const char *ssh_proxy_host;
    int ssh_proxy_type; /* enum comm_proxy */
    int64_t ssh_proxy_port;
    const char *ssh_proxy_username;
    const char *ssh_proxy_password;
    int64_t ssh_keep_alive_interval_ns;
    int64_t ssh_read_write_timeout_ns;
    struct opt_strings ssh_remote_tunnels;
    struct opt_strings ssh_local_tunnels;
    int64_t guest_agent_timeout_ns;
    const char *winrm_username;
    const char *winrm_password;
    const char *winrm_host;
    int64_t winrm_port;
    int64_t winrm_timeout_ns;
    bool winrm_use_ssl, winrm_insecure, winrm_use_ntlm, winrm_no_proxy;
};

enum comm_kind { COMM_SSH, COMM_WINRM, COMM_NONE, COMM_GUEST_AGENT };
enum comm_proxy { COMM_PROXY_SOCKS5, COMM_PROXY_HTTP };
enum comm_transfer { COMM_TRANSFER_SFTP, COMM_TRANSFER_SCP };

extern const struct opt comm_opts[];
extern const char comm_doc[]; /* the text above them */
/* The rows that the communicator KIND ("ssh") has a use for, ended, of A. */
const struct opt *comm_rows_of(struct arena *a, const char *kind);
/* Diagnose what the rows cannot say: keys that cannot be read, bastions without
 * a way to log in, tunnels.  Whether a user name is needed is for the builder
 * to say. */
bool comm_check(const struct comm_config *config, const struct body *body, struct diags *diags);

/* Exit status reported when the connection broke before the command's own
 * status came (Packer's number). */
#define COMM_DISCONNECTED 2300218

struct comm_command {
    const char *command; /* text for the guest's login shell */
    str input;           /* standard input; empty: none */
    bool secret;         /* do not write the text to the log */
    /* Lines of output, without newline, invalid UTF-8 kept, at most 64 KiB
     * each (longer ones are split).  May be NULL. */
    void (*on_line)(void *arg, bool is_stderr, str line);
    void *arg;
    struct strbuf *out; /* collects standard output up to its maximum; may be NULL */
    int64_t timeout_ns; /* 0: none */
};

/* The QEMU guest agent of the running guest, as its builder reaches it.  One
 * thread at a time. */
struct guest_agent {
    /* Send the JSON text COMMAND and wait for the answer, JSON text on the heap.
     * NULL with ERR_DISCONNECT when no agent listens, ERR_TIMEOUT when it does
     * not answer, ERR_GUEST when it refuses (a refusal may also be given as the
     * agent's own {"error": ...}). */
    char *(*ask)(struct guest_agent *a, const char *command, int64_t timeout_ns,
                 struct error **err);
};

struct comm; /* an open connection; its first member is what the vtable needs */

struct comm_type {
    const char *name; /* "ssh" */
    const char *summary;
    const char *doc; /* paragraphs, and examples indented by four */
    /* Connect and log in, retrying with back-off until the one deadline of
     * the configuration; reports each new kind of refusal through build_sayf
     * at most once.  NULL with the error of the last attempt, naming its
     * cause. */
    struct comm *(*open)(const struct comm_config *config, struct build *b, struct error **err);
    /* Run and stream; *STATUS is the exit status, 128+signal, or
     * COMM_DISCONNECTED.  False only when it could not be run at all, was
     * cancelled or ran into its time limit. */
    bool (*run)(struct comm *c, const struct comm_command *cmd, struct cancel *cancel, int *status,
                struct error **err);
    /* A regular file; parents are not created; MODE 0: that of the source. */
    bool (*upload)(struct comm *c, const char *src, const char *dst, unsigned mode,
                   struct cancel *cancel, struct error **err);
    bool (*upload_data)(struct comm *c, str data, const char *dst, unsigned mode,
                        struct cancel *cancel, struct error **err);
    /* rsync rule: SRC with a trailing slash copies its contents into DST,
     * without one makes DST/basename(SRC).  Links are followed. */
    bool (*upload_dir)(struct comm *c, const char *src, const char *dst, struct cancel *cancel,
                       struct error **err);
    bool (*download)(struct comm *c, const char *src, const char *dst, struct cancel *cancel,
                     struct error **err);
    bool (*download_dir)(struct comm *c, const char *src, const char *dst, struct cancel *cancel,
                         struct error **err);
    /* Whether upload_data() and remove() go on without a new process in the
     * guest, after one at most now; neither waits for a lost connection.  Both
     * NULL: never. */
    bool (*has_files)(struct comm *c, struct cancel *cancel);
    /* A file; that there is none is no error. */
    bool (*remove)(struct comm *c, const char *path, struct cancel *cancel, struct error **err);
    /* Drop the connection if it is up and log in again within the deadline:
     * after a reboot.  */
    bool (*reconnect)(struct comm *c, struct cancel *cancel, struct error **err);
    void (*close)(struct comm *c);
};

struct comm {
    const struct comm_type *type;
    struct build *build; /* for progress and messages */
};

struct comm *comm_open(const struct comm_type *type, const struct comm_config *config,
                       struct build *b, struct error **err);
bool comm_run(struct comm *c, const struct comm_command *cmd, struct cancel *cancel, int *status,
              struct error **err);
bool comm_upload(struct comm *c, const char *src, const char *dst, unsigned mode,
                 struct cancel *cancel, struct error **err);
bool comm_upload_data(struct comm *c, str data, const char *dst, unsigned mode,
                      struct cancel *cancel, struct error **err);
bool comm_upload_dir(struct comm *c, const char *src, const char *dst, struct cancel *cancel,
                     struct error **err);
bool comm_download(struct comm *c, const char *src, const char *dst, struct cancel *cancel,
                   struct error **err);
bool comm_download_dir(struct comm *c, const char *src, const char *dst, struct cancel *cancel,
                       struct error **err);
bool comm_has_files(struct comm *c, struct cancel *cancel);
/* Only after comm_has_files(). */
bool comm_remove(struct comm *c, const char *path, struct cancel *cancel, struct error **err);
bool comm_reconnect(struct comm *c, struct cancel *cancel, struct error **err);
void comm_close(struct comm *c); /* NULL-safe */

/* How another program logs in to the guest that B talks to: Ansible does.
 * Borrows from the build and its configuration; unset strings are NULL. */
struct comm_access {
    int type; /* enum comm_kind */
    const char *host;
    int port;
    const char *user;
    const char *password;        /* secret */
    const char *private_key_pem; /* secret; ephemeral key of the build */
    const char *private_key_file;
    const struct comm_config *config; /* bastion, certificate, agent, WinRM */
};

/* Compute the fields above as the communicators do. */
struct comm_access comm_access(const struct build *b);

#endif
