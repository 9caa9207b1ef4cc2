/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/wsman.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "communicator/winrm_mime.h"

#define NS                                                                                         \
    "xmlns:s='http://www.w3.org/2003/05/soap-envelope' "                                           \
    "xmlns:a='http://schemas.xmlsoap.org/ws/2004/08/addressing' "                                  \
    "xmlns:w='http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd' "                                    \
    "xmlns:f='http://schemas.microsoft.com/wbem/wsman/1/wsmanfault' "                              \
    "xmlns:r='http://schemas.microsoft.com/wbem/wsman/1/windows/shell'"
#define HEAD(x)   "<s:Envelope " NS "><s:Header>" x "</s:Header><s:Body>"
#define TAIL      "</s:Body></s:Envelope>"
#define BODY(x)   HEAD("") x TAIL
#define OUTPUT(x) BODY("<r:ReceiveResponse>" x "</r:ReceiveResponse>")
#define DONE      "State='http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Done'"

static void collect(void *arg, bool is_stderr, str data)
{
    strbuf_addf(arg, "%c[%.*s]", is_stderr ? 'e' : 'o', STR_FMT(data));
}

/* --- requests --- */

static const struct {
    struct wsman_request r;
    const char *has[4];
} requests[] = {
    {{.action = WSMAN_CREATE, .url = "http://h:5985/wsman", .id = "U"},
     {"<rsp:InputStreams>stdin</rsp:InputStreams>",
      "<w:Option Name=\"WINRS_CODEPAGE\">65001</w:Option>", "<a:To>http://h:5985/wsman</a:To>",
      "<w:MaxEnvelopeSize s:mustUnderstand=\"true\">153600</w:MaxEnvelopeSize>"}},
    {{.action = WSMAN_COMMAND,
      .url = "u",
      .id = "U",
      .shell_id = "S<\"",
      .text = "a & \"b\" <\xc3\xa9>\r\n"},
     {"a &amp; &quot;b&quot; &lt;\xc3\xa9&gt;&#13;\n</rsp:Command>",
      "<w:Selector Name=\"ShellId\">S&lt;&quot;</w:Selector>",
      "<w:Option Name=\"WINRS_SKIP_CMD_SHELL\">FALSE</w:Option>",
      "<w:Option Name=\"WINRS_CONSOLEMODE_STDIN\">TRUE</w:Option>"}},
    {{.action = WSMAN_COMMAND,
      .url = "u",
      .id = "U",
      .shell_id = "S",
      .text = "x",
      .has_input = true},
     {"<w:Option Name=\"WINRS_CONSOLEMODE_STDIN\">FALSE</w:Option>", NULL}},
    {{.action = WSMAN_SEND,
      .url = "u",
      .id = "U",
      .shell_id = "S",
      .command_id = "C\"",
      .input = {"xyz", 3}},
     {"<rsp:Stream Name=\"stdin\" CommandId=\"C&quot;\">eHl6</rsp:Stream>", NULL}},
    {{.action = WSMAN_SEND,
      .url = "u",
      .id = "U",
      .shell_id = "S",
      .command_id = "C",
      .is_last = true},
     {"<rsp:Stream Name=\"stdin\" CommandId=\"C\" End=\"true\"", NULL}},
    {{.action = WSMAN_RECEIVE,
      .url = "u",
      .id = "U",
      .shell_id = "S",
      .command_id = "C",
      .timeout_ns = 1500 * NS_PER_MS},
     {"<rsp:DesiredStream CommandId=\"C\">stdout stderr</rsp:DesiredStream>",
      "<w:OperationTimeout>PT1.500S</w:OperationTimeout>", "<a:MessageID>uuid:U</a:MessageID>",
      NULL}},
    {{.action = WSMAN_SIGNAL,
      .url = "u",
      .id = "U",
      .shell_id = "S",
      .command_id = "C",
      .text = "terminate"},
     {"windows/shell/signal/terminate</rsp:Code>", NULL}},
    {{.action = WSMAN_DELETE, .url = "u", .id = "U", .shell_id = "S"},
     {"transfer/Delete</a:Action>", "<s:Body/>", NULL}},
};

static void test_write(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
        AUTO(strbuf) struct strbuf out = STRBUF_INIT;
        struct error *err = NULL;
        assert_true(wsman_write(&out, &requests[i].r, &err));
        for (size_t j = 0; j < 4 && requests[i].has[j] != NULL; j++)
            if (strstr(out.buf, requests[i].has[j]) == NULL)
                fail_msg("%zu: no '%s' in %s", i, requests[i].has[j], out.buf);
        /* It is one of theirs as well: an envelope that is no answer. */
        AUTO(wsman_response) struct wsman_response r = {0};
        assert_true(wsman_read(strbuf_str(&out), &r, &err));
        assert_false(r.is_fault);
    }
}

