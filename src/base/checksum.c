/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include "base/arena.h"
#include "base/strbuf.h"

static bool is_hex(str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool is_letter = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (!is_letter && (c < '0' || c > '9'))
            return false;
    }
    return s.len > 0;
}

static bool kind_of_length(size_t len, enum hash_kind *out)
{
    for (int i = HASH_MD5; i <= HASH_SHA512; i++) {
        if (hash_hex_length((enum hash_kind)i) == len) {
            *out = (enum hash_kind)i;
            return true;
        }
    }
    return false;
}

/* A digest of KIND, in lower case. */
static bool take_hex(enum hash_kind kind, str hex, struct checksum *out)
{
    if (hex.len != hash_hex_length(kind) || !is_hex(hex))
        return false;
    *out = (struct checksum){.kind = kind};
    for (size_t i = 0; i < hex.len; i++) {
        char c = hex.ptr[i];
        out->hex[i] = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
    }
    return true;
}

/* The text may hold anything; a message shows it with its control characters
 * escaped. */
static bool refuse(struct error **err, enum err_code code, const char *what, str shown)
{
    AUTO(strbuf) struct strbuf quoted = STRBUF_INIT;
    str cut = {shown.ptr, MIN(shown.len, (size_t)200)};
    strbuf_add_json_quoted(&quoted, cut);
    return error_set(err, code, 0, "%s: %s", what, quoted.buf);
}

static bool parse_file_form(struct arena *a, str file, struct checksum *out, struct error **err)
{
    if (file.len == 0)
        return error_set(err, ERR_TEMPLATE, 0, "no path or URL after 'file:' in the checksum");
    if (str_find_char(file, '\0') >= 0)
        return refuse(err, ERR_TEMPLATE, "the checksum's path holds a NUL byte", file);
    *out = (struct checksum){.file = str_dup(a, file)};
    return true;
}

static bool parse_typed_form(str type, str hex, struct checksum *out, struct error **err)
{
    enum hash_kind kind;
    if (!hash_parse_name(type, &kind)) {
        refuse(err, ERR_TEMPLATE, "unknown checksum type", type);
        return error_hint(err, "Use md5, sha1, sha256, sha512 or file.");
    }
    if (take_hex(kind, hex, out))
        return true;
    refuse(err, ERR_TEMPLATE, "malformed checksum", hex);
    return error_hint(err, "A %s checksum has %zu hexadecimal digits.", hash_name(kind),
                      hash_hex_length(kind));
}

bool checksum_parse(struct arena *a, str text, struct checksum *out, struct error **err)
{
    enum hash_kind kind;
    text = str_trim(text);
    if (text.len == 0) {
        error_set(err, ERR_TEMPLATE, 0, "a checksum must be specified");
        return error_hint(err, "Use \"none\" to do without.");
    }
    if (str_eq(text, STR("none"))) {
        *out = (struct checksum){.is_none = true};
        return true;
    }
    if (str_ends(text, STR(".iso")))
        return refuse(err, ERR_TEMPLATE, ".iso is not a valid checksum ending", text);
    if (str_starts(text, STR("file:")))
        return parse_file_form(a, str_sub(text, 5, text.len), out, err);
    ptrdiff_t colon = str_find_char(text, ':');
    if (colon >= 0)
        return parse_typed_form(str_sub(text, 0, (size_t)colon),
                                str_sub(text, (size_t)colon + 1, text.len), out, err);
    if (kind_of_length(text.len, &kind) && take_hex(kind, text, out))
        return true;
    refuse(err, ERR_TEMPLATE, "malformed checksum", text);
    return error_hint(err, "Use \"none\", \"sha256:<hex>\" or \"file:<path or URL>\"; without a "
                           "type it is 32, 40, 64 or 128 hexadecimal digits.");
}

/* One line of a checksum file. */
struct entry {
    struct checksum sum;
    str name;        /* NULL pointer: the digest stands alone */
    bool is_escaped; /* GNU's leading backslash: \\, \n and \r in the name */
};

/* BSD: "SHA256 (name) = hex"; openssl dgst leaves the spaces out.  The last
 * parenthesis counts, as names may hold some. */
