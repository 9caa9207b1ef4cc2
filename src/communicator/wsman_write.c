/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/wsman.h"

#include <libxml/xmlwriter.h>

#include "base/clock.h"
#include "hcl/fs_util.h"

#define ADDRESSING "http://schemas.xmlsoap.org/ws/2004/08/addressing"
#define TRANSFER   "http://schemas.xmlsoap.org/ws/2004/09/transfer/"
#define SHELL      "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"

static const struct {
    const char *name, *uri;
} actions[] = {
    [WSMAN_CREATE] = {"create", TRANSFER "Create"}, [WSMAN_COMMAND] = {"command", SHELL "/Command"},
    [WSMAN_SEND] = {"send", SHELL "/Send"},         [WSMAN_RECEIVE] = {"receive", SHELL "/Receive"},
    [WSMAN_SIGNAL] = {"signal", SHELL "/Signal"},   [WSMAN_DELETE] = {"delete", TRANSFER "Delete"},
};

static const struct {
    const char *prefix, *uri;
} namespaces[] = {
    {"xmlns:s", "http://www.w3.org/2003/05/soap-envelope"},
    {"xmlns:a", ADDRESSING},
    {"xmlns:w", "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"},
    {"xmlns:p", "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"},
    {"xmlns:rsp", SHELL},
};

const char *wsman_action_name(enum wsman_action action)
{
    return actions[action].name;
}

struct pen {
    xmlBufferPtr buffer;
    xmlTextWriterPtr writer;
    bool failed;
};

static void pen_clear(struct pen *p)
{
    if (p->writer != NULL)
        xmlFreeTextWriter(p->writer);
    if (p->buffer != NULL)
        xmlBufferFree(p->buffer);
}
DEFINE_AUTO_CLEAR(pen, struct pen, pen_clear);

static void note(struct pen *p, int rc)
{
    p->failed = p->failed || rc < 0;
}

/* XML 1.0 has no other control characters than these. */
static bool is_clean(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++)
        if (*c < 0x20 && *c != '\t' && *c != '\n' && *c != '\r')
            return false;
    return xmlCheckUTF8((const unsigned char *)text) != 0;
}

static void begin(struct pen *p, const char *element)
{
    note(p, xmlTextWriterStartElement(p->writer, BAD_CAST element));
}

static void end(struct pen *p)
{
    note(p, xmlTextWriterEndElement(p->writer));
}

static void attribute(struct pen *p, const char *name, const char *text)
{
    p->failed = p->failed || !is_clean(text);
    if (!p->failed)
        note(p, xmlTextWriterWriteAttribute(p->writer, BAD_CAST name, BAD_CAST text));
}

static void content(struct pen *p, const char *text)
{
    p->failed = p->failed || !is_clean(text);
    if (!p->failed)
        note(p, xmlTextWriterWriteString(p->writer, BAD_CAST text));
}

static void element(struct pen *p, const char *name, const char *text)
{
    begin(p, name);
    content(p, text);
    end(p);
}

/* Whoever does not understand it must refuse the message. */
static void must(struct pen *p, const char *name, const char *text)
{
    begin(p, name);
    attribute(p, "s:mustUnderstand", "true");
    content(p, text);
    end(p);
}

static void locale(struct pen *p, const char *name)
{
    begin(p, name);
    attribute(p, "xml:lang", "en-US");
    attribute(p, "s:mustUnderstand", "false");
    end(p);
}

static void named(struct pen *p, const char *name, const char *key, const char *text)
{
    begin(p, name);
    attribute(p, "Name", key);
    content(p, text);
    end(p);
}

/* [MS-WSMV] 2.2.4.38, 2.2.4.39: options of the shell and of a command.  What
 * is sent would go to a console, which has no end, unless a pipe is asked for. */
static void options(struct pen *p, const struct wsman_request *r)
{
    if (r->action != WSMAN_CREATE && r->action != WSMAN_COMMAND)
        return;
    begin(p, "w:OptionSet");
    if (r->action == WSMAN_CREATE) {
        named(p, "w:Option", "WINRS_NOPROFILE", "FALSE");
        named(p, "w:Option", "WINRS_CODEPAGE", "65001");
    } else {
        named(p, "w:Option", "WINRS_CONSOLEMODE_STDIN", r->has_input ? "FALSE" : "TRUE");
        named(p, "w:Option", "WINRS_SKIP_CMD_SHELL", "FALSE");
    }
    end(p);
}

