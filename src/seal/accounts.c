/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/accounts.h"

/* Fields between colons; fields past the last wanted one stay joined. */
static size_t split_fields(str line, str *fields, size_t max)
{
    size_t n = 0;
    str rest = line;
    while (rest.ptr != NULL && n < max - 1)
        fields[n++] = str_split(&rest, ':');
    if (rest.ptr != NULL)
        fields[n++] = rest;
    return n;
}

static void add_fields(struct strbuf *out, const str *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            strbuf_addc(out, ':');
        strbuf_addstr(out, fields[i]);
    }
    strbuf_addc(out, '\n');
}

/* Next line with all its bytes, LF included. */
static str next_raw_line(str *rest)
{
    ptrdiff_t lf = str_find_char(*rest, '\n');
    size_t end = lf < 0 ? rest->len : (size_t)lf + 1;
    str line = str_sub(*rest, 0, end);
    *rest = str_sub(*rest, end, rest->len);
    return line;
}

static str without_lf(str line)
{
    return line.len > 0 && line.ptr[line.len - 1] == '\n' ? str_sub(line, 0, line.len - 1) : line;
}

static bool names(str line, str name)
{
    return name.len > 0 && line.len > name.len && str_starts(line, name) &&
           line.ptr[name.len] == ':';
}

bool account_parse(str line, struct account *out)
{
    str f[7];
    if (line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == '+' || line.ptr[0] == '-' ||
        split_fields(line, f, 7) != 7 || f[0].len == 0)
        return false;
    *out = (struct account){.name = f[0], .uid = f[2], .gid = f[3], .home = f[5], .shell = f[6]};
    return true;
}

bool account_find(str passwd, str name, struct account *out)
{
    while (passwd.len > 0) {
        str line = without_lf(next_raw_line(&passwd));
        if (names(line, name) && account_parse(line, out))
            return true;
    }
    return false;
}

size_t account_drop_entry(str text, str name, struct strbuf *out)
{
    size_t dropped = 0;
    while (text.len > 0) {
        str line = next_raw_line(&text);
        if (names(line, name))
            dropped++;
        else
            strbuf_addstr(out, line);
    }
    return dropped;
}

/* LIST without NAME into SB; true when it was there. */
static bool drop_from_list(str list, str name, struct strbuf *sb)
{
    bool found = false;
    str rest = list;
    while (rest.len > 0) {
        str item = str_split(&rest, ',');
        if (str_eq(str_trim(item), name)) {
            found = true;
            continue;
        }
        if (sb->len > 0)
            strbuf_addc(sb, ',');
        strbuf_addstr(sb, item);
    }
    return found;
}

/* One line of group or gshadow: true when it was changed or dropped. */
static bool drop_member_line(str raw, str name, struct strbuf *out)
{
    str f[4];
    str line = without_lf(raw);
    AUTO(strbuf) struct strbuf admins = STRBUF_INIT;
    AUTO(strbuf) struct strbuf members = STRBUF_INIT;
    if (line.len == 0 || line.ptr[0] == '#' || split_fields(line, f, 4) != 4) {
        strbuf_addstr(out, raw);
        return false;
    }
    bool changed = drop_from_list(f[3], name, &members);
    int64_t gid;
    if (str_to_i64(f[2], &gid)) /* group has its number there, gshadow a list */
        strbuf_addstr(&admins, f[2]);
    else
        changed = drop_from_list(f[2], name, &admins) || changed;
    if (str_eq(f[0], name) && members.len == 0)
        return true;
    if (!changed) {
        strbuf_addstr(out, raw);
        return false;
    }
    f[2] = strbuf_str(&admins);
    f[3] = strbuf_str(&members);
    add_fields(out, f, 4);
    return true;
}

size_t account_drop_member(str text, str name, struct strbuf *out)
{
    size_t changed = 0;
    while (text.len > 0)
        changed += drop_member_line(next_raw_line(&text), name, out);
    return changed;
}

/* The fields of NAME's line, padded to the nine of shadow(5). */
static bool shadow_find(str shadow, str name, str *fields)
{
    while (shadow.len > 0) {
        str line = without_lf(next_raw_line(&shadow));
        if (!names(line, name))
            continue;
        size_t n = split_fields(line, fields, 9);
        for (; n < 9; n++)
            fields[n] = STR("");
        return true;
    }
    return false;
}

static void shadow_replace(str shadow, str name, const str *fields, struct strbuf *out)
{
    while (shadow.len > 0) {
        str line = next_raw_line(&shadow);
        if (names(line, name))
            add_fields(out, fields, 9);
        else
            strbuf_addstr(out, line);
    }
}

bool shadow_set_password(str shadow, str name, str hash, struct strbuf *out)
{
    str f[9];
    if (!shadow_find(shadow, name, f))
        return false;
    f[1] = hash;
    shadow_replace(shadow, name, f, out);
    return true;
}

bool shadow_lock(str shadow, str name, bool expire, struct strbuf *out)
{
    str f[9];
    if (!shadow_find(shadow, name, f))
        return false;
    AUTO(strbuf) struct strbuf hash = STRBUF_INIT;
    if (!str_starts(f[1], STR("!")))
        strbuf_addc(&hash, '!');
    strbuf_addstr(&hash, f[1].len == 0 ? STR("*") : f[1]);
    f[1] = strbuf_str(&hash);
    if (expire)
        f[7] = STR("1");
    shadow_replace(shadow, name, f, out);
    return true;
}

bool shadow_is_locked(str shadow, str name)
{
    str f[9];
    return shadow_find(shadow, name, f) && f[1].len > 0 &&
           (f[1].ptr[0] == '!' || f[1].ptr[0] == '*');
}

bool shadow_is_expired(str shadow, str name, int64_t today)
{
    str f[9];
    int64_t day;
    return shadow_find(shadow, name, f) && str_to_i64(f[7], &day) && day >= 0 && day < today;
}

/* A sudoers line and what continues it after a backslash. */
static str next_sudoers_rule(str *rest)
{
    str rule = next_raw_line(rest);
    while (rest->len > 0 && str_ends(without_lf(rule), STR("\\"))) {
        str more = next_raw_line(rest);
        rule.len += more.len;
    }
    return rule;
}

/* The first word of the rule is NAME: "name ALL=..." or "name\tALL". */
static bool is_rule_of(str rule, str name)
{
    str line = str_trim(rule);
    return name.len > 0 && line.len > name.len && str_starts(line, name) &&
           (line.ptr[name.len] == ' ' || line.ptr[name.len] == '\t');
}

size_t sudoers_drop_user(str text, str name, struct strbuf *out)
{
    size_t dropped = 0;
    while (text.len > 0) {
        str rule = next_sudoers_rule(&text);
        if (is_rule_of(rule, name))
            dropped++;
        else
            strbuf_addstr(out, rule);
    }
    return dropped;
}

bool sudoers_is_empty(str text)
{
    while (text.len > 0) {
        str line = str_trim(next_raw_line(&text));
        bool directive = str_starts(line, STR("#include")) || str_starts(line, STR("@include"));
        if (line.len > 0 && (line.ptr[0] != '#' || directive))
            return false;
    }
    return true;
}
