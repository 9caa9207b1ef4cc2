/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/mem.h"

struct regex {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *context;
    struct regex_names names;
    long steps; /* left */
};

static int count_step(pcre2_callout_block *block, void *arg)
{
    (void)block;
    long *left = arg;
    return --*left < 0 ? PCRE2_ERROR_CALLOUT : 0;
}

/* Automatic callouts come before each item of the pattern: that counts the
 * work of a whole search, where PCRE2's own limit begins anew at each start.
 * Without auto-possessification a repeat that was scanned is also tried back,
 * so no work goes uncounted. */
#define OPTIONS                                                                                    \
    (PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C | PCRE2_ALT_CIRCUMFLEX |           \
     PCRE2_AUTO_CALLOUT | PCRE2_NO_AUTO_POSSESS)

static pcre2_code *compile(struct arena *a, const struct strbuf *translated, const char **why)
{
    int rc;
    PCRE2_SIZE offset;
    pcre2_compile_context *cc = pcre2_compile_context_create(NULL);
    pcre2_set_newline(cc, PCRE2_NEWLINE_LF);
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)translated->buf, translated->len, OPTIONS, &rc, &offset, cc);
    pcre2_compile_context_free(cc);
    if (code == NULL) {
        char text[256];
        pcre2_get_error_message(rc, (PCRE2_UCHAR *)text, sizeof(text));
        *why = arena_strdup(a, text);
    }
    return code;
}

struct regex *regex_new(struct arena *a, str pattern, const char **why)
{
    AUTO(strbuf) struct strbuf translated = STRBUF_INIT;
    struct regex_names names = {0};
    if (!regex_translate(a, pattern, &translated, &names, why))
        return NULL;
    pcre2_code *code = compile(a, &translated, why);
    if (code == NULL)
        return NULL;
    struct regex *re = xnew(struct regex);
    re->code = code;
    re->names = names;
    re->steps = REGEX_MAX_STEPS;
    re->data = pcre2_match_data_create_from_pattern(code, NULL);
    re->context = pcre2_match_context_create(NULL);
    pcre2_set_callout(re->context, count_step, &re->steps);
    pcre2_set_match_limit(re->context, REGEX_MAX_STEPS);
    pcre2_set_heap_limit(re->context, 64 * 1024); /* KiB */
    return re;
}

void regex_free(struct regex *re)
{
    if (re == NULL)
        return;
    pcre2_match_context_free(re->context);
    pcre2_match_data_free(re->data);
    pcre2_code_free(re->code);
    free(re);
}

size_t regex_group_count(const struct regex *re)
{
    return re->names.len;
}

str regex_group_name(const struct regex *re, size_t i)
{
    return re->names.ptr[i - 1];
}

enum regex_result regex_search(struct regex *re, str s, size_t start, ptrdiff_t *spans)
{
    int rc = pcre2_match(re->code, (PCRE2_SPTR)s.ptr, s.len, start, PCRE2_NO_UTF_CHECK, re->data,
                         re->context);
    if (rc == PCRE2_ERROR_NOMATCH)
        return REGEX_NO_MATCH;
    if (rc < 0)
        return REGEX_TOO_LONG;
    const PCRE2_SIZE *v = pcre2_get_ovector_pointer(re->data);
    for (size_t i = 0; i < 2 * (1 + re->names.len); i++) {
        bool took_part = i / 2 < (size_t)rc && v[i] != PCRE2_UNSET;
        spans[i] = took_part ? (ptrdiff_t)v[i] : -1;
    }
    return REGEX_MATCH;
}
