/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/fmt.h"

#include "hcl/diag.h"
#include "hcl/parse.h"
#include "tests/lib/hcl_dump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool dump_text(struct arena *a, str text, struct strbuf *out)
{
    struct diags d;
    const struct body *body;
    diags_init(&d, a);
    if (!hcl_parse_file(a, source_file_new(a, "x", text), &d, &body))
        return false;
    dump_body(out, body);
    return true;
}

/* Formatting is stable and does not change what a text means. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena *a = arena_new("fuzz");
    AUTO(strbuf) struct strbuf once = STRBUF_INIT, twice = STRBUF_INIT;
    AUTO(strbuf) struct strbuf before = STRBUF_INIT, after = STRBUF_INIT;
    str text = {(const char *)data, size};
    hcl_format(text, &once);
    if (!dump_text(a, text, &before))
        return 0;
    if (!dump_text(a, strbuf_str(&once), &after))
        BUG("formatted text does not parse");
    if (!str_eq(strbuf_str(&before), strbuf_str(&after)))
        BUG("formatted text means something else");
    hcl_format(strbuf_str(&once), &twice);
    if (!str_eq(strbuf_str(&once), strbuf_str(&twice)))
        BUG("formatting again changes the text");
    return 0;
}
