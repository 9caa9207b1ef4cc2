/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/stat.h>

#include "hcl/diag.h"

enum {
    CD_LABEL_MAX = 32,     /* volume identifier of ISO 9660 */
    FLOPPY_LABEL_MAX = 11, /* of FAT */
};

static void check_label(const struct body *body, struct diags *diags, const char *option,
                        const char *label, size_t most)
{
    if (label != NULL && (strlen(label) > most || label[0] == '\0'))
        diags_error(diags, schema_range(body, option), "Invalid label",
                    "%s has 1 to %zu characters.", option, most);
}

/* A pattern may match later; a plain name has to be there, as in Packer. */
static void check_files(const struct body *body, struct diags *diags, const char *option,
                        const struct opt_strings *files, const char *summary)
{
    struct stat st;
    for (size_t i = 0; i < files->len; i++)
        if (strpbrk(files->ptr[i], "*?[~") == NULL && stat(files->ptr[i], &st) != 0)
            diags_error(diags, schema_item_range(body, option, i, files->len), summary,
                        "\"%s\": %s.", files->ptr[i], strerror(errno));
}

/* Packer finds out when it begins to serve; a data source may still make it. */
static void check_directory(const struct qemu_config *c, const struct body *body,
                            struct diags *diags)
{
    struct stat st;
    const char *dir = c->http_directory;
    if (dir == NULL || *dir == '\0' || strstr(dir, "{{") != NULL)
        return;
    int errnum = stat(dir, &st) != 0 ? errno : S_ISDIR(st.st_mode) ? 0 : ENOTDIR;
    if (errnum != 0)
        diags_warning(diags, schema_range(body, "http_directory"), "Bad HTTP directory",
                      "\"%s\": %s. A build fails when it is not there.", dir, strerror(errnum));
}

static void check_server(const struct qemu_config *c, const struct body *body, struct diags *diags)
{
    static const char *const known[] = {"tcp", "tcp4", "tcp6", "unix", "unixpacket"};
    const char *protocol = c->http_network_protocol;
    struct in_addr address;
    bool is_known = protocol == NULL;
    for (size_t i = 0; i < ARRAY_SIZE(known); i++)
        is_known = is_known || strcmp(protocol, known[i]) == 0;
    if (!is_known)
        diags_error(diags, schema_range(body, "http_network_protocol"),
                    "http_network_protocol is invalid",
                    "It is one of tcp, tcp4, tcp6, unix and unixpacket.");
    else if (protocol != NULL && strncmp(protocol, "tcp", 3) != 0)
        diags_error(diags, schema_range(body, "http_network_protocol"),
                    "Guests cannot reach such a server", "Use tcp.");
    else if (protocol != NULL && strcmp(protocol, "tcp6") == 0)
        diags_error(diags, schema_range(body, "http_network_protocol"),
                    "Option not available in this version",
                    "The HTTP server listens on IPv4 addresses: use tcp or tcp4.");
    if (c->http_bind_address != NULL && inet_pton(AF_INET, c->http_bind_address, &address) != 1)
        diags_error(diags, schema_range(body, "http_bind_address"), "Invalid address",
                    "http_bind_address is an IPv4 address of this host, such as \"0.0.0.0\".");
}

void qemu_check_media(const struct qemu_config *c, const struct body *body, struct diags *diags)
{
    check_label(body, diags, "cd_label", c->cd_label, CD_LABEL_MAX);
    check_label(body, diags, "floppy_label", c->floppy_label, FLOPPY_LABEL_MAX);
    check_files(body, diags, "cd_files", &c->cd_files, "Bad CD disk file");
    check_files(body, diags, "floppy_files", &c->floppy_files, "Bad Floppy disk file");
    check_files(body, diags, "floppy_dirs", &c->floppy_dirs, "Bad Floppy disk directory");
    check_directory(c, body, diags);
    check_server(c, body, diags);
}
