/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "communicator/winrm_mime.h"
#include "communicator/wsman.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(void *arg, bool is_stderr, str data)
{
    size_t *bytes = arg;
    (void)is_stderr;
    if (data.len == 0)
        BUG("an empty piece of output");
    *bytes += data.len;
}

/* Whatever is read, the messages after it can be written. */
static void answer(const struct wsman_response *r)
{
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    AUTO(error) struct error *err = NULL;
    AUTO(wsman_response) struct wsman_response again = {0};
    struct wsman_request request = {
        .action = WSMAN_SIGNAL,
        .url = "http://h:5985/wsman",
        .id = "U",
        .shell_id = r->shell_id != NULL ? r->shell_id : "S",
        .command_id = r->command_id != NULL ? r->command_id : "C",
        .text = "terminate",
    };
    if (!wsman_write(&out, &request, &err))
        BUG("names that were read cannot be written");
    if (!wsman_read(strbuf_str(&out), &again, &err) || again.is_fault)
        BUG("what was written cannot be read");
}

static void fuzz_envelope(str text)
{
    AUTO(error) struct error *err = NULL, *fault = NULL;
    size_t bytes = 0;
    AUTO(wsman_response) struct wsman_response r = {.on_stream = take, .arg = &bytes};
    if (!wsman_read(text, &r, &err)) {
        if (err == NULL)
            BUG("a refusal without a reason");
        return;
    }
    if (bytes > text.len)
        BUG("more output than input");
    if (r.is_fault && (wsman_fault(&r, WSMAN_RECEIVE, &fault) || fault == NULL))
        BUG("a fault that is none");
    answer(&r);
}

static void fuzz_mime(str body)
{
    AUTO(error) struct error *err = NULL;
    str sealed;
    uint64_t length;
    if (!winrm_mime_read(body, &sealed, &length, &err))
        return;
    if (sealed.len == 0 || sealed.ptr < body.ptr || sealed.ptr + sealed.len > body.ptr + body.len)
        BUG("a token outside the message");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    str text = {(const char *)data, size};
    if (size >= 2 && text.ptr[0] == '-')
        fuzz_mime(text);
    else
        fuzz_envelope(text);
    return 0;
}
