/* SPDX-License-Identifier: Apache-2.0 */

#include "plug/communicator.h"

#include "hcl/diag.h"

/* Names, defaults and meaning are Packer's.  ssh_timeout and
 * ssh_handshake_attempts have no default here: each counts as 5 minutes and 10
 * only when the other is not set either, which is for the communicator to
 * see. */

static const struct opt_choice comm_kinds[] = {
    {"ssh", COMM_SSH, "commands and files over SSH"},
    {"winrm", COMM_WINRM, "Windows Remote Management"},
    {"guest-agent", COMM_GUEST_AGENT, "the QEMU guest agent over virtio-serial: no network needed"},
    {"none", COMM_NONE, "no connection: provisioners that need the guest are refused"},
    {0},
};

static const struct opt_choice transfers[] = {
    {"sftp", COMM_TRANSFER_SFTP, NULL},
    {"scp", COMM_TRANSFER_SCP, NULL},
    {0},
};

static const struct opt_choice proxies[] = {
    {"socks5", COMM_PROXY_SOCKS5, "SOCKS 5, such as `ssh -D`"},
    {"http", COMM_PROXY_HTTP, "HTTP with CONNECT"},
    {0},
};

#define C struct comm_config

const char comm_doc[] =
    "Each communicator has a page of its own, with an example and the options that it has a use "
    "for: `imgfac docs ssh`, `winrm`, `guest-agent`, `none`.";

