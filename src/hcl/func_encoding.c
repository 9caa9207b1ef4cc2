/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/func_internal.h"

#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <zlib.h>

#include "base/utf8.h"
#include "hcl/charset.h"
#include "hcl/csv.h"
#include "hcl/fs_util.h"
#include "hcl/json.h"

/* --- Base64 --- */

static bool fn_base64encode(struct func_call *call, value *out)
{
    AUTO(strbuf) struct strbuf sb = RESULT_BUF;
    base64_encode(arg_str(call, 0), &sb);
    return result_string(call, &sb, out);
}

static bool decode_arg(struct func_call *call, struct strbuf *out)
{
    size_t bad;
    return base64_decode(arg_str(call, 0), out, &bad) ||
           func_error(call, 0, "the text is not valid Base64 at offset %zu", bad);
}

static bool fn_base64decode(struct func_call *call, value *out)
{
    AUTO(strbuf) struct strbuf sb = RESULT_BUF;
    if (!decode_arg(call, &sb))
        return false;
    if (!utf8_valid(strbuf_str(&sb)))
        return func_error(call, 0, "the result of decoding the provided string is not valid UTF-8");
    return result_string(call, &sb, out);
}

/* Frames of the reference's writer, which flushes and then closes: a header without a time, and an
 * empty last block. */
#define GZIP_HEADER     "\x1f\x8b\x08\0\0\0\0\0\0\xff"
#define GZIP_LAST_BLOCK "\x01\0\0\xff\xff"

static bool deflate_flushed(str s, struct strbuf *out)
{
    z_stream z = {0};
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    size_t bound = deflateBound(&z, s.len) + 64;
    char *dest = strbuf_reserve(out, bound);
    z.next_in = (Bytef *)(uintptr_t)s.ptr;
    z.avail_in = (uInt)s.len;
    z.next_out = (Bytef *)dest;
    z.avail_out = (uInt)bound;
    bool ok = dest != NULL && deflate(&z, Z_SYNC_FLUSH) == Z_OK && z.avail_in == 0;
    strbuf_grew(out, ok ? z.total_out : 0);
    deflateEnd(&z);
    return ok;
}

static void add_le32(struct strbuf *out, uint32_t n)
{
    for (int shift = 0; shift < 32; shift += 8)
        strbuf_addc(out, (char)(n >> shift & 0xFF));
}

static bool fn_base64gzip(struct func_call *call, value *out)
{
    AUTO(strbuf) struct strbuf packed = RESULT_BUF, sb = RESULT_BUF;
    str s = arg_str(call, 0);
    strbuf_addstr(&packed, STR(GZIP_HEADER));
    if (!deflate_flushed(s, &packed))
        return func_error(call, -1, "gzip compression failed");
    strbuf_addstr(&packed, STR(GZIP_LAST_BLOCK));
    add_le32(&packed, (uint32_t)crc32(0, (const Bytef *)s.ptr, (uInt)s.len));
    add_le32(&packed, (uint32_t)s.len);
    base64_encode(strbuf_str(&packed), &sb);
    return result_string(call, &sb, out);
}

/* --- other character sets --- */

/* The name of an encoding for iconv; false when the user's name is odd. */
static bool charset_name(struct func_call *call, const char **out)
{
    str name = arg_str(call, 1);
    *out = charset_find(name);
    return *out != NULL ||
           func_error(call, 1, "\"%.*s\" is not a supported IANA encoding name or alias",
                      STR_FMT(name));
}

static void close_iconv(iconv_t *cd)
{
    if (*cd != (iconv_t)-1)
        iconv_close(*cd);
}

static bool recode(struct func_call *call, const char *from, const char *to, str in,
                   struct strbuf *out)
{
    __attribute__((cleanup(close_iconv))) iconv_t cd = iconv_open(to, from);
    if (cd == (iconv_t)-1)
        return func_error(call, 1, "\"%.*s\" is not a supported IANA encoding name or alias",
                          STR_FMT(arg_str(call, 1)));
    char *src = (char *)(uintptr_t)in.ptr;
    size_t left = in.len;
    bool flushed = false;
    while (!flushed) {
        char buf[4096], *dst = buf;
        size_t room = sizeof(buf);
        flushed = left == 0;
        size_t rc = iconv(cd, flushed ? NULL : &src, flushed ? NULL : &left, &dst, &room);
        if (rc == (size_t)-1 && errno != E2BIG)
            return false;
        flushed = flushed && rc != (size_t)-1;
        strbuf_add(out, buf, sizeof(buf) - room);
    }
    return true;
}

static bool fn_textencodebase64(struct func_call *call, value *out)
{
    AUTO(strbuf) struct strbuf raw = RESULT_BUF, sb = RESULT_BUF;
    const char *charset;
    if (!charset_name(call, &charset))
        return false;
    if (strcmp(charset, "UTF-16") == 0) { /* big-endian with a mark, as the reference writes it */
        strbuf_add(&raw, "\xFE\xFF", 2);
        charset = "UTF-16BE";
    }
    if (!recode(call, "UTF-8", charset, arg_str(call, 0), &raw)) {
        if (call->error == NULL)
            func_error(call, 0,
                       "the given string contains characters that cannot be represented in %s",
                       charset);
        return false;
    }
    base64_encode(strbuf_str(&raw), &sb);
    return result_string(call, &sb, out);
}

