/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/winrm_mime.h"

#define BOUNDARY "Encrypted Boundary"

void winrm_mime_write(struct strbuf *out, size_t length, size_t signature, str sealed)
{
    strbuf_addf(out,
                "--" BOUNDARY "\r\n"
                "\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n"
                "\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=%zu\r\n"
                "--" BOUNDARY "\r\n"
                "\tContent-Type: application/octet-stream\r\n",
                length);
    for (unsigned i = 0; i < 4; i++)
        strbuf_addc(out, (char)(signature >> (8 * i) & 0xff));
    strbuf_addstr(out, sealed);
    strbuf_adds(out, "--" BOUNDARY "--\r\n");
}

static bool bad(struct error **err, const char *what)
{
    return error_set(err, ERR_GUEST, 0, "the guest's sealed answer cannot be read: %s", what);
}

/* "--Encrypted Boundary", with spaces after the dashes from some. */
static bool is_boundary(str line)
{
    if (!str_starts(line, STR("--")))
        return false;
    return str_eqz(str_trim(str_sub(line, 2, line.len)), BOUNDARY);
}

/* Take one line off *REST; false at the end. */
static bool next_line(str *rest, str *line)
{
    ptrdiff_t lf = str_find_char(*rest, '\n');
    if (lf < 0)
        return false;
    *line = str_trim(str_sub(*rest, 0, (size_t)lf));
    *rest = str_sub(*rest, (size_t)lf + 1, rest->len);
    return true;
}

/* Everything up to the line that begins the bytes: the first part, which says
 * how long the text is, and the head of the second. */
static bool skip_heads(str *rest, uint64_t *length)
{
    static const char key[] = "Length=", type[] = "Content-Type:";
    str line;
    while (next_line(rest, &line)) {
        ptrdiff_t at = str_find(line, str_from(key));
        if (str_starts(line, STR("OriginalContent:")) && at >= 0 &&
            !str_to_u64(str_trim(str_sub(line, (size_t)at + strlen(key), line.len)), length))
            return false;
        if (str_starts(line, str_from(type)) &&
            str_eq_nocase(str_trim(str_sub(line, strlen(type), line.len)),
                          STR("application/octet-stream")))
            return *length != UINT64_MAX;
    }
    return false;
}

/* What is in front of "--Encrypted Boundary--" at the end. */
static bool cut_tail(str *data)
{
    str s = str_trim_end(*data);
    if (!str_ends(s, STR(BOUNDARY "--")))
        return false;
    size_t len = s.len - strlen(BOUNDARY "--");
    while (len > 0 && s.ptr[len - 1] == ' ')
        len--;
    if (len < 2 || s.ptr[len - 1] != '-' || s.ptr[len - 2] != '-')
        return false;
    *data = str_sub(s, 0, len - 2);
    return true;
}

bool winrm_mime_read(str body, str *sealed, uint64_t *length, struct error **err)
{
    str rest = body, line;
    uint64_t size = UINT64_MAX;
    if (!next_line(&rest, &line) || !is_boundary(line) || !skip_heads(&rest, &size))
        return bad(err, "its head is not as expected");
    if (!cut_tail(&rest) || rest.len < 4)
        return bad(err, "its end is not as expected");
    size_t signature = 0;
    for (unsigned i = 0; i < 4; i++)
        signature |= (size_t)(unsigned char)rest.ptr[i] << (8 * i);
    if (signature == 0 || signature > rest.len - 4)
        return bad(err, "its signature is longer than the message");
    *sealed = str_sub(rest, 4, rest.len);
    *length = size;
    return true;
}
