/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/func_internal.h"

#include <ctype.h>

#include "base/utf8.h"

/* format() and formatlist(): a printf of its own, with Go's formats for
 * numbers.  Widths of strings count grapheme clusters. */

#define FORMAT_MAX_WIDTH 10000

struct verb {
    str raw; /* "%-5.2[1]f" */
    size_t offset;
    size_t arg; /* from 0 */
    char mode;
    bool zero, sharp, plus, minus, space;
    int width, prec; /* -1: not given */
};

/* One run over a format string. */
struct formatter {
    struct func_call *call;
    str format;
    const value *args;
    size_t count;
    size_t next, highest; /* the next argument; the number of those asked for */
    struct strbuf *out;
};

static bool verb_error(struct formatter *f, const struct verb *v, const char *what)
{
    return func_error(f->call, -1, "unsupported value for \"%.*s\" at %zu: %s", STR_FMT(v->raw),
                      v->offset, what);
}

static void add_padded(struct formatter *f, const struct verb *v, str s)
{
    size_t width = v->width < 0 ? 0 : (size_t)v->width;
    size_t len = width > 0 ? utf8_grapheme_count(s) : 0;
    size_t pad = width > len ? width - len : 0;
    if (!v->minus)
        strbuf_addn(f->out, v->zero ? '0' : ' ', pad);
    strbuf_addstr(f->out, s);
    if (v->minus)
        strbuf_addn(f->out, v->zero ? '0' : ' ', pad);
}

/* Take the sign off DIGITS: what is written for it. */
static const char *take_sign(const struct verb *v, str *digits)
{
    const char *none = v->plus ? "+" : v->space ? " " : "";
    if (digits->len == 0 || (digits->ptr[0] != '-' && digits->ptr[0] != '+'))
        return none;
    bool negative = digits->ptr[0] == '-';
    *digits = str_sub(*digits, 1, digits->len);
    return negative ? "-" : v->space ? " " : "+";
}

/* [left pad][sign][prefix][zeros][digits][right pad] */
static void add_number(struct formatter *f, const struct verb *v, const char *prefix, str digits,
                       size_t zeros, bool may_zero_pad)
{
    const char *sign = take_sign(v, &digits);
    size_t len = strlen(sign) + strlen(prefix) + zeros + digits.len;
    size_t pad = v->width > 0 && (size_t)v->width > len ? (size_t)v->width - len : 0;
    bool zero_pad = v->zero && !v->minus && may_zero_pad;
    if (!v->minus && !zero_pad)
        strbuf_addn(f->out, ' ', pad);
    strbuf_adds(f->out, sign);
    strbuf_adds(f->out, prefix);
    strbuf_addn(f->out, '0', zeros + (zero_pad ? pad : 0));
    strbuf_addstr(f->out, digits);
    if (v->minus)
        strbuf_addn(f->out, ' ', pad);
}

static int base_of(char mode)
{
    switch (mode) {
    case 'b': return 2;
    case 'o': return 8;
    case 'x': return 16;
    case 'X': return -16; /* GMP: capitals */
    default: return 10;
    }
}

static bool add_integer(struct formatter *f, const struct verb *v, const struct number *n)
{
    if (!number_is_int(n))
        return verb_error(f, v, "an integer is required");
    mpz_t z;
    mpz_init(z);
    mpfr_get_z(z, n->f, MPFR_RNDZ);
    char *digits = arena_alloc(f->call->arena, mpz_sizeinbase(z, 2) + 3);
    mpz_get_str(digits, base_of(v->mode), z);
    mpz_clear(z);
    const char *prefix = "";
    if (v->sharp)
        prefix = v->mode == 'b'   ? "0b"
                 : v->mode == 'o' ? "0"
                 : v->mode == 'x' ? "0x"
                 : v->mode == 'X' ? "0X"
                                  : "";
    size_t len = strlen(digits) - (digits[0] == '-');
    if (v->prec == 0 && strcmp(digits, "0") == 0)
        return true;
    size_t zeros = v->prec > 0 && (size_t)v->prec > len ? (size_t)v->prec - len : 0;
    add_number(f, v, prefix, str_from(digits), zeros, v->prec < 0);
    return true;
}

static bool add_numeric(struct formatter *f, const struct verb *v, value arg)
{
    const char *why;
    if (!convert_to_number(f->call->arena, arg, &arg, &why))
        return verb_error(f, v, why);
    if (strchr("bdoxX", v->mode) != NULL)
        return add_integer(f, v, arg.num);
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    int prec = v->prec >= 0 || v->mode == 'g' || v->mode == 'G' ? v->prec : 6;
    number_format(arg.num, v->mode, prec, &sb);
    add_number(f, v, "", strbuf_str(&sb), 0, !number_is_inf(arg.num));
    return true;
}

