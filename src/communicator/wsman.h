/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_COMMUNICATOR_WSMAN_H
#define IMGFAC_COMMUNICATOR_WSMAN_H

/* The messages of the remote shell of Windows: SOAP envelopes of WS-Management
 * (DMTF DSP0226) as [MS-WSMV] uses them, written and read, without any
 * transport.  What is read comes from the network: no document types, no
 * entities, limited in size.  No state; any thread. */

#include "base/error.h"
#include "base/strbuf.h"

/* What is asked for, and what no message of ours is larger than. */
#define WSMAN_ENVELOPE_MAX 153600

enum wsman_action {
    WSMAN_CREATE,
    WSMAN_COMMAND,
    WSMAN_SEND,
    WSMAN_RECEIVE,
    WSMAN_SIGNAL,
    WSMAN_DELETE,
};

struct wsman_request {
    enum wsman_action action;
    const char *url;
    const char *id;         /* of this message: a UUID */
    int64_t timeout_ns;     /* after which the other end shall answer that it took too long */
    const char *shell_id;   /* of all but WSMAN_CREATE */
    const char *command_id; /* of WSMAN_SEND, _RECEIVE, _SIGNAL */
    const char *text;       /* the command line; the last word of the signal's URI */
    bool has_input;         /* of WSMAN_COMMAND: standard input will be sent */
    str input;              /* of WSMAN_SEND */
    bool is_last;           /* of WSMAN_SEND: the end of standard input */
};

/* "receive" */
const char *wsman_action_name(enum wsman_action action);
/* Add the envelope.  False with ERR_USAGE for text that XML cannot hold, or
 * too much of it. */
bool wsman_write(struct strbuf *out, const struct wsman_request *r, struct error **err);

struct wsman_response {
    const char *asked_id; /* of the message that this answers */
    const char *asked_of; /* the command whose output is asked for; or NULL */
    bool is_fault;
    uint64_t code; /* of the fault; 0: none given */
    char *subcode; /* "w:TimedOut" without its prefix; or NULL */
    char *reason;  /* in the words of the other end; or NULL */
    char *shell_id, *command_id;
    bool is_done; /* the command ended */
    int status;
    /* Each piece of output in its order; may be NULL. */
    void (*on_stream)(void *arg, bool is_stderr, str data);
    void *arg;
};
void wsman_response_clear(struct wsman_response *r);
DEFINE_AUTO_CLEAR(wsman_response, struct wsman_response, wsman_response_clear);

/* Fill R, whose first two and last two members are set.  False with ERR_GUEST for what is
 * no such message; a fault is read well. */
bool wsman_read(str text, struct wsman_response *r, struct error **err);

/* Nothing happened within the time given: ask again. */
bool wsman_is_timeout(const struct wsman_response *r);
/* The shell (or the command in it) is not there any more. */
bool wsman_is_gone(const struct wsman_response *r);
/* A fault as an error; returns false. */
bool wsman_fault(const struct wsman_response *r, enum wsman_action action, struct error **err);

#endif