const struct opt comm_opts[] = {
    OPT_ENUM(C, type, "communicator", .choices = comm_kinds, .def = "\"ssh\"", .flags = OPT_NO_TMPL,
             .doc = "How to talk to the guest."),
    OPT_DUR(C, pause_before_connecting_ns, "pause_before_connecting", .min = "0s", .def = "\"0s\"",
            .flags = OPT_NOHASH,
            .doc = "Time to wait after the first successful connection; then connect again."),
    OPT_STR(C, ssh_host, "ssh_host", .flags = OPT_NOHASH,
            .doc = "Address of the guest.  Without it the builder finds it."),
    OPT_INT(C, ssh_port, "ssh_port", .def = "22", .min = "1", .max = "65535", .flags = OPT_NOHASH,
            .doc = "Port of the SSH server in the guest."),
    OPT_STR(C, ssh_username, "ssh_username", .doc = "Account to log in with.",
            .see = "ssh_password, ssh_private_key_file"),
    OPT_STR(C, ssh_password, "ssh_password", .flags = OPT_SENSITIVE,
            .doc = "Password; also the answer to keyboard-interactive questions."),
    OPT_STR(C, ssh_private_key_file, "ssh_private_key_file", .flags = OPT_PATH,
            .doc = "Private key to log in with: PEM or OpenSSH format, not encrypted.  A leading ~ "
                   "is the home directory."),
    OPT_STR(C, ssh_certificate_file, "ssh_certificate_file", .flags = OPT_PATH,
            .needs = "ssh_private_key_file", .doc = "User certificate that belongs to the key."),
    OPT_STR(C, ssh_host_key, "ssh_host_key", .flags = OPT_NOHASH,
            .doc =
                "Fingerprint the host key of the guest must have: \"SHA256:...\", as `ssh-keygen "
                "-lf` prints it.  Without it the key of the first login is kept to."),
    OPT_STR(C, ssh_keypair_name, "ssh_keypair_name", .flags = OPT_NOHASH,
            .doc = "Name of a key pair of a cloud; without effect here."),
    OPT_STR(C, temporary_key_pair_name, "temporary_key_pair_name",
            .doc = "Comment of the temporary key."),
    OPT_STR(C, temporary_key_pair_type, "temporary_key_pair_type",
            .doc = "Type of the temporary key: \"rsa\", \"ecdsa\" or \"ed25519\".  Without it "
                   "\"ed25519\", or \"rsa\" when temporary_key_pair_bits is set.",
            .flags = OPT_NOHASH),
    OPT_INT(C, temporary_key_pair_bits, "temporary_key_pair_bits", .def = "0", .min = "0",
            .max = "16384", .flags = OPT_NOHASH,
            .doc = "Size of the temporary key; 0 is 4096 for RSA, 521 for ECDSA."),
    OPT_STRS(C, ssh_ciphers, "ssh_ciphers", .flags = OPT_NOHASH,
             .doc = "Ciphers to offer, in order, in place of the defaults."),
    OPT_STRS(C, ssh_kex, "ssh_key_exchange_algorithms", .flags = OPT_NOHASH,
             .doc = "Key exchange algorithms to offer, in order, in place of the defaults."),
    OPT_BOOL(C, ssh_clear_authorized_keys, "ssh_clear_authorized_keys", .def = "false",
             .doc = "Remove the temporary key from authorized_keys after provisioning."),
    OPT_BOOL(C, ssh_pty, "ssh_pty", .def = "false",
             .doc = "Ask for a pseudo-terminal: for a sudo that requires one."),
    OPT_DUR(C, ssh_timeout_ns, "ssh_timeout", .min = "0s", .flags = OPT_NOHASH,
            .doc = "How long to wait for SSH.  With neither this nor ssh_handshake_attempts it "
                   "is \"5m\"; with ssh_handshake_attempts alone there is no limit."),
    OPT_DUR(C, ssh_wait_timeout_ns, "ssh_wait_timeout", .min = "0s",
            .flags = OPT_NOHASH | OPT_DEPRECATED, .instead = "ssh_timeout",
            .doc = "Old name of ssh_timeout; goes before it."),
    OPT_INT(C, ssh_handshake_attempts, "ssh_handshake_attempts", .min = "0", .max = "1000000",
            .flags = OPT_NOHASH,
            .doc = "Log-ins the guest may refuse.  With neither this nor ssh_timeout it is 10; "
                   "with ssh_timeout alone there is no limit."),
    OPT_BOOL(C, ssh_agent_auth, "ssh_agent_auth", .def = "false", .flags = OPT_NOHASH,
             .doc = "Log in with the keys of the local SSH agent."),
    OPT_BOOL(C, ssh_disable_agent_forwarding, "ssh_disable_agent_forwarding", .def = "false",
             .doc = "Do not forward the local SSH agent to the guest."),
    OPT_STR(C, ssh_bastion_host, "ssh_bastion_host", .flags = OPT_NOHASH,
            .conflicts = "ssh_proxy_host", .doc = "Host to connect through."),
    OPT_INT(C, ssh_bastion_port, "ssh_bastion_port", .def = "22", .min = "1", .max = "65535",
            .flags = OPT_NOHASH, .doc = "Port of the SSH server of the bastion."),
    OPT_STR(C, ssh_bastion_host_key, "ssh_bastion_host_key", .flags = OPT_NOHASH,
            .doc = "Fingerprint the host key of the bastion must have."),
    OPT_BOOL(C, ssh_bastion_agent_auth, "ssh_bastion_agent_auth", .def = "false",
             .flags = OPT_NOHASH, .doc = "Log in to the bastion with the keys of the agent."),
    OPT_STR(C, ssh_bastion_username, "ssh_bastion_username", .flags = OPT_NOHASH,
            .doc = "Account on the bastion."),
    OPT_STR(C, ssh_bastion_password, "ssh_bastion_password", .flags = OPT_SENSITIVE | OPT_NOHASH,
            .doc = "Password on the bastion."),
    OPT_BOOL(C, ssh_bastion_interactive, "ssh_bastion_interactive", .def = "false",
             .flags = OPT_NOHASH, .doc = "Let the bastion ask questions on the terminal."),
    OPT_STR(C, ssh_bastion_private_key_file, "ssh_bastion_private_key_file",
            .flags = OPT_PATH | OPT_NOHASH,
            .doc = "Private key for the bastion.  Without it ssh_private_key_file is used."),
    OPT_STR(C, ssh_bastion_certificate_file, "ssh_bastion_certificate_file",
            .flags = OPT_PATH | OPT_NOHASH, .doc = "User certificate for the bastion."),
    OPT_ENUM(C, ssh_file_transfer_method, "ssh_file_transfer_method", .choices = transfers,
             .def = "\"sftp\"", .flags = OPT_NO_TMPL | OPT_NOHASH,
             .doc =
                 "Protocol that moves files; `sftp` falls back to `scp` in a guest without an SFTP "
                 "server."),
    OPT_STR(C, ssh_proxy_host, "ssh_proxy_host", .flags = OPT_NOHASH,
            .conflicts = "ssh_bastion_host",
            .doc = "Proxy to connect through; it looks up the guest's name."),
    OPT_ENUM(C, ssh_proxy_type, "ssh_proxy_type", .choices = proxies, .def = "\"socks5\"",
             .flags = OPT_NO_TMPL | OPT_NOHASH, .doc = "What the proxy speaks."),
    OPT_INT(C, ssh_proxy_port, "ssh_proxy_port", .def = "1080", .min = "1", .max = "65535",
            .flags = OPT_NOHASH, .doc = "Port of the proxy."),
    OPT_STR(C, ssh_proxy_username, "ssh_proxy_username", .flags = OPT_NOHASH,
            .doc = "Account on the proxy."),
    OPT_STR(C, ssh_proxy_password, "ssh_proxy_password", .flags = OPT_SENSITIVE | OPT_NOHASH,
            .doc = "Password on the proxy."),
    OPT_DUR(C, ssh_keep_alive_interval_ns, "ssh_keep_alive_interval", .def = "\"5s\"",
            .flags = OPT_NOHASH, .doc = "Time between keep-alive messages; negative: none."),
    OPT_DUR(C, ssh_read_write_timeout_ns, "ssh_read_write_timeout", .min = "0s", .def = "\"0s\"",
            .flags = OPT_NOHASH,
            .doc = "Longest silence while a command runs; then the connection counts as lost.  "
                   "0: no limit."),
    OPT_STRS(C, ssh_remote_tunnels, "ssh_remote_tunnels",
             .doc = "PORT:HOST:HOSTPORT: the guest's local PORT leads to HOST as seen from here."),
    OPT_STRS(C, ssh_local_tunnels, "ssh_local_tunnels",
             .doc = "PORT:HOST:HOSTPORT: local PORT here leads to HOST as seen from the guest."),
    OPT_DUR(C, guest_agent_timeout_ns, "guest_agent_timeout", .def = "\"0s\"", .flags = OPT_NOHASH,
            .doc = "How long to wait for the guest agent; 0 is 5 minutes, 20 when the guest is "
                   "emulated."),
    OPT_STR(C, winrm_username, "winrm_username",
            .doc = "Account to log in with; with NTLM also DOMAIN\\\\NAME."),
    OPT_STR(C, winrm_password, "winrm_password", .flags = OPT_SENSITIVE, .doc = "Its password."),
    OPT_STR(C, winrm_host, "winrm_host", .flags = OPT_NOHASH,
            .doc = "Address of the guest.  Without it the builder finds it."),
    OPT_INT(C, winrm_port, "winrm_port", .def = "0", .min = "0", .max = "65535",
            .flags = OPT_NOHASH, .doc = "Port of WinRM; 0 is 5985, or 5986 with winrm_use_ssl."),
    OPT_DUR(C, winrm_timeout_ns, "winrm_timeout", .min = "0s", .def = "\"30m\"",
            .flags = OPT_NOHASH, .doc = "How long to wait for a login by WinRM."),
    OPT_BOOL(C, winrm_use_ssl, "winrm_use_ssl", .def = "false", .flags = OPT_NOHASH,
             .doc = "Use HTTPS.  Certificates are checked against those of the system, or of "
                    "SSL_CERT_FILE and SSL_CERT_DIR."),
    OPT_BOOL(C, winrm_insecure, "winrm_insecure", .def = "false", .flags = OPT_NOHASH,
             .doc = "Do not check the certificate."),
    OPT_BOOL(C, winrm_use_ntlm, "winrm_use_ntlm", .def = "false", .flags = OPT_NOHASH,
             .doc = "Log in with NTLM in place of Basic.  Without winrm_use_ssl every message is "
                    "sealed.  Needs the package gss-ntlmssp on this host."),
    OPT_BOOL(C, winrm_no_proxy, "winrm_no_proxy", .def = "false", .flags = OPT_NOHASH,
             .doc = "Do not use the proxy of the environment for the guest."),
    OPT_END,
};

