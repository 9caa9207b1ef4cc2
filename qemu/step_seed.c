/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/state.h"

#include "base/hash.h"
#include "qemu/credentials.h"

#define BUILD_USER "imgfac-build"

/* The account the communicator logs in with, when nothing else was given. */
static bool make_login(struct build *b, struct error **err)
{
    const struct qemu_config *c = qemu_state(b)->config;
    const char *comment =
        c->comm.temporary_key_pair_name != NULL ? c->comm.temporary_key_pair_name : "imgfac-build";
    if (!credentials_make_key(c->comm.temporary_key_pair_type, (int)c->comm.temporary_key_pair_bits,
                              comment, b->arena, &b->target.private_key_pem, &b->target.public_key,
                              err))
        return false;
    b->target.user = c->comm.ssh_username;
    if (c->comm.ssh_username == NULL && qemu_wants_seed(c)) {
        b->target.user = BUILD_USER;
        b->build_user = BUILD_USER;
    }
    return true;
}

static bool run(struct step *step, struct build *b, struct error **err)
{
    (void)step;
    struct qemu_state *s = qemu_state(b);
    bool needs_login = s->config->comm.type == COMM_SSH && !qemu_has_own_login(s->config);
    if (needs_login && !make_login(b, err))
        return false;
    if (!qemu_wants_seed(s->config))
        return true;
    struct seed seed = {
        .config = s->config->cloud_init,
        .instance_id = arena_fmt(b->arena, "imgfac-%s", b->run_uuid),
        .user = b->target.user,
        .public_key = b->target.public_key,
    };
    s->seed_path = arena_fmt(b->arena, "%s/seed.iso", b->work_dir);
    return seed_write(&seed, s->seed_path, err);
}

struct step qemu_step_seed(struct build *b)
{
    (void)b;
    return (struct step){.name = "seed", .run = run};
}
