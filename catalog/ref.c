/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/ref.h"

#include <ctype.h>

#define NAME_MAX_LEN    128
#define FINGERPRINT_MIN 6
#define FINGERPRINT_MAX 26

#define FORM_HINT "Write BUCKET, BUCKET@CHANNEL, BUCKET:v3 or BUCKET:FINGERPRINT."

bool ref_name_ok(str name)
{
    if (name.len == 0 || name.len > NAME_MAX_LEN || !isalnum((unsigned char)name.ptr[0]))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!isalnum((unsigned char)name.ptr[i]) && strchr("._-", name.ptr[i]) == NULL)
            return false;
    return true;
}

static bool parse_version(struct arena *a, str text, struct ref *out)
{
    if (text.len > 1 && text.ptr[0] == 'v' && isdigit((unsigned char)text.ptr[1]))
        return str_to_i64(str_sub(text, 1, text.len), &out->sequence) && out->sequence > 0;
    if (text.len < FINGERPRINT_MIN || text.len > FINGERPRINT_MAX)
        return false;
    char *upper = str_dup(a, text);
    for (char *p = upper; *p != '\0'; p++) {
        if (!isalnum((unsigned char)*p))
            return false;
        *p = (char)toupper((unsigned char)*p);
    }
    out->fingerprint = upper;
    return true;
}

bool ref_parse(struct arena *a, str text, struct ref *out, struct error **err)
{
    struct ref ref = {0};
    ptrdiff_t at = str_find_char(text, '@'), colon = str_find_char(text, ':');
    ptrdiff_t cut = at >= 0 ? at : colon;
    str bucket = cut < 0 ? text : str_sub(text, 0, (size_t)cut);
    str rest = cut < 0 ? STR("latest") : str_sub(text, (size_t)cut + 1, text.len);
    bool by_version = at < 0 && colon >= 0;
    bool ok =
        ref_name_ok(bucket) && (by_version ? parse_version(a, rest, &ref) : ref_name_ok(rest));
    if (!ok) {
        error_set(err, ERR_USAGE, 0, "'%.*s' is not a reference to a version", STR_FMT(text));
        return error_hint(err, FORM_HINT);
    }
    ref.bucket = str_dup(a, bucket);
    ref.channel = by_version ? NULL : str_dup(a, rest);
    *out = ref;
    return true;
}
