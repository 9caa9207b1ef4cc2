/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/fs_util.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "hcl/func_internal.h"

/* fileset()'s patterns: *, ?, [class], {a,b}, \x and ** as a whole component.
 * Symbolic links are followed to files, not to directories under **. */

#define GLOB_MAX_DEPTH  64
#define GLOB_MAX_BRACES 1000

struct glob {
    struct func_call *call;
    const char *dir;
    struct fs_matches *out;
    unsigned braces;
};

/* One code point of S at *POS; invalid bytes count as themselves. */
static uint32_t next_rune(str s, size_t *pos)
{
    uint32_t cp;
    size_t n = utf8_decode(str_sub(s, *pos, s.len), &cp);
    if (n == 0) {
        cp = (unsigned char)s.ptr[*pos];
        n = 1;
    }
    *pos += n;
    return cp;
}

/* The code point of a class at *POS, after a backslash if there is one. */
static uint32_t class_rune(str p, size_t *pos)
{
    if (p.ptr[*pos] == '\\' && *pos + 1 < p.len)
        (*pos)++;
    return next_rune(p, pos);
}

/* [abc], [a-z], [^a], [!a] at *POS, which moves behind it. */
static bool match_class(str p, size_t *pos, uint32_t cp)
{
    size_t i = *pos + 1;
    bool negate = i < p.len && (p.ptr[i] == '^' || p.ptr[i] == '!'), hit = false;
    i += negate;
    for (bool first = true; i < p.len && (first || p.ptr[i] != ']'); first = false) {
        uint32_t lo = class_rune(p, &i), hi = lo;
        if (i + 1 < p.len && p.ptr[i] == '-' && p.ptr[i + 1] != ']') {
            i++;
            hi = class_rune(p, &i);
        }
        hit |= lo <= cp && cp <= hi;
    }
    *pos = i + 1;
    return hit != negate;
}

/* One pattern element that is no star at *P against the rune at *N. */
static bool match_one(str pat, size_t *p, str name, size_t *n)
{
    uint32_t cp = next_rune(name, n);
    if (pat.ptr[*p] == '?') {
        (*p)++;
        return true;
    }
    if (pat.ptr[*p] == '[')
        return match_class(pat, p, cp);
    return class_rune(pat, p) == cp;
}

/* The classical matcher with one point to go back to: no exponential time. */
static bool match_name(str pat, str name)
{
    size_t p = 0, n = 0, star = SIZE_MAX, mark = 0;
    while (n < name.len) {
        size_t np = p, nn = n;
        if (p < pat.len && pat.ptr[p] == '*') {
            star = p++;
            mark = n;
        } else if (p < pat.len && match_one(pat, &np, name, &nn)) {
            p = np;
            n = nn;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            next_rune(name, &mark);
            n = mark;
        } else {
            return false;
        }
    }
    while (p < pat.len && pat.ptr[p] == '*')
        p++;
    return p == pat.len;
}

static bool bad_pattern(struct func_call *call, str pattern)
{
    return func_error(call, 1, "syntax error in pattern \"%.*s\"", STR_FMT(pattern));
}

/* Offset of the "]" that ends the class opened at I, or the length. */
static size_t class_end(str p, size_t i)
{
    i += i + 1 < p.len && (p.ptr[i + 1] == '^' || p.ptr[i + 1] == '!') ? 2 : 1;
    do
        i += i < p.len && p.ptr[i] == '\\' ? 2 : 1;
    while (i < p.len && p.ptr[i] != ']');
    return MIN(i, p.len);
}

/* Brackets and braces are closed, a backslash is followed by something. */
static bool check_pattern(struct func_call *call, str p)
{
    int braces = 0;
    size_t i = 0;
    for (; i < p.len; i++) {
        if (p.ptr[i] == '\\')
            i++;
        else if (p.ptr[i] == '[')
            i = class_end(p, i);
        else if (p.ptr[i] == '{')
            braces++;
        else if (p.ptr[i] == '}' && braces > 0)
            braces--;
    }
    /* Past the end: the last one was cut short. */
    return (braces == 0 && i == p.len) || bad_pattern(call, p);
}

