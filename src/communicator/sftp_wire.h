/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_COMMUNICATOR_SFTP_WIRE_H
#define IMGFAC_COMMUNICATOR_SFTP_WIRE_H

/* Packets of SFTP version 3 (draft-ietf-secsh-filexfer-02) over one channel.
 * libssh's own client waits for the answer to every write; here requests are
 * sent ahead and answers taken as they come.  Borrows everything. */

#include "communicator/ssh_internal.h"

enum sftp_type {
    FXP_INIT = 1,
    FXP_VERSION = 2,
    FXP_OPEN = 3,
    FXP_CLOSE = 4,
    FXP_READ = 5,
    FXP_WRITE = 6,
    FXP_FSTAT = 8,
    FXP_FSETSTAT = 10,
    FXP_OPENDIR = 11,
    FXP_READDIR = 12,
    FXP_REMOVE = 13,
    FXP_MKDIR = 14,
    FXP_STAT = 17,
    FXP_STATUS = 101,
    FXP_HANDLE = 102,
    FXP_DATA = 103,
    FXP_NAME = 104,
    FXP_ATTRS = 105,
};
enum sftp_status { FX_OK, FX_EOF, FX_NO_SUCH_FILE, FX_PERMISSION_DENIED, FX_FAILURE };
enum sftp_open_flags { FXF_READ = 1, FXF_WRITE = 2, FXF_CREAT = 8, FXF_TRUNC = 16 };

struct sftp {
    struct ssh_stream stream;
    struct strbuf in; /* received, from `pos` on not looked at */
    size_t pos;
    struct strbuf out; /* the packet being made */
    uint32_t next_id;
    bool is_out_of_step; /* an answer was not waited for to its end */
    char *noise;         /* last standard error text of the server */
};

struct sftp_reply {
    uint8_t type;
    uint32_t id;
    str body; /* valid until the next reply is taken */
};

struct sftp_attrs {
    bool has_size, has_mode;
    uint64_t size;
    uint32_t mode;
};

/* Start a packet of TYPE; its id is returned (FXP_INIT has none). */
uint32_t sftp_begin(struct sftp *s, enum sftp_type type);
void sftp_put_u32(struct sftp *s, uint32_t v);
void sftp_put_u64(struct sftp *s, uint64_t v);
void sftp_put_str(struct sftp *s, str v);
/* Attributes with nothing but the permissions. */
void sftp_put_mode(struct sftp *s, unsigned mode);
bool sftp_send(struct sftp *s, const struct ssh_wait *w, struct error **err);
/* The next answer that has arrived completely: false without an error when
 * there is none yet. */
bool sftp_take(struct sftp *s, struct sftp_reply *out, struct error **err);
/* Wait for the next answer. */
bool sftp_next(struct sftp *s, const struct ssh_wait *w, struct sftp_reply *out,
               struct error **err);

/* Cut a field from the front of BODY; false when it is too short. */
bool sftp_get_u32(str *body, uint32_t *out);
bool sftp_get_str(str *body, str *out);
bool sftp_get_attrs(str *body, struct sftp_attrs *out);

/* A STATUS answer: FX_OK gives true; else *ERR says why WHAT failed. */
bool sftp_check_status(struct sftp_reply *r, const char *what, struct error **err);
bool sftp_bad_reply(struct error **err);

#endif
