/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_COMMUNICATOR_SSH_INTERNAL_H
#define IMGFAC_COMMUNICATOR_SSH_INTERNAL_H

/* What the files of the SSH communicator share.  A session is always in
 * libssh's non-blocking mode: whatever has to wait polls its socket together
 * with the tokens of the step and of the guest, so that a crash or Ctrl-C ends
 * any wait at once.  One connection, one thread. */

#include <libssh/callbacks.h>
#include <libssh/libssh.h>

#include "communicator/proxy.h"
#include "communicator/ssh_hub.h"
#include "communicator/ssh_record.h"
#include "communicator/ssh_relay.h"
#include "plug/communicator.h"

struct sftp;

struct ssh_tunnels;

/* A logged-in session with the guest, and the hub that carries it or NULL. */
struct ssh_line {
    ssh_session session;
    struct ssh_hub *below;
};

/* The host key that was seen; what logs in first decides. */
struct ssh_pin {
    char *key; /* "ssh-ed25519 SHA256:..."; NULL before the first login */
    bool is_firm;
};

struct ssh_comm {
    struct comm comm; /* first member, as plug/communicator.h wants it */
    const struct comm_config *config;
    struct build *build;
    struct ssh_record *record;
    ssh_session session;   /* NULL: not connected */
    struct ssh_hub *below; /* carries the session through a bastion; or NULL */
    ssh_event event;
    struct ssh_callbacks_struct callbacks;
    struct relays relays;        /* of the forwarded agent */
    struct ssh_tunnels *tunnels; /* or NULL */
    struct sftp *sftp;           /* opened on first use, dies with the session */
    bool is_dead;                /* given up, though the socket is open: its channels live on */
    bool no_sftp;                /* the guest has no SFTP server */
    bool no_tar;                 /* the guest has no tar */
    bool one_session;            /* the guest allows one channel at a time (MaxSessions) */
    int64_t last_rx_ns;          /* or when reading began again after a pause */
    int64_t last_pump_ns;
    int64_t last_keepalive_ns;
    struct ssh_pin pin, bastion_pin;
    char *why_lost; /* reason of the last disconnection; or NULL */
};

/* One wait: the tokens that end it and its own limit. */
struct ssh_wait {
    struct cancel *cancel;
    struct cancel *guest;
    int64_t deadline_ns; /* clock_now() value; 0: none */
    const char *what;    /* "the upload of 'x'": subject of the message */
};

/* --- ssh_wait.c --- */
struct ssh_wait ssh_wait_make(const struct ssh_comm *c, struct cancel *cancel, int64_t timeout_ns,
                              const char *what);
/* False with the reason when a token is triggered or the limit passed. */
bool ssh_wait_test(const struct ssh_wait *w, struct error **err);
/* Milliseconds for poll(2): until the nearest limit, at most 250. */
int ssh_wait_ms(const struct ssh_wait *w);
/* Sleep at most NS; false as ssh_wait_test(). */
bool ssh_wait_sleep(const struct ssh_wait *w, int64_t ns, struct error **err);
/* Wait until FD is ready for EVENTS, a token is triggered, or a short while
 * passed: spurious returns are normal.  *READY may be NULL. */
bool ssh_wait_fd(const struct ssh_wait *w, int fd, short events, short *ready, struct error **err);
/* The same with the COUNT descriptors of FDS, whose results stay in it. */
bool ssh_wait_fds(const struct ssh_wait *w, struct pollfd *fds, size_t count, struct error **err);
/* For a session in handshake or login: wait until it can go on. */
bool ssh_wait_session(const struct ssh_wait *w, ssh_session session, struct error **err);
/* Let the open session work: receive, send, keep alive.  A lost connection is
 * ERR_DISCONNECT. */
bool ssh_pump(struct ssh_comm *c, const struct ssh_wait *w, struct error **err);
bool ssh_is_up(const struct ssh_comm *c);
/* The one place where libssh's error text becomes ours. */
bool ssh_lib_error(ssh_session session, struct error **err, enum err_code code, const char *what);

