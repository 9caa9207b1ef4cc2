/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/ansible.h"

#include "base/utf8.h"

/* --- key=value text, as ansible/parsing/splitter.py reads it --- */

struct splitter {
    str rest;
    char quote;
    int depth; /* of {{ }}, {% %}, {# #} */
};

static bool opens(str s, size_t i)
{
    return i + 1 < s.len && s.ptr[i] == '{' && strchr("{%#", s.ptr[i + 1]) != NULL;
}

static bool closes(str s, size_t i)
{
    return i + 1 < s.len && s.ptr[i + 1] == '}' && strchr("}%#", s.ptr[i]) != NULL;
}

/* One byte of a parameter that began at BEGIN. */
static void scan(struct splitter *p, size_t begin, size_t i)
{
    str s = p->rest;
    char c = s.ptr[i];
    bool escaped = i > begin && s.ptr[i - 1] == '\\';
    if ((c == '"' || c == '\'') && !escaped)
        p->quote = p->quote == '\0' ? c : p->quote == c ? '\0' : p->quote;
    if (opens(s, i))
        p->depth++;
    else if (p->depth > 0 && closes(s, i))
        p->depth--;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n';
}

/* The next parameter; false at the end. */
static bool next_param(struct splitter *p, str *out)
{
    str s = p->rest;
    size_t i = 0;
    while (i < s.len && is_space(s.ptr[i]))
        i++;
    size_t begin = i;
    for (; i < s.len; i++) {
        if (is_space(s.ptr[i]) && p->quote == '\0' && p->depth == 0)
            break;
        scan(p, begin, i);
    }
    *out = str_sub(s, begin, i);
    p->rest = str_sub(s, i, s.len);
    return out->len > 0;
}

static bool hex(str s, size_t at, size_t digits, uint32_t *out)
{
    uint32_t n = 0;
    if (at + digits > s.len)
        return false;
    for (size_t i = at; i < at + digits; i++) {
        char c = s.ptr[i];
        int d = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
        if (d < 0)
            return false;
        n = n * 16 + (uint32_t)d;
    }
    *out = n;
    return true;
}

/* Python's escapes of a string literal, as far as Ansible undoes them. */
static void add_unescaped(struct strbuf *sb, str s)
{
    static const char from[] = "\\'\"abfnrtv", to[] = "\\'\"\a\b\f\n\r\t\v";
    for (size_t i = 0; i < s.len; i++) {
        char next = s.ptr[i] == '\\' && i + 1 < s.len ? s.ptr[i + 1] : '\0';
        size_t digits = next == 'x' ? 2 : next == 'u' ? 4 : next == 'U' ? 8 : 0;
        const char *simple = next == '\0' ? NULL : strchr(from, next);
        uint32_t code;
        if (digits > 0 && hex(s, i + 2, digits, &code)) {
            char bytes[4];
            strbuf_add(sb, bytes, utf8_encode(code, bytes));
            i += 1 + digits;
        } else if (simple != NULL) {
            strbuf_addc(sb, to[simple - from]);
            i++;
        } else {
            strbuf_addc(sb, s.ptr[i]);
        }
    }
}

static str unquoted(str v)
{
    bool quoted = v.len > 1 && v.ptr[0] == v.ptr[v.len - 1] &&
                  (v.ptr[0] == '"' || v.ptr[0] == '\'') && v.ptr[v.len - 2] != '\\';
    return quoted ? str_sub(v, 1, v.len - 1) : v;
}

/* The equals sign that ends the name: not the first byte, not escaped. */
static ptrdiff_t find_equals(str s)
{
    for (size_t i = 1; i < s.len; i++)
        if (s.ptr[i] == '=' && s.ptr[i - 1] != '\\')
            return (ptrdiff_t)i;
    return -1;
}

