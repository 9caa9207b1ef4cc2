/* SPDX-License-Identifier: Apache-2.0 */
#include "plug/communicator.h"

#include "base/clock.h"
#include "base/log.h"

struct comm *comm_open(const struct comm_type *type, const struct comm_config *config,
                       struct build *b, struct error **err)
{
    assert(type != NULL && config != NULL && b != NULL && *err == NULL);
    int64_t start = clock_now();
    struct comm *c = type->open(config, b, err);
    assert((c == NULL) == (*err != NULL));
    if (c == NULL)
        return NULL;
    c->type = type;
    c->build = b;
    log_info("comm", "%s: connected after %.3f s", type->name,
             (double)(clock_now() - start) / NS_PER_S);
    return c;
}

/* Every operation starts here: contract, and no work for a cancelled step. */
static bool may_start(const struct comm *c, struct cancel *cancel, const char *what,
                      struct error **err)
{
    assert(c != NULL && *err == NULL);
    if (cancel_test(cancel))
        return cancel_error(cancel, err, what);
    return true;
}

/* ... and ends here.  A failure names what was being done; OK and *ERR agree. */
static bool ended(bool ok, struct error **err, const char *verb, const char *src, const char *dst)
{
    assert(ok == (*err == NULL));
    if (ok)
        log_debug("comm", "%s '%s' => '%s': done", verb, src, dst);
    else
        error_wrap(err, "cannot %s '%s' => '%s'", verb, src, dst);
    return ok;
}

bool comm_run(struct comm *c, const struct comm_command *cmd, struct cancel *cancel, int *status,
              struct error **err)
{
    assert(cmd->command != NULL);
    if (!may_start(c, cancel, "running a command in the guest", err))
        return false;
    log_debug("comm", "run: %s", cmd->secret ? "(secret command)" : cmd->command);
    int64_t start = clock_now();
    bool ok = c->type->run(c, cmd, cancel, status, err);
    assert(ok == (*err == NULL));
    if (ok)
        log_debug("comm", "run: status %d after %.3f s", *status,
                  (double)(clock_now() - start) / NS_PER_S);
    return ok;
}

bool comm_upload(struct comm *c, const char *src, const char *dst, unsigned mode,
                 struct cancel *cancel, struct error **err)
{
    return may_start(c, cancel, "upload", err) &&
           ended(c->type->upload(c, src, dst, mode, cancel, err), err, "upload", src, dst);
}

bool comm_upload_data(struct comm *c, str data, const char *dst, unsigned mode,
                      struct cancel *cancel, struct error **err)
{
    return may_start(c, cancel, "upload", err) &&
           ended(c->type->upload_data(c, data, dst, mode, cancel, err), err, "upload", "(content)",
                 dst);
}

bool comm_upload_dir(struct comm *c, const char *src, const char *dst, struct cancel *cancel,
                     struct error **err)
{
    return may_start(c, cancel, "upload", err) &&
           ended(c->type->upload_dir(c, src, dst, cancel, err), err, "upload", src, dst);
}

bool comm_download(struct comm *c, const char *src, const char *dst, struct cancel *cancel,
                   struct error **err)
{
    return may_start(c, cancel, "download", err) &&
           ended(c->type->download(c, src, dst, cancel, err), err, "download", src, dst);
}

bool comm_download_dir(struct comm *c, const char *src, const char *dst, struct cancel *cancel,
                       struct error **err)
{
    return may_start(c, cancel, "download", err) &&
           ended(c->type->download_dir(c, src, dst, cancel, err), err, "download", src, dst);
}

bool comm_has_files(struct comm *c, struct cancel *cancel)
{
    return c->type->has_files != NULL && !cancel_test(cancel) && c->type->has_files(c, cancel);
}

bool comm_remove(struct comm *c, const char *path, struct cancel *cancel, struct error **err)
{
    return may_start(c, cancel, "removal", err) &&
           (c->type->remove(c, path, cancel, err) || error_wrap(err, "cannot remove '%s'", path));
}

bool comm_reconnect(struct comm *c, struct cancel *cancel, struct error **err)
{
    if (!may_start(c, cancel, "reconnecting to the guest", err))
        return false;
    bool ok = c->type->reconnect(c, cancel, err);
    assert(ok == (*err == NULL));
    return ok;
}

void comm_close(struct comm *c)
{
    if (c != NULL)
        c->type->close(c);
}

struct comm_access comm_access(const struct build *b)
{
    const struct comm_config *c = b->comm_config;
    bool winrm = c->type == COMM_WINRM;
    const char *host = winrm ? c->winrm_host : c->ssh_host;
    const char *user = winrm ? c->winrm_username : c->ssh_username;
    const char *password = winrm ? c->winrm_password : c->ssh_password;
    int usual = !winrm ? 22 : c->winrm_use_ssl ? 5986 : 5985;
    int port = winrm ? (int)c->winrm_port : (int)c->ssh_port;
    return (struct comm_access){
        .type = c->type,
        .host = b->target.host != NULL ? b->target.host : host,
        .port = b->target.port > 0 ? b->target.port
                : port > 0         ? port
                                   : usual,
        .user = user != NULL ? user : b->target.user,
        .password = password != NULL ? password : b->target.password,
        .private_key_pem = b->target.private_key_pem,
        .private_key_file = winrm ? NULL : c->ssh_private_key_file,
        .config = c,
    };
}
