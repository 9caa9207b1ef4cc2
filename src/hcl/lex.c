/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/lex.h"

#include <unictype.h>

#include "base/utf8.h"
#include "hcl/diag.h"
#include "hcl/source.h"

/* Where the lexer is.  An interpolation inside a string inside an
 * interpolation... gives a stack of these. */
enum frame_kind {
    FRAME_MAIN,    /* tokens; the bottom one, or inside ${ } and %{ } */
    FRAME_QUOTED,  /* between quotes */
    FRAME_HEREDOC, /* up to the end marker */
    FRAME_BARE,    /* a template to the end of the text */
};

struct frame {
    enum frame_kind kind;
    int return_braces;  /* MAIN inside a sequence: brace depth at which "}" ends it */
    bool at_line_start; /* HEREDOC: an end marker may follow */
    str marker;         /* HEREDOC */
};
DEFINE_VEC(frames, struct frame);

struct lexer {
    const char *text;
    uint32_t pos, end;
    int braces;
    struct frames frames;
    struct tokens *out;
};

static struct frame *top(struct lexer *lx)
{
    return &lx->frames.ptr[lx->frames.len - 1];
}

static void emit(struct lexer *lx, enum token_kind kind, uint32_t len)
{
    tokens_push(lx->out, (struct token){kind, lx->pos, lx->pos + len});
    lx->pos += len;
}

