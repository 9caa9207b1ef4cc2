/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/ssh_internal.h"

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"

/* The name that `imgfac ssh` looks the key up by (ledger/runfile.h). */
#define ALIAS "guest"

/* sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT". */
void ssh_save_host_key(const struct ssh_comm *c, ssh_session session)
{
    AUTO(error) struct error *e = NULL;
    ssh_key key = NULL;
    char *text = NULL;
    if (c->build->work_dir == NULL || ssh_get_server_publickey(session, &key) != SSH_OK)
        return;
    if (ssh_pki_export_pubkey_base64(key, &text) == SSH_OK) {
        autofree char *path = io_path_join(c->build->work_dir, "ssh_known_hosts");
        autofree char *line =
            xasprintf(ALIAS " %s %s\n", ssh_key_type_to_char(ssh_key_type(key)), text);
        if (!io_write_file(path, str_from(line), 0600, &e))
            log_debug("ssh", "%s", e->msg);
    }
    ssh_string_free_char(text);
    ssh_key_free(key);
}