static bool add_text(struct formatter *f, const struct verb *v, value arg)
{
    const char *why;
    if (!convert_to_string(f->call->arena, arg, &arg, &why))
        return verb_error(f, v, why);
    str s = value_as_str(arg);
    if (v->prec > 0) {
        size_t pos = 0;
        for (int i = 0; i < v->prec && pos < s.len; i++)
            pos += utf8_grapheme_len(str_sub(s, pos, s.len));
        s.len = pos;
    }
    if (v->mode == 's') {
        add_padded(f, v, s);
        return true;
    }
    AUTO(strbuf) struct strbuf sb = RESULT_BUF;
    value_json_string(s, &sb);
    add_padded(f, v, strbuf_str(&sb));
    return true;
}

static bool add_as_is(struct formatter *f, const struct verb *v, value arg)
{
    AUTO(strbuf) struct strbuf sb = RESULT_BUF;
    const char *why;
    bool simple = !v->sharp && value_is_present(arg);
    if (simple && arg.type->kind == TYPE_STRING)
        strbuf_addstr(&sb, arg.s);
    else if (simple && arg.type->kind == TYPE_NUMBER)
        number_format(arg.num, 'g', -1, &sb);
    else if (!value_to_json(arg, &sb, &why))
        return verb_error(f, v, why);
    add_padded(f, v, strbuf_str(&sb));
    return true;
}

static bool add_bool(struct formatter *f, const struct verb *v, value arg)
{
    const char *why;
    if (!convert_to_bool(f->call->arena, arg, &arg, &why))
        return verb_error(f, v, why);
    return strbuf_adds(f->out, arg.b ? "true" : "false") || f->out->truncated;
}

static bool add_verb(struct formatter *f, const struct verb *v)
{
    if (v->arg >= f->count)
        return func_error(f->call, -1,
                          "not enough arguments for \"%.*s\" at %zu: need index %zu but have %zu "
                          "total",
                          STR_FMT(v->raw), v->offset, v->arg + 1, f->count);
    value arg = f->args[v->arg];
    if (v->mode != 'v' && value_is_null(arg))
        return verb_error(f, v, "null value cannot be formatted");
    if (v->mode == 'v')
        return add_as_is(f, v, arg);
    if (v->mode == 't')
        return add_bool(f, v, arg);
    if (v->mode == 's' || v->mode == 'q')
        return add_text(f, v, arg);
    if (strchr("bdoxXeEfgG", v->mode) != NULL)
        return add_numeric(f, v, arg);
    return func_error(f->call, -1, "unsupported format verb '%c' in \"%.*s\" at offset %zu",
                      v->mode, STR_FMT(v->raw), v->offset);
}

/* --- reading the format --- */

/* Digits at *POS; -1 when the number is too large, 0 when there are none. */
static int read_number(str s, size_t *pos)
{
    int n = 0;
    for (; *pos < s.len && isdigit((unsigned char)s.ptr[*pos]); (*pos)++)
        if (n >= 0) {
            n = n * 10 + (s.ptr[*pos] - '0');
            n = n > FORMAT_MAX_WIDTH ? -1 : n;
        }
    return n;
}

static void read_flags(str s, size_t *pos, struct verb *v)
{
    for (; *pos < s.len; (*pos)++) {
        switch (s.ptr[*pos]) {
        case '0': v->zero = true; break;
        case '#': v->sharp = true; break;
        case '-': v->minus = true; break;
        case '+': v->plus = true; break;
        case ' ': v->space = true; break;
        default: return;
        }
    }
}

static char char_at(str s, size_t pos)
{
    return pos < s.len ? s.ptr[pos] : '\0';
}

static bool format_error(struct formatter *f, size_t pos)
{
    uint32_t cp;
    if (pos >= f->format.len)
        return func_error(f->call, 0, "invalid format string starting at offset %zu", pos);
    str rest = str_sub(f->format, pos, f->format.len);
    size_t n = utf8_decode(rest, &cp);
    return func_error(f->call, 0, "unrecognized format character '%.*s' at offset %zu",
                      (int)MAX(n, (size_t)1), rest.ptr, pos);
}

