/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/suggest.h"

/* Longer words are not compared: nobody mistypes them by hand. */
#define MAX_LEN 64

static char fold(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return c == '-' ? '_' : c;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned least = MIN(a, b);
    return MIN(least, c);
}

/* Edit distance where swapping two neighbours is one edit (optimal string
 * alignment), over bytes. */
static unsigned distance(str a, str b)
{
    unsigned rows[3][MAX_LEN + 1];
    for (unsigned j = 0; j <= b.len; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= a.len; i++) {
        unsigned *cur = rows[i % 3], *prev = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        cur[0] = i;
        for (unsigned j = 1; j <= b.len; j++) {
            char ca = fold(a.ptr[i - 1]), cb = fold(b.ptr[j - 1]);
            cur[j] = min3(prev[j] + 1, cur[j - 1] + 1, prev[j - 1] + (ca != cb));
            if (i > 1 && j > 1 && ca == fold(b.ptr[j - 2]) && fold(a.ptr[i - 2]) == cb)
                cur[j] = MIN(cur[j], before[j - 2] + 1);
        }
    }
    return rows[a.len % 3][b.len];
}

/* A short word may differ by one edit, a long one by a third of it. */
static size_t tolerance(str given)
{
    return given.len < 3 ? 1 : MIN((given.len + 1) / 3 + (given.len < 6), (size_t)5);
}

void suggest_init(struct suggest *s, str given)
{
    *s = (struct suggest){.given = given, .distance = tolerance(given) + 1};
}

void suggest_offer(struct suggest *s, str candidate)
{
    if (s->given.len == 0 || s->given.len > MAX_LEN || candidate.len > MAX_LEN)
        return;
    unsigned d = distance(s->given, candidate);
    if (d < s->distance && d < candidate.len) {
        s->best = candidate;
        s->distance = d;
    }
}

str suggest_name(str given, const char *const *names, size_t count)
{
    struct suggest s;
    suggest_init(&s, given);
    for (size_t i = 0; i < count && names[i] != NULL; i++)
        suggest_offer(&s, str_from(names[i]));
    return s.best;
}

const char *suggest_text(struct arena *a, const struct suggest *s)
{
    if (s->best.ptr == NULL)
        return "";
    return arena_fmt(a, " Did you mean \"%.*s\"?", STR_FMT(s->best));
}
