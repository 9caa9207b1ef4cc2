/* SPDX-License-Identifier: Apache-2.0 */

#include "template/template.h"

/* Version constraints as of hashicorp/go-version: operators = != > >= < <= ~>,
 * joined by commas; "1.2" counts as "1.2.0". */

struct version {
    int64_t parts[4];
    size_t count; /* as written */
};

static bool parse_version(str s, struct version *out)
{
    *out = (struct version){0};
    if (s.len > 0 && s.ptr[0] == 'v')
        s = str_sub(s, 1, s.len);
    ptrdiff_t build = str_find_char(s, '+');
    if (build >= 0)
        s.len = (size_t)build;
    ptrdiff_t pre = str_find_char(s, '-');
    if (pre >= 0)
        s.len = (size_t)pre;
    while (s.ptr != NULL) {
        str part = str_split(&s, '.');
        if (out->count == ARRAY_SIZE(out->parts) || !str_to_i64(part, &out->parts[out->count]) ||
            out->parts[out->count] < 0)
            return false;
        out->count++;
    }
    return true;
}

static int compare(const struct version *a, const struct version *b)
{
    for (size_t i = 0; i < ARRAY_SIZE(a->parts); i++)
        if (a->parts[i] != b->parts[i])
            return a->parts[i] < b->parts[i] ? -1 : 1;
    return 0;
}

/* ~> 1.2.3: at least 1.2.3, below 1.3; the last written part may grow. */
static bool is_pessimistic_fit(const struct version *v, const struct version *limit)
{
    if (compare(v, limit) < 0)
        return false;
    for (size_t i = 0; i + 1 < limit->count; i++)
        if (v->parts[i] != limit->parts[i])
            return false;
    return limit->count > 1 || v->parts[0] == limit->parts[0];
}

static bool fits_one(const struct version *v, str op, const struct version *limit, bool *known)
{
    int c = compare(v, limit);
    *known = true;
    if (op.len == 0 || str_eqz(op, "="))
        return c == 0;
    if (str_eqz(op, "!="))
        return c != 0;
    if (str_eqz(op, ">"))
        return c > 0;
    if (str_eqz(op, ">="))
        return c >= 0;
    if (str_eqz(op, "<"))
        return c < 0;
    if (str_eqz(op, "<="))
        return c <= 0;
    *known = str_eqz(op, "~>");
    return *known && is_pessimistic_fit(v, limit);
}

bool template_version_fits(str version, str constraints, bool *valid)
{
    struct version v, limit;
    *valid = parse_version(version, &v);
    bool fits = true;
    while (constraints.ptr != NULL && *valid) {
        str one = str_trim(str_split(&constraints, ','));
        size_t n = 0;
        while (n < one.len && strchr("=!<>~", one.ptr[n]) != NULL)
            n++;
        *valid = parse_version(str_trim(str_sub(one, n, one.len)), &limit);
        if (*valid)
            fits &= fits_one(&v, str_sub(one, 0, n), &limit, valid);
    }
    return fits && *valid;
}