static bool is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A directory and no link to one. */
static bool is_real_dir(const char *path, unsigned char type)
{
    struct stat st;
    if (type != DT_UNKNOWN)
        return type == DT_DIR;
    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool walk(struct glob *g, const char *rel, str rest, unsigned depth);

static const char *full_path(struct glob *g, const char *rel)
{
    return rel[0] == '\0' ? g->dir : arena_fmt(g->call->arena, "%s/%s", g->dir, rel);
}

static const char *join_rel(struct glob *g, const char *rel, const char *name)
{
    return rel[0] == '\0' ? arena_strdup(g->call->arena, name)
                          : arena_fmt(g->call->arena, "%s/%s", rel, name);
}

static bool add_file(struct glob *g, const char *rel)
{
    struct stat st;
    if (stat(full_path(g, rel), &st) == 0 && S_ISREG(st.st_mode))
        fs_matches_push(g->call->arena, g->out, value_stringz(g->call->arena, rel));
    return true;
}

/* One entry of directory REL against COMPONENT, of which REST follows. */
static bool visit(struct glob *g, const char *rel, const struct dirent *e, str component, str rest,
                  unsigned depth)
{
    bool deep = str_eqz(component, "**");
    const char *child = join_rel(g, rel, e->d_name);
    if (!func_charge(g->call, 1))
        return false;
    if (deep && is_real_dir(full_path(g, child), e->d_type)) {
        str again = {component.ptr, component.len + (rest.ptr == NULL ? 0 : rest.len + 1)};
        return walk(g, child, again, depth + 1);
    }
    if (deep)
        return rest.ptr != NULL || add_file(g, child);
    if (!match_name(component, str_from(e->d_name)))
        return true;
    if (rest.ptr == NULL)
        return add_file(g, child);
    return !is_dir(full_path(g, child)) || walk(g, child, rest, depth + 1);
}

/* Everything below REL that matches PATTERN. */
static bool walk(struct glob *g, const char *rel, str pattern, unsigned depth)
{
    str rest = pattern;
    str component = str_split(&rest, '/');
    if (depth > GLOB_MAX_DEPTH)
        return func_error(g->call, 1, "directories are nested more than %d levels deep",
                          GLOB_MAX_DEPTH);
    if (component.len == 0 || str_eqz(component, "."))
        return rest.ptr == NULL || walk(g, rel, rest, depth + 1);
    if (str_eqz(component, ".."))
        return rest.ptr == NULL || walk(g, join_rel(g, rel, ".."), rest, depth + 1);
    if (str_eqz(component, "**") && rest.ptr != NULL && !walk(g, rel, rest, depth + 1))
        return false;
    autoclosedir DIR *d = opendir(full_path(g, rel));
    const struct dirent *e;
    while (d != NULL && (e = readdir(d)) != NULL) {
        bool dots = str_eqz(str_from(e->d_name), ".") || str_eqz(str_from(e->d_name), "..");
        if (!dots && !visit(g, rel, e, component, rest, depth))
            return false;
    }
    return true;
}

/* Offset of the first "{" outside classes, or -1. */
static ptrdiff_t find_brace(str p)
{
    for (size_t i = 0; i < p.len; i++) {
        if (p.ptr[i] == '\\')
            i++;
        else if (p.ptr[i] == '{')
            return (ptrdiff_t)i;
    }
    return -1;
}

/* Each alternative of the first {a,b} in turn, then the rest the same way. */
static bool expand_braces(struct glob *g, str p)
{
    ptrdiff_t open = find_brace(p);
    if (open < 0)
        return walk(g, "", p, 0);
    if (++g->braces > GLOB_MAX_BRACES)
        return func_error(g->call, 1, "the pattern has too many alternatives");
    size_t depth = 0, start = (size_t)open + 1, close = start;
    for (; close < p.len && (depth > 0 || p.ptr[close] != '}'); close++)
        depth += (p.ptr[close] == '{') - (size_t)(p.ptr[close] == '}');
    for (size_t i = start; i <= close && i < p.len; i++) {
        depth += (p.ptr[i] == '{') - (size_t)(p.ptr[i] == '}' && i < close);
        if (i < close && (depth > 0 || p.ptr[i] != ','))
            continue;
        str tail = str_sub(p, MIN(close + 1, p.len), p.len);
        const char *one = arena_fmt(g->call->arena, "%.*s%.*s%.*s", (int)open, p.ptr,
                                    (int)(i - start), p.ptr + start, STR_FMT(tail));
        if (!expand_braces(g, str_from(one)))
            return false;
        start = i + 1;
    }
    return true;
}

bool fs_glob(struct func_call *call, const char *dir, const char *pattern, struct fs_matches *out)
{
    struct glob g = {.call = call, .dir = dir, .out = out};
    return check_pattern(call, str_from(pattern)) && expand_braces(&g, str_from(pattern));
}
