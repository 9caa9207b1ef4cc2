/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/sealop.h"

#include "seal/gfs.h"

#define UNIT      "imgfac-ssh-host-keys.service"
#define UNIT_PATH "/etc/systemd/system/" UNIT
#define WANTS     "/etc/systemd/system/multi-user.target.wants"

static const char *const keys[] = {"/etc/ssh/ssh_host_*", NULL};

/* Parts of packages that make missing keys before sshd starts. */
static const char *const generators[] = {
    "/usr/lib/systemd/system/sshd-keygen@.service", /* Fedora and its kin */
    "/usr/lib/systemd/system/sshd-keygen.service",
    "/usr/lib/systemd/system/sshdgenkeys.service", /* Arch */
    "/usr/sbin/sshd-gen-keys-start",               /* SUSE */
    "/etc/init.d/sshd",                            /* Alpine, Gentoo */
    NULL,
};

/* After cloud-init, which makes keys of its own when it finds a datasource;
 * when it finds none, nothing else in Debian and Ubuntu would. */
static const char unit_text[] =
    "# Written when the image was sealed: its SSH host keys were removed.\n"
    "[Unit]\n"
    "Description=Make SSH host keys where there are none\n"
    "ConditionPathExistsGlob=!/etc/ssh/ssh_host_*_key\n"
    "After=cloud-init.service\n"
    "Before=ssh.service sshd.service\n"
    "\n"
    "[Service]\n"
    "Type=oneshot\n"
    "RemainAfterExit=yes\n"
    "ExecStart=/usr/bin/ssh-keygen -A\n"
    "\n"
    "[Install]\n"
    "WantedBy=multi-user.target\n";

static bool any_exists(struct seal_ctx *ctx, const char *const *paths, bool *out,
                       struct error **err)
{
    *out = false;
    for (; *paths != NULL && !*out; paths++)
        if (!gfs_exists(ctx, *paths, out, err))
            return false;
    return true;
}

/* An enabled unit, or a drop-in of ssh.service, that runs ssh-keygen. */
static bool has_own_unit(struct seal_ctx *ctx, bool *out, struct error **err)
{
    static const char *const dirs[] = {WANTS, "/etc/systemd/system/ssh.service.wants",
                                       "/etc/systemd/system/ssh.service.requires",
                                       "/etc/systemd/system/ssh.service.d", NULL};
    *out = false;
    for (const char *const *dir = dirs; *dir != NULL; dir++) {
        struct gfs_entries list;
        if (!gfs_list(ctx, *dir, &list, err))
            return false;
        VEC_EACH (e, &list) {
            str text = {0};
            bool may_be = str_find(str_from(e->path), STR("ssh")) >= 0 ||
                          str_find(str_from(e->name), STR("regenerate")) >= 0;
            if (may_be && e->type != 'd' && !gfs_read(ctx, e->path, &text, err))
                return false;
            *out = *out || str_find(text, STR("ssh-keygen")) >= 0;
        }
    }
    return true;
}

static bool write_unit(struct seal_ctx *ctx, struct error **err)
{
    if (!gfs_write(ctx, UNIT_PATH, str_from(unit_text), err))
        return false;
    if (guestfs_mkdir_p(ctx->g, WANTS) != 0 ||
        guestfs_ln_sf(ctx->g, UNIT_PATH, WANTS "/" UNIT) != 0)
        return seal_guest_error(ctx, err, "cannot enable '%s'", UNIT);
    return true;
}

/* Something makes the keys again at the next boot, or no sshd misses them. */
static bool will_be_made(struct seal_ctx *ctx, bool *out, struct error **err)
{
    static const char *const daemons[] = {"/usr/sbin/sshd", "/usr/bin/sshd", NULL};
    static const char *const systemd[] = {"/usr/lib/systemd/systemd", "/lib/systemd/systemd", NULL};
    bool has_sshd, has_generator, has_unit, has_systemd, has_keygen;
    if (!any_exists(ctx, daemons, &has_sshd, err) ||
        !any_exists(ctx, generators, &has_generator, err) || !has_own_unit(ctx, &has_unit, err))
        return false;
    *out = true;
    if (!has_sshd || has_generator || has_unit)
        return true;
    if (!any_exists(ctx, systemd, &has_systemd, err) ||
        !gfs_exists(ctx, "/usr/bin/ssh-keygen", &has_keygen, err))
        return false;
    *out = has_systemd && has_keygen;
    return !*out || write_unit(ctx, err);
}

static bool ssh_host_keys_run(struct seal_ctx *ctx, const struct seal_config *config,
                              struct error **err)
{
    (void)config;
    struct gfs_entries found;
    bool made;
    if (!gfs_glob(ctx, keys[0], &found, err))
        return false;
    if (!will_be_made(ctx, &made, err))
        return false;
    ctx->host_keys_kept = !made;
    if (!made && found.len > 0)
        build_warnf(ctx->b, "sealing: the SSH host keys are kept, as nothing in the image would "
                            "make new ones; all clones will share them");
    return !made || gfs_remove_globs(ctx, keys, err);
}

static bool ssh_host_keys_verify(struct seal_ctx *ctx, const struct seal_config *config,
                                 struct error **err)
{
    (void)config;
    struct gfs_entries left = {0};
    if (!ctx->host_keys_kept && !gfs_glob(ctx, keys[0], &left, err))
        return false;
    return left.len == 0 || seal_check_failed(err, "'%s' is still there", left.ptr[0].path);
}

const struct sealop op_ssh_host_keys = {
    .name = "ssh-host-keys",
    .heading = "Remove the SSH host keys",
    .doc = "Each clone makes its own at first boot.  Where the image has nothing that does this, a "
           "small systemd unit is added that runs ssh-keygen before sshd; without systemd the keys "
           "are kept, with a warning.",
    .os = SEAL_UNIX,
    .enabled = true,
    .run = ssh_host_keys_run,
    .verify = ssh_host_keys_verify,
};