static bool parse_bsd_line(str line, struct entry *out)
{
    enum hash_kind kind;
    ptrdiff_t open = str_find_char(line, '('), equals = str_rfind_char(line, '=');
    if (open < 0 || equals < open)
        return false;
    str name = str_trim_end(str_sub(line, (size_t)open + 1, (size_t)equals));
    if (!hash_parse_name(str_trim(str_sub(line, 0, (size_t)open)), &kind) ||
        !str_ends(name, STR(")")))
        return false;
    *out = (struct entry){.name = str_sub(name, 0, name.len - 1)};
    return take_hex(kind, str_trim(str_sub(line, (size_t)equals + 1, line.len)), &out->sum);
}

/* GNU: hex, a space, a space or asterisk, name.  Any white space parts them
 * here, as other tools write one space or a tab; the name "-" is what was read
 * from a pipe, so no name. */
static bool parse_gnu_line(str line, struct entry *out)
{
    enum hash_kind kind;
    bool is_escaped = str_starts(line, STR("\\"));
    size_t digits = 0;
    if (is_escaped)
        line = str_sub(line, 1, line.len);
    while (digits < line.len && line.ptr[digits] != ' ' && line.ptr[digits] != '\t')
        digits++;
    *out = (struct entry){.is_escaped = is_escaped};
    str hex = str_sub(line, 0, digits);
    if (!kind_of_length(hex.len, &kind) || !take_hex(kind, hex, &out->sum))
        return false;
    str name = str_trim(str_sub(line, digits, line.len));
    if (str_starts(name, STR("*")))
        name = str_sub(name, 1, name.len);
    if (name.len > 0 && !str_eq(name, STR("-")))
        out->name = name;
    return true;
}

static str base_name(str path)
{
    ptrdiff_t slash = str_rfind_char(path, '/');
    return str_sub(path, (size_t)(slash + 1), path.len);
}

static bool escaped_eq(str escaped, str plain)
{
    size_t at = 0;
    for (size_t i = 0; i < escaped.len; i++, at++) {
        char c = escaped.ptr[i];
        if (c == '\\' && i + 1 < escaped.len) {
            c = escaped.ptr[++i];
            c = c == 'n' ? '\n' : c == 'r' ? '\r' : c;
        }
        if (at >= plain.len || plain.ptr[at] != c)
            return false;
    }
    return at == plain.len;
}

static bool entry_names(const struct entry *e, str wanted)
{
    str name = base_name(e->name);
    if (wanted.len == 0)
        return false;
    return e->is_escaped ? escaped_eq(name, wanted) : str_eq(name, wanted);
}

/* What the lines read so far say. */
struct search {
    struct checksum found;
    bool has_found;
    bool has_conflict; /* two digests of one kind for the name */
    struct checksum lone;
    size_t entries;
    size_t lone_entries;
};

/* The strongest kind counts when a file lists several for one name. */
static void note_match(struct search *s, const struct checksum *sum)
{
    if (!s->has_found || sum->kind > s->found.kind) {
        s->found = *sum;
        s->has_found = true;
        s->has_conflict = false;
    } else if (sum->kind == s->found.kind && strcmp(sum->hex, s->found.hex) != 0) {
        s->has_conflict = true;
    }
}

static void note_line(struct search *s, str line, str wanted)
{
    struct entry e;
    if (!parse_bsd_line(line, &e) && !parse_gnu_line(line, &e))
        return; /* a comment, a signature, a digest of an unknown kind */
    s->entries++;
    if (e.name.ptr == NULL) {
        s->lone = e.sum;
        s->lone_entries++;
    } else if (entry_names(&e, wanted)) {
        note_match(s, &e.sum);
    }
}

bool checksum_find_in_file(str text, str name, struct checksum *out, struct error **err)
{
    struct search s = {0};
    str wanted = base_name(name);
    if (str_starts(text, STR("\xef\xbb\xbf"))) /* a byte order mark */
        text = str_sub(text, 3, text.len);
    for (str rest = text; rest.ptr != NULL;)
        note_line(&s, str_trim(str_next_line(&rest)), wanted);
    if (s.has_conflict)
        return refuse(err, ERR_CHECKSUM, "the checksum file lists different digests for", wanted);
    if (s.has_found) {
        *out = s.found;
        return true;
    }
    if (s.entries == 1 && s.lone_entries == 1) {
        *out = s.lone;
        return true;
    }
    refuse(err, ERR_CHECKSUM, "the checksum file has no entry for", wanted);
    return error_hint(err, "Entries are lines like \"<digest>  <name>\" or "
                           "\"SHA256 (<name>) = <digest>\".");
}