static void test_write_refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {"a\x01", "bell \a", "no utf-8 \xff\xfe"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        AUTO(strbuf) struct strbuf out = STRBUF_INIT;
        AUTO(error) struct error *err = NULL;
        struct wsman_request r = {
            .action = WSMAN_COMMAND, .url = "u", .id = "U", .shell_id = "S", .text = bad[i]};
        assert_false(wsman_write(&out, &r, &err));
        assert_int_equal(err->code, ERR_USAGE);
        assert_int_equal(out.len, 0);
    }
    AUTO(strbuf) struct strbuf out = STRBUF_INIT, text = STRBUF_INIT;
    AUTO(error) struct error *err = NULL;
    strbuf_addn(&text, 'x', WSMAN_ENVELOPE_MAX);
    struct wsman_request r = {
        .action = WSMAN_COMMAND, .url = "u", .id = "U", .shell_id = "S", .text = text.buf};
    assert_false(wsman_write(&out, &r, &err));
    assert_non_null(strstr(err->msg, "too long for WinRM"));
}

/* The largest piece of standard input fits. */
static void test_write_input(void **state)
{
    (void)state;
    AUTO(strbuf) struct strbuf out = STRBUF_INIT, text = STRBUF_INIT;
    struct error *err = NULL;
    strbuf_addn(&text, 'x', (size_t)108 << 10);
    struct wsman_request r = {.action = WSMAN_SEND,
                              .url =
                                  "https://a-host-with-a-rather-long-name.example.org:5986/wsman",
                              .id = "11111111-2222-3333-4444-555555555555",
                              .shell_id = "11111111-2222-3333-4444-555555555555",
                              .command_id = "11111111-2222-3333-4444-555555555555",
                              .input = strbuf_str(&text),
                              .is_last = true};
    assert_true(wsman_write(&out, &r, &err));
    assert_true(out.len <= WSMAN_ENVELOPE_MAX);
}

/* --- answers --- */

static const struct {
    const char *text;
    const char *why;    /* in the error; NULL: read */
    const char *output; /* as of collect() */
    bool is_done;
    int status;
} outputs[] = {
    {OUTPUT("<r:Stream Name='stdout' CommandId='C'>aGk=</r:Stream>"
            "<r:Stream Name='stderr' CommandId='c'>bm8=</r:Stream>"
            "<r:Stream Name='stdout' CommandId='C'>IQ==</r:Stream>"),
     NULL, "o[hi]e[no]o[!]", false, 0},
    {OUTPUT("<r:Stream Name='stdout'>\n aGk=\r\n </r:Stream>"), NULL, "o[hi]", false, 0},
    {OUTPUT("<r:Stream Name='stdout' End='true'/><r:CommandState CommandId='C' " DONE
            "><r:ExitCode>3</r:ExitCode></r:CommandState>"),
     NULL, "", true, 3},
    {OUTPUT("<r:CommandState " DONE "><r:ExitCode>3221225477</r:ExitCode></r:CommandState>"), NULL,
     "", true, -1073741819},
    {OUTPUT("<r:CommandState " DONE "><r:ExitCode>-1</r:ExitCode></r:CommandState>"), NULL, "",
     true, -1},
    {OUTPUT("<r:CommandState " DONE "/>"), "without its exit status", NULL, false, 0},
    {OUTPUT("<r:CommandState State='x/Running'/>"), NULL, "", false, 0},
    {OUTPUT("<r:CommandState " DONE "><r:ExitCode>4294967296</r:ExitCode></r:CommandState>"),
     "exit status", NULL, false, 0},
    {OUTPUT("<r:CommandState " DONE "><r:ExitCode>1x</r:ExitCode></r:CommandState>"), "exit status",
     NULL, false, 0},
    {OUTPUT("<r:Stream Name='stdout'>!!!</r:Stream>"), "not Base64", NULL, false, 0},
    {OUTPUT("<r:Stream Name='video'>aGk=</r:Stream>"), "unknown stream", NULL, false, 0},
    {OUTPUT("<r:Stream>aGk=</r:Stream>"), "unknown stream", NULL, false, 0},
    {OUTPUT("<r:Stream Name='stdout' CommandId='D'>aGk=</r:Stream>"), "another command", NULL,
     false, 0},
    {HEAD("<a:RelatesTo>uuid:1234</a:RelatesTo>") TAIL, "another message", NULL, false, 0},
    {HEAD("<a:RelatesTo>uuid:u-1</a:RelatesTo>") TAIL, NULL, "", false, 0},
    {"", "empty", NULL, false, 0},
    {"nonsense", "no XML", NULL, false, 0},
    {"<html/>", "no SOAP", NULL, false, 0},
    {"<s:Envelope " NS "/>", "no SOAP", NULL, false, 0},
    {"<!DOCTYPE x [<!ENTITY e 'v'>]>" BODY("&e;"), "document type", NULL, false, 0},
    {"<!DOCTYPE x SYSTEM 'file:///etc/passwd'>" BODY(""), "document type", NULL, false, 0},
};

