/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/ssh_internal.h"

#include <pwd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strbuf.h"

#define KEY_FILE_MAX ((size_t)256 << 10)

static void key_free(ssh_key key)
{
    if (key != NULL)
        ssh_key_free(key);
}
DEFINE_AUTO(ssh_key, ssh_key, key_free);

const char *ssh_auth_user(const struct ssh_comm *c)
{
    return c->config->ssh_username != NULL ? c->config->ssh_username : c->build->target.user;
}

static char *expand_home(const char *path)
{
    if (strncmp(path, "~/", 2) != 0)
        return xstrdup(path);
    const char *home = getenv("HOME");
    if (home == NULL) {
        const struct passwd *pw = getpwuid(getuid());
        home = pw == NULL ? "/" : pw->pw_dir;
    }
    return io_path_join(home, path + 2);
}

static bool is_encrypted(const char *pem)
{
    /* "b3BlbnNzaC1rZXktdjEAAAAA" + "BG5vbmU": key format v1 with cipher "none". */
    static const char openssh[] = "-----BEGIN OPENSSH PRIVATE KEY-----";
    if (strstr(pem, "ENCRYPTED") != NULL)
        return true;
    const char *head = strstr(pem, openssh);
    if (head == NULL)
        return false;
    head += sizeof(openssh) - 1;
    head += strspn(head, "\r\n");
    return strncmp(head, "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU", 31) != 0;
}

static ssh_key import_pem(const char *pem, const char *name, struct error **err)
{
    ssh_key key = NULL;
    if (is_encrypted(pem)) {
        error_set(err, ERR_USAGE, 0, "%s is protected by a password", name);
        error_hint(err, "Use a key without a password, or load it into ssh-agent and set "
                        "ssh_agent_auth = true.");
        return NULL;
    }
    if (ssh_pki_import_privkey_base64(pem, NULL, NULL, NULL, &key) != SSH_OK) {
        error_set(err, ERR_USAGE, 0, "%s is not a private key that can be read", name);
        error_hint(err, "It must be in OpenSSH or PEM format.");
        return NULL;
    }
    return key;
}

static ssh_key load_key_file(const char *path, struct error **err)
{
    autofree char *full = expand_home(path);
    AUTO(strbuf) struct strbuf text = STRBUF_INIT_MAX(KEY_FILE_MAX);
    if (!io_read_file(full, KEY_FILE_MAX, &text, err)) {
        error_wrap(err, "ssh_private_key_file is invalid");
        return NULL;
    }
    autofree char *name = xasprintf("ssh_private_key_file '%s'", path);
    ssh_key key = import_pem(text.buf, name, err);
    explicit_bzero(text.buf, text.len);
    return key;
}

bool ssh_auth_check(const struct ssh_comm *c, struct error **err)
{
    if (ssh_auth_user(c) == NULL) {
        error_set(err, ERR_TEMPLATE, 0, "an ssh_username must be specified");
        return error_hint(err, "Set ssh_username in the source block to the account to log in as.");
    }
    AUTO(ssh_key) ssh_key file = NULL, own = NULL;
    if (c->config->ssh_private_key_file != NULL) {
        file = load_key_file(c->config->ssh_private_key_file, err);
        if (file == NULL)
            return false;
    }
    if (c->build->target.private_key_pem != NULL) {
        own = import_pem(c->build->target.private_key_pem, "the key made for this build", err);
        if (own == NULL)
            return false;
    }
    return true;
}

/* One login in progress. */
struct login {
    struct ssh_comm *c;
    ssh_session session;
    const struct ssh_wait *w;
    struct strbuf tried; /* "key, password" */
    bool partial;
};

/* CALL until it does not ask to be repeated. */
#define UNTIL_DONE(l, rc, call, err)                                                               \
    do {                                                                                           \
        (rc) = (call);                                                                             \
        if ((rc) != SSH_AUTH_AGAIN)                                                                \
            break;                                                                                 \
        if (!ssh_wait_session((l)->w, (l)->session, (err)))                                        \
            return AUTH_BROKEN;                                                                    \
    } while (true)

static enum auth_result judge(struct login *l, int rc, const char *method, struct error **err)
{
    if (rc == SSH_AUTH_SUCCESS)
        return AUTH_OK;
    if (rc == SSH_AUTH_ERROR) {
        ssh_lib_error(l->session, err, ERR_NETWORK, "the guest broke off the login");
        return AUTH_BROKEN;
    }
    l->partial = l->partial || rc == SSH_AUTH_PARTIAL;
    strbuf_addf(&l->tried, "%s%s%s", l->tried.len > 0 ? ", " : "", method,
                rc == SSH_AUTH_PARTIAL ? " (accepted, but more is asked for)" : "");
    return AUTH_REFUSED;
}

static enum auth_result try_key(struct login *l, ssh_key key, const char *name, struct error **err)
{
    int rc;
    UNTIL_DONE(l, rc, ssh_userauth_publickey(l->session, NULL, key), err);
    autofree char *method = xasprintf("%s (%s)", name, ssh_key_type_to_char(ssh_key_type(key)));
    return judge(l, rc, method, err);
}

static enum auth_result try_key_file(struct login *l, struct error **err)
{
    AUTO(ssh_key) ssh_key key = load_key_file(l->c->config->ssh_private_key_file, err);
    return key == NULL ? AUTH_BROKEN : try_key(l, key, "ssh_private_key_file", err);
}

