/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/wsman.h"

#include <libxml/parser.h>
#include <limits.h>
#include <pthread.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "hcl/fs_util.h"

#define ADDRESS  "http://schemas.xmlsoap.org/ws/2004/08/addressing"
#define SOAP     "http://www.w3.org/2003/05/soap-envelope"
#define SHELL    "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
#define MANAGE   "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
#define FAULT    "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
#define TEXT_MAX 4000
#define ID_MAX   200

/* Codes of winerror.h and wsmerror.h. */
#define ERROR_OPERATION_ABORTED UINT64_C(995)        /* the service is stopping */
#define ERROR_WSMAN_TIMED_OUT   UINT64_C(2150858793) /* 0x80338029 */
#define ERROR_WSMAN_NO_SHELL    UINT64_C(2150858843) /* 0x8033805B */

static const struct {
    uint64_t code;
    const char *subcode;
    enum err_code kind;
    const char *what, *hint;
} known[] = {
    {5, "AccessDenied", ERR_AUTH, "access denied",
     "The account must be an administrator or in the group Remote Management Users."},
    {2150859174, NULL, ERR_GUEST, "too many operations of this user at once",
     "Raise it in the guest: winrm set winrm/config/service "
     "@{MaxConcurrentOperationsPerUser=\"4294967295\"}"},
    {2150859173, NULL, ERR_GUEST, "too many shells of this user",
     "Raise it in the guest: winrm set winrm/config/winrs @{MaxShellsPerUser=\"50\"}"},
    {0, "QuotaLimit", ERR_GUEST, "a quota of WinRM is exhausted",
     "Raise MaxShellsPerUser and MaxProcessesPerShell of winrm/config/winrs in the guest."},
    {0, "EncodingLimit", ERR_GUEST, "a message is larger than the guest takes",
     "Raise it in the guest: winrm set winrm/config @{MaxEnvelopeSizekb=\"500\"}"},
    {14, NULL, ERR_GUEST, "the guest has no memory left for the command",
     "Raise MaxMemoryPerShellMB of winrm/config/winrs in the guest."},
};

void wsman_response_clear(struct wsman_response *r)
{
    free(steal(&r->subcode));
    free(steal(&r->reason));
    free(steal(&r->shell_id));
    free(steal(&r->command_id));
}

static void init_once(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, xmlInitParser);
}

/* SOAP 1.2, 5: no document type declaration, and so no entities. */
static void refuse_dtd(void *ctx, const xmlChar *name, const xmlChar *public, const xmlChar *system)
{
    (void)name;
    (void)public;
    (void)system;
    ((xmlParserCtxtPtr)ctx)->_private = ctx; /* says why */
    xmlStopParser(ctx);
}

static void parser_free(xmlParserCtxtPtr p)
{
    if (p == NULL)
        return;
    xmlFreeDoc(p->myDoc);
    xmlFreeParserCtxt(p);
}
DEFINE_AUTO(parser, xmlParserCtxtPtr, parser_free);

static bool is(const xmlNode *n, const char *uri, const char *name)
{
    return n->type == XML_ELEMENT_NODE && n->ns != NULL &&
           strcmp((const char *)n->ns->href, uri) == 0 && strcmp((const char *)n->name, name) == 0;
}

static const xmlNode *child(const xmlNode *n, const char *uri, const char *name)
{
    for (n = n == NULL ? NULL : n->children; n != NULL; n = n->next)
        if (is(n, uri, name))
            return n;
    return NULL;
}

/* All text below N, at most MAX bytes, in valid UTF-8. */
static void add_text(const xmlNode *n, struct strbuf *out)
{
    for (n = n->children; n != NULL; n = n->next) {
        if (n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE)
            strbuf_addstr(out, str_from((const char *)n->content));
        else if (n->type == XML_ELEMENT_NODE)
            add_text(n, out);
    }
}

/* On the heap; NULL when N is NULL, or has nothing, or too much. */
static char *text_of(const xmlNode *n, size_t max)
{
    AUTO(strbuf) struct strbuf out = STRBUF_INIT_MAX(max);
    if (n == NULL)
        return NULL;
    add_text(n, &out);
    str text = str_trim(strbuf_str(&out));
    return text.len == 0 || out.truncated ? NULL : str_xdup(text);
}

/* xmlGetNoNsProp() would want xmlFree, a variable, which a library that is
 * loaded late cannot have. */
