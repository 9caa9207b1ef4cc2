/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/ansible.h"

#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/proc.h"
#include "ledger/ledger.h"

/* Ansible's own default; settings of ours go in front, as ssh takes the first. */
#define SSH_ARGS      "-C -o ControlMaster=auto -o ControlPersist=60s"
#define CLOSE_TIMEOUT (5 * NS_PER_S)

void ansible_add_var(struct ansible_run *r, const char *name, const char *value)
{
    strbuf_adds(&r->vars, r->vars.len > 0 ? ", " : "");
    strbuf_add_json_quoted(&r->vars, str_from(name));
    strbuf_adds(&r->vars, ": ");
    strbuf_add_json_quoted(&r->vars, str_from(value));
}

static const char *write_private(struct ansible_run *r, const char *name, str text, mode_t mode,
                                 struct error **err)
{
    const char *path = arena_fmt(r->a, "%s/%s", r->dir, name);
    return io_write_file(path, text, mode, err) ? path : NULL;
}

/* One -o of ssh, quoted as Ansible splits it again. */
static void add_option(struct ansible_run *r, const char *option)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    strbuf_adds(&sb, "-o ");
    strbuf_add_shell_quoted(&sb, str_from(option));
    words_push(r->a, &r->ssh_args, arena_strdup(r->a, sb.buf));
}

/* ~ is the user's home for Ansible too, but not for ssh's -o. */
static const char *expand_home(struct arena *a, const char *path)
{
    if (strncmp(path, "~/", 2) != 0)
        return path;
    const char *home = getenv("HOME");
    const struct passwd *pw = home == NULL ? getpwuid(getuid()) : NULL;
    return arena_fmt(a, "%s/%s", home != NULL ? home : pw != NULL ? pw->pw_dir : "", path + 2);
}

static bool add_key(struct ansible_run *r, const char **key, struct error **err)
{
    const struct comm_access *access = &r->access;
    *key = NULL;
    if (access->private_key_pem != NULL) {
        AUTO(strbuf) struct strbuf pem = STRBUF_INIT;
        strbuf_adds(&pem, access->private_key_pem);
        if (!str_ends(strbuf_str(&pem), STR("\n")))
            strbuf_addc(&pem, '\n');
        *key = write_private(r, "key", strbuf_str(&pem), 0600, err);
        explicit_bzero(pem.buf, pem.len);
        if (*key == NULL)
            return false;
    }
    if (access->private_key_file == NULL)
        return true;
    if (*key != NULL)
        add_option(r, arena_fmt(r->a, "IdentityFile=\"%s\"", *key));
    *key = expand_home(r->a, access->private_key_file);
    if (access->config->ssh_certificate_file != NULL)
        add_option(r, arena_fmt(r->a, "CertificateFile=\"%s\"",
                                expand_home(r->a, access->config->ssh_certificate_file)));
    return true;
}

/* Ansible wants sshpass for a password; ssh itself asks a program of ours,
 * which reads a file that nobody else may. */
static bool add_password(struct ansible_run *r, struct strbuf *ssh_args, struct error **err)
{
    AUTO(strbuf) struct strbuf script = STRBUF_INIT;
    const char *file = write_private(r, "password", str_from(r->access.password), 0600, err);
    if (file == NULL)
        return false;
    strbuf_adds(&script, "#!/bin/sh\nexec cat ");
    strbuf_add_shell_quoted(&script, str_from(file));
    strbuf_addc(&script, '\n');
    const char *askpass = write_private(r, "askpass", strbuf_str(&script), 0700, err);
    if (askpass == NULL)
        return false;
    words_push(r->a, &r->env, arena_fmt(r->a, "SSH_ASKPASS=%s", askpass));
    words_push(r->a, &r->env, "SSH_ASKPASS_REQUIRE=force");
    strbuf_adds(ssh_args, "-o PreferredAuthentications=publickey,password,keyboard-interactive "
                          "-o PasswordAuthentication=yes -o KbdInteractiveAuthentication=yes "
                          "-o NumberOfPasswordPrompts=1 ");
    return true;
}