static void test_read_output(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(outputs); i++) {
        AUTO(strbuf) struct strbuf out = STRBUF_INIT;
        AUTO(error) struct error *err = NULL;
        AUTO(wsman_response)
        struct wsman_response r = {
            .asked_id = "U-1", .asked_of = "C", .on_stream = collect, .arg = &out};
        bool ok = wsman_read(str_from(outputs[i].text), &r, &err);
        if (outputs[i].why != NULL) {
            if (ok || strstr(err->msg, outputs[i].why) == NULL)
                fail_msg("%zu: %s", i, ok ? "read" : err->msg);
            assert_int_equal(err->code, ERR_GUEST);
            continue;
        }
        if (!ok)
            fail_msg("%zu: %s", i, err->msg);
        assert_string_equal(out.buf, outputs[i].output);
        assert_int_equal(r.is_done, outputs[i].is_done);
        assert_int_equal(r.status, outputs[i].status);
    }
}

static void test_read_names(void **state)
{
    (void)state;
    static const char *const shells[] = {
        BODY("<x><w:SelectorSet><w:Selector Name='Other'>no</w:Selector>"
             "<w:Selector Name='ShellId'> 4C-7 </w:Selector></w:SelectorSet></x>"),
        BODY("<r:Shell><r:ShellId>4C-7</r:ShellId></r:Shell>"),
    };
    struct error *err = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(shells); i++) {
        AUTO(wsman_response) struct wsman_response r = {0};
        assert_true(wsman_read(str_from(shells[i]), &r, &err));
        assert_string_equal(r.shell_id, "4C-7");
    }
    AUTO(wsman_response) struct wsman_response r = {0};
    assert_true(wsman_read(
        STR(BODY("<r:CommandResponse><r:CommandId>D&lt;</r:CommandId></r:CommandResponse>")), &r,
        &err));
    assert_string_equal(r.command_id, "D<");
    assert_null(r.shell_id);
}

#define FAULT(sub, detail)                                                                         \
    BODY("<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>" sub                  \
         "</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang='en-US'>The "                  \
         "reason.</s:Text></s:Reason><s:Detail>" detail "</s:Detail></s:Fault>")

static const struct {
    const char *text;
    bool is_timeout, is_gone;
    enum err_code code;
    const char *msg;
} faults[] = {
    {FAULT("w:TimedOut", "<f:WSManFault Code='2150858793'><f:Message>Too long.</f:Message>"
                         "</f:WSManFault>"),
     true, false, ERR_GUEST, "Too long. (fault 2150858793, TimedOut)"},
    {FAULT("w:TimedOut", ""), true, false, ERR_GUEST, "The reason. (fault 0, TimedOut)"},
    {FAULT("w:InvalidSelectors", "<f:WSManFault Code='2150858843'/>"), false, true, ERR_GUEST,
     "The reason. (fault 2150858843, InvalidSelectors)"},
    {FAULT("w:InternalError", "<f:WSManFault Code='995'/>"), false, true, ERR_GUEST, "fault 995"},
    {FAULT("w:AccessDenied", "<f:WSManFault Code='5'><f:Message>Access\n  is <f:x>denied.</f:x>"
                             "</f:Message></f:WSManFault>"),
     false, false, ERR_AUTH, "access denied: Access is denied."},
    {FAULT("w:QuotaLimit", "<f:WSManFault Code='77'/>"), false, false, ERR_GUEST, "a quota"},
    {FAULT("a:x", "<f:WSManFault Code='2150859174'/>"), false, false, ERR_GUEST,
     "too many operations"},
    {FAULT("", "<f:WSManFault Code='-5'/>"), false, false, ERR_GUEST, "(fault 0)"},
    {BODY("<s:Fault/>"), false, false, ERR_GUEST, "no reason given (fault 0)"},
};

