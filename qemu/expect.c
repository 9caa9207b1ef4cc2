/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/expect.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "hcl/regex.h"

#define TEXT_MAX  ((size_t)1 << 16)
#define MATCH_MAX ((size_t)4 << 10)
#define SHOWN_MAX 120
#define ROWS      25u /* a text screen; the last row scrolls */

/* Where in an escape sequence (ECMA-48) the console's bytes stand. */
enum escape { ESC_NONE, ESC_BEGUN, ESC_CSI };

/* From 1; row 0: not known yet. */
struct cursor {
    unsigned row, column;
};

struct expect {
    int fd, notify;
    enum escape escape;
    unsigned params[2]; /* of the sequence so far */
    size_t param;
    struct cursor written; /* behind the last character of `text` */
    struct cursor now;     /* where the sequences have put it since */
    struct strbuf text;    /* ASCII, without escape sequences */
    size_t used;           /* by matches */
    size_t searched;       /* there is no match that ends before */
};

struct expect *expect_open(const char *path, struct error **err)
{
    struct expect *x = xnew(struct expect);
    strbuf_init(&x->text, 2 * TEXT_MAX);
    x->now.column = x->written.column = 1;
    x->fd = open(path, O_RDONLY | O_CLOEXEC);
    x->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (x->fd >= 0 && x->notify >= 0 && inotify_add_watch(x->notify, path, IN_MODIFY) >= 0)
        return x;
    error_set(err, ERR_IO, errno, "cannot follow the console log '%s'", path);
    expect_free(x);
    return NULL;
}

void expect_free(struct expect *x)
{
    if (x == NULL)
        return;
    if (x->fd >= 0)
        close(x->fd);
    if (x->notify >= 0)
        close(x->notify);
    strbuf_clear(&x->text);
    free(x);
}

static void break_line(struct expect *x)
{
    if (x->text.len > 0 && x->text.buf[x->text.len - 1] != '\n')
        strbuf_addc(&x->text, '\n');
}

/* SeaBIOS and firmware move the cursor all the time, most often to where it is
 * anyway: only a real jump ends a line or a word. */
static void put(struct expect *x, char c)
{
    if (x->now.row != x->written.row || x->now.column < x->written.column)
        break_line(x);
    else if (x->now.column > x->written.column)
        strbuf_addc(&x->text, ' ');
    strbuf_addc(&x->text, (unsigned char)c < 0x80 ? c : '?');
    x->now.column++;
    x->written = x->now;
}

static void control(struct expect *x, char c)
{
    if (c == '\r')
        x->now.column = 1;
    else if (c == '\b' && x->now.column > 1)
        x->now.column--;
    if (c != '\n')
        return;
    strbuf_addc(&x->text, '\n');
    x->now.row = x->now.row == 0 ? 0 : MIN(x->now.row + 1, ROWS);
    x->written = x->now;
}

/* The sequence that ends with C (ECMA-48: CUP, CUU, CUD, CUF, VPA, ED). */
static void obey(struct expect *x, char c)
{
    unsigned n = MAX(x->params[0], 1u);
    switch (c) {
    case 'H':
    case 'f':
        if (x->written.row == 0)
            x->written.row = n;
        x->now = (struct cursor){n, MAX(x->params[1], 1u)};
        break;
    case 'A': x->now.row -= MIN(x->now.row, n); break;
    case 'B': x->now.row += n; break;
    case 'C': x->now.column += n; break;
    case 'd': x->now.row = n; break;
    case 'J': break_line(x); break;
    default: break;
    }
}

static void take_param(struct expect *x, char c)
{
    enum { MOST = 9999 };
    if (c == ';')
        x->param++;
    else if (c >= '0' && c <= '9' && x->param < ARRAY_SIZE(x->params))
        x->params[x->param] = MIN(x->params[x->param] * 10 + (unsigned)(c - '0'), (unsigned)MOST);
}

