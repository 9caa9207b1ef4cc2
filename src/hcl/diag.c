/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/diag.h"

#include "base/error.h"
#include "base/strbuf.h"
#include "hcl/source.h"

void diags_init(struct diags *d, struct arena *a)
{
    *d = (struct diags){.arena = a};
}

static void count(struct diags *d, enum diag_severity severity, bool kept)
{
    if (severity == DIAG_ERROR)
        d->errors++;
    else
        d->warnings++;
    if (!kept)
        d->dropped++;
}

/* Warnings never take the place of errors that follow: they stop earlier. */
static bool has_room(const struct diags *d, enum diag_severity severity)
{
    return d->list.len < (severity == DIAG_ERROR ? DIAGS_MAX : DIAGS_MAX / 2);
}

static struct diag *add(struct diags *d, enum diag_severity severity, struct range subject,
                        const char *summary)
{
    struct diag *diag = arena_new_object(d->arena, struct diag);
    diag->severity = severity;
    diag->summary = arena_strdup(d->arena, summary);
    diag->detail = "";
    diag->subject = source_origin(subject);
    bool kept = has_room(d, severity);
    if (kept)
        diag_list_push(d->arena, &d->list, diag);
    count(d, severity, kept);
    return diag;
}

static ATTR_PRINTF(5, 0) struct diag *add_formatted(struct diags *d, enum diag_severity severity,
                                                    struct range subject, const char *summary,
                                                    const char *detail, va_list ap)
{
    struct diag *diag = add(d, severity, subject, summary);
    diag->detail = arena_vfmt(d->arena, detail, ap);
    return diag;
}

struct diag *diags_add(struct diags *d, enum diag_severity severity, struct range subject,
                       const char *summary, const char *detail, ...)
{
    va_list ap;
    va_start(ap, detail);
    struct diag *diag = add_formatted(d, severity, subject, summary, detail, ap);
    va_end(ap);
    return diag;
}

bool diags_error(struct diags *d, struct range subject, const char *summary, const char *detail,
                 ...)
{
    va_list ap;
    va_start(ap, detail);
    add_formatted(d, DIAG_ERROR, subject, summary, detail, ap);
    va_end(ap);
    return false;
}

void diags_warning(struct diags *d, struct range subject, const char *summary, const char *detail,
                   ...)
{
    va_list ap;
    va_start(ap, detail);
    add_formatted(d, DIAG_WARNING, subject, summary, detail, ap);
    va_end(ap);
}

bool diags_file_error(struct diags *d, const char *file_name, const char *summary,
                      const char *detail, ...)
{
    va_list ap;
    va_start(ap, detail);
    struct diag *diag = add_formatted(d, DIAG_ERROR, RANGE_NONE, summary, detail, ap);
    va_end(ap);
    diag->file_name = arena_strdup(d->arena, file_name);
    return false;
}

void diag_add_value(struct diags *d, struct diag *diag, const char *name, const char *text)
{
    struct diag_value value = {arena_strdup(d->arena, name), arena_strdup(d->arena, text)};
    diag_values_push(d->arena, &diag->values, value);
}

/* "cannot open 'x'" as a summary: a capital and no errno text of its own. */
static char *summary_of(struct arena *a, const char *msg)
{
    char *summary = arena_strdup(a, msg);
    if (summary[0] >= 'a' && summary[0] <= 'z')
        summary[0] = (char)(summary[0] - 'a' + 'A');
    return summary;
}

bool diags_add_error(struct diags *d, struct range range, const struct error *e)
{
    struct range own = error_first_range(e);
    struct diag *diag =
        add(d, DIAG_ERROR, own.file != NULL ? own : range, summary_of(d->arena, e->msg));
    AUTO(strbuf) struct strbuf detail = STRBUF_INIT;
    for (const struct error *cause = e->cause; cause != NULL; cause = cause->cause)
        strbuf_addf(&detail, "%sbecause: %s", detail.len > 0 ? "\n" : "", cause->msg);
    const char *hint = error_first_hint(e);
    if (hint != NULL)
        strbuf_addf(&detail, "%s%s", detail.len > 0 ? "\n" : "", hint);
    diag->detail = arena_strndup(d->arena, detail.buf, detail.len);
    return false;
}

void diags_append(struct diags *d, const struct diags *src)
{
    VEC_EACH (item, &src->list) {
        const struct diag *from = *item;
        struct diag *to = add(d, from->severity, from->subject, from->summary);
        to->detail = arena_strdup(d->arena, from->detail);
        to->context = from->context;
        if (from->file_name != NULL)
            to->file_name = arena_strdup(d->arena, from->file_name);
        VEC_EACH (value, &from->values)
            diag_add_value(d, to, value->name, value->text);
    }
    size_t kept_errors = 0;
    VEC_EACH (item, &src->list)
        kept_errors += (*item)->severity == DIAG_ERROR;
    d->errors += src->errors - kept_errors;
    d->warnings += src->warnings - (src->list.len - kept_errors);
    d->dropped += src->dropped;
}

void diags_truncate(struct diags *d, size_t len)
{
    while (d->list.len > len) {
        if (d->list.ptr[--d->list.len]->severity == DIAG_ERROR)
            d->errors--;
        else
            d->warnings--;
    }
}

/* Position of F among the files in the order they appear in the list. */
static size_t file_rank(const struct diags *d, const struct source_file *f)
{
    size_t i = 0;
    while (i < d->list.len && d->list.ptr[i]->subject.file != f)
        i++;
    return i;
}

struct sort_key {
    size_t rank, index;
    uint32_t start;
    struct diag *diag;
};

static int compare_keys(const void *pa, const void *pb)
{
    const struct sort_key *a = pa, *b = pb;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    return a->index < b->index ? -1 : 1;
}

void diags_sort(struct diags *d)
{
    size_t len = d->list.len;
    if (len == 0)
        return;
    struct sort_key *keys = arena_new_array(d->arena, struct sort_key, len);
    for (size_t i = 0; i < len; i++) {
        struct diag *diag = d->list.ptr[i];
        keys[i] = (struct sort_key){file_rank(d, diag->subject.file), i, diag->subject.start, diag};
    }
    qsort(keys, len, sizeof(*keys), compare_keys);
    for (size_t i = 0; i < len; i++)
        d->list.ptr[i] = keys[i].diag;
}