/* --- ssh_account.c --- */
/* A login: where, as whom, by what, and how the options are called in messages. */
struct ssh_account {
    struct build *build; /* to say what is asked */
    const char *who;     /* "the guest" */
    const char *host;
    int port;
    const char *user, *password, *key_file, *certificate_file;
    const char *private_key_pem; /* made for this build */
    const char *fingerprint;     /* wanted host key, "SHA256:..."; or NULL */
    bool agent, interactive;
    const char *user_option, *key_option, *cert_option, *fingerprint_option;
};
struct ssh_account ssh_guest_account(const struct ssh_comm *c);
struct ssh_account ssh_bastion_account(const struct ssh_comm *c);
const char *ssh_target_host(const struct ssh_comm *c);
int ssh_target_port(const struct ssh_comm *c);
/* "~/x" in full; heap. */
char *ssh_expand_home(const char *path);
/* Ask whoever sits at the controlling terminal while W lasts; heap, a secret unless ECHO. */
char *ssh_ask_terminal(const struct ssh_account *a, const char *prompt, bool echo,
                       const struct ssh_wait *w, struct error **err);

/* --- ssh_cert.c --- */
/* Check the account's certificate and attach it to KEY. */
bool ssh_cert_attach(const struct ssh_account *a, ssh_key key, struct error **err);

/* --- ssh_auth.c --- */
enum auth_result { AUTH_OK, AUTH_REFUSED, AUTH_BROKEN };
/* Log in by every means configured.  AUTH_REFUSED: *ERR says what was tried
 * and what the guest offers; AUTH_BROKEN: connection or cancellation. */
enum auth_result ssh_auth(const struct ssh_account *a, ssh_session session,
                          const struct ssh_wait *w, struct error **err);
/* Diagnose unusable keys before the first attempt. */
bool ssh_auth_check(const struct ssh_account *a, struct error **err);

/* --- ssh_probe.c --- */
/* A connected TCP socket behind which an SSH banner waits.  Several attempts
 * run side by side, as a forwarding host may swallow an early one for long. */
struct ssh_hop {
    const char *host;
    int port;
    const char *label;            /* before what is said of it: "bastion h:22: ", or "" */
    const struct proxy_goal *via; /* HOST is a proxy that leads there; or NULL */
};
int ssh_probe(struct ssh_record *record, const struct ssh_hop *hop, const struct ssh_wait *w,
              struct error **err);

/* --- ssh_connect.c --- */
enum attempt { ATTEMPT_OK, ATTEMPT_AGAIN, ATTEMPT_REFUSED, ATTEMPT_FATAL };
/* Handshake, host key and login over FD, which is taken. */
enum attempt ssh_log_in(struct ssh_comm *c, const struct ssh_account *a, struct ssh_pin *pin,
                        int fd, const struct ssh_wait *w, ssh_session *out, struct error **err);
/* NULL-safe. */
void ssh_session_end(ssh_session session);
/* One more session with the guest, on whatever way leads there. */
enum attempt ssh_line_open(struct ssh_comm *c, const struct ssh_wait *w, struct ssh_line *out,
                           struct error **err);
void ssh_line_close(struct ssh_line *line);
/* Log in, retrying until W ends.  The session is in C afterwards. */
bool ssh_connect_loop(struct ssh_comm *c, const struct ssh_wait *w, struct error **err);
/* Connect when the connection is known to be lost: one attempt, no loop. */
bool ssh_ensure(struct ssh_comm *c, struct cancel *cancel, struct error **err);
void ssh_drop(struct ssh_comm *c);
/* Limit of one whole connect phase from the configuration; 0: none. */
int64_t ssh_connect_timeout(const struct comm_config *config);
int64_t ssh_connect_attempts(const struct comm_config *config);

/* --- ssh_bastion.c --- */
/* A socket behind which the guest's SSH banner waits, carried by *HUB. */
enum attempt ssh_bastion_dial(struct ssh_comm *c, const struct ssh_wait *w, int *fd,
                              struct ssh_hub **hub, struct error **err);

/* --- ssh_tunnel.c --- */
/* Take the local ports, once, before anything is waited for. */
bool ssh_tunnels_prepare(struct ssh_comm *c, struct error **err);
/* Open them when they are configured and not up. */
bool ssh_tunnels_ensure(struct ssh_comm *c, const struct ssh_wait *w, struct error **err);
void ssh_tunnels_free(struct ssh_tunnels *t);

/* --- ssh_forward.c --- */
bool ssh_forwards_agent(const struct ssh_comm *c);
/* Answer the guest's requests for our agent on the session of C. */
void ssh_forward_adopt(struct ssh_comm *c);

/* --- ssh_known.c --- */
/* Leave the host key where `imgfac ssh` looks for it; failures are logged only. */
void ssh_save_host_key(const struct ssh_comm *c, ssh_session session);

