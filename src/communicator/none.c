/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/communicator.h"

#include "base/mem.h"

/* communicator = "none": a build without a login.  Commands succeed without
 * being run, as in Packer; whatever would move a file fails. */

static struct comm *none_open(const struct comm_config *config, struct build *b, struct error **err)
{
    (void)config;
    (void)b;
    (void)err;
    return xnew(struct comm);
}

static bool none_run(struct comm *c, const struct comm_command *cmd, struct cancel *cancel,
                     int *status, struct error **err)
{
    (void)c;
    (void)cmd;
    (void)cancel;
    (void)err;
    *status = 0;
    return true;
}

static bool refuse(struct error **err, const char *what)
{
    error_set(err, ERR_USAGE, 0, "%s is not implemented when communicator = \"none\"", what);
    return error_hint(err, "Set communicator = \"ssh\", or leave out what moves files.");
}

static bool none_upload(struct comm *c, const char *src, const char *dst, unsigned mode,
                        struct cancel *cancel, struct error **err)
{
    (void)c;
    (void)src;
    (void)dst;
    (void)mode;
    (void)cancel;
    return refuse(err, "Upload");
}

static bool none_upload_data(struct comm *c, str data, const char *dst, unsigned mode,
                             struct cancel *cancel, struct error **err)
{
    (void)c;
    (void)data;
    (void)dst;
    (void)mode;
    (void)cancel;
    return refuse(err, "Upload");
}

static bool none_upload_dir(struct comm *c, const char *src, const char *dst, struct cancel *cancel,
                            struct error **err)
{
    (void)c;
    (void)src;
    (void)dst;
    (void)cancel;
    return refuse(err, "UploadDir");
}

static bool none_download(struct comm *c, const char *src, const char *dst, struct cancel *cancel,
                          struct error **err)
{
    (void)c;
    (void)src;
    (void)dst;
    (void)cancel;
    return refuse(err, "Download");
}

static bool none_download_dir(struct comm *c, const char *src, const char *dst,
                              struct cancel *cancel, struct error **err)
{
    (void)c;
    (void)src;
    (void)dst;
    (void)cancel;
    return refuse(err, "DownloadDir");
}

static bool none_reconnect(struct comm *c, struct cancel *cancel, struct error **err)
{
    (void)c;
    (void)cancel;
    (void)err;
    return true;
}

static void none_close(struct comm *c)
{
    free(c);
}

const struct comm_type comm_none = {
    .name = "none",
    .summary = "No login to the guest: provisioners that need one are refused.",
    .doc = "For guests that install themselves: the machine is waited for until it switches itself "
           "off, and only provisioners that work on this host run."
           "\n\n"
           "    source \"qemu\" \"appliance\" {\n"
           "      iso_url          = \"installer.iso\"\n"
           "      iso_checksum     = \"file:installer.iso.sha256\"\n"
           "      communicator     = \"none\"\n"
           "      shutdown_timeout = \"1h\"\n"
           "    }",
    .open = none_open,
    .run = none_run,
    .upload = none_upload,
    .upload_data = none_upload_data,
    .upload_dir = none_upload_dir,
    .download = none_download,
    .download_dir = none_download_dir,
    .reconnect = none_reconnect,
    .close = none_close,
};
