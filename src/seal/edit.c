/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/edit.h"

#include <ctype.h>

static str next_raw_line(str *rest)
{
    ptrdiff_t lf = str_find_char(*rest, '\n');
    size_t end = lf < 0 ? rest->len : (size_t)lf + 1;
    str line = str_sub(*rest, 0, end);
    *rest = str_sub(*rest, end, rest->len);
    return line;
}

/* Next word of an authorized_keys line: white space inside double quotes
 * belongs to the word (options such as command="a b"). */
static str next_word(str *rest)
{
    size_t start = 0;
    while (start < rest->len && isspace((unsigned char)rest->ptr[start]))
        start++;
    size_t end = start;
    for (bool quoted = false; end < rest->len; end++) {
        char c = rest->ptr[end];
        if (c == '"')
            quoted = !quoted;
        else if (c == '\\' && quoted && end + 1 < rest->len)
            end++;
        else if (!quoted && isspace((unsigned char)c))
            break;
    }
    str word = str_sub(*rest, start, end);
    *rest = str_sub(*rest, end, rest->len);
    return word;
}

static bool is_key_type(str word)
{
    return str_starts(word, STR("ssh-")) || str_starts(word, STR("ecdsa-")) ||
           str_starts(word, STR("sk-"));
}

/* Every key blob begins with the length of its type's name: 00 00 00 nn. */
static bool is_blob(str word)
{
    if (word.len < 16 || !str_starts(word, STR("AAAA")))
        return false;
    for (size_t i = 0; i < word.len; i++) {
        char c = word.ptr[i];
        if (!isalnum((unsigned char)c) && c != '+' && c != '/' && c != '=')
            return false;
    }
    return true;
}

str ssh_key_blob(str line)
{
    str rest = str_trim(line);
    if (rest.len == 0 || rest.ptr[0] == '#')
        return (str){0};
    bool after_type = false;
    for (str word = next_word(&rest); word.len > 0; word = next_word(&rest)) {
        if (after_type)
            return is_blob(word) ? word : (str){0};
        after_type = is_key_type(word);
    }
    return (str){0};
}

size_t ssh_keys_drop(str text, str blob, struct strbuf *out)
{
    size_t dropped = 0;
    while (text.len > 0) {
        str line = next_raw_line(&text);
        /* a commented or broken line that holds the key goes too */
        if (blob.len > 0 && str_find(line, blob) >= 0)
            dropped++;
        else
            strbuf_addstr(out, line);
    }
    return dropped;
}

bool ssh_keys_is_empty(str text)
{
    while (text.len > 0)
        if (ssh_key_blob(next_raw_line(&text)).ptr != NULL)
            return false;
    return true;
}

static bool is_or_below(str name, str hostname)
{
    return str_eq_nocase(name, hostname) ||
           (name.len > hostname.len && name.ptr[hostname.len] == '.' &&
            str_eq_nocase(str_sub(name, 0, hostname.len), hostname));
}

static bool hosts_line_names(str line, str hostname)
{
    str rest = line;
    if (!str_eqz(next_word(&rest), "127.0.1.1"))
        return false;
    for (str word = next_word(&rest); word.len > 0; word = next_word(&rest)) {
        if (word.ptr[0] == '#')
            return false;
        if (is_or_below(word, hostname))
            return true;
    }
    return false;
}

size_t hosts_drop_name(str text, str hostname, struct strbuf *out)
{
    size_t dropped = 0;
    while (text.len > 0) {
        str line = next_raw_line(&text);
        if (hostname.len > 0 && hosts_line_names(line, hostname))
            dropped++;
        else
            strbuf_addstr(out, line);
    }
    return dropped;
}

static str ini_key(str line)
{
    ptrdiff_t eq = str_find_char(line, '=');
    return eq < 0 ? (str){0} : str_trim(str_sub(line, 0, (size_t)eq));
}

size_t ini_drop_keys(str text, const char *const *keys, struct strbuf *out)
{
    size_t dropped = 0;
    while (text.len > 0) {
        str line = next_raw_line(&text);
        str key = ini_key(line);
        bool drop = false;
        for (const char *const *k = keys; *k != NULL && !drop; k++)
            drop = key.ptr != NULL && str_eq_nocase(key, str_from(*k));
        if (drop)
            dropped++;
        else
            strbuf_addstr(out, line);
    }
    return dropped;
}

str ini_get(str text, str key)
{
    str value = {0};
    while (text.len > 0) {
        str line = next_raw_line(&text);
        str found = ini_key(line);
        if (found.ptr == NULL || !str_eq(found, key))
            continue;
        str v = str_trim(str_sub(line, (size_t)str_find_char(line, '=') + 1, line.len));
        if (v.len >= 2 && (v.ptr[0] == '"' || v.ptr[0] == '\'') && v.ptr[v.len - 1] == v.ptr[0])
            v = str_sub(v, 1, v.len - 1);
        value = v;
    }
    return value;
}

bool ini_has(str text, str key, str value)
{
    str found = ini_get(text, key);
    return found.ptr != NULL && str_eq(found, value);
}

static bool label_is_valid(str label)
{
    if (label.len == 0 || label.len > 63 || label.ptr[0] == '-' || label.ptr[label.len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++)
        if (!isalnum((unsigned char)label.ptr[i]) && label.ptr[i] != '-')
            return false;
    return true;
}

bool hostname_is_valid(str name)
{
    if (name.len == 0 || name.len > 253)
        return false;
    str rest = name;
    while (rest.ptr != NULL)
        if (!label_is_valid(str_split(&rest, '.')))
            return false;
    return true;
}
