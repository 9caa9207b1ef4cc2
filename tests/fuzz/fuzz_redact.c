/* SPDX-License-Identifier: Apache-2.0 */

/* Input: two secrets, each with its length in one byte before it, a chunk size,
 * then text.  No secret may be seen in what comes out, and the text gives the
 * same in one piece and in chunks. */

#include "base/redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static str take(str *rest)
{
    size_t len = rest->len == 0 ? 0 : (unsigned char)rest->ptr[0] % 16;
    str taken;

    if (rest->len > 0)
        *rest = str_sub(*rest, 1, rest->len);
    len = MIN(len, rest->len);
    taken = str_sub(*rest, 0, len);
    *rest = str_sub(*rest, len, rest->len);
    return taken;
}

static void require_absent(const struct strbuf *out, str secret)
{
    /* A secret may be a part of the replacement, or be made by two of its
     * ends and what is between; only longer ones are asked for. */
    if (secret.len >= 4 && str_trim(secret).len > 0 &&
        str_find(STR("<sensitive><sensitive>"), secret) < 0 && str_find_char(secret, '<') < 0 &&
        str_find_char(secret, '>') < 0 && str_find(strbuf_str(out), secret) >= 0)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(strbuf) struct strbuf whole = STRBUF_INIT, chunked = STRBUF_INIT;
    struct redact_stream rs = REDACT_STREAM_INIT;
    str rest = {(const char *)data, size}, first = take(&rest), second = take(&rest);
    size_t chunk = 1 + (rest.len == 0 ? 0 : (unsigned char)rest.ptr[0] % 32);

    redact_register(first);
    redact_register(second);
    redact_add(&whole, rest);
    while (rest.len > 0) {
        size_t n = MIN(chunk, rest.len);

        redact_stream_add(&rs, str_sub(rest, 0, n), &chunked);
        rest = str_sub(rest, n, rest.len);
    }
    redact_stream_end(&rs, &chunked);
    require_absent(&whole, first);
    require_absent(&whole, second);
    if (!str_eq(strbuf_str(&whole), strbuf_str(&chunked)))
        __builtin_trap();
    redact_reset();
    return 0;
}