static char *attribute(const xmlNode *n, const char *name)
{
    const xmlAttr *a = n == NULL ? NULL : n->properties;
    while (a != NULL && (a->ns != NULL || strcmp((const char *)a->name, name) != 0))
        a = a->next;
    if (a == NULL)
        return NULL;
    AUTO(strbuf) struct strbuf out = STRBUF_INIT_MAX(TEXT_MAX);
    add_text((const xmlNode *)a, &out);
    return strbuf_steal(&out);
}

/* One line of text out of what may be many. */
static char *one_line(char *text)
{
    char *to = text;
    bool gap = false;
    for (const char *p = text; p != NULL && *p != '\0'; p++) {
        bool white = (unsigned char)*p <= ' ';
        if (!white) {
            if (gap && to != text)
                *to++ = ' ';
            *to++ = *p;
        }
        gap = white;
    }
    if (to != NULL)
        *to = '\0';
    return text;
}

static void read_fault(const xmlNode *fault, struct wsman_response *r)
{
    const xmlNode *detail = child(child(fault, SOAP, "Detail"), FAULT, "WSManFault");
    autofree char *code = attribute(detail, "Code");
    r->is_fault = true;
    if (code != NULL && !str_to_u64(str_from(code), &r->code))
        r->code = 0;
    autofree char *sub =
        text_of(child(child(child(fault, SOAP, "Code"), SOAP, "Subcode"), SOAP, "Value"), TEXT_MAX);
    if (sub != NULL) {
        const char *colon = strrchr(sub, ':');
        r->subcode = xstrdup(colon != NULL ? colon + 1 : sub);
    }
    r->reason = one_line(text_of(child(detail, FAULT, "Message"), TEXT_MAX));
    if (r->reason == NULL)
        r->reason = one_line(text_of(child(child(fault, SOAP, "Reason"), SOAP, "Text"), TEXT_MAX));
}

static bool bad(struct error **err, const char *what)
{
    return error_set(err, ERR_GUEST, 0, "WinRM's answer cannot be read: %s", what);
}

/* --- ResourceCreated, Shell --- */

/* The selector ShellId, wherever in N it is. */
static char *find_shell_id(const xmlNode *n, unsigned depth)
{
    char *found = NULL;
    for (n = n->children; n != NULL && found == NULL && depth < 8; n = n->next) {
        if (n->type != XML_ELEMENT_NODE)
            continue;
        autofree char *name = is(n, MANAGE, "Selector") ? attribute(n, "Name") : NULL;
        if ((name != NULL && strcmp(name, "ShellId") == 0) || is(n, SHELL, "ShellId"))
            found = text_of(n, ID_MAX);
        else
            found = find_shell_id(n, depth + 1);
    }
    return found;
}

/* --- ReceiveResponse --- */

static bool read_stream(const xmlNode *n, struct wsman_response *r, struct error **err)
{
    AUTO(strbuf) struct strbuf data = STRBUF_INIT;
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    autofree char *name = attribute(n, "Name");
    autofree char *of = attribute(n, "CommandId");
    size_t at;
    add_text(n, &text);
    if (name == NULL || (strcmp(name, "stdout") != 0 && strcmp(name, "stderr") != 0))
        return bad(err, "output of an unknown stream");
    if (of != NULL && r->asked_of != NULL && strcasecmp(of, r->asked_of) != 0)
        return bad(err, "output of another command");
    if (!base64_decode(str_trim(strbuf_str(&text)), &data, &at))
        return bad(err, "output that is not Base64");
    if (data.len > 0 && r->on_stream != NULL)
        r->on_stream(r->arg, strcmp(name, "stderr") == 0, strbuf_str(&data));
    return true;
}

/* Windows has statuses of 32 bits, printed with a sign or without. */
static bool read_state(const xmlNode *n, struct wsman_response *r, struct error **err)
{
    autofree char *state = attribute(n, "State");
    autofree char *code = text_of(child(n, SHELL, "ExitCode"), ID_MAX);
    int64_t number = 0;
    if (state == NULL || !str_ends(str_from(state), STR("/Done")))
        return true;
    if (code == NULL) /* of a command that somebody put down, for example: no success */
        return bad(err, "the end of a command without its exit status");
    if (!str_to_i64(str_from(code), &number) || number < INT32_MIN || number > (int64_t)UINT32_MAX)
        return bad(err, "an exit status that is no number");
    r->is_done = true;
    r->status = (int)(int32_t)(uint32_t)number;
    return true;
}

