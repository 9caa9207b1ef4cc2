/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/diag.h"
#include "hcl/fmt.h"
#include "hcl/parse.h"
#include "upgrade/upgrade.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever is accepted becomes HCL that parses and that its own layout leaves
 * alone; every diagnostic is about the JSON, not about the text made of it. */
static void convert(struct arena *a, const struct source_file *f, bool direct)
{
    struct diags d;
    AUTO(strbuf) struct strbuf once = STRBUF_INIT;
    AUTO(strbuf) struct strbuf twice = STRBUF_INIT;
    diags_init(&d, a);
    struct upgrade_legacy *legacy = upgrade_read(a, f, &d);
    if (legacy == NULL || !diags_ok(&d))
        return;
    const struct upgrade_options how = {.annotations = !direct, .direct = direct};
    struct source_file *hcl = upgrade_write(legacy, &how, &d);
    bool ok = diags_ok(&d) && hcl_format_file(hcl, &d, &once);
    VEC_EACH (p, &d.list)
        assert((*p)->subject.file != hcl || (*p)->subject.file == NULL);
    if (!ok) /* what HCL bounds: nesting, numbers, size */
        return;
    struct source_file *formatted = source_file_new(a, "x.pkr.hcl", strbuf_str(&once));
    assert(hcl_format_file(formatted, &d, &twice));
    assert(str_eq(strbuf_str(&once), strbuf_str(&twice)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena *a = arena_new("fuzz");
    if (size > 16384)
        return 0;
    const struct source_file *f = source_file_new(a, "x.json", (str){(const char *)data, size});
    convert(a, f, false);
    convert(a, f, true);
    return 0;
}
