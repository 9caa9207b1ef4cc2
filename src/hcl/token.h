/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_TOKEN_H
#define IMGFAC_HCL_TOKEN_H

/* Tokens of HCL's native syntax: a kind and a piece of the source.  Plain
 * values; the text is looked up in the source.  Used inside hcl/ only. */

#include <stdint.h>

#include "base/vec.h"

enum token_kind {
    TOKEN_EOF,
    TOKEN_NEWLINE,
    TOKEN_COMMENT, /* a line comment includes its line end */
    TOKEN_IDENT,
    TOKEN_NUMBER,

    TOKEN_OPEN_BRACE,
    TOKEN_CLOSE_BRACE,
    TOKEN_OPEN_BRACKET,
    TOKEN_CLOSE_BRACKET,
    TOKEN_OPEN_PAREN,
    TOKEN_CLOSE_PAREN,

    TOKEN_OPEN_QUOTE,
    TOKEN_CLOSE_QUOTE,
    TOKEN_OPEN_HEREDOC,  /* "<<-EOT" with its line end */
    TOKEN_CLOSE_HEREDOC, /* the end marker's line without its line end */
    TOKEN_QUOTED_TEXT,   /* text between quotes: escapes to be decoded */
    TOKEN_PLAIN_TEXT,    /* text of a heredoc or a bare template */
    TOKEN_INTERP,        /* "${" or "${~" */
    TOKEN_DIRECTIVE,     /* "%{" or "%{~" */
    TOKEN_SEQ_END,       /* "}" or "~}" that ends one of the two */

    TOKEN_EQUAL,
    TOKEN_EQUAL_EQUAL,
    TOKEN_NOT_EQUAL,
    TOKEN_LESS,
    TOKEN_LESS_EQUAL,
    TOKEN_GREATER,
    TOKEN_GREATER_EQUAL,
    TOKEN_AND,
    TOKEN_OR,
    TOKEN_BANG,
    TOKEN_PLUS,
    TOKEN_MINUS,
    TOKEN_STAR,
    TOKEN_SLASH,
    TOKEN_PERCENT,
    TOKEN_QUESTION,
    TOKEN_COLON,
    TOKEN_DOUBLE_COLON,
    TOKEN_DOT,
    TOKEN_ELLIPSIS,
    TOKEN_COMMA,
    TOKEN_FAT_ARROW,

    /* Reported by lex_report(), never part of valid text. */
    TOKEN_BITWISE, /* & | ^ ~ */
    TOKEN_BACKTICK,
    TOKEN_APOSTROPHE,
    TOKEN_SEMICOLON,
    TOKEN_INVALID,
    TOKEN_BAD_UTF8,
    TOKEN_BAD_NEWLINE, /* line end inside quotes */

    TOKEN_NONE, /* no token: never produced */
};

struct token {
    enum token_kind kind;
    uint32_t start, end;
};
DEFINE_VEC(tokens, struct token);

#endif
