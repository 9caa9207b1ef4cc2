/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_PLUGIN_MESSAGE_H
#define IMGFAC_PLUGIN_MESSAGE_H

/* One line of the plugin protocol: a JSON-RPC 2.0 message.  Reading trusts
 * nothing: a plugin may be wrong or hostile.  Writing gives compact JSON, the
 * members in the order jsonrpc, id, method, params, so that a shell script can
 * take it apart.  Pure functions; results live in the arena. */

#include "base/strbuf.h"
#include "hcl/value.h"

#define MESSAGE_MAX_BYTES ((size_t)4 << 20) /* of one line */

/* JSON-RPC's codes, and that of the language server protocol for "cancelled". */
enum message_code {
    MESSAGE_BAD_JSON = -32700,
    MESSAGE_BAD_REQUEST = -32600,
    MESSAGE_NO_METHOD = -32601,
    MESSAGE_BAD_PARAMS = -32602,
    MESSAGE_FAILED = -32000,
    MESSAGE_CANCELLED = -32800,
};

enum message_kind {
    MESSAGE_REQUEST,      /* id, method, params */
    MESSAGE_NOTIFICATION, /* method, params */
    MESSAGE_RESULT,       /* id, result */
    MESSAGE_ERROR,        /* id (may be null), code, text, hint */
};

struct message {
    enum message_kind kind;
    value id;           /* number, string or null */
    const char *method; /* "guest.run" */
    value params;       /* an object, or null */
    value result;
    int64_t code;
    const char *text; /* printable, at most some kilobytes */
    const char *hint; /* or NULL */
};

/* False with *WHY (arena): "it is not JSON: ...", a clause. */
bool message_read(struct arena *a, str line, struct message *out, const char **why);

/* Lines with their newline; PARAMS and RESULT are JSON text. */
void message_add_request(struct strbuf *out, int64_t id, const char *method, str params);
void message_add_notification(struct strbuf *out, const char *method, str params);
/* ID as it came. */
void message_add_result(struct strbuf *out, value id, str result);
void message_add_error(struct strbuf *out, value id, int code, const char *text);

/* TEXT fit for a terminal: no control bytes but, with LINES, newlines; at most
 * some kilobytes. */
const char *message_clean(struct arena *a, const char *text, bool lines);
/* Members of an object, by type; the default when absent, null or of another
 * type.  Strings keep no NUL. */
const char *message_text(value object, const char *name, const char *def);
int64_t message_int(value object, const char *name, int64_t def);
bool message_bool(value object, const char *name, bool def);

#endif
