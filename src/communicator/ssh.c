/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/communicator.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "communicator/ssh_internal.h"

static struct ssh_comm *of(struct comm *c)
{
    return (struct ssh_comm *)c;
}

static void ssh_close_comm(struct comm *comm)
{
    struct ssh_comm *c = of(comm);
    ssh_drop(c);
    ssh_tunnels_free(c->tunnels);
    ssh_record_free(c->record);
    free(c->pin.key);
    free(c->bastion_pin.key);
    free(c->why_lost);
    free(c);
}

/* The error of the wait names what was waited for and how long; its causes
 * say what the last attempt met. */
static bool connect_within(struct ssh_comm *c, struct cancel *cancel, struct error **err)
{
    int64_t limit = ssh_connect_timeout(c->config);
    autofree char *text = limit > 0 ? clock_format_duration(limit) : xstrdup("any time");
    autofree char *what =
        xasprintf("waiting for SSH at %s:%d", ssh_target_host(c), ssh_target_port(c));
    struct ssh_wait w = ssh_wait_make(c, cancel, limit, what);
    if (ssh_connect_loop(c, &w, err))
        return true;
    ssh_record_flush(c->record);
    autofree char *line = error_line(*err);
    ssh_record_add(c->record, false, line);
    if ((*err)->code == ERR_TIMEOUT)
        return error_wrap(err, "no SSH login at %s:%d within %s", ssh_target_host(c),
                          ssh_target_port(c), text);
    return error_wrap(err, "no SSH login at %s:%d", ssh_target_host(c), ssh_target_port(c));
}

static bool pause_and_repeat(struct ssh_comm *c, struct error **err)
{
    int64_t pause = c->config->pause_before_connecting_ns;
    if (pause <= 0)
        return true;
    autofree char *text = clock_format_duration(pause);
    build_sayf(c->build, "Pausing %s before connecting...", text);
    ssh_drop(c);
    struct ssh_wait w = ssh_wait_make(c, c->build->cancel, 0, "pause_before_connecting");
    return ssh_wait_sleep(&w, pause, err) && connect_within(c, c->build->cancel, err);
}

/* What no waiting can mend. */
static bool can_begin(struct ssh_comm *c, struct error **err)
{
    struct ssh_account guest = ssh_guest_account(c), bastion = ssh_bastion_account(c);
    return ssh_auth_check(&guest, err) && (bastion.host == NULL || ssh_auth_check(&bastion, err)) &&
           ssh_tunnels_prepare(c, err);
}

static struct comm *ssh_open_comm(const struct comm_config *config, struct build *b,
                                  struct error **err)
{
    struct ssh_comm *c = xnew(struct ssh_comm);
    c->config = config;
    c->build = b;
    c->record = ssh_record_new(b);
    if (ssh_target_host(c) == NULL) {
        error_set(err, ERR_TEMPLATE, 0, "the address of the guest is not known");
        error_hint(err, "Set ssh_host in the source block.");
    } else if (can_begin(c, err)) {
        build_sayf(b, "Using SSH communicator to connect: %s", ssh_target_host(c));
        build_sayf(b, "Waiting for SSH to become available...");
        if (connect_within(c, b->cancel, err) && pause_and_repeat(c, err)) {
            build_sayf(b, "Connected to SSH!");
            return &c->comm;
        }
    }
    ssh_close_comm(&c->comm);
    return NULL;
}

/* What ended well over this connection makes the host key final. */
static bool ended(struct ssh_comm *c, bool ok)
{
    c->pin.is_firm = c->pin.is_firm || ok;
    return ok;
}

static bool ssh_run(struct comm *comm, const struct comm_command *cmd, struct cancel *cancel,
                    int *status, struct error **err)
{
    struct ssh_comm *c = of(comm);
    if (!ssh_ensure(c, cancel, err))
        return false;
    struct ssh_wait w = ssh_wait_make(c, cancel, cmd->timeout_ns, "the command in the guest");
    if (!ssh_exec(c, cmd, &w, status, err))
        return false;
    if (*status == COMM_DISCONNECTED)
        ssh_record_add(c->record, false, c->why_lost != NULL ? c->why_lost : "command broken off");
    ended(c, *status != COMM_DISCONNECTED);
    return true;
}

static bool ssh_upload(struct comm *comm, const char *src, const char *dst, unsigned mode,
                       struct cancel *cancel, struct error **err)
{
    struct ssh_comm *c = of(comm);
    struct stat st;
    autoclose int fd = open(src, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0)
        return error_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno, "cannot open '%s'",
                         src);
    if (!S_ISREG(st.st_mode))
        return error_set(err, ERR_IO, 0, "'%s' is not a regular file", src);
    struct upload_source source = {
        .fd = fd,
        .size = (uint64_t)st.st_size,
        .mode = mode != 0 ? mode : st.st_mode & 07777,
        .label = st.st_size >= 1 << 20 ? io_basename(src) : NULL,
    };
    return ssh_ensure(c, cancel, err) && ended(c, ssh_upload_source(c, &source, dst, cancel, err));
}