static enum auth_result try_own_key(struct login *l, struct error **err)
{
    AUTO(ssh_key)
    ssh_key key =
        import_pem(l->c->build->target.private_key_pem, "the key made for this build", err);
    return key == NULL ? AUTH_BROKEN : try_key(l, key, "the build's own key", err);
}

/* The agent is a local process that answers at once; its calls block. */
static enum auth_result try_agent(struct login *l, struct error **err)
{
    int rc;
    if (getenv("SSH_AUTH_SOCK") == NULL)
        return judge(l, SSH_AUTH_DENIED, "ssh-agent (SSH_AUTH_SOCK is not set)", err);
    UNTIL_DONE(l, rc, ssh_userauth_agent(l->session, NULL), err);
    return judge(l, rc, "the keys of ssh-agent", err);
}

static const char *password_of(const struct ssh_comm *c)
{
    return c->config->ssh_password != NULL ? c->config->ssh_password : c->build->target.password;
}

static enum auth_result try_password(struct login *l, struct error **err)
{
    int rc;
    UNTIL_DONE(l, rc, ssh_userauth_password(l->session, NULL, password_of(l->c)), err);
    return judge(l, rc, "password", err);
}

/* Every prompt gets the password, as in Packer. */
static enum auth_result try_interactive(struct login *l, struct error **err)
{
    int rc, rounds = 0;
    do {
        UNTIL_DONE(l, rc, ssh_userauth_kbdint(l->session, NULL, NULL), err);
        if (rc != SSH_AUTH_INFO)
            break;
        int prompts = ssh_userauth_kbdint_getnprompts(l->session);
        for (int i = 0; i < prompts; i++)
            ssh_userauth_kbdint_setanswer(l->session, (unsigned)i, password_of(l->c));
    } while (++rounds < 8);
    return judge(l, rc == SSH_AUTH_INFO ? SSH_AUTH_DENIED : rc, "keyboard-interactive", err);
}

static const struct method {
    int flag;
    enum auth_result (*run)(struct login *l, struct error **err);
} methods[] = {
    {SSH_AUTH_METHOD_PUBLICKEY, try_agent},         {SSH_AUTH_METHOD_PUBLICKEY, try_key_file},
    {SSH_AUTH_METHOD_PUBLICKEY, try_own_key},       {SSH_AUTH_METHOD_PASSWORD, try_password},
    {SSH_AUTH_METHOD_INTERACTIVE, try_interactive},
};

static bool is_configured(const struct ssh_comm *c, const struct method *m)
{
    if (m->run == try_agent)
        return c->config->ssh_agent_auth;
    if (m->run == try_key_file)
        return c->config->ssh_private_key_file != NULL;
    if (m->run == try_own_key)
        return c->build->target.private_key_pem != NULL;
    return password_of(c) != NULL;
}

static void add_offer(struct strbuf *sb, int offered, int flag, const char *name)
{
    if (offered & flag)
        strbuf_addf(sb, "%s%s", sb->len > 0 ? ", " : "", name);
}

static enum auth_result refused(struct login *l, int offered, struct error **err)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    add_offer(&sb, offered, SSH_AUTH_METHOD_PUBLICKEY, "publickey");
    add_offer(&sb, offered, SSH_AUTH_METHOD_PASSWORD, "password");
    add_offer(&sb, offered, SSH_AUTH_METHOD_INTERACTIVE, "keyboard-interactive");
    add_offer(&sb, offered, SSH_AUTH_METHOD_HOSTBASED, "hostbased");
    add_offer(&sb, offered, SSH_AUTH_METHOD_GSSAPI_MIC, "gssapi-with-mic");
    error_set(err, ERR_AUTH, 0, "the guest refused the login of '%s' (tried: %s; it offers: %s)",
              ssh_auth_user(l->c), l->tried.len > 0 ? l->tried.buf : "nothing that it offers",
              sb.len > 0 ? sb.buf : "nothing");
    error_hint(err, "The account must exist and have the key in its authorized_keys, or the "
                    "password must be right and password logins allowed.");
    return AUTH_REFUSED;
}

static enum auth_result run_methods(struct login *l, struct error **err)
{
    int rc, offered;
    UNTIL_DONE(l, rc, ssh_userauth_none(l->session, NULL), err);
    if (rc == SSH_AUTH_SUCCESS)
        return AUTH_OK;
    if (rc == SSH_AUTH_ERROR)
        return judge(l, rc, "", err);
    offered = ssh_userauth_list(l->session, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
        if ((offered & methods[i].flag) == 0 || !is_configured(l->c, &methods[i]))
            continue;
        enum auth_result result = methods[i].run(l, err);
        if (result != AUTH_REFUSED)
            return result;
        if (l->partial)
            offered = ssh_userauth_list(l->session, NULL);
    }
    return refused(l, offered, err);
}

enum auth_result ssh_auth(struct ssh_comm *c, ssh_session session, const struct ssh_wait *w,
                          struct error **err)
{
    struct login l = {.c = c, .session = session, .w = w, .tried = STRBUF_INIT};
    enum auth_result result = run_methods(&l, err);
    strbuf_clear(&l.tried);
    return result;
}