/* Options begin with the name of their communicator, but for few. */
static bool is_of(const struct opt *o, const char *kind)
{
    size_t len = strlen(kind);
    for (size_t i = 0; i < len; i++)
        if (o->name[i] != (kind[i] == '-' ? '_' : kind[i]))
            return strcmp(o->name, "communicator") == 0 ||
                   strcmp(o->name, "pause_before_connecting") == 0 ||
                   (strcmp(kind, "ssh") == 0 &&
                    str_starts(str_from(o->name), STR("temporary_key")));
    return o->name[len] == '_';
}

const struct opt *comm_rows_of(struct arena *a, const char *kind)
{
    struct opt *rows = arena_new_array(a, struct opt, ARRAY_SIZE(comm_opts));
    size_t count = 0;
    for (const struct opt *o = comm_opts; o->kind != OPT_KIND_END; o++)
        if (is_of(o, kind))
            rows[count++] = *o;
    rows[count] = comm_opts[ARRAY_SIZE(comm_opts) - 1];
    return rows;
}

/* A leading ~ is the communicator's to expand. */
static bool check_file(const char *path, const char *option, const struct body *body,
                       struct diags *diags)
{
    if (path == NULL || path[0] == '~' || access(path, R_OK) == 0)
        return true;
    return diags_error(diags, schema_range(body, option), "Unreadable file",
                       "%s is invalid: cannot read \"%s\".", option, path);
}