static int peek_at(const struct lexer *lx, uint32_t offset)
{
    return offset < lx->end - lx->pos ? (unsigned char)lx->text[lx->pos + offset] : -1;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

/* Bytes of the character at OFFSET from the position: 0 when it is not UTF-8
 * or the text ends.  As in the reference only the lengths are checked. */
static uint32_t char_len(const struct lexer *lx, uint32_t offset)
{
    int lead = peek_at(lx, offset);
    if (lead < 0)
        return 0;
    uint32_t len = lead < 0x80 ? 1 : lead < 0xC0 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (lead >= 0xF8)
        return 0;
    for (uint32_t i = 1; i < len; i++) {
        int c = peek_at(lx, offset + i);
        if (c < 0x80 || c > 0xBF)
            return 0;
    }
    return len;
}

/* 1 or 2 for LF or CR LF, else 0. */
static uint32_t newline_len(const struct lexer *lx, uint32_t offset)
{
    if (peek_at(lx, offset) == '\n')
        return 1;
    return peek_at(lx, offset) == '\r' && peek_at(lx, offset + 1) == '\n' ? 2 : 0;
}

static bool is_ident_ascii(int c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (!first && (is_digit(c) || c == '-'));
}

/* Bytes of the identifier at OFFSET, 0 when there is none. */
static uint32_t ident_len(const struct lexer *lx, uint32_t offset)
{
    uint32_t len = 0;
    for (;;) {
        int c = peek_at(lx, offset + len);
        if (is_ident_ascii(c, len == 0)) {
            len++;
            continue;
        }
        uint32_t cp;
        size_t rest = c < 0x80 ? 0 : lx->end - lx->pos - offset - len;
        size_t used = utf8_decode((str){lx->text + lx->pos + offset + len, rest}, &cp);
        if (used == 0 || !(len == 0 ? uc_is_property_id_start(cp) : uc_is_property_id_continue(cp)))
            return len;
        len += (uint32_t)used;
    }
}

/* A digit, then digits, dots and exponents, not ending in a dot.  That takes
 * in "1.2.3": the parser says what is wrong with it. */
static uint32_t number_len(const struct lexer *lx)
{
    uint32_t len = 1, good = 1;
    for (;;) {
        int c = peek_at(lx, len);
        if (is_digit(c)) {
            good = ++len;
        } else if (c == '.') {
            len++;
        } else if (c == 'e' || c == 'E') {
            int sign = peek_at(lx, len + 1);
            uint32_t skip = sign == '+' || sign == '-' ? 2 : 1;
            if (!is_digit(peek_at(lx, len + skip)))
                return good;
            len += skip + 1;
            good = len;
        } else {
            return good;
        }
    }
}

/* To the end of the line, which belongs to the comment. */
static uint32_t line_comment_len(const struct lexer *lx)
{
    const char *start = lx->text + lx->pos;
    const char *lf = memchr(start, '\n', lx->end - lx->pos);
    return lf == NULL ? lx->end - lx->pos : (uint32_t)(lf - start) + 1;
}

/* 0 when the comment is not closed: then the slash is just a slash. */
static uint32_t block_comment_len(const struct lexer *lx)
{
    str rest = {lx->text + lx->pos, lx->end - lx->pos};
    ptrdiff_t close = str_find(str_sub(rest, 2, rest.len), STR("*/"));
    return close < 0 ? 0 : (uint32_t)close + 4;
}

static void push_frame(struct lexer *lx, struct frame frame)
{
    frames_push(&lx->frames, frame);
}

static void pop_frame(struct lexer *lx)
{
    if (lx->frames.len > 1)
        lx->frames.len--;
}

/* "${", "%{" and the forms with a strip marker; 0 when there is none. */
static uint32_t sequence_len(const struct lexer *lx)
{
    int c = peek_at(lx, 0);
    if ((c != '$' && c != '%') || peek_at(lx, 1) != '{')
        return 0;
    return peek_at(lx, 2) == '~' ? 3 : 2;
}

static bool lex_sequence(struct lexer *lx)
{
    uint32_t len = sequence_len(lx);
    if (len == 0)
        return false;
    top(lx)->at_line_start = false;
    emit(lx, peek_at(lx, 0) == '$' ? TOKEN_INTERP : TOKEN_DIRECTIVE, len);
    lx->braces++;
    push_frame(lx, (struct frame){.kind = FRAME_MAIN, .return_braces = lx->braces});
    return true;
}

/* Literal text that begins with $ or %: the sign alone, or a doubled one that
 * escapes a sequence.  0 at the end of the text. */
static uint32_t sign_text_len(const struct lexer *lx)
{
    if (peek_at(lx, 1) < 0)
        return 0;
    if (peek_at(lx, 1) != peek_at(lx, 0) || peek_at(lx, 2) != '{')
        return 1;
    return peek_at(lx, 3) == '~' ? 4 : 3;
}

static bool is_sign(int c)
{
    return c == '$' || c == '%';
}

/* Text between quotes up to something special; a backslash takes the next
 * character with it. */
static uint32_t quoted_run_len(const struct lexer *lx)
{
    uint32_t len = 0;
    for (;;) {
        int c = peek_at(lx, len);
        if (is_sign(c) || c == '"' || c == '\n' || c == '\r')
            return len;
        uint32_t escape = c == '\\' ? 1 : 0;
        int next = peek_at(lx, len + escape);
        uint32_t n = char_len(lx, len + escape);
        if (n == 0 || (escape == 1 && (next == '\n' || next == '\r')))
            return len;
        len += escape + n;
    }
}

static void lex_quoted(struct lexer *lx)
{
    if (lex_sequence(lx))
        return;
    int c = peek_at(lx, 0);
    if (c == '"') {
        emit(lx, TOKEN_CLOSE_QUOTE, 1);
        pop_frame(lx);
        return;
    }
    if (c == '\n' || c == '\r') {
        uint32_t len = 1;
        while (peek_at(lx, len) == '\n' || peek_at(lx, len) == '\r')
            len++;
        emit(lx, TOKEN_BAD_NEWLINE, len);
        return;
    }
    uint32_t len = is_sign(c) ? sign_text_len(lx) : quoted_run_len(lx);
    if (len > 0) {
        emit(lx, TOKEN_QUOTED_TEXT, len);
        return;
    }
    len = char_len(lx, 0);
    emit(lx, len == 0 ? TOKEN_BAD_UTF8 : TOKEN_INVALID, len == 0 ? 1 : len);
}

/* Text of a heredoc or bare template up to a sign or the end of the line. */
static uint32_t plain_run_len(const struct lexer *lx)
{
    uint32_t len = 0;
    for (;;) {
        int c = peek_at(lx, len);
        if (is_sign(c) || c == '\n' || c == '\r')
            return len;
        uint32_t n = char_len(lx, len);
        if (n == 0)
            return len;
        len += n;
    }
}

/* White space around the end marker is any of Unicode's. */
static str trim_unicode(str s)
{
    uint32_t cp;
    for (size_t n; (n = utf8_decode(s, &cp)) > 0 && uc_is_property_white_space(cp);)
        s = str_sub(s, n, s.len);
    while (s.len > 0) {
        size_t start = s.len - 1;
        while (start > 0 && ((unsigned char)s.ptr[start] & 0xC0) == 0x80)
            start--;
        str last = str_sub(s, start, s.len);
        if (utf8_decode(last, &cp) != last.len || !uc_is_property_white_space(cp))
            break;
        s.len = start;
    }
    return s;
}

/* A piece of a heredoc that ends its line (LINE_END bytes of LEN). */
static void lex_heredoc_line(struct lexer *lx, uint32_t len, uint32_t line_end)
{
    struct frame *frame = top(lx);
    str line = {lx->text + lx->pos, len - line_end};
    if (frame->at_line_start && str_eq(trim_unicode(line), frame->marker)) {
        emit(lx, TOKEN_CLOSE_HEREDOC, len - line_end);
        emit(lx, TOKEN_NEWLINE, line_end);
        pop_frame(lx);
        return;
    }
    frame->at_line_start = true;
    emit(lx, TOKEN_PLAIN_TEXT, len);
}

static void lex_heredoc(struct lexer *lx)
{
    if (lex_sequence(lx))
        return;
    uint32_t len = is_sign(peek_at(lx, 0)) ? sign_text_len(lx) : plain_run_len(lx);
    uint32_t line_end = newline_len(lx, len);
    if (line_end > 0) {
        lex_heredoc_line(lx, len + line_end, line_end);
    } else if (len > 0) {
        top(lx)->at_line_start = false;
        emit(lx, TOKEN_PLAIN_TEXT, len);
    } else if (char_len(lx, 0) > 0) {
        emit(lx, TOKEN_INVALID, lx->end - lx->pos); /* a lone CR, a sign at the very end */
    } else {
        emit(lx, TOKEN_BAD_UTF8, 1);
    }
}

static void lex_bare(struct lexer *lx)
{
    if (lex_sequence(lx))
        return;
    int c = peek_at(lx, 0);
    uint32_t len = is_sign(c) ? sign_text_len(lx) : plain_run_len(lx);
    len += newline_len(lx, len);
    if (len == 0 && (is_sign(c) || c == '\r'))
        len = lx->end - lx->pos; /* a sign at the very end; a lone CR and all after it: just text */
    if (len > 0)
        emit(lx, TOKEN_PLAIN_TEXT, len);
    else
        emit(lx, TOKEN_BAD_UTF8, 1);
}

/* "<<-EOT" and its line end; 0 when this is something else. */
static uint32_t heredoc_open(const struct lexer *lx, str *marker)
{
    if (peek_at(lx, 1) != '<')
        return 0;
    uint32_t start = peek_at(lx, 2) == '-' ? 3 : 2;
    uint32_t name = ident_len(lx, start);
    uint32_t line_end = name == 0 ? 0 : newline_len(lx, start + name);
    *marker = (str){lx->text + lx->pos + start, name};
    return line_end == 0 ? 0 : start + name + line_end;
}

static void lex_close_brace(struct lexer *lx, uint32_t len)
{
    bool ends_sequence = lx->frames.len > 1 && top(lx)->return_braces == lx->braces;
    emit(lx, ends_sequence || len == 2 ? TOKEN_SEQ_END : TOKEN_CLOSE_BRACE, len);
    lx->braces--;
    if (ends_sequence)
        pop_frame(lx);
}

struct symbol {
    char text[4];
    enum token_kind kind;
};

/* Longer ones first. */
static const struct symbol symbols[] = {
    {"...", TOKEN_ELLIPSIS},   {"==", TOKEN_EQUAL_EQUAL},
    {"!=", TOKEN_NOT_EQUAL},   {">=", TOKEN_GREATER_EQUAL},
    {"<=", TOKEN_LESS_EQUAL},  {"&&", TOKEN_AND},
    {"||", TOKEN_OR},          {"::", TOKEN_DOUBLE_COLON},
    {"=>", TOKEN_FAT_ARROW},   {"=", TOKEN_EQUAL},
    {".", TOKEN_DOT},          {",", TOKEN_COMMA},
    {"[", TOKEN_OPEN_BRACKET}, {"]", TOKEN_CLOSE_BRACKET},
    {"(", TOKEN_OPEN_PAREN},   {")", TOKEN_CLOSE_PAREN},
    {":", TOKEN_COLON},        {"?", TOKEN_QUESTION},
    {"!", TOKEN_BANG},         {"<", TOKEN_LESS},
    {">", TOKEN_GREATER},      {"+", TOKEN_PLUS},
    {"-", TOKEN_MINUS},        {"*", TOKEN_STAR},
    {"/", TOKEN_SLASH},        {"%", TOKEN_PERCENT},
    {"&", TOKEN_BITWISE},      {"|", TOKEN_BITWISE},
    {"^", TOKEN_BITWISE},      {"~", TOKEN_BITWISE},
    {"`", TOKEN_BACKTICK},     {"'", TOKEN_APOSTROPHE},
    {";", TOKEN_SEMICOLON},
};

static bool lex_symbol(struct lexer *lx)
{
    for (size_t i = 0; i < ARRAY_SIZE(symbols); i++) {
        uint32_t len = 0;
        while (symbols[i].text[len] != '\0' && peek_at(lx, len) == symbols[i].text[len])
            len++;
        if (symbols[i].text[len] == '\0') {
            emit(lx, symbols[i].kind, len);
            return true;
        }
    }
    return false;
}

static bool lex_comment(struct lexer *lx)
{
    uint32_t len = 0;
    if (peek_at(lx, 0) == '#' || peek_at(lx, 1) == '/')
        len = line_comment_len(lx);
    else if (peek_at(lx, 1) == '*')
        len = block_comment_len(lx);
    if (len > 0)
        emit(lx, TOKEN_COMMENT, len);
    return len > 0;
}

/* Brackets of blocks and strings, which change where the lexer is. */
static bool lex_bracket(struct lexer *lx)
{
    str marker;
    uint32_t len;
    switch (peek_at(lx, 0)) {
    case '{':
        emit(lx, TOKEN_OPEN_BRACE, 1);
        lx->braces++;
        return true;
    case '}': lex_close_brace(lx, 1); return true;
    case '~':
        if (peek_at(lx, 1) != '}')
            return false;
        lex_close_brace(lx, 2);
        return true;
    case '"':
        emit(lx, TOKEN_OPEN_QUOTE, 1);
        push_frame(lx, (struct frame){.kind = FRAME_QUOTED});
        return true;
    case '<':
        len = heredoc_open(lx, &marker);
        if (len == 0)
            return false;
        emit(lx, TOKEN_OPEN_HEREDOC, len);
        push_frame(lx, (struct frame){FRAME_HEREDOC, 0, true, marker});
        return true;
    default: return false;
    }
}

static void lex_main(struct lexer *lx)
{
    int c = peek_at(lx, 0);
    if (c == ' ' || c == '\t') {
        lx->pos++;
        return;
    }
    uint32_t len = newline_len(lx, 0);
    if (len > 0) {
        emit(lx, TOKEN_NEWLINE, len);
    } else if ((len = ident_len(lx, 0)) > 0) {
        emit(lx, TOKEN_IDENT, len);
    } else if (is_digit(c)) {
        emit(lx, TOKEN_NUMBER, number_len(lx));
    } else if (!((c == '#' || c == '/') && lex_comment(lx)) && !lex_bracket(lx) &&
               !lex_symbol(lx)) {
        len = char_len(lx, 0);
        emit(lx, len == 0 ? TOKEN_BAD_UTF8 : TOKEN_INVALID, len == 0 ? 1 : len);
    }
}

void lex_text(str text, uint32_t start, uint32_t end, enum lex_mode mode, struct tokens *out)
{
    struct lexer lx = {.text = text.ptr, .pos = start, .end = end, .out = out};
    if (start == 0 && str_starts(str_sub(text, 0, end), STR("\xef\xbb\xbf")))
        lx.pos = 3;
    push_frame(&lx, (struct frame){mode == LEX_TEMPLATE ? FRAME_BARE : FRAME_MAIN, 0, false, {0}});
    while (lx.pos < lx.end) {
        switch (top(&lx)->kind) {
        case FRAME_MAIN: lex_main(&lx); break;
        case FRAME_QUOTED: lex_quoted(&lx); break;
        case FRAME_HEREDOC: lex_heredoc(&lx); break;
        case FRAME_BARE: lex_bare(&lx); break;
        }
    }
    emit(&lx, TOKEN_EOF, 0);
    frames_clear(&lx.frames);
}

/* --- complaints about tokens that are never valid --- */

struct told {
    unsigned bitwise, backtick, apostrophe, semicolon, bad_utf8;
};

static void report_bitwise(struct diags *d, struct range r)
{
    const char *instead = "Use the functions of numbers or a condition instead.";
    switch (r.file->text.ptr[r.start]) {
    case '&': instead = "For \"and\" of conditions write \"&&\"."; break;
    case '|': instead = "For \"or\" of conditions write \"||\"."; break;
    case '~': instead = "For \"not\" of a condition write \"!\"."; break;
    default: break;
    }
    diags_error(d, r, "Unsupported operator", "There are no operators on bits. %s", instead);
}

static void report_invalid(struct diags *d, struct range r)
{
    str text = source_text(r);
    uint32_t cp = 0;
    utf8_decode(text, &cp);
    if (cp == 0x201C || cp == 0x201D || cp == 0x201E || cp == 0xAB || cp == 0xBB)
        diags_error(d, r, "Invalid character",
                    "Typographic quotes are not valid here; they often come with text copied from "
                    "a document or a web page. Replace them by straight quotes (\").");
    else if (cp == 0xFEFF)
        diags_error(d, r, "Invalid character",
                    "A byte order mark (U+FEFF) is allowed only as the very first character of a "
                    "file. Remove it here; it often comes from joining files.");
    else if (cp == '\r')
        diags_error(d, r, "Invalid character",
                    "A carriage return alone does not end a line. Save the file with LF or CR LF "
                    "line ends.");
    else if (cp < 0x20 || cp == 0x7F)
        diags_error(d, r, "Invalid character",
                    "The control character U+%04X is not allowed here. Remove it; if there are "
                    "many, check that the file is text in UTF-8.",
                    cp);
    else
        diags_error(d, r, "Invalid character",
                    "The character \"%.*s\" has no meaning here. If it belongs to a text, put the "
                    "text in quotes.",
                    STR_FMT(text));
}

static void report_quote(struct diags *d, struct range r, enum token_kind kind)
{
    if (kind == TOKEN_BACKTICK)
        diags_error(d, r, "Invalid character",
                    "Backticks do not enclose strings. Use double quotes, or for several lines a "
                    "heredoc that begins with <<EOT.");
    else
        diags_error(d, r, "Invalid character",
                    "Single quotes do not enclose strings. Use double quotes (\").");
}

static void report_bad_utf8(struct diags *d, struct range r)
{
    str text = r.file->text;
    bool utf16 = str_starts(text, STR("\xff\xfe")) || str_starts(text, STR("\xfe\xff"));
    diags_error(d, r, "Invalid character encoding",
                "The byte 0x%02X here is not valid UTF-8%s. Save the file in UTF-8 encoding.",
                (unsigned char)text.ptr[r.start], utf16 ? ": the file is in UTF-16" : "");
}

static void report_token(struct diags *d, struct range r, enum token_kind kind, struct told *told)
{
    if (kind == TOKEN_BITWISE && told->bitwise++ < 4) {
        report_bitwise(d, r);
    } else if (kind == TOKEN_BACKTICK || kind == TOKEN_APOSTROPHE) {
        /* Every other one, as they come in pairs; silent after the first two. */
        unsigned *seen = kind == TOKEN_BACKTICK ? &told->backtick : &told->apostrophe;
        if (*seen % 2 == 0)
            report_quote(d, r, kind);
        if (*seen <= 2)
            (*seen)++;
    } else if (kind == TOKEN_SEMICOLON && told->semicolon++ < 1) {
        diags_error(d, r, "Invalid character",
                    "A semicolon separates nothing here. Begin a new line after each argument and "
                    "block, and use commas between the elements of a list.");
    } else if (kind == TOKEN_BAD_UTF8 && told->bad_utf8++ < 1) {
        report_bad_utf8(d, r);
    } else if (kind == TOKEN_BAD_NEWLINE) {
        diags_error(d, r, "Invalid multi-line string",
                    "The quotes must be closed on the line where they are opened. For a line break "
                    "inside the string write \\n, or use a heredoc that begins with <<EOT.");
    } else if (kind == TOKEN_INVALID) {
        report_invalid(d, r);
    }
}

void lex_report(const struct source_file *f, const struct tokens *tokens, struct diags *d)
{
    struct told told = {0};
    VEC_EACH (t, tokens) {
        if (t->kind >= TOKEN_BITWISE)
            report_token(d, (struct range){f, t->start, t->end}, t->kind, &told);
    }
}

bool hcl_is_identifier(str s)
{
    AUTO(tokens) struct tokens tokens = {0};
    if (s.len == 0 || s.len > UINT16_MAX)
        return false;
    lex_text(s, 0, (uint32_t)s.len, LEX_CONFIG, &tokens);
    return tokens.len == 2 && tokens.ptr[0].kind == TOKEN_IDENT && tokens.ptr[0].start == 0 &&
           tokens.ptr[0].end == s.len;
}
