/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/check.h"

#include <arpa/inet.h>
#include <fnmatch.h>

bool check_parse_port(const char *text, bool *udp, int *port)
{
    int64_t n;
    str s = str_from(text);
    *udp = str_starts(s, STR("udp:"));
    if (*udp || str_starts(s, STR("tcp:")))
        s = str_sub(s, 4, s.len);
    if (!str_to_i64(s, &n) || n < 1 || n > 65535)
        return false;
    *port = (int)n;
    return true;
}

/* proc(5), /proc/net/tcp: words of 32 bits in the guest's byte order, which is
 * little-endian on all that imgfac runs. */
static bool parse_address(str hex, unsigned char out[16])
{
    if (hex.len != 8 && hex.len != 32)
        return false;
    for (size_t i = 0; i < hex.len / 2; i++) {
        char digits[3] = {hex.ptr[2 * i], hex.ptr[2 * i + 1], '\0'};
        char *end;
        unsigned long byte = strtoul(digits, &end, 16);
        if (*end != '\0')
            return false;
        out[i / 4 * 4 + (3 - i % 4)] = (unsigned char)byte;
    }
    return true;
}

static void judge_port(struct arena *a, struct expectation *e, str answer)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    bool found = false;
    str rest = answer;
    while (rest.ptr != NULL) {
        str word = str_split(&rest, ' ');
        unsigned char address[16];
        char text[INET6_ADDRSTRLEN];
        if (!parse_address(word, address) ||
            inet_ntop(word.len == 8 ? AF_INET : AF_INET6, address, text, sizeof(text)) == NULL)
            continue;
        found = found || strcmp(text, e->want) == 0;
        strbuf_addf(&sb, "%s%s", sb.len > 0 ? ", " : "", text);
    }
    bool listening = sb.len > 0;
    if (strcmp(e->want, "true") == 0)
        e->ok = listening;
    else
        e->ok = strcmp(e->want, "false") == 0 ? !listening : found;
    e->actual = listening ? arena_strdup(a, sb.buf) : "not listening";
}

static str field_of(str line, int field)
{
    str rest = line, head = {"", 0};
    for (int i = 0; i < field; i++) {
        if (rest.ptr == NULL)
            return (str){"", 0};
        head = str_split(&rest, ':');
    }
    return head;
}

static bool has_word(str answer, const char *word)
{
    str rest = answer;
    while (rest.ptr != NULL)
        if (str_eqz(str_split(&rest, ' '), word))
            return true;
    return false;
}

static bool same_octal(const char *a, const char *b)
{
    a += strspn(a, "0");
    b += strspn(b, "0");
    return strcmp(a, b) == 0;
}

/* "regular file" and "regular empty file" begin alike. */
static const char *stat_word(const char *type)
{
    return strcmp(type, "file") == 0      ? "regular"
           : strcmp(type, "symlink") == 0 ? "symbolic link"
                                          : type;
}

/* "enabled-runtime", "alias", "static" and others start the service too. */
static bool is_enabled(const char *answer)
{
    return strncmp(answer, "enabled", 7) == 0 || strcmp(answer, "alias") == 0 ||
           strcmp(answer, "static") == 0 || strcmp(answer, "generated") == 0;
}

void check_judge(struct arena *a, struct expectation *e, str answer)
{
    if (e->field > 0)
        answer = field_of(answer, e->field);
    const char *text = str_dup(a, answer);
    bool wanted = strcmp(e->want, "true") == 0;
    e->actual = *text == '\0' ? "nothing" : text;
    switch (e->judge) {
    case JUDGE_EQUAL: e->ok = strcmp(text, e->want) == 0; return;
    case JUDGE_GLOB: e->ok = fnmatch(e->want, text, 0) == 0; return;
    case JUDGE_TYPE: e->ok = strncmp(text, stat_word(e->want), 7) == 0; return;
    case JUDGE_OCTAL: e->ok = same_octal(text, e->want); return;
    case JUDGE_PATTERN:
        e->ok = strcmp(text, "yes") == 0;
        e->actual = str_starts(answer, STR("no ")) ? text + 3 : "not so";
        return;
    case JUDGE_SET:
        e->ok = (*text != '\0') == wanted;
        e->actual = *text == '\0' ? "false" : "true";
        return;
    case JUDGE_ACTIVE: e->ok = (strcmp(text, "active") == 0) == wanted; return;
    case JUDGE_ENABLED: e->ok = is_enabled(text) == wanted; return;
    case JUDGE_PORT: judge_port(a, e, answer); return;
    case JUDGE_WORD: e->ok = has_word(answer, e->want); return;
    }
}
