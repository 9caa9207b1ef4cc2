/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/json_read.h"

#include <jansson.h>

#include "hcl/diag.h"
#include "hcl/parse.h"
#include "hcl/refs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What another reader accepts we accept, but for our bounds.  (It takes a NUL
 * byte for the end of the text.) */
static void compare(const char *data, size_t size, const struct json_node *n,
                    const struct json_error *err)
{
    json_error_t error;
    if (memchr(data, '\0', size) != NULL)
        return;
    size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL;
    json_t *root = json_loadb(data, size, flags, &error);
    bool too_large = n == NULL && (strstr(err->message, "number") != NULL ||
                                   strstr(err->message, "deep") != NULL);
    if (root != NULL && n == NULL && !too_large)
        BUG("valid JSON is refused");
    json_decref(root);
}

static void read_blocks(struct arena *a, const struct body *b, struct diags *d, int depth)
{
    size_t count;
    for (size_t i = 0; i < b->attr_count && depth < 3; i++) {
        const struct block *blocks =
            body_find_blocks(a, b, b->attrs[i].name, (size_t)depth, d, &count);
        for (size_t j = 0; j < count && j < 3; j++)
            read_blocks(a, blocks[j].body, d, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena *a = arena_new("fuzz");
    struct diags d;
    struct json_error err;
    struct refs refs = {0};
    const struct body *body;
    diags_init(&d, a);
    const char *text = (const char *)data;
    compare(text, size, json_read(a, (str){text, size}, &err), &err);
    struct source_file *f = source_file_new(a, "x.json", (str){text, size});
    if (hcl_parse_json_file(a, f, &d, &body) && size < 4096) {
        read_blocks(a, body, &d, 0);
        body_refs(a, body, &refs);
    }
    return 0;
}
