/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table.h"

#include <ctype.h>

#include "base/utf8.h"
#include "base/vec.h"

#define GAP       2
#define MIN_WIDTH 4
#define MAX_COLS  16

typedef const char **row;
DEFINE_ARENA_VEC(rows, row);

struct table {
    struct arena *arena;
    const char *headings[MAX_COLS];
    bool right[MAX_COLS];
    size_t cols;
    struct rows rows;
};

struct table *table_new(struct arena *a, const char *const *headings)
{
    struct table *t = arena_new_object(a, struct table);
    t->arena = a;
    for (; headings[t->cols] != NULL && t->cols < MAX_COLS; t->cols++) {
        t->right[t->cols] = headings[t->cols][0] == '>';
        t->headings[t->cols] = headings[t->cols] + t->right[t->cols];
    }
    return t;
}

void table_add_row(struct table *t, const char *const *cells)
{
    row r = arena_new_array(t->arena, const char *, t->cols);
    for (size_t i = 0; i < t->cols; i++)
        r[i] = arena_strdup(t->arena, cells[i] == NULL ? "" : cells[i]);
    rows_push(t->arena, &t->rows, r);
}

static void measure(const struct table *t, size_t widths[MAX_COLS])
{
    for (size_t i = 0; i < t->cols; i++)
        widths[i] = strlen(t->headings[i]);
    VEC_EACH (r, &t->rows) {
        for (size_t i = 0; i < t->cols; i++)
            widths[i] = MAX(widths[i], utf8_width(str_from((*r)[i])));
    }
}

static void shrink(const struct table *t, size_t widths[MAX_COLS], size_t limit)
{
    for (;;) {
        size_t total = GAP * (t->cols - 1), widest = 0;
        for (size_t i = 0; i < t->cols; i++) {
            total += widths[i];
            if (widths[i] > widths[widest])
                widest = i;
        }
        if (total <= limit || widths[widest] <= MIN_WIDTH)
            return;
        widths[widest]--;
    }
}

/* The part of TEXT that takes at most WIDTH columns. */
static str cut(str text, size_t width)
{
    size_t used = 0, pos = 0;
    while (pos < text.len) {
        size_t bytes = utf8_grapheme_len(str_sub(text, pos, text.len));
        used += utf8_width(str_sub(text, pos, pos + bytes));
        if (used > width)
            break;
        pos += bytes;
    }
    return str_sub(text, 0, pos);
}

static void print_cell(struct strbuf *out, const char *text, size_t width, bool right, bool last)
{
    str s = str_from(text);
    size_t need = utf8_width(s);
    bool is_cut = need > width;
    if (is_cut) {
        s = cut(s, width - 1);
        need = utf8_width(s) + 1;
    }
    if (right)
        strbuf_addn(out, ' ', width - need);
    strbuf_addstr(out, s);
    if (is_cut)
        strbuf_adds(out, "\xe2\x80\xa6"); /* ellipsis */
    if (!right && !last)
        strbuf_addn(out, ' ', width - need);
    if (!last)
        strbuf_addn(out, ' ', GAP);
}

static void print_row(const struct table *t, const char *const *cells, const size_t *widths,
                      struct strbuf *out)
{
    for (size_t i = 0; i < t->cols; i++)
        print_cell(out, cells[i], widths[i], t->right[i], i + 1 == t->cols);
    while (out->len > 0 && out->buf[out->len - 1] == ' ')
        strbuf_truncate(out, out->len - 1);
    strbuf_addc(out, '\n');
}

void table_print(const struct table *t, unsigned width, struct strbuf *out)
{
    size_t widths[MAX_COLS];
    measure(t, widths);
    if (width > 0)
        shrink(t, widths, width);
    print_row(t, t->headings, widths, out);
    VEC_EACH (r, &t->rows)
        print_row(t, *r, widths, out);
}

static void print_csv_cell(struct strbuf *out, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        strbuf_adds(out, text);
        return;
    }
    strbuf_addc(out, '"');
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '"')
            strbuf_addc(out, '"');
        strbuf_addc(out, *p);
    }
    strbuf_addc(out, '"');
}

static void print_csv_row(const struct table *t, const char *const *cells, bool lower,
                          struct strbuf *out)
{
    for (size_t i = 0; i < t->cols; i++) {
        size_t start = out->len;
        if (i > 0)
            strbuf_addc(out, ',');
        print_csv_cell(out, cells[i]);
        for (size_t at = start; lower && at < out->len; at++)
            out->buf[at] = (char)tolower((unsigned char)out->buf[at]);
    }
    strbuf_adds(out, "\r\n");
}

void table_print_csv(const struct table *t, struct strbuf *out)
{
    print_csv_row(t, t->headings, true, out);
    VEC_EACH (r, &t->rows)
        print_csv_row(t, *r, false, out);
}

const char *table_bytes(struct arena *a, uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double n = (double)bytes;
    size_t unit = 0;
    for (; n >= 1000 && unit + 1 < ARRAY_SIZE(units); unit++)
        n /= 1024;
    bool whole = n >= 100 || n == (double)(uint64_t)n;
    return arena_fmt(a, whole ? "%.0f %s" : "%.1f %s", n, units[unit]);
}
