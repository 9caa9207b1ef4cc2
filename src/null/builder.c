/* SPDX-License-Identifier: Apache-2.0 */
#include "null/builder.h"

#include "hcl/diag.h"
#include "plug/builder.h"
#include "plug/communicator.h"

struct null_config {
    struct comm_config comm;
};

#define C struct null_config

static const struct opt null_opts[] = {
    OPT_EMBED(C, comm, comm_opts),
    OPT_END,
};

static bool check_ssh(const struct comm_config *c, const struct body *body, struct diags *diags)
{
    bool ok = true;
    if (c->ssh_host == NULL)
        ok = diags_error(diags, schema_range(body, "ssh_host"), "An ssh_host must be specified",
                         "The builder \"null\" starts no machine: say which one to log in to.");
    if (c->ssh_username == NULL)
        ok = diags_error(diags, schema_range(body, "ssh_username"),
                         "An ssh_username must be specified",
                         "The builder \"null\" makes no account: say which one to log in as.");
    if (c->ssh_password == NULL && c->ssh_private_key_file == NULL && !c->ssh_agent_auth)
        ok = diags_error(diags, schema_range(body, "ssh_private_key_file"), "Missing login",
                         "Set one of ssh_password, ssh_private_key_file and ssh_agent_auth.");
    return ok;
}

static bool check_winrm(const struct comm_config *c, const struct body *body, struct diags *diags)
{
    return c->winrm_host != NULL ||
           diags_error(diags, schema_range(body, "winrm_host"), "A winrm_host must be specified",
                       "The builder \"null\" starts no machine: say which one to log in to.");
}

static bool null_check(const void *config, const struct body *body, struct diags *diags)
{
    const struct comm_config *c = &((const struct null_config *)config)->comm;
    switch ((enum comm_kind)c->type) {
    case COMM_SSH: return check_ssh(c, body, diags);
    case COMM_WINRM: return check_winrm(c, body, diags);
    case COMM_GUEST_AGENT:
        return diags_error(diags, schema_range(body, "communicator"), "No guest agent",
                           "The builder \"null\" reaches machines by the network only.");
    case COMM_NONE:
    default: return true;
    }
}

static const struct comm_config *comm(const void *config)
{
    return &((const struct null_config *)config)->comm;
}

/* For build.Host and build.Port of the provisioners. */
static bool target_run(struct step *s, struct build *b, struct error **err)
{
    const struct comm_config *c = s->state;
    (void)err;
    if (c->type == COMM_SSH) {
        b->target.host = c->ssh_host;
        b->target.port = (int)c->ssh_port;
        b->target.user = c->ssh_username;
    } else if (c->type == COMM_WINRM) {
        b->target.host = c->winrm_host;
        b->target.port = (int)c->winrm_port;
        b->target.user = c->winrm_username;
    }
    return true;
}

static void add_steps(const void *config, struct build *b, struct step_list *prepare,
                      struct step_list *finish)
{
    (void)finish;
    struct comm_config *c = arena_memdup(b->arena, comm(config), sizeof(struct comm_config));
    step_list_push(b->arena, prepare,
                   (struct step){.name = "target", .state = c, .run = target_run});
}

const struct builder_type builder_null = {
    .name = "null",
    .summary = "Provisions a machine that runs already; makes no image.",
    .doc = "Logs in where the communicator's options say (`ssh_host`, `ssh_username` and a key or "
           "a password) and runs the provisioners there: to try provisioners out, or to look "
           "after a machine that exists.  Nothing is sealed, recorded or written.",
    .opts = null_opts,
    .config_size = sizeof(struct null_config),
    .flags = BUILDER_HAS_GUEST | BUILDER_NO_IMAGE,
    .check = null_check,
    .comm = comm,
    .add_steps = add_steps,
};
