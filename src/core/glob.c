/* SPDX-License-Identifier: Apache-2.0 */

#include "core/plan.h"

/* Patterns of build names, as gobwas/glob compiles them without separators. */

/* Parsed: [a-z] or [!a-z] at P, which is at "[".  Returns the length, 0 when
 * it is not closed or empty. */
static size_t class_match(str p, unsigned char c, bool *out)
{
    size_t i = 1;
    bool negated = i < p.len && p.ptr[i] == '!', hit = false;
    if (negated)
        i++;
    size_t first = i;
    for (; i < p.len && (p.ptr[i] != ']' || i == first); i++) {
        unsigned char low = (unsigned char)p.ptr[i];
        unsigned char high = low;
        if (i + 2 < p.len && p.ptr[i + 1] == '-' && p.ptr[i + 2] != ']') {
            high = (unsigned char)p.ptr[i + 2];
            i += 2;
        }
        hit |= low <= c && c <= high;
    }
    if (i >= p.len)
        return 0;
    *out = hit != negated;
    return i + 1;
}

/* The end of {a,b} at P (offset after the brace), 0 when it is not closed. */
static size_t braces_end(str p)
{
    size_t depth = 0;
    for (size_t i = 0; i < p.len; i++) {
        if (p.ptr[i] == '\\')
            i++;
        else if (p.ptr[i] == '{')
            depth++;
        else if (p.ptr[i] == '}' && --depth == 0)
            return i + 1;
    }
    return 0;
}

struct match_state {
    str text;
    unsigned long steps; /* bounds the work on hostile patterns */
};

#define MATCH_MAX_STEPS 1000000

static bool match_at(struct match_state *m, str p, size_t at, str tail);

/* What follows P is TAIL: the rest of the pattern after a brace group. */
static bool match_rest(struct match_state *m, str p, size_t at, str tail)
{
    if (p.len > 0)
        return match_at(m, p, at, tail);
    if (tail.len > 0)
        return match_at(m, tail, at, (str){0});
    return at == m->text.len;
}

static bool match_braces(struct match_state *m, str p, size_t at, str tail)
{
    size_t end = braces_end(p), start = 1, depth = 0;
    if (end == 0 || tail.len > 0) /* groups do not nest here */
        return false;
    str after = str_sub(p, end, p.len);
    for (size_t i = 1; i < end; i++) {
        bool is_end = i == end - 1;
        if (p.ptr[i] == '{')
            depth++;
        else if (p.ptr[i] == '}' && !is_end)
            depth--;
        if (is_end || (p.ptr[i] == ',' && depth == 0)) {
            if (match_rest(m, str_sub(p, start, i), at, after))
                return true;
            start = i + 1;
        }
    }
    return false;
}

static bool match_star(struct match_state *m, str rest, size_t at, str tail)
{
    for (size_t i = at; i <= m->text.len; i++)
        if (match_rest(m, rest, i, tail))
            return true;
    return false;
}

static bool match_at(struct match_state *m, str p, size_t at, str tail)
{
    if (++m->steps > MATCH_MAX_STEPS)
        return false;
    char c = p.ptr[0];
    size_t used = 1;
    bool hit = false;
    if (c == '*')
        return match_star(m, str_sub(p, 1, p.len), at, tail);
    if (c == '{')
        return match_braces(m, p, at, tail);
    if (at == m->text.len)
        return false;
    unsigned char have = (unsigned char)m->text.ptr[at];
    if (c == '?')
        hit = true;
    else if (c == '[') {
        used = class_match(p, have, &hit);
        hit = hit && used > 0;
    } else if (c == '\\' && p.len > 1) {
        used = 2;
        hit = (unsigned char)p.ptr[1] == have;
    } else
        hit = (unsigned char)c == have;
    return hit && match_rest(m, str_sub(p, used, p.len), at + 1, tail);
}

bool plan_glob_match(str pattern, str text)
{
    struct match_state m = {.text = text};
    return match_rest(&m, pattern, 0, (str){0});
}

bool plan_glob_check(str p)
{
    bool unused;
    for (size_t i = 0; i < p.len; i++) {
        str rest = str_sub(p, i, p.len);
        if (p.ptr[i] == '\\' && ++i == p.len)
            return false;
        if (rest.ptr[0] == '[' && class_match(rest, 0, &unused) == 0)
            return false;
        if (rest.ptr[0] == '{' && braces_end(rest) == 0)
            return false;
    }
    return true;
}
