/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/diag_print.h"

#include "base/utf8.h"
#include "hcl/source.h"

/* Longest piece of one source line that is shown. */
#define MAX_SHOWN_COLUMNS 160
/* A range over more lines is cut in the middle. */
#define MAX_SHOWN_LINES 8

#define COLOR_ERROR   "\033[1;31m"
#define COLOR_WARNING "\033[1;33m"
#define COLOR_BOLD    "\033[1m"
#define COLOR_MARK    "\033[31m"
#define COLOR_END     "\033[0m"

static void add_colored(struct strbuf *out, const struct diag_print *opts, const char *color,
                        const char *text)
{
    if (opts->color)
        strbuf_addf(out, "%s%s%s", color, text, COLOR_END);
    else
        strbuf_adds(out, text);
}

/* --- snippets --- */

/* Text as it is shown on a terminal: tabs as one space, control characters as
 * a replacement, so that every byte offset has a known column. */
static void add_visible(struct strbuf *out, str text)
{
    for (size_t i = 0; i < text.len;) {
        unsigned char c = (unsigned char)text.ptr[i];
        uint32_t cp;
        size_t len = utf8_decode(str_sub(text, i, text.len), &cp);
        if (c == '\t')
            strbuf_addc(out, ' ');
        else if (c < 0x20 || c == 0x7F || len == 0 || (cp >= 0x80 && cp < 0xA0))
            strbuf_adds(out, "\xef\xbf\xbd");
        else
            strbuf_add(out, text.ptr + i, len);
        i += MAX(len, (size_t)1);
    }
}

/* Terminal columns of text as add_visible() shows it. */
static size_t visible_width(str text)
{
    AUTO(strbuf) struct strbuf shown = STRBUF_INIT;
    add_visible(&shown, text);
    return utf8_width(strbuf_str(&shown));
}

/* First and last byte of a long line to show, around what is marked. */
struct window {
    size_t start, end;
};

/* Move OFFSET back to the start of its character. */
static size_t char_start(str line, size_t offset)
{
    while (offset > 0 && offset < line.len && ((unsigned char)line.ptr[offset] & 0xC0) == 0x80)
        offset--;
    return offset;
}

static struct window choose_window(str line, size_t mark)
{
    if (line.len <= MAX_SHOWN_COLUMNS)
        return (struct window){0, line.len};
    size_t before = MAX_SHOWN_COLUMNS / 3;
    size_t start = mark <= MAX_SHOWN_COLUMNS * 2 / 3 ? 0 : mark - before;
    size_t end = MIN(start + MAX_SHOWN_COLUMNS, line.len);
    return (struct window){char_start(line, start), char_start(line, end)};
}

/* One line with carets under bytes MARK_START to MARK_END of it. */
static void add_line(struct strbuf *out, const struct diag_print *opts, unsigned number,
                     unsigned number_width, str line, size_t mark_start, size_t mark_end)
{
    struct window w = choose_window(line, mark_start);
    bool cut_left = w.start > 0, cut_right = w.end < line.len;
    strbuf_addf(out, "  %*u: %s", (int)number_width, number, cut_left ? "..." : "");
    add_visible(out, str_sub(line, w.start, w.end));
    strbuf_addf(out, "%s\n", cut_right ? "..." : "");
    if (mark_start > mark_end)
        return;
    size_t from = MIN(MAX(mark_start, w.start), w.end), to = MIN(MAX(mark_end, from), w.end);
    size_t indent = visible_width(str_sub(line, w.start, from)) + (cut_left ? 3 : 0);
    size_t carets = visible_width(str_sub(line, from, to));
    strbuf_addn(out, ' ', 2 + number_width + 2 + indent);
    if (opts->color)
        strbuf_adds(out, COLOR_MARK);
    strbuf_addn(out, '^', MAX(carets, (size_t)1));
    if (opts->color)
        strbuf_adds(out, COLOR_END);
    strbuf_addc(out, '\n');
}

static unsigned digits(unsigned n)
{
    unsigned count = 1;
    while (n >= 10) {
        n /= 10;
        count++;
    }
    return count;
}

/* Marked part of line NUMBER as byte offsets in it; start > end: none. */
static void mark_of_line(struct range r, unsigned number, str line, size_t *start, size_t *end)
{
    size_t line_start = (size_t)(line.ptr - r.file->text.ptr);
    size_t line_end = line_start + line.len;
    *start = MAX((size_t)r.start, line_start);
    *end = MIN((size_t)r.end, line_end);
    bool touches = r.start <= line_end && (r.end > line_start || r.end == r.start);
    if (!touches || (*start == *end && source_pos(r.file, r.start).line != number)) {
        *start = 1;
        *end = 0;
        return;
    }
    *start = MIN(*start, line_end) - line_start;
    *end = MAX(*end, line_start + *start) - line_start;
}