static bool fn_textdecodebase64(struct func_call *call, value *out)
{
    AUTO(strbuf) struct strbuf raw = RESULT_BUF, sb = RESULT_BUF;
    const char *charset;
    if (!charset_name(call, &charset) || !decode_arg(call, &raw))
        return false;
    str in = strbuf_str(&raw);
    if (strcmp(charset, "UTF-16") == 0) {
        charset = str_starts(in, STR("\xFF\xFE")) ? "UTF-16LE" : "UTF-16BE";
        if (str_starts(in, STR("\xFF\xFE")) || str_starts(in, STR("\xFE\xFF")))
            in = str_sub(in, 2, in.len);
    }
    if (recode(call, charset, "UTF-8", in, &sb) && utf8_valid(strbuf_str(&sb)) &&
        str_find(strbuf_str(&sb), STR("\xEF\xBF\xBD")) < 0)
        return result_string(call, &sb, out);
    if (call->error != NULL)
        return false;
    return func_error(call, 0, "the given string contains symbols that are not defined for %s",
                      charset);
}

/* --- URL, JSON, CSV --- */

static bool fn_urlencode(struct func_call *call, value *out)
{
    AUTO(strbuf) struct strbuf sb = RESULT_BUF;
    str s = arg_str(call, 0);
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c < 0x80 && (isalnum(c) || strchr("-_.~", c) != NULL) && c != '\0')
            strbuf_addc(&sb, (char)c);
        else if (c == ' ')
            strbuf_addc(&sb, '+');
        else
            strbuf_addf(&sb, "%%%02X", c);
    }
    return result_string(call, &sb, out);
}

static bool fn_jsonencode(struct func_call *call, value *out)
{
    AUTO(strbuf) struct strbuf sb = RESULT_BUF;
    const char *why;
    if (!value_to_json(call->args[0], &sb, &why))
        return func_error(call, 0, "%s", why);
    return result_string(call, &sb, out);
}

static bool fn_jsondecode(struct func_call *call, value *out)
{
    const char *why;
    str text = arg_str(call, 0);
    if (!func_charge(call, 1 + (long)text.len / 16) || !func_reserve(call, text.len, 64))
        return false;
    return json_to_value(call->arena, text, out, &why) || func_error(call, 0, "%s", why);
}

static bool fn_csvdecode(struct func_call *call, value *out)
{
    const char *why;
    str text = arg_str(call, 0);
    if (!func_charge(call, 1 + (long)text.len / 16) || !func_reserve(call, text.len, 64))
        return false;
    return csv_to_value(call->arena, text, out, &why) || func_error(call, 0, "%s", why);
}

#define ENC_FUNC(fn_name, text, ex, want)                                                          \
    .name = #fn_name, .impl = fn_##fn_name, .group = "encoding", .doc = text, .example = ex,       \
    .expected = want
#define STR_PARAM .params = {{"str", &type_string, 0}}

const struct func funcs_encoding[] = {
    {ENC_FUNC(base64decode, "The text that was encoded as Base64.", "base64decode(\"aGVsbG8=\")",
              "\"hello\""),
     STR_PARAM, .returns = &type_string},
    {ENC_FUNC(base64encode, "The UTF-8 bytes of the text as Base64.", "base64encode(\"hello\")",
              "\"aGVsbG8=\""),
     STR_PARAM, .returns = &type_string},
    {ENC_FUNC(base64gzip, "The text compressed by gzip, as Base64.",
              "startswith(base64gzip(\"hello\"), \"H4sI\")", "true"),
     STR_PARAM, .returns = &type_string},
    {ENC_FUNC(csvdecode, "A list of objects from CSV text whose first line has the names.",
              "csvdecode(\"a,b\\n1,2\\n\")", "[{\"a\":\"1\",\"b\":\"2\"}]"),
     STR_PARAM},
    {ENC_FUNC(jsondecode, "The value that JSON text describes.", "jsondecode(\"{\\\"a\\\":[1]}\")",
              "{\"a\":[1]}"),
     STR_PARAM},
    {ENC_FUNC(jsonencode, "The value as compact JSON text.", "jsonencode({ a = [1, null] })",
              "\"{\\\"a\\\":[1,null]}\""),
     .params = {{"val", &type_dynamic, PARAM_NULL | PARAM_DYNAMIC}}, .returns = &type_string},
    {ENC_FUNC(textdecodebase64, "The text that Base64 has in another character encoding.",
              "textdecodebase64(\"aABpAA==\", \"UTF-16LE\")", "\"hi\""),
     .params = {{"source", &type_string, 0}, {"encoding", &type_string, 0}},
     .returns = &type_string},
    {ENC_FUNC(textencodebase64, "The text in another character encoding, as Base64.",
              "textencodebase64(\"hi\", \"UTF-16LE\")", "\"aABpAA==\""),
     .params = {{"string", &type_string, 0}, {"encoding", &type_string, 0}},
     .returns = &type_string},
    {ENC_FUNC(urlencode, "The text escaped for the query of a URL.", "urlencode(\"a b&c\")",
              "\"a+b%26c\""),
     STR_PARAM, .returns = &type_string},
    {.name = NULL},
};