static bool ssh_upload_data(struct comm *comm, str data, const char *dst, unsigned mode,
                            struct cancel *cancel, struct error **err)
{
    struct ssh_comm *c = of(comm);
    struct upload_source source = {
        .fd = -1, .data = data, .size = data.len, .mode = mode != 0 ? mode : 0644};
    return ssh_ensure(c, cancel, err) && ended(c, ssh_upload_source(c, &source, dst, cancel, err));
}

static bool ssh_upload_dir(struct comm *comm, const char *src, const char *dst,
                           struct cancel *cancel, struct error **err)
{
    struct ssh_comm *c = of(comm);
    return ssh_ensure(c, cancel, err) && ended(c, ssh_upload_tree(c, src, dst, cancel, err));
}

static bool ssh_download(struct comm *comm, const char *src, const char *dst, struct cancel *cancel,
                         struct error **err)
{
    struct ssh_comm *c = of(comm);
    autofree char *what = xasprintf("the download of '%s'", src);
    bool absent = false;
    if (!ssh_ensure(c, cancel, err))
        return false;
    autoclose int fd = open(dst, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return error_set(err, ERR_IO, errno, "cannot write '%s'", dst);
    struct ssh_wait w = ssh_wait_make(c, cancel, 0, what);
    const char *label = io_basename(src);
    if (c->config->ssh_file_transfer_method != COMM_TRANSFER_SCP) {
        if (sftp_ensure(c, &w, &absent, err))
            return ended(c, sftp_download(c, src, fd, label, &w, err) ||
                                ssh_explain_download(c, src, &w, err));
        if (!absent)
            return false;
        error_drop(err);
    }
    return ended(c,
                 scp_download(c, src, fd, label, &w, err) || ssh_explain_download(c, src, &w, err));
}

static bool ssh_download_dir(struct comm *comm, const char *src, const char *dst,
                             struct cancel *cancel, struct error **err)
{
    struct ssh_comm *c = of(comm);
    return ssh_ensure(c, cancel, err) && ended(c, ssh_download_tree(c, src, dst, cancel, err));
}

static bool ssh_has_files(struct comm *comm, struct cancel *cancel)
{
    struct ssh_comm *c = of(comm);
    AUTO(error) struct error *ignored = NULL;
    struct ssh_wait w = ssh_wait_make(c, cancel, 0, "the start of SFTP");
    bool absent;
    return ssh_is_up(c) && !c->one_session &&
           c->config->ssh_file_transfer_method != COMM_TRANSFER_SCP &&
           sftp_ensure(c, &w, &absent, &ignored);
}

static bool ssh_remove(struct comm *comm, const char *path, struct cancel *cancel,
                       struct error **err)
{
    struct ssh_comm *c = of(comm);
    struct ssh_wait w = ssh_wait_make(c, cancel, 0, "the removal of a file");
    bool absent;
    return ssh_ensure(c, cancel, err) && sftp_ensure(c, &w, &absent, err) &&
           sftp_remove(c, path, &w, err);
}

static bool ssh_reconnect(struct comm *comm, struct cancel *cancel, struct error **err)
{
    struct ssh_comm *c = of(comm);
    ssh_drop(c);
    ssh_record_add(c->record, false, "connecting again after a restart of the guest");
    return connect_within(c, cancel, err);
}

const struct comm_type comm_ssh = {
    .name = "ssh",
    .summary = "Log in by SSH: commands over exec channels, files by SFTP or SCP.",
    .doc =
        "With `base` the build makes an account and a key for itself.  Else name the account, and "
        "a key or a password.  Attempts are repeated, with all refusals in the build's ssh.log, "
        "until `ssh_timeout` is over."
        "\n\n"
        "    source \"null\" \"web\" {\n"
        "      communicator         = \"ssh\"\n"
        "      ssh_host             = \"web.example.com\"\n"
        "      ssh_username         = \"admin\"\n"
        "      ssh_private_key_file = \"~/.ssh/id_ed25519\"\n"
        "      ssh_bastion_host     = \"jump.example.com\"\n"
        "      ssh_bastion_username = \"admin\"\n"
        "    }",
    .open = ssh_open_comm,
    .run = ssh_run,
    .upload = ssh_upload,
    .upload_data = ssh_upload_data,
    .upload_dir = ssh_upload_dir,
    .download = ssh_download,
    .download_dir = ssh_download_dir,
    .has_files = ssh_has_files,
    .remove = ssh_remove,
    .reconnect = ssh_reconnect,
    .close = ssh_close_comm,
};