/* ssh through a bastion: its own ssh with its own key. */
static bool add_bastion(struct ansible_run *r, struct error **err)
{
    const struct comm_config *c = r->access.config;
    if (c->ssh_proxy_host != NULL || (c->ssh_bastion_host != NULL && c->ssh_bastion_password)) {
        error_set(err, ERR_TEMPLATE, 0, "Ansible cannot reach the guest through %s",
                  c->ssh_proxy_host != NULL ? "ssh_proxy_host" : "a bastion that wants a password");
        return error_hint(err, "Use a bastion with a key, or the provisioner \"ansible-local\".");
    }
    if (c->ssh_bastion_host == NULL)
        return true;
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    const char *key = c->ssh_bastion_private_key_file != NULL ? c->ssh_bastion_private_key_file
                                                              : c->ssh_private_key_file;
    strbuf_addf(&sb,
                "ProxyCommand=ssh -o StrictHostKeyChecking=no "
                "-o UserKnownHostsFile=/dev/null -W [%%h]:%%p -p %d",
                c->ssh_bastion_port > 0 ? (int)c->ssh_bastion_port : 22);
    if (key != NULL && !c->ssh_bastion_agent_auth) {
        strbuf_adds(&sb, " -o IdentitiesOnly=yes -i ");
        strbuf_add_shell_quoted(&sb, str_from(expand_home(r->a, key)));
    }
    if (c->ssh_bastion_username != NULL) {
        strbuf_adds(&sb, " -l ");
        strbuf_add_shell_quoted(&sb, str_from(c->ssh_bastion_username));
    }
    strbuf_addc(&sb, ' ');
    strbuf_add_shell_quoted(&sb, str_from(c->ssh_bastion_host));
    add_option(r, sb.buf);
    return true;
}

/* The path of a socket has 107 bytes at most; the build's directory may be
 * longer than that. */
static bool make_sockets(struct ansible_run *r, struct error **err)
{
    uint32_t n;
    hash_random(&n, sizeof(n));
    const char *dir = arena_fmt(r->a, "/tmp/imgfac-ssh-%d-%08x", (int)getpid(), n);
    if (r->b->ledger != NULL && !ledger_add(r->b->ledger, "tree", dir, &r->sockets_entry, err))
        return false;
    if (mkdir(dir, 0700) < 0)
        return error_set(err, ERR_IO, errno, "cannot make '%s'", dir);
    r->sockets = dir;
    words_push(r->a, &r->env, arena_fmt(r->a, "ANSIBLE_SSH_CONTROL_PATH_DIR=%s", dir));
    return true;
}

static const char *given_ssh_args(const struct ansible_run *r)
{
    static const char name[] = "ANSIBLE_SSH_ARGS=";
    for (size_t i = 0; i < r->env.len; i++)
        if (strncmp(r->env.ptr[i], name, sizeof(name) - 1) == 0)
            return r->env.ptr[i] + sizeof(name) - 1;
    const char *inherited = getenv("ANSIBLE_SSH_ARGS");
    return inherited != NULL ? inherited : SSH_ARGS;
}

/* In Packer `user` is known to the proxy alone, while the guest is logged in
 * to as the communicator does. */
static void add_login(struct ansible_run *r, struct strbuf *ssh_args)
{
    const char *user = r->c->user, *login = r->access.user;
    if (r->c->use_proxy == 0 || user == NULL || login == NULL || strcmp(user, login) == 0)
        return;
    AUTO(strbuf) struct strbuf option = STRBUF_INIT;
    strbuf_addf(&option, "User=%s", login);
    strbuf_adds(ssh_args, "-o ");
    strbuf_add_shell_quoted(ssh_args, strbuf_str(&option));
    strbuf_addc(ssh_args, ' ');
}

static void add_own_ssh_args(struct ansible_run *r, const char *key)
{
    const struct opt_strings *given = &r->c->ansible_ssh_extra_args;
    for (size_t i = 0; i < given->len; i++)
        words_push(r->a, &r->ssh_args, given->ptr[i]);
    if (given->len == 0 && key != NULL && !r->access.config->ssh_agent_auth)
        add_option(r, "IdentitiesOnly=yes");
    add_option(r, arena_fmt(r->a, "UserKnownHostsFile=\"%s/known_hosts\"", r->dir));
}