/* The verb at *POS, which is after its '%'. */
static bool read_verb(struct formatter *f, size_t *pos, struct verb *v)
{
    str s = f->format;
    size_t start = *pos - 1;
    *v = (struct verb){.offset = start, .arg = f->next, .width = -1, .prec = -1};
    read_flags(s, pos, v);
    if (isdigit((unsigned char)char_at(s, *pos)) && (v->width = read_number(s, pos)) < 0)
        return func_error(f->call, 0, "the width at offset %zu is larger than %d", start,
                          FORMAT_MAX_WIDTH);
    if (char_at(s, *pos) == '.') {
        (*pos)++;
        if ((v->prec = read_number(s, pos)) < 0)
            return func_error(f->call, 0, "the precision at offset %zu is larger than %d", start,
                              FORMAT_MAX_WIDTH);
    }
    if (char_at(s, *pos) == '[') {
        (*pos)++;
        int n = char_at(s, *pos) == '0' ? 0 : read_number(s, pos);
        if (n == 0 || char_at(s, *pos) != ']')
            return format_error(f, *pos);
        v->arg = n < 0 ? SIZE_MAX - 1 : (size_t)n - 1;
        (*pos)++;
    }
    if (!isalpha((unsigned char)char_at(s, *pos)))
        return format_error(f, *pos);
    v->mode = s.ptr[(*pos)++];
    v->raw = str_sub(s, start, *pos);
    return true;
}

static bool run_format(struct formatter *f)
{
    size_t pos = 0;
    while (pos < f->format.len) {
        char c = f->format.ptr[pos++];
        if (c != '%') {
            strbuf_addc(f->out, c);
            continue;
        }
        if (char_at(f->format, pos) == '%') {
            strbuf_addc(f->out, '%');
            pos++;
            continue;
        }
        struct verb v;
        if (!read_verb(f, &pos, &v))
            return false;
        f->highest = MAX(f->highest, v.arg + 1);
        if (!add_verb(f, &v))
            return false;
        f->next = v.arg + 1;
    }
    if (f->highest < f->count)
        return func_error(f->call, (ptrdiff_t)f->highest + 1,
                          "too many arguments; %s%zu used by format string",
                          f->highest == 0 ? "no verbs in format string, " : "only ", f->highest);
    return true;
}

static bool fn_format(struct func_call *call, value *out)
{
    AUTO(strbuf) struct strbuf sb = RESULT_BUF;
    struct formatter f = {
        .call = call,
        .format = arg_str(call, 0),
        .args = call->args + 1,
        .count = call->len - 1,
        .out = &sb,
    };
    return run_format(&f) && result_string(call, &sb, out);
}

/* The common length of the list arguments; 1 when there are none. */
static bool list_length(struct func_call *call, size_t *out)
{
    size_t chooser = 0;
    *out = 1;
    for (size_t i = 1; i < call->len; i++) {
        value v = call->args[i];
        if (value_is_null(v) || !value_is_list_like(v))
            continue;
        if (chooser != 0 && value_len(v) != *out)
            return func_error(call, (ptrdiff_t)i,
                              "argument %zu has length %zu, which is inconsistent with argument "
                              "%zu of length %zu",
                              i, value_len(v), chooser, *out);
        if (chooser == 0)
            chooser = i;
        *out = value_len(v);
    }
    return true;
}

static bool fn_formatlist(struct func_call *call, value *out)
{
    size_t len;
    if (!list_length(call, &len))
        return false;
    value *items = arena_new_array(call->arena, value, len + 1);
    value *args = arena_new_array(call->arena, value, call->len);
    for (size_t n = 0; n < len; n++) {
        AUTO(strbuf) struct strbuf sb = RESULT_BUF;
        struct formatter f = {
            .call = call,
            .format = arg_str(call, 0),
            .args = args,
            .count = call->len - 1,
            .out = &sb,
        };
        for (size_t i = 1; i < call->len; i++) {
            value v = call->args[i];
            args[i - 1] = !value_is_null(v) && value_is_list_like(v) ? value_at(v, n) : v;
        }
        if (!func_charge(call, 1 + (long)f.format.len / 16))
            return false;
        if (!run_format(&f))
            return func_error(call, -1, "error on format iteration %zu: %s", n, call->error);
        if (!result_string(call, &sb, &items[n]))
            return false;
    }
    *out = value_list(call->arena, &type_string, items, len);
    return true;
}

const struct func funcs_format[] = {
    {.name = "format",
     .params = {{"format", &type_string, 0}},
     .variadic = {"args", &type_dynamic, PARAM_NULL},
     .returns = &type_string,
     .impl = fn_format,
     .group = "string",
     .doc = "A text with values put in at %s, %d, %5.2f, %q and so on. %[2]s takes the second "
            "value, %v suits any.",
     .example = "format(\"%s-%03d\", \"disk\", 7)",
     .expected = "\"disk-007\""},
    {.name = "formatlist",
     .params = {{"format", &type_string, 0}},
     .variadic = {"args", &type_dynamic, PARAM_NULL},
     .returns = &type_list_string,
     .impl = fn_formatlist,
     .group = "string",
     .doc = "As format(), once for each element of the lists among the values.",
     .example = "formatlist(\"/dev/%s\", [\"vda\", \"vdb\"])",
     .expected = "[\"/dev/vda\",\"/dev/vdb\"]"},
    {.name = NULL},
};