/* --- ssh_stream.c: one channel of the session --- */
struct ssh_stream {
    struct ssh_comm *c;
    ssh_channel channel;
    struct ssh_channel_callbacks_struct callbacks;
    void (*on_data)(void *arg, bool is_stderr, str data);
    void *arg;
    int64_t last_data_ns;
    int status; /* valid when has_status */
    bool has_status;
    bool eof, closed;
    /* Called while stream_wait_end() waits; may be NULL. */
    void (*on_wait)(struct ssh_stream *s);
};
/* A command of the user's, with a terminal if wanted; one that moves bytes, without; a subsystem.
 */
enum stream_kind { STREAM_EXEC, STREAM_BYTES, STREAM_SUBSYSTEM };
/* ON_DATA is called from within ssh_pump(). */
bool stream_open(struct ssh_stream *s, struct ssh_comm *c, enum stream_kind kind, const char *text,
                 void (*on_data)(void *arg, bool is_stderr, str data), void *arg,
                 const struct ssh_wait *w, struct error **err);
/* As much of DATA as the window takes now: *DONE bytes. */
bool stream_write_some(struct ssh_stream *s, str data, size_t *done, struct error **err);
/* All of it; ERR_DISCONNECT when the other side closed the channel first. */
bool stream_write(struct ssh_stream *s, str data, const struct ssh_wait *w, struct error **err);
bool stream_send_eof(struct ssh_stream *s, const struct ssh_wait *w, struct error **err);
/* Until the command's status is known and its output has ended, or the channel
 * was closed, or the connection lost (then has_status is false). */
bool stream_wait_end(struct ssh_stream *s, const struct ssh_wait *w, struct error **err);
/* SIGTERM to what runs there; best effort. */
void stream_kill(struct ssh_stream *s);
void stream_close(struct ssh_stream *s);
DEFINE_AUTO_CLEAR(ssh_stream, struct ssh_stream, stream_close);

/* --- ssh_exec.c --- */
bool ssh_exec(struct ssh_comm *c, const struct comm_command *cmd, const struct ssh_wait *w,
              int *status, struct error **err);

/* --- ssh_file.c, sftp.c, scp.c, ssh_tree.c --- */
/* Where an upload's bytes come from: a file or memory. */
struct upload_source {
    int fd; /* -1: data */
    str data;
    uint64_t size;
    unsigned mode;
    const char *label; /* for progress */
};
/* False with *ABSENT when the guest has no SFTP server. */
bool sftp_ensure(struct ssh_comm *c, const struct ssh_wait *w, bool *absent, struct error **err);
void sftp_free(struct sftp *s);
bool sftp_upload(struct ssh_comm *c, const struct upload_source *src, const char *dst,
                 const struct ssh_wait *w, struct error **err);
bool sftp_remove(struct ssh_comm *c, const char *path, const struct ssh_wait *w,
                 struct error **err);
bool sftp_mkdir(struct ssh_comm *c, const char *path, unsigned mode, const struct ssh_wait *w,
                struct error **err);
bool sftp_download(struct ssh_comm *c, const char *src, int fd, const char *label,
                   const struct ssh_wait *w, struct error **err);
bool scp_upload(struct ssh_comm *c, const struct upload_source *src, const char *dst,
                const struct ssh_wait *w, struct error **err);
bool scp_download(struct ssh_comm *c, const char *src, int fd, const char *label,
                  const struct ssh_wait *w, struct error **err);
/* A download failed with *ERR: say so when it is that SRC is a folder.  Always false. */
bool ssh_explain_download(struct ssh_comm *c, const char *src, const struct ssh_wait *w,
                          struct error **err);
bool ssh_upload_source(struct ssh_comm *c, const struct upload_source *src, const char *dst,
                       struct cancel *cancel, struct error **err);
bool ssh_upload_tree(struct ssh_comm *c, const char *src, const char *dst, struct cancel *cancel,
                     struct error **err);
bool ssh_download_tree(struct ssh_comm *c, const char *src, const char *dst, struct cancel *cancel,
                       struct error **err);
/* Fill BUF from the source at OFFSET. */
bool upload_read(const struct upload_source *src, uint64_t offset, char *buf, size_t len,
                 struct error **err);
/* Run COMMAND for its status, keeping the last line of standard error (heap). */
bool ssh_quiet(struct ssh_comm *c, const char *command, const struct ssh_wait *w, int *status,
               char **last_error, struct error **err);

#endif
