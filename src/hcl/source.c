/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/source.h"

#include <errno.h>
#include <unistd.h>

#include "base/error.h"
#include "base/io.h"
#include "base/strbuf.h"
#include "base/utf8.h"

static const str utf8_bom = {"\xef\xbb\xbf", 3};

static void index_lines(struct arena *a, struct source_file *f)
{
    const char *text = f->text.ptr, *end = text + f->text.len;
    uint32_t count = 1;
    for (const char *p = text; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
        count++;
    f->line_starts = arena_new_array(a, uint32_t, count);
    f->line_count = count;
    uint32_t line = 1;
    for (const char *p = text; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
        f->line_starts[line++] = (uint32_t)(p - text) + 1;
}

struct source_file *source_file_new(struct arena *a, const char *name, str text)
{
    if (text.len >= UINT32_MAX)
        BUG("source text is too long for a range");
    struct source_file *f = arena_new_object(a, struct source_file);
    f->name = arena_strdup(a, name);
    f->text = (str){arena_strndup(a, text.len == 0 ? "" : text.ptr, text.len), text.len};
    f->base_line = 1;
    f->base_column = 1;
    f->breaks = arena_new_object(a, struct source_breaks);
    index_lines(a, f);
    return f;
}

static bool read_stdin(struct strbuf *out, struct error **err)
{
    char chunk[16384];
    ssize_t got;
    while ((got = read(STDIN_FILENO, chunk, sizeof(chunk))) > 0) {
        if (!strbuf_add(out, chunk, (size_t)got))
            return error_set(err, ERR_TEMPLATE, 0, "standard input is larger than %zu bytes",
                             out->max);
    }
    return got == 0 || error_set(err, ERR_IO, errno, "cannot read standard input");
}

struct source_file *source_load(struct arena *a, const char *path, struct error **err)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT_MAX(SOURCE_MAX_BYTES);
    bool is_stdin = strcmp(path, "-") == 0;
    bool ok = is_stdin ? read_stdin(&text, err) : io_read_file(path, SOURCE_MAX_BYTES, &text, err);
    return ok ? source_file_new(a, is_stdin ? "<stdin>" : path, strbuf_str(&text)) : NULL;
}

/* Index of the last line that begins at or before OFFSET. */
static uint32_t line_index(const struct source_file *f, uint32_t offset)
{
    uint32_t low = 0, high = f->line_count;
    while (high - low > 1) {
        uint32_t mid = low + (high - low) / 2;
        if (f->line_starts[mid] <= offset)
            low = mid;
        else
            high = mid;
    }
    return low;
}

/* Index of the first break after OFFSET. */
static size_t break_after(const struct source_breaks *breaks, uint32_t offset)
{
    size_t low = 0, high = breaks->len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (breaks->ptr[mid] <= offset)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* Grapheme clusters from START to END, none of them across a break. */
static uint32_t count_columns(const struct source_file *f, uint32_t start, uint32_t end)
{
    size_t columns = 0;
    for (size_t i = break_after(f->breaks, start); i < f->breaks->len; i++) {
        uint32_t at = f->breaks->ptr[i];
        if (at >= end)
            break;
        columns += utf8_grapheme_count(str_sub(f->text, start, at));
        start = at;
    }
    return (uint32_t)(columns + utf8_grapheme_count(str_sub(f->text, start, end)));
}

struct source_pos source_pos(const struct source_file *f, uint32_t offset)
{
    if (offset > f->text.len)
        offset = (uint32_t)f->text.len;
    uint32_t index = line_index(f, offset);
    uint32_t start = f->line_starts[index];
    if (index == 0 && str_starts(str_sub(f->text, 0, offset), utf8_bom))
        start = (uint32_t)utf8_bom.len;
    uint32_t column = count_columns(f, start, offset) + (index == 0 ? f->base_column : 1);
    return (struct source_pos){f->base_line + index, column, offset};
}

uint32_t source_line_start(const struct source_file *f, uint32_t line)
{
    uint32_t index = line < f->base_line ? 0 : line - f->base_line;
    return index < f->line_count ? f->line_starts[index] : (uint32_t)f->text.len;
}

str source_line(const struct source_file *f, uint32_t line)
{
    uint32_t start = source_line_start(f, line);
    str rest = str_sub(f->text, start, f->text.len);
    str text = str_next_line(&rest);
    if (start == 0 && str_starts(text, utf8_bom))
        text = str_sub(text, utf8_bom.len, text.len);
    return text;
}

str source_text(struct range r)
{
    if (r.file == NULL || r.start > r.end || r.end > r.file->text.len)
        return (str){"", 0};
    return str_sub(r.file->text, r.start, r.end);
}

const struct source_block *source_block_at(const struct source_file *f, uint32_t offset)
{
    uint32_t low = 0, high = f->block_count;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (f->blocks[mid].end <= offset)
            low = mid + 1;
        else
            high = mid;
    }
    return low < f->block_count && f->blocks[low].start <= offset ? &f->blocks[low] : NULL;
}

struct range source_origin(struct range r)
{
    const struct source_origin *best = NULL;
    for (size_t i = 0; r.file != NULL && i < r.file->origin_count; i++) {
        const struct source_origin *o = &r.file->origins[i];
        if (o->start > r.start)
            break;
        if (o->end >= r.end && (best == NULL || o->end - o->start <= best->end - best->start))
            best = o;
    }
    if (best == NULL)
        return r;
    struct range there = best->range;
    if (!best->verbatim)
        return there;
    return (struct range){there.file, there.start + (r.start - best->start),
                          there.start + (r.end - best->start)};
}

char *source_range_text(struct arena *a, struct range r)
{
    r = source_origin(r);
    if (r.file == NULL)
        return arena_strdup(a, "an unknown place");
    struct source_pos start = source_pos(r.file, r.start), end = source_pos(r.file, r.end);
    if (start.line == end.line)
        return arena_fmt(a, "%s:%u,%u-%u", r.file->name, start.line, start.column, end.column);
    return arena_fmt(a, "%s:%u,%u-%u,%u", r.file->name, start.line, start.column, end.line,
                     end.column);
}

struct range range_between(struct range a, struct range b)
{
    if (a.file == NULL)
        return b;
    if (b.file == NULL)
        return a;
    return (struct range){a.file, a.start, b.end};
}

struct range range_start(struct range r)
{
    return (struct range){r.file, r.start, r.start};
}

struct range range_end(struct range r)
{
    return (struct range){r.file, r.end, r.end};
}
