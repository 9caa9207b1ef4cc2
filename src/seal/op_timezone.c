/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/sealop.h"

#include "seal/gfs.h"

static bool timezone_wanted(const struct seal_ctx *ctx)
{
    return ctx->config->timezone != NULL;
}

static bool timezone_run(struct seal_ctx *ctx, const struct seal_config *config, struct error **err)
{
    const char *zone = arena_fmt(ctx->arena, "/usr/share/zoneinfo/%s", config->timezone);
    const char *target = arena_fmt(ctx->arena, "../usr/share/zoneinfo/%s", config->timezone);
    bool there;
    if (!gfs_exists(ctx, zone, &there, err))
        return false;
    if (!there) {
        error_set(err, ERR_SEAL, 0, "the image has no time zone '%s'", config->timezone);
        return error_hint(err, "Check its spelling, and that the image has tzdata installed.");
    }
    if (guestfs_ln_sf(ctx->g, target, "/etc/localtime") != 0)
        return seal_guest_error(ctx, err, "cannot write '/etc/localtime'");
    const char *line = arena_fmt(ctx->arena, "%s\n", config->timezone);
    return ctx->family != SEAL_DEBIAN || gfs_write(ctx, "/etc/timezone", str_from(line), err);
}

const struct sealop op_timezone = {
    .name = "timezone",
    .heading = "Set the time zone",
    .doc = "Makes /etc/localtime a link to the zone that `timezone` names.",
    .os = SEAL_LINUX,
    .enabled = true,
    .wanted = timezone_wanted,
    .run = timezone_run,
};