bool ansible_parse_vars(struct arena *a, str text, const char **json, struct error **err)
{
    AUTO(strbuf) struct strbuf out = STRBUF_INIT, param = STRBUF_INIT;
    struct splitter p = {.rest = text};
    str raw;
    strbuf_addc(&out, '{');
    while (next_param(&p, &raw)) {
        strbuf_truncate(&param, 0);
        add_unescaped(&param, raw);
        str s = strbuf_str(&param);
        ptrdiff_t equals = find_equals(s);
        if (equals < 0)
            continue;
        strbuf_adds(&out, out.len > 1 ? ", " : "");
        strbuf_add_json_quoted(&out, str_trim(str_sub(s, 0, (size_t)equals)));
        strbuf_adds(&out, ": ");
        strbuf_add_json_quoted(&out, unquoted(str_trim(str_sub(s, (size_t)equals + 1, s.len))));
    }
    if (p.quote != '\0' || p.depth > 0) {
        error_set(err, ERR_TEMPLATE, 0, "the quotes or braces of the extra variables do not match");
        return error_hint(err, "Write them as JSON: jsonencode({ name = var.value }).");
    }
    strbuf_addc(&out, '}');
    *json = arena_strdup(a, out.buf);
    return true;
}

/* --- arguments --- */

/* How many arguments the one at ARGS[I] takes up; the value when it is -e. */
static size_t extra_vars_at(const struct words *args, size_t i, const char **value)
{
    static const char longer[] = "--extra-vars=";
    const char *w = args->ptr[i];
    if (strcmp(w, "-e") == 0 || strcmp(w, "--extra-vars") == 0) {
        *value = i + 1 < args->len ? args->ptr[i + 1] : "";
        return i + 1 < args->len ? 2 : 1;
    }
    if (strncmp(w, longer, sizeof(longer) - 1) == 0) {
        *value = w + sizeof(longer) - 1;
        return 1;
    }
    if (strncmp(w, "-e", 2) != 0)
        return 1;
    *value = w + 2;
    return 1;
}

static bool refuse(size_t number, struct error **err)
{
    error_set(err, ERR_TEMPLATE, 0,
              "argument %zu of extra_arguments holds a sensitive value, which every user could "
              "read in the list of processes",
              number);
    return error_hint(err, "Hand it over as a variable, which goes through a private file: "
                           "extra_arguments = [\"-e\", \"name=${var.x}\"].");
}

static bool hide_one(struct arena *a, const char *dir, const char *value, struct words *out,
                     struct ansible_files *files, struct error **err)
{
    struct ansible_file f = {.name = arena_fmt(a, "vars-%zu.yml", files->len + 1), .text = value};
    if (*value != '{' && *value != '[' && !ansible_parse_vars(a, str_from(value), &f.text, err))
        return false;
    ansible_files_push(a, files, f);
    words_push(a, out, "-e");
    words_push(a, out, arena_fmt(a, "@%s/%s", dir, f.name));
    return true;
}

bool ansible_hide_secrets(struct arena *a, const char *dir, struct words *args,
                          struct ansible_files *files, struct error **err)
{
    struct words out = {0};
    for (size_t i = 0, taken; i < args->len; i += taken) {
        const char *value = NULL;
        taken = extra_vars_at(args, i, &value);
        if (value != NULL && *value != '@' && prov_has_secret(value)) {
            if (!hide_one(a, dir, value, &out, files, err))
                return error_wrap(err, "argument %zu of extra_arguments", i + 1);
            continue;
        }
        for (size_t j = i; j < i + taken; j++) {
            if (prov_has_secret(args->ptr[j]))
                return refuse(j + 1, err);
            words_push(a, &out, args->ptr[j]);
        }
    }
    *args = out;
    return true;
}

/* --- requirements --- */

/* A requirements file is a list of roles, or a mapping with the keys `roles`
 * and `collections`; Packer looks no closer either. */
void ansible_galaxy_kinds(str text, bool *roles, bool *collections)
{
    bool has_roles = false, has_collections = false;
    str rest = text;
    while (rest.ptr != NULL) {
        str line = str_next_line(&rest);
        has_roles = has_roles || str_starts(line, STR("roles:"));
        has_collections = has_collections || str_starts(line, STR("collections:"));
    }
    *collections = has_collections;
    *roles = has_roles || !has_collections;
}
