/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include "base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_digest(const struct checksum *sum)
{
    size_t len = strlen(sum->hex);
    if (len != hash_hex_length(sum->kind) || strspn(sum->hex, "0123456789abcdef") != len)
        BUG("malformed digest accepted");
}

/* The whole input as an option; then its first line as a name looked up in a
 * checksum file made of the rest. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena *a = arena_new("fuzz");
    struct error *err = NULL;
    struct checksum sum;
    str text = {(const char *)data, size};
    if (checksum_parse(a, text, &sum, &err) != (err == NULL))
        BUG("result and error disagree");
    if (err == NULL && !sum.is_none && sum.file == NULL)
        check_digest(&sum);
    error_drop(&err);
    str name = str_split(&text, '\n');
    if (checksum_find_in_file(text, name, &sum, &err) != (err == NULL))
        BUG("result and error disagree");
    if (err == NULL)
        check_digest(&sum);
    error_drop(&err);
    return 0;
}
