/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/lines.h"

void lines_init(struct lines *l, void (*on_line)(void *arg, bool is_stderr, str line), void *arg,
                bool is_stderr)
{
    strbuf_init(&l->held, LINE_MAX_BYTES);
    l->on_line = on_line;
    l->arg = arg;
    l->is_stderr = is_stderr;
}

/* Packer: trim the end, then keep what follows the last carriage return. */
static str last_state(str line)
{
    line = str_trim_end(line);
    ptrdiff_t cr = str_rfind_char(line, '\r');
    return cr < 0 ? line : str_sub(line, (size_t)cr + 1, line.len);
}

static void give(struct lines *l, str line)
{
    l->on_line(l->arg, l->is_stderr, line);
}

/* Length of S without a UTF-8 character cut off at its end. */
static size_t whole_characters(str s)
{
    for (size_t back = 1; back <= 3 && back < s.len; back++) {
        unsigned char c = (unsigned char)s.ptr[s.len - back];
        if (c < 0x80)
            break;
        if (c >= 0xc0) {
            size_t need = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
            return need > back ? s.len - back : s.len;
        }
    }
    return s.len;
}

/* The buffer is full without a newline: forget overwritten states, and when
 * that frees nothing give a piece. */
static void make_room(struct lines *l)
{
    str held = strbuf_str(&l->held);
    ptrdiff_t cr = str_rfind_char(str_trim_end(held), '\r');
    if (cr > 0) {
        strbuf_shift(&l->held, (size_t)cr);
        return;
    }
    size_t len = whole_characters(held);
    give(l, last_state(str_sub(held, 0, len)));
    strbuf_shift(&l->held, len);
}

static void hold(struct lines *l, str part)
{
    while (part.len > 0) {
        if (l->held.len == LINE_MAX_BYTES)
            make_room(l);
        size_t n = MIN(part.len, LINE_MAX_BYTES - l->held.len);
        strbuf_add(&l->held, part.ptr, n);
        part = str_sub(part, n, part.len);
    }
}

void lines_add(struct lines *l, str data)
{
    if (l->on_line == NULL)
        return;
    while (data.len > 0) {
        ptrdiff_t lf = str_find_char(data, '\n');
        if (lf < 0) {
            hold(l, data);
            return;
        }
        str line = str_sub(data, 0, (size_t)lf);
        if (l->held.len > 0 || line.len > LINE_MAX_BYTES) {
            hold(l, line);
            give(l, last_state(strbuf_str(&l->held)));
            strbuf_truncate(&l->held, 0);
        } else {
            give(l, last_state(line));
        }
        data = str_sub(data, (size_t)lf + 1, data.len);
    }
}

void lines_end(struct lines *l)
{
    if (l->held.len > 0)
        give(l, last_state(strbuf_str(&l->held)));
    strbuf_truncate(&l->held, 0);
}

void lines_clear(struct lines *l)
{
    strbuf_clear(&l->held);
}