static bool connect_ssh(struct ansible_run *r, bool has_password, struct error **err)
{
    AUTO(strbuf) struct strbuf ssh_args = STRBUF_INIT;
    const char *key;
    if (!make_sockets(r, err) || !add_key(r, &key, err) || !add_bastion(r, err))
        return false;
    add_own_ssh_args(r, key);
    if (key != NULL && !has_password)
        ansible_add_var(r, "ansible_ssh_private_key_file", key);
    add_login(r, &ssh_args);
    if (key == NULL && r->access.password != NULL && !has_password &&
        !add_password(r, &ssh_args, err))
        return false;
    if (ssh_args.len > 0)
        words_push(r->a, &r->env,
                   arena_fmt(r->a, "ANSIBLE_SSH_ARGS=%s%s", ssh_args.buf, given_ssh_args(r)));
    if (r->c->use_sftp >= 0)
        words_push(r->a, &r->env,
                   r->c->use_sftp ? "ANSIBLE_SSH_TRANSFER_METHOD=sftp"
                                  : "ANSIBLE_SSH_TRANSFER_METHOD=scp");
    return true;
}

/* As winrm_no_proxy does for ourselves. */
static void add_no_proxy(struct ansible_run *r)
{
    const char *given = getenv("NO_PROXY");
    given = given != NULL ? given : getenv("no_proxy");
    const char *hosts = given == NULL || *given == '\0'
                            ? r->access.host
                            : arena_fmt(r->a, "%s,%s", given, r->access.host);
    words_push(r->a, &r->env, arena_fmt(r->a, "NO_PROXY=%s", hosts));
    words_push(r->a, &r->env, arena_fmt(r->a, "no_proxy=%s", hosts));
}

static void connect_winrm(struct ansible_run *r, bool has_password)
{
    const struct comm_config *c = r->access.config;
    if (c->winrm_no_proxy)
        add_no_proxy(r);
    ansible_add_var(r, "ansible_connection", "winrm");
    ansible_add_var(r, "ansible_shell_type", "powershell");
    ansible_add_var(r, "ansible_winrm_transport", c->winrm_use_ntlm ? "ntlm" : "basic");
    if (r->c->winrm_use_http || !c->winrm_use_ssl)
        ansible_add_var(r, "ansible_winrm_scheme", "http");
    if (c->winrm_insecure)
        ansible_add_var(r, "ansible_winrm_server_cert_validation", "ignore");
    if (!has_password && r->access.password != NULL)
        ansible_add_var(r, "ansible_password", r->access.password);
}

bool ansible_connect(struct ansible_run *r, bool has_password, struct error **err)
{
    if (r->access.host == NULL)
        return error_set(err, ERR_TEMPLATE, 0, "the address of the guest is not known");
    if (r->access.type == COMM_SSH)
        return connect_ssh(r, has_password, err);
    connect_winrm(r, has_password);
    return true;
}

static void close_socket(struct ansible_run *r, const char *name)
{
    struct error *e = NULL;
    const char *option = arena_fmt(r->a, "ControlPath=%s/%s", r->sockets, name);
    const char *argv[] = {"ssh", "-F", "none", "-O", "exit", "-o", option, "guest", NULL};
    struct proc_spec spec = {.argv = argv, .timeout_ns = CLOSE_TIMEOUT, .any_status = true};
    proc_run(&spec, NULL, &e);
    error_drop(&e);
}

void ansible_disconnect(struct ansible_run *r)
{
    if (r->sockets == NULL)
        return;
    DIR *d = opendir(r->sockets);
    for (struct dirent *e = d == NULL ? NULL : readdir(d); e != NULL; e = readdir(d))
        if (e->d_name[0] != '.')
            close_socket(r, e->d_name);
    if (d != NULL)
        closedir(d);
    prov_work_remove(r->b, r->sockets);
    if (r->b->ledger != NULL)
        ledger_strike(r->b->ledger, r->sockets_entry);
}