static void take_byte(struct expect *x, char c)
{
    enum escape was = x->escape;
    x->escape = ESC_NONE;
    if (c == 0x1b) {
        x->escape = ESC_BEGUN;
    } else if (was == ESC_BEGUN && c == '[') {
        x->escape = ESC_CSI;
        x->param = x->params[0] = x->params[1] = 0;
    } else if (was == ESC_BEGUN && c == 'c') {
        x->now = x->written = (struct cursor){1, 1};
        break_line(x);
    } else if (was == ESC_CSI && (unsigned char)c < 0x40) {
        x->escape = ESC_CSI;
        take_param(x, c);
    } else if (was == ESC_CSI) {
        obey(x, c);
    } else if (was == ESC_NONE && ((unsigned char)c >= 0x20 || c == '\t')) {
        put(x, c);
    } else if (was == ESC_NONE) {
        control(x, c);
    }
}

/* Keep what a match may still need. */
static void forget(struct expect *x)
{
    if (x->text.len <= TEXT_MAX)
        return;
    size_t gone = x->text.len - MATCH_MAX;
    memmove(x->text.buf, x->text.buf + gone, MATCH_MAX);
    strbuf_truncate(&x->text, MATCH_MAX);
    x->used -= MIN(x->used, gone);
    x->searched -= MIN(x->searched, gone);
}

static void read_new(struct expect *x)
{
    char chunk[4096];
    ssize_t n;
    while ((n = read(x->fd, chunk, sizeof(chunk))) > 0) {
        for (ssize_t i = 0; i < n; i++)
            take_byte(x, chunk[i]);
        forget(x);
    }
}

/* A fresh regex each time: one object counts its steps over all its matches. */
static bool search(struct expect *x, str pattern, bool *found, struct error **err)
{
    AUTO(arena) struct arena *a = arena_new("expect");
    const char *why;
    AUTO(regex) struct regex *re = regex_new(a, pattern, &why);
    if (re == NULL)
        return error_set(err, ERR_TEMPLATE, 0, "'%.*s': %s", STR_FMT(pattern), why);
    ptrdiff_t *spans = arena_new_array(a, ptrdiff_t, 2 * (1 + regex_group_count(re)));
    size_t from = x->searched > MATCH_MAX ? x->searched - MATCH_MAX : 0;
    switch (regex_search(re, strbuf_str(&x->text), MAX(from, x->used), spans)) {
    case REGEX_NO_MATCH: x->searched = x->text.len; return true;
    case REGEX_TOO_LONG:
        return error_set(err, ERR_TEMPLATE, 0, "'%.*s' takes too long to match", STR_FMT(pattern));
    case REGEX_MATCH: break;
    }
    *found = true;
    x->used = x->searched = (size_t)spans[1];
    return true;
}

/* Until the file grows, C is triggered, or the time is over. */
static void await_more(struct expect *x, int64_t until, struct cancel *c)
{
    char events[1024];
    struct pollfd p[] = {{.fd = x->notify, .events = POLLIN},
                         {.fd = cancel_fd(c), .events = POLLIN}};
    int64_t ms = MAX((until - clock_now()) / NS_PER_MS + 1, (int64_t)0);
    poll(p, ARRAY_SIZE(p), (int)MIN(ms, (int64_t)cancel_poll_ms(c)));
    while (read(x->notify, events, sizeof(events)) > 0)
        continue;
}

static bool give_up(const struct expect *x, str pattern, int64_t timeout_ns, struct error **err)
{
    autofree char *limit = clock_format_duration(timeout_ns);
    str text = str_trim(strbuf_str(&x->text));
    ptrdiff_t line = str_rfind_char(text, '\n');
    str last = str_trim(str_sub(text, (size_t)(line + 1), text.len));
    last.len = MIN(last.len, (size_t)SHOWN_MAX);
    error_set(err, ERR_TIMEOUT, 0, "the console did not show /%.*s/ within %s", STR_FMT(pattern),
              limit);
    if (last.len == 0)
        return error_hint(err, "It showed nothing at all.");
    return error_hint(err, "Its last line was \"%.*s\".", STR_FMT(last));
}

bool expect_match(struct expect *x, str pattern, int64_t timeout_ns, struct cancel *c,
                  struct error **err)
{
    int64_t until = clock_now() + timeout_ns;
    for (bool found = false;;) {
        read_new(x);
        if (!search(x, pattern, &found, err))
            return false;
        if (found)
            return true;
        if (cancel_test(c))
            return cancel_error(c, err, "waiting for text on the console");
        if (clock_now() >= until)
            return give_up(x, pattern, timeout_ns, err);
        await_more(x, until, c);
    }
}