static void add_snippet(struct strbuf *out, const struct diag *diag, const struct diag_print *opts)
{
    struct range r = diag->subject;
    unsigned first = source_pos(r.file, r.start).line, last = source_pos(r.file, r.end).line;
    if (last > first && source_line_start(r.file, last) == r.end)
        last--; /* the range ends with a line end */
    unsigned width = digits(last);
    for (unsigned n = first; n <= last; n++) {
        if (last - first >= MAX_SHOWN_LINES && n == first + MAX_SHOWN_LINES / 2) {
            n = last - MAX_SHOWN_LINES / 2 + 1;
            strbuf_addf(out, "  %*s\n", (int)width, "...");
        }
        str line = source_line(r.file, n);
        size_t start, end;
        mark_of_line(r, n, line, &start, &end);
        add_line(out, opts, n, width, line, start, end);
    }
}

/* --- text --- */

/* Length of the first line of TEXT when broken at spaces before WIDTH. */
static size_t break_at(str text, size_t width)
{
    size_t last_space = 0, columns = 0;
    for (size_t i = 0; i < text.len;) {
        size_t len = utf8_grapheme_len(str_sub(text, i, text.len));
        if (text.ptr[i] == ' ')
            last_space = i;
        columns += utf8_width(str_sub(text, i, i + len));
        if (columns > width && last_space > 0)
            return last_space;
        i += len;
    }
    return text.len;
}

static void add_wrapped(struct strbuf *out, str text, unsigned width)
{
    str rest = text;
    while (rest.ptr != NULL) {
        str line = str_next_line(&rest);
        /* Indented lines are laid out already. */
        while (width > 0 && line.len > 0 && line.ptr[0] != ' ') {
            size_t len = break_at(line, width);
            if (len == line.len)
                break;
            strbuf_addstr(out, str_sub(line, 0, len));
            strbuf_addc(out, '\n');
            line = str_sub(line, len + 1, line.len);
        }
        strbuf_addstr(out, line);
        strbuf_addc(out, '\n');
    }
}

static void add_place(struct strbuf *out, const struct diag *diag, const struct diag_print *opts)
{
    struct range r = diag->subject;
    if (r.file == NULL) {
        if (diag->file_name != NULL)
            strbuf_addf(out, "\n  on %s\n", diag->file_name);
        return;
    }
    const struct source_block *block = source_block_at(r.file, r.start);
    strbuf_addf(out, "\n  on %s line %u", r.file->name, source_pos(r.file, r.start).line);
    if (block != NULL)
        strbuf_addf(out, ", in %s", block->header);
    strbuf_adds(out, ":\n");
    add_snippet(out, diag, opts);
}

static void add_values(struct strbuf *out, const struct diag *diag)
{
    VEC_EACH (value, &diag->values)
        strbuf_addf(out, "    %s %s\n", value->name, value->text);
}

void diag_print_text(struct strbuf *out, const struct diag *diag, const struct diag_print *opts)
{
    bool is_error = diag->severity == DIAG_ERROR;
    add_colored(out, opts, is_error ? COLOR_ERROR : COLOR_WARNING,
                is_error ? "Error: " : "Warning: ");
    add_colored(out, opts, COLOR_BOLD, diag->summary);
    strbuf_addc(out, '\n');
    add_place(out, diag, opts);
    add_values(out, diag);
    if (diag->detail[0] != '\0') {
        if (diag->subject.file == NULL)
            strbuf_addc(out, '\n');
        add_wrapped(out, str_from(diag->detail), opts->width);
    }
    strbuf_addc(out, '\n');
}

/* As many more of the same words about one file are only counted. */
#define MAX_ALIKE 5

static bool alike(const struct diag *a, const struct diag *b)
{
    return strcmp(a->summary, b->summary) == 0 && a->subject.file == b->subject.file &&
           a->subject.file != NULL && strcmp(a->detail, b->detail) == 0;
}

/* How many that follow number I say the same of other places. */
static size_t count_alike(const struct diags *d, size_t i)
{
    size_t n = 0;
    while (i + n + 1 < d->list.len && alike(d->list.ptr[i], d->list.ptr[i + n + 1]))
        n++;
    return n;
}

void diags_print_text(struct strbuf *out, const struct diags *d, const struct diag_print *opts)
{
    for (size_t i = 0; i < d->list.len; i++) {
        size_t more = count_alike(d, i);
        diag_print_text(out, d->list.ptr[i], opts);
        if (more < MAX_ALIKE)
            continue;
        strbuf_addf(out, "%zu more places in this file have the same fault.\n\n", more);
        i += more;
    }
    if (d->dropped > 0)
        strbuf_addf(out, "%zu more message%s not shown.\n\n", d->dropped,
                    d->dropped == 1 ? " is" : "s are");
}

