/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/sealop.h"

#include <jansson.h>

#include "seal/edit.h"
#include "seal/gfs.h"

#define HOSTNAME "/etc/hostname"

/* What cloud-init set at the build's first boot: its own records of it. */
static bool name_of_build(struct seal_ctx *ctx, str *out, struct error **err)
{
    str plain, record;
    if (!gfs_read(ctx, "/var/lib/cloud/data/previous-hostname", &plain, err) ||
        !gfs_read(ctx, "/var/lib/cloud/data/set-hostname", &record, err))
        return false;
    *out = str_trim(plain);
    if (out->len > 0 || record.len == 0)
        return true;
    json_t *root = json_loadb(record.ptr, record.len, 0, NULL);
    const char *name = json_string_value(json_object_get(root, "hostname"));
    if (name != NULL)
        *out = (str){arena_strdup(ctx->arena, name), strlen(name)};
    json_decref(root);
    return true;
}

static bool drop_from_hosts(struct seal_ctx *ctx, str name, struct error **err)
{
    ptrdiff_t dot = str_find_char(name, '.');
    str label = dot < 0 ? name : str_sub(name, 0, (size_t)dot);
    return str_eqz(label, "localhost") ||
           gfs_edit_file(ctx, "/etc/hosts", hosts_drop_name, label, NULL, err);
}

static bool hostname_run(struct seal_ctx *ctx, const struct seal_config *config, struct error **err)
{
    str now, built;
    if (!gfs_read(ctx, HOSTNAME, &now, err) || !name_of_build(ctx, &built, err))
        return false;
    now = str_trim(now);
    const char *name = config->hostname;
    if (name == NULL && (built.len == 0 || !str_eq(now, built)))
        return true;
    if (now.len > 0 && !drop_from_hosts(ctx, now, err))
        return false;
    /* "localhost" lets DHCP and cloud-init name the machine (hostname(5)) */
    const char *line = arena_fmt(ctx->arena, "%s\n", name == NULL ? "localhost" : name);
    return gfs_write(ctx, HOSTNAME, str_from(line), err);
}

static bool hostname_verify(struct seal_ctx *ctx, const struct seal_config *config,
                            struct error **err)
{
    str now;
    if (config->hostname == NULL)
        return true;
    if (!gfs_read(ctx, HOSTNAME, &now, err))
        return false;
    return str_eqz(str_trim(now), config->hostname) ||
           seal_check_failed(err, "'%s' does not name '%s'", HOSTNAME, config->hostname);
}

const struct sealop op_hostname = {
    .name = "hostname",
    .heading = "Set the host name",
    .doc = "Writes `hostname`.  When none is given, the name that the build's own seed had set is "
           "taken back, and one that the image brought along stays.",
    .os = SEAL_LINUX,
    .enabled = true,
    .run = hostname_run,
    .verify = hostname_verify,
};
