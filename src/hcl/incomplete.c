/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/lex.h"
#include "hcl/parse.h"

/* How much deeper a token leads. */
static int step_of(enum token_kind kind)
{
    static const signed char steps[TOKEN_NONE + 1] = {
        [TOKEN_OPEN_BRACE] = 1,     [TOKEN_CLOSE_BRACE] = -1,   [TOKEN_OPEN_BRACKET] = 1,
        [TOKEN_CLOSE_BRACKET] = -1, [TOKEN_OPEN_PAREN] = 1,     [TOKEN_CLOSE_PAREN] = -1,
        [TOKEN_OPEN_HEREDOC] = 1,   [TOKEN_CLOSE_HEREDOC] = -1, [TOKEN_INTERP] = 1,
        [TOKEN_DIRECTIVE] = 1,      [TOKEN_SEQ_END] = -1,
    };
    return steps[kind];
}

bool hcl_is_incomplete(str text)
{
    AUTO(tokens) struct tokens tokens = {0};
    int depth = 0;
    lex_text(text, 0, (uint32_t)text.len, LEX_CONFIG, &tokens);
    VEC_EACH (t, &tokens) {
        depth += step_of(t->kind);
        if (depth < 0)
            return false;
    }
    return depth > 0;
}
