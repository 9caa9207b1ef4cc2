/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/wsman.h"

#include "communicator/winrm_mime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_stream(void *arg, bool is_stderr, str text)
{
    size_t *seen = arg;
    (void)is_stderr;
    *seen += text.len;
}

static void read_one(str text)
{
    struct error *err = NULL;
    size_t seen = 0;
    AUTO(wsman_response) struct wsman_response r = {.on_stream = on_stream, .arg = &seen};
    bool ok = wsman_read(text, &r, &err);
    if (ok != (err == NULL))
        BUG("an answer is refused without a reason");
    if (seen > text.len)
        BUG("an answer has more than it holds");
    if (ok && r.is_fault)
        wsman_fault(&r, WSMAN_RECEIVE, &err);
    error_drop(&err);
}

/* A guest answers as it likes: in the clear or in the parts of a sealed message. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error *err = NULL;
    str text = {(const char *)data, size}, sealed = STR("");
    uint64_t length = 0;
    read_one(text);
    if (winrm_mime_read(text, &sealed, &length, &err)) {
        if (sealed.ptr < text.ptr || sealed.ptr + sealed.len > text.ptr + text.len)
            BUG("the sealed part is not in the message");
        read_one(sealed);
    }
    error_drop(&err);
    return 0;
}
