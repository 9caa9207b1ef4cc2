/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/regex.h"

#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* First line: the pattern; the rest: a text.  What the gate lets through must
 * compile or be refused with a reason, and spans lie in the text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena *a = arena_new("fuzz");
    const char *why = NULL;
    str text = {(const char *)data, size};
    str pattern = str_split(&text, '\n');
    if (size > 4096)
        return 0;
    AUTO(regex) struct regex *re = regex_new(a, pattern, &why);
    if (re == NULL) {
        if (why == NULL)
            BUG("a pattern is refused without a reason");
        return 0;
    }
    if (text.ptr == NULL || !utf8_valid(text))
        return 0;
    size_t count = 2 * (1 + regex_group_count(re));
    ptrdiff_t *spans = arena_new_array(a, ptrdiff_t, count);
    if (regex_search(re, text, 0, spans) == REGEX_MATCH)
        for (size_t i = 0; i < count; i += 2)
            if (spans[i] > spans[i + 1] || spans[i + 1] > (ptrdiff_t)text.len)
                BUG("a match lies outside the text");
    return 0;
}
