/* SPDX-License-Identifier: Apache-2.0 */
#include "gotemplate/gotemplate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any text is rendered or refused with one error. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct gotmpl_field fields[] = {{"Path", {"/tmp/x", 6}}, {"Vars", {"A='1'", 5}}};
    static const struct gotmpl_data known = {
        .fields = fields, .field_count = 2, .build_name = "n", .build_type = "t"};
    AUTO(arena) struct arena *a = arena_new("fuzz");
    struct error *err = NULL;
    str out;
    if (size > 4096)
        return 0;
    bool ok = gotmpl_render(a, (str){(const char *)data, size}, &known, &out, &err);
    assert(ok == (err == NULL));
    error_drop(&err);
    return 0;
}
