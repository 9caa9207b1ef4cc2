/* SPDX-License-Identifier: Apache-2.0 */
#include "base/proc_output.h"

#define LINE_MAX_BYTES ((size_t)64 * 1024) /* a longer one is handed out in pieces */
#define TAIL_BYTES     ((size_t)2048)
#define TAIL_LINES     5

void proc_output_init(struct proc_output *o)
{
    strbuf_init(&o->line, LINE_MAX_BYTES);
    strbuf_init(&o->tail, TAIL_BYTES);
}

void proc_output_clear(struct proc_output *o)
{
    strbuf_clear(&o->line);
    strbuf_clear(&o->tail);
}

static void keep_tail(struct proc_output *o, str data)
{
    if (data.len > TAIL_BYTES)
        data = str_sub(data, data.len - TAIL_BYTES, data.len);
    if (o->tail.len + data.len > TAIL_BYTES)
        strbuf_shift(&o->tail, o->tail.len + data.len - TAIL_BYTES);
    strbuf_addstr(&o->tail, data);
}

static void hand_out(struct proc_output *o)
{
    o->on_line(o->arg, o->is_stderr, strbuf_str(&o->line));
    strbuf_truncate(&o->line, 0);
}

static void add_to_line(struct proc_output *o, str part)
{
    while (part.len > 0) {
        size_t n = MIN(part.len, LINE_MAX_BYTES - o->line.len);

        strbuf_add(&o->line, part.ptr, n);
        part = str_sub(part, n, part.len);
        if (part.len > 0)
            hand_out(o);
    }
}

/* A line ends at LF, CR LF or CR: progress meters rewrite theirs with CR. */
static void cut_lines(struct proc_output *o, str data)
{
    size_t start = 0;

    for (size_t i = 0; i < data.len; i++) {
        char c = data.ptr[i];

        if (c == '\n' && o->after_cr) {
            start = i + 1;
        } else if (c == '\n' || c == '\r') {
            add_to_line(o, str_sub(data, start, i));
            hand_out(o);
            start = i + 1;
        }
        o->after_cr = c == '\r';
    }
    add_to_line(o, str_sub(data, start, data.len));
}

void proc_output_add(struct proc_output *o, str data)
{
    if (data.len == 0)
        return;
    if (o->collect != NULL) {
        size_t room = o->collect->max - MIN(o->collect->max, o->collect->len);

        /* Up to the maximum; the rest is read and dropped, or the tool would
         * block for ever. */
        strbuf_add(o->collect, data.ptr, MIN(data.len, room));
        if (data.len > room)
            o->collect->truncated = true;
    }
    keep_tail(o, data);
    if (o->on_line != NULL)
        cut_lines(o, data);
}

void proc_output_end(struct proc_output *o)
{
    if (o->on_line != NULL && o->line.len > 0)
        hand_out(o);
}

/* A tool may repeat what a guest wrote: no control bytes reach a terminal. */
static void add_printable(struct strbuf *out, str line)
{
    for (size_t i = 0; i < line.len; i++) {
        unsigned char c = (unsigned char)line.ptr[i];

        strbuf_addc(out, c == '\t' ? ' ' : c < 0x20 || c == 0x7f ? '?' : (char)c);
    }
}

char *proc_output_last_lines(const struct proc_output *o)
{
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    str lines[TAIL_LINES], rest = strbuf_str(&o->tail);
    size_t count = 0;

    while (rest.ptr != NULL) {
        str line = str_trim(str_next_line(&rest));

        if (line.len > 0)
            lines[count++ % TAIL_LINES] = line;
    }
    if (count == 0)
        return NULL;
    for (size_t i = count - MIN(count, (size_t)TAIL_LINES); i < count; i++) {
        strbuf_adds(&out, out.len == 0 ? "" : "; ");
        add_printable(&out, lines[i % TAIL_LINES]);
    }
    return strbuf_steal(&out);
}