/* --- JSON --- */

static void add_json_str(struct strbuf *out, str s)
{
    strbuf_add_json_quoted(out, s);
}

static void add_json_pos(struct strbuf *out, const char *name, struct source_pos pos)
{
    strbuf_addf(out, "\"%s\":{\"line\":%u,\"column\":%u,\"byte\":%u}", name, pos.line, pos.column,
                pos.byte);
}

static void add_json_range(struct strbuf *out, struct range r)
{
    strbuf_adds(out, ",\"range\":{\"filename\":");
    add_json_str(out, str_from(r.file->name));
    strbuf_addc(out, ',');
    add_json_pos(out, "start", source_pos(r.file, r.start));
    strbuf_addc(out, ',');
    add_json_pos(out, "end", source_pos(r.file, r.end));
    strbuf_addc(out, '}');
}

/* Whole lines of the context (or the subject), without the last line end. */
static str snippet_code(const struct diag *diag, unsigned *out_line)
{
    struct range r = diag->subject, c = diag->context;
    if (c.file == r.file) {
        r.start = MIN(r.start, c.start);
        r.end = MAX(r.end, c.end);
    }
    struct source_pos first = source_pos(r.file, r.start), last = source_pos(r.file, r.end);
    if (last.line > first.line && source_line_start(r.file, last.line) == r.end)
        last.line--;
    str line = source_line(r.file, last.line);
    size_t start = (size_t)(source_line(r.file, first.line).ptr - r.file->text.ptr);
    *out_line = first.line;
    return str_sub(r.file->text, start, (size_t)(line.ptr + line.len - r.file->text.ptr));
}

static void add_json_values(struct strbuf *out, const struct diag *diag)
{
    strbuf_adds(out, ",\"values\":[");
    for (size_t i = 0; i < diag->values.len; i++) {
        strbuf_adds(out, i > 0 ? ",{\"traversal\":" : "{\"traversal\":");
        add_json_str(out, str_from(diag->values.ptr[i].name));
        strbuf_adds(out, ",\"statement\":");
        add_json_str(out, str_from(diag->values.ptr[i].text));
        strbuf_addc(out, '}');
    }
    strbuf_addc(out, ']');
}

/* Offset of a byte of the file in CODE, kept inside it. */
static size_t offset_in(str code, struct range r, uint32_t byte)
{
    size_t start = (size_t)(code.ptr - r.file->text.ptr);
    return byte < start ? 0 : MIN((size_t)byte - start, code.len);
}

static void add_json_snippet(struct strbuf *out, const struct diag *diag)
{
    struct range r = diag->subject;
    unsigned line;
    str code = snippet_code(diag, &line);
    const struct source_block *block = source_block_at(r.file, r.start);
    strbuf_adds(out, ",\"snippet\":{\"context\":");
    if (block != NULL)
        add_json_str(out, str_from(block->header));
    else
        strbuf_adds(out, "null");
    strbuf_adds(out, ",\"code\":");
    add_json_str(out, code);
    strbuf_addf(out,
                ",\"start_line\":%u,\"highlight_start_offset\":%zu,\"highlight_end_offset\":%zu",
                line, offset_in(code, r, r.start), offset_in(code, r, r.end));
    add_json_values(out, diag);
    strbuf_addc(out, '}');
}

void diag_print_json(struct strbuf *out, const struct diag *diag)
{
    strbuf_addf(out, "{\"severity\":\"%s\",\"summary\":",
                diag->severity == DIAG_ERROR ? "error" : "warning");
    add_json_str(out, str_from(diag->summary));
    strbuf_adds(out, ",\"detail\":");
    add_json_str(out, str_from(diag->detail));
    if (diag->subject.file != NULL) {
        add_json_range(out, diag->subject);
        add_json_snippet(out, diag);
    }
    strbuf_addc(out, '}');
}

void diags_print_json(struct strbuf *out, const struct diags *d)
{
    strbuf_addf(out,
                "{\"format_version\":\"1.0\",\"valid\":%s,\"error_count\":%zu,"
                "\"warning_count\":%zu,\"diagnostics\":[",
                d->errors == 0 ? "true" : "false", d->errors, d->warnings);
    for (size_t i = 0; i < d->list.len; i++) {
        if (i > 0)
            strbuf_addc(out, ',');
        diag_print_json(out, d->list.ptr[i]);
    }
    strbuf_adds(out, "]}\n");
}
