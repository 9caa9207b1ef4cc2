/* SPDX-License-Identifier: Apache-2.0 */

#include "datasource/catalog.h"

bool data_find_ref(struct data_call *call, const char *ref, struct catalog_version *out,
                   struct error **err)
{
    if (!catalog_ref_check(str_from(ref), err))
        return false;
    struct catalog *cat = call->catalog == NULL ? NULL : call->catalog(call->arg, err);
    if (cat == NULL)
        return *err != NULL || error_set(err, ERR_CATALOG, 0, "there is no catalog here");
    return catalog_resolve(cat, str_from(ref), call->arena, out, err) ||
           error_option(err, "image channel_name channel version_fingerprint iteration_id");
}

bool data_find_version(struct data_call *call, const char *bucket, const char *channel,
                       const char *version, struct catalog_version *out, struct error **err)
{
    bool by_channel = channel != NULL;
    return data_find_ref(call,
                         arena_fmt(call->arena, "%s%c%s", bucket, by_channel ? '@' : ':',
                                   by_channel ? channel : version),
                         out, err);
}

bool data_find_disk(const struct catalog_version *v, const struct catalog_artifact **out,
                    struct error **err)
{
    *out = v->artifact_count > 0 ? &v->artifacts[0] : NULL;
    for (size_t i = 0; i < v->artifact_count; i++)
        if (strcmp(v->artifacts[i].name, "disk") == 0)
            *out = &v->artifacts[i];
    return *out != NULL ||
           error_set(err, ERR_CATALOG, 0, "version %s of bucket '%s' has no image in the catalog",
                     v->name, v->bucket);
}