static bool read_output(const xmlNode *response, struct wsman_response *r, struct error **err)
{
    for (const xmlNode *n = response->children; n != NULL; n = n->next) {
        if (is(n, SHELL, "Stream") && !read_stream(n, r, err))
            return false;
        if (is(n, SHELL, "CommandState") && !read_state(n, r, err))
            return false;
    }
    return true;
}

/* "uuid:..." in any case. */
static bool is_answer(const xmlNode *header, const struct wsman_response *r)
{
    autofree char *to = text_of(child(header, ADDRESS, "RelatesTo"), ID_MAX);
    size_t len = to == NULL || r->asked_id == NULL ? 0 : strlen(r->asked_id);
    return len == 0 || (strlen(to) >= len && strcasecmp(to + strlen(to) - len, r->asked_id) == 0);
}

static bool read_body(const xmlNode *body, struct wsman_response *r, struct error **err)
{
    for (const xmlNode *n = body->children; n != NULL; n = n->next) {
        if (is(n, SOAP, "Fault"))
            read_fault(n, r);
        else if (is(n, SHELL, "CommandResponse"))
            r->command_id = text_of(child(n, SHELL, "CommandId"), ID_MAX);
        else if (is(n, SHELL, "ReceiveResponse") && !read_output(n, r, err))
            return false;
    }
    if (!r->is_fault)
        r->shell_id = find_shell_id(body, 0);
    return true;
}

bool wsman_read(str text, struct wsman_response *r, struct error **err)
{
    init_once();
    AUTO(parser) xmlParserCtxtPtr p = xmlNewParserCtxt();
    if (p == NULL)
        BUG("libxml2: out of memory");
    if (text.len == 0 || text.len > INT_MAX)
        return bad(err, "it is empty or too long");
    p->sax->internalSubset = refuse_dtd;
    xmlDocPtr doc = xmlCtxtReadMemory(p, text.ptr, (int)text.len, NULL, NULL,
                                      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                          XML_PARSE_NOCDATA);
    p->myDoc = doc; /* freed with the parser */
    if (p->_private != NULL)
        return bad(err, "it has a document type");
    if (doc == NULL)
        return bad(err, "it is no XML");
    const xmlNode *root = xmlDocGetRootElement(doc);
    const xmlNode *body =
        root != NULL && is(root, SOAP, "Envelope") ? child(root, SOAP, "Body") : NULL;
    if (body == NULL)
        return bad(err, "it is no SOAP envelope");
    if (!is_answer(child(root, SOAP, "Header"), r))
        return bad(err, "it belongs to another message");
    return read_body(body, r, err);
}

bool wsman_is_timeout(const struct wsman_response *r)
{
    return r->is_fault &&
           (r->code == ERROR_WSMAN_TIMED_OUT ||
            (r->code == 0 && r->subcode != NULL && strcmp(r->subcode, "TimedOut") == 0));
}

bool wsman_is_gone(const struct wsman_response *r)
{
    return r->is_fault &&
           (r->code == ERROR_WSMAN_NO_SHELL || r->code == ERROR_OPERATION_ABORTED ||
            (r->code == 0 && r->subcode != NULL && strcmp(r->subcode, "InvalidSelectors") == 0));
}

bool wsman_fault(const struct wsman_response *r, enum wsman_action action, struct error **err)
{
    const char *reason = r->reason != NULL ? r->reason : "no reason given";
    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        bool by_name = known[i].subcode != NULL && r->subcode != NULL &&
                       strcmp(known[i].subcode, r->subcode) == 0;
        if (!by_name && (known[i].code == 0 || known[i].code != r->code))
            continue;
        error_set(err, known[i].kind, 0, "WinRM refused '%s': %s: %s", wsman_action_name(action),
                  known[i].what, reason);
        return error_hint(err, "%s", known[i].hint);
    }
    return error_set(err, ERR_GUEST, 0, "WinRM refused '%s': %s (fault %llu%s%s)",
                     wsman_action_name(action), reason, (unsigned long long)r->code,
                     r->subcode != NULL ? ", " : "", r->subcode != NULL ? r->subcode : "");
}