static void test_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
        AUTO(wsman_response) struct wsman_response r = {0};
        AUTO(error) struct error *err = NULL;
        assert_true(wsman_read(str_from(faults[i].text), &r, &err));
        assert_true(r.is_fault);
        assert_int_equal(wsman_is_timeout(&r), faults[i].is_timeout);
        assert_int_equal(wsman_is_gone(&r), faults[i].is_gone);
        assert_false(wsman_fault(&r, WSMAN_COMMAND, &err));
        assert_int_equal(err->code, faults[i].code);
        if (strstr(err->msg, faults[i].msg) == NULL)
            fail_msg("%zu: %s", i, err->msg);
    }
}

/* Deep or large: an answer or an error, in little time. */
static void test_read_large(void **state)
{
    (void)state;
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    strbuf_adds(&sb, HEAD(""));
    for (unsigned i = 0; i < 100000; i++)
        strbuf_adds(&sb, "<d>");
    AUTO(wsman_response) struct wsman_response r = {0};
    AUTO(error) struct error *err = NULL;
    assert_false(wsman_read(strbuf_str(&sb), &r, &err));
    assert_non_null(strstr(err->msg, "no XML"));
}

/* --- sealed messages --- */

#define PART1                                                                                      \
    "--Encrypted Boundary\r\nContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n"          \
    "OriginalContent: type=application/soap+xml;charset=UTF-8;Length=7\r\n"
#define PART2 "--Encrypted Boundary\r\nContent-Type: application/octet-stream\r\n"
#define LAST  "--Encrypted Boundary--\r\n"

static const struct {
    str text;
    const char *why;
    const char *sealed;
} mimes[] = {
    {STR(PART1 PART2 "\x02\0\0\0ssmessage" LAST), NULL, "ssmessage"},
    {STR(PART1 PART2 "\x02\0\0\0ss-- --Encrypted Boundary\r\n" LAST), NULL,
     "ss-- --Encrypted Boundary\r\n"},
    {STR("-- Encrypted Boundary\r\n\tContent-Type: x\r\n\tOriginalContent: Length=1\r\n"
         "-- Encrypted Boundary\r\n\tContent-Type: Application/Octet-Stream\r\n"
         "\x01\0\0\0sm-- Encrypted Boundary--"),
     NULL, "sm"},
    {STR(PART1 PART2 "\x0a\0\0\0ssmessage" LAST), "signature", NULL},
    {STR(PART1 PART2 "\xff\xff\xff\xffssmessage" LAST), "signature", NULL},
    {STR(PART1 PART2 "\0\0\0\0ssmessage" LAST), "signature", NULL},
    {STR(PART1 PART2 "\x02\0\0" LAST), "end", NULL},
    {STR(PART1 PART2 "\x02\0\0\0ssmessage"), "end", NULL},
    {STR(PART1 PART2 "\x02\0\0\0ssmessageEncrypted Boundary--"), "end", NULL},
    {STR(PART1), "head", NULL},
    {STR(PART2 "\x02\0\0\0ssmessage" LAST), "head", NULL},
    {STR("--Encrypted Boundary\r\nOriginalContent: Length=-1\r\n" PART2 "\1\0\0\0s" LAST), "head",
     NULL},
    {STR("--Other\r\n"), "head", NULL},
    {STR(""), "head", NULL},
};

static void test_mime(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(mimes); i++) {
        AUTO(error) struct error *err = NULL;
        str sealed;
        uint64_t length = 0;
        bool ok = winrm_mime_read(mimes[i].text, &sealed, &length, &err);
        if (mimes[i].why != NULL) {
            if (ok || strstr(err->msg, mimes[i].why) == NULL)
                fail_msg("%zu: %s", i, ok ? "read" : err->msg);
            continue;
        }
        if (!ok)
            fail_msg("%zu: %s", i, err->msg);
        assert_true(str_eqz(sealed, mimes[i].sealed));
    }
}

static void test_mime_round(void **state)
{
    (void)state;
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    struct error *err = NULL;
    str sealed;
    uint64_t length;
    winrm_mime_write(&sb, 1234, 16, STR("0123456789abcdefsecret\0\r\n--x"));
    assert_true(winrm_mime_read(strbuf_str(&sb), &sealed, &length, &err));
    assert_int_equal(length, 1234);
    assert_true(str_eq(sealed, STR("0123456789abcdefsecret\0\r\n--x")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write),       cmocka_unit_test(test_write_refuses),
        cmocka_unit_test(test_write_input), cmocka_unit_test(test_read_output),
        cmocka_unit_test(test_read_names),  cmocka_unit_test(test_faults),
        cmocka_unit_test(test_read_large),  cmocka_unit_test(test_mime),
        cmocka_unit_test(test_mime_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