static void header(struct pen *p, const struct wsman_request *r)
{
    char timeout[32], max[16];
    int64_t ms = r->timeout_ns / NS_PER_MS;
    snprintf(timeout, sizeof(timeout), "PT%lld.%03dS", (long long)(ms / 1000), (int)(ms % 1000));
    snprintf(max, sizeof(max), "%d", WSMAN_ENVELOPE_MAX);
    begin(p, "s:Header");
    element(p, "a:To", r->url);
    begin(p, "a:ReplyTo");
    must(p, "a:Address", ADDRESSING "/role/anonymous");
    end(p);
    must(p, "w:MaxEnvelopeSize", max);
    begin(p, "a:MessageID");
    content(p, "uuid:");
    content(p, r->id);
    end(p);
    locale(p, "w:Locale");
    locale(p, "p:DataLocale");
    element(p, "w:OperationTimeout", timeout);
    must(p, "w:ResourceURI", SHELL "/cmd");
    must(p, "a:Action", actions[r->action].uri);
    options(p, r);
    if (r->action != WSMAN_CREATE) {
        begin(p, "w:SelectorSet");
        named(p, "w:Selector", "ShellId", r->shell_id);
        end(p);
    }
    end(p);
}

static void body_create(struct pen *p)
{
    begin(p, "rsp:Shell");
    element(p, "rsp:InputStreams", "stdin");
    element(p, "rsp:OutputStreams", "stdout stderr");
    end(p);
}

static void body_send(struct pen *p, const struct wsman_request *r)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT_MAX(WSMAN_ENVELOPE_MAX * 2);
    base64_encode(r->input, &text);
    p->failed = p->failed || text.truncated;
    begin(p, "rsp:Send");
    begin(p, "rsp:Stream");
    attribute(p, "Name", "stdin");
    attribute(p, "CommandId", r->command_id);
    if (r->is_last)
        attribute(p, "End", "true");
    content(p, text.buf);
    end(p);
    end(p);
}

static void body(struct pen *p, const struct wsman_request *r)
{
    static const char signals[] = SHELL "/signal/";
    begin(p, "s:Body");
    switch (r->action) {
    case WSMAN_CREATE: body_create(p); break;
    case WSMAN_COMMAND:
        begin(p, "rsp:CommandLine");
        element(p, "rsp:Command", r->text);
        end(p);
        break;
    case WSMAN_SEND: body_send(p, r); break;
    case WSMAN_RECEIVE:
        begin(p, "rsp:Receive");
        begin(p, "rsp:DesiredStream");
        attribute(p, "CommandId", r->command_id);
        content(p, "stdout stderr");
        end(p);
        end(p);
        break;
    case WSMAN_SIGNAL:
        begin(p, "rsp:Signal");
        attribute(p, "CommandId", r->command_id);
        begin(p, "rsp:Code");
        content(p, signals);
        content(p, r->text);
        end(p);
        end(p);
        break;
    case WSMAN_DELETE:
    default: break;
    }
    end(p);
}

bool wsman_write(struct strbuf *out, const struct wsman_request *r, struct error **err)
{
    AUTO(pen) struct pen p = {.buffer = xmlBufferCreate()};
    p.writer = p.buffer != NULL ? xmlNewTextWriterMemory(p.buffer, 0) : NULL;
    if (p.writer == NULL)
        BUG("libxml2: out of memory");
    begin(&p, "s:Envelope");
    for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
        attribute(&p, namespaces[i].prefix, namespaces[i].uri);
    header(&p, r);
    body(&p, r);
    end(&p);
    note(&p, xmlTextWriterFlush(p.writer));
    if (p.failed)
        return error_set(err, ERR_USAGE, 0,
                         "the %s for the guest has characters that WinRM cannot carry: control "
                         "characters or no UTF-8",
                         r->action == WSMAN_COMMAND ? "command" : "message");
    size_t len = (size_t)xmlBufferLength(p.buffer);
    if (len > WSMAN_ENVELOPE_MAX) {
        error_set(err, ERR_USAGE, 0, "a message of %zu bytes is too long for WinRM (%d at most)",
                  len, WSMAN_ENVELOPE_MAX);
        return error_hint(err, "Upload a script and run that instead of a long command.");
    }
    strbuf_add(out, xmlBufferContent(p.buffer), len);
    return true;
}