/* PORT:HOST:PORT */
static bool is_tunnel(const char *text)
{
    str rest = str_from(text);
    int64_t port;
    if (!str_to_i64(str_split(&rest, ':'), &port) || port < 0 || port > 65535 || rest.ptr == NULL)
        return false;
    ptrdiff_t colon = str_rfind_char(rest, ':');
    return colon > 0 && str_to_i64(str_sub(rest, (size_t)colon + 1, rest.len), &port) && port > 0 &&
           port <= 65535;
}

static bool check_tunnels(const struct opt_strings *list, const char *option,
                          const struct body *body, struct diags *diags)
{
    bool ok = true;
    for (size_t i = 0; i < list->len; i++)
        if (!is_tunnel(list->ptr[i]))
            ok = diags_error(diags, schema_item_range(body, option, i, list->len), "Invalid tunnel",
                             "\"%s\" is not of the form PORT:HOST:PORT.", list->ptr[i]);
    return ok;
}

/* What is wrong with BITS for a key of TYPE, or NULL. */
static const char *wrong_size(const char *type, int64_t bits)
{
    if (bits == 0)
        return NULL;
    if (strcmp(type, "rsa") == 0 && bits < 1024)
        return "An RSA key has 1024 bits at least (2048 for SSH servers of today).";
    if (strcmp(type, "ecdsa") == 0 && bits != 256 && bits != 384 && bits != 521)
        return "An ECDSA key has 256, 384 or 521 bits.";
    return NULL;
}

/* DSA, which Packer still makes, is refused by every OpenSSH since 2015. */
static bool check_temporary_key(const struct comm_config *c, const struct body *body,
                                struct diags *diags)
{
    static const char *const types[] = {"rsa", "ecdsa", "ed25519"};
    const char *type = c->temporary_key_pair_type != NULL ? c->temporary_key_pair_type : "rsa";
    bool known = false;
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        known = known || strcmp(type, types[i]) == 0;
    if (!known)
        return diags_error(diags, schema_range(body, "temporary_key_pair_type"),
                           "Invalid type of key", "\"%s\" is none of rsa, ecdsa and ed25519.%s",
                           type,
                           strcmp(type, "dsa") == 0 ? " SSH servers no longer take DSA keys." : "");
    const char *why = wrong_size(type, c->temporary_key_pair_bits);
    return why == NULL || diags_error(diags, schema_range(body, "temporary_key_pair_bits"),
                                      "Invalid size of key", "%s", why);
}

static bool check_ssh(const struct comm_config *c, const struct body *body, struct diags *diags)
{
    bool ok = check_file(c->ssh_private_key_file, "ssh_private_key_file", body, diags);
    ok &= check_file(c->ssh_certificate_file, "ssh_certificate_file", body, diags);
    ok &= check_file(c->ssh_bastion_private_key_file, "ssh_bastion_private_key_file", body, diags);
    ok &= check_file(c->ssh_bastion_certificate_file, "ssh_bastion_certificate_file", body, diags);
    ok &= check_temporary_key(c, body, diags);
    ok &= check_tunnels(&c->ssh_remote_tunnels, "ssh_remote_tunnels", body, diags);
    ok &= check_tunnels(&c->ssh_local_tunnels, "ssh_local_tunnels", body, diags);
    if (c->ssh_bastion_host != NULL && c->ssh_bastion_username == NULL)
        ok = diags_error(diags, schema_range(body, "ssh_bastion_username"),
                         "Missing bastion account",
                         "ssh_bastion_username must be specified with ssh_bastion_host.");
    bool can_log_in = c->ssh_bastion_password != NULL || c->ssh_bastion_agent_auth ||
                      c->ssh_bastion_private_key_file != NULL || c->ssh_private_key_file != NULL ||
                      c->ssh_bastion_interactive;
    if (c->ssh_bastion_host != NULL && !can_log_in)
        ok = diags_error(diags, schema_range(body, "ssh_bastion_host"), "Missing bastion log-in",
                         "ssh_bastion_password, ssh_bastion_private_key_file or "
                         "ssh_bastion_agent_auth must be specified.");
    return ok;
}

bool comm_check(const struct comm_config *c, const struct body *body, struct diags *diags)
{
    if (c->type == COMM_SSH)
        return check_ssh(c, body, diags);
    if (c->type == COMM_WINRM && c->winrm_username == NULL)
        return diags_error(diags, schema_range(body, "winrm_username"), "Missing user name",
                           "winrm_username must be specified.");
    return true;
}
