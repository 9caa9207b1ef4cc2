/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/ssh_internal.h"

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

/* Files that are mistaken for private keys, by how they begin. */
static const struct {
    const char *start, *what;
} others[] = {
    {"PuTTY-User-Key-File", "a key of PuTTY: export it in OpenSSH format with puttygen."},
    {"ssh-", "the public half: name the file without .pub."},
    {"ecdsa-", "the public half: name the file without .pub."},
    {"sk-", "the public half of a key on a security token: use ssh_agent_auth."},
    {"-----BEGIN DSA", "a DSA key, which SSH servers no longer take: make one with ssh-keygen."},
    {"-----BEGIN CERTIFICATE", "an X.509 certificate: a private key is wanted."},
    {"-----BEGIN PUBLIC", "a public key: the private one is wanted."},
};

static void hint_at_kind(const char *pem, struct error **err)
{
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        if (strncmp(pem, others[i].start, strlen(others[i].start)) == 0) {
            error_hint(err, "It is %s", others[i].what);
            return;
        }
    error_hint(err, "It must be an RSA, ECDSA or Ed25519 key in OpenSSH or PEM format.");
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
        hint_at_kind(pem, err);
        return NULL;
    }
    return key;
}

static ssh_key load_key_file(const struct ssh_account *a, struct error **err)
{
    autofree char *full = ssh_expand_home(a->key_file);
    AUTO(strbuf) struct strbuf text = STRBUF_INIT_MAX(KEY_FILE_MAX);
    if (!io_read_file(full, KEY_FILE_MAX, &text, err)) {
        error_option(err, a->key_option);
        error_wrap(err, "%s is invalid", a->key_option);
        return NULL;
    }
    autofree char *name = xasprintf("the file '%s' (%s)", a->key_file, a->key_option);
    ssh_key key = import_pem(text.buf, name, err);
    explicit_bzero(text.buf, text.len);
    if (key != NULL && a->certificate_file != NULL && !ssh_cert_attach(a, key, err)) {
        ssh_key_free(key);
        return NULL;
    }
    return key;
}

bool ssh_auth_check(const struct ssh_account *a, struct error **err)
{
    if (a->user == NULL) {
        error_set(err, ERR_TEMPLATE, 0, "an %s must be specified", a->user_option);
        return error_hint(err, "Set %s in the source block to the account to log in as.",
                          a->user_option);
    }
    AUTO(ssh_key) ssh_key file = NULL, own = NULL;
    if (a->key_file != NULL) {
        file = load_key_file(a, err);
        if (file == NULL)
            return false;
    }
    if (a->private_key_pem != NULL) {
        own = import_pem(a->private_key_pem, "the key made for this build", err);
        if (own == NULL)
            return false;
    }
    return true;
}

/* One login in progress. */
struct login {
    const struct ssh_account *account;
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
        autofree char *what = xasprintf("%s broke off the login", l->account->who);
        ssh_lib_error(l->session, err, ERR_NETWORK, what);
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
    AUTO(ssh_key) ssh_key key = load_key_file(l->account, err);
    autofree char *name = xasprintf(
        "%s%s%s", l->account->key_option, l->account->certificate_file != NULL ? " with " : "",
        l->account->certificate_file != NULL ? l->account->cert_option : "");
    return key == NULL ? AUTH_BROKEN : try_key(l, key, name, err);
}

static enum auth_result try_own_key(struct login *l, struct error **err)
{
    AUTO(ssh_key)
    ssh_key key = import_pem(l->account->private_key_pem, "the key made for this build", err);
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

static enum auth_result try_password(struct login *l, struct error **err)
{
    int rc;
    UNTIL_DONE(l, rc, ssh_userauth_password(l->session, NULL, l->account->password), err);
    return judge(l, rc, "password", err);
}

/* Every prompt gets the password, as in Packer; ssh_bastion_interactive asks
 * whoever sits at the terminal. */
static bool answer(struct login *l, unsigned i, struct error **err)
{
    char echo = 0;
    if (!l->account->interactive)
        return ssh_userauth_kbdint_setanswer(l->session, i, l->account->password) >= 0;
    const char *prompt = ssh_userauth_kbdint_getprompt(l->session, i, &echo);
    char *text = ssh_ask_terminal(l->account, prompt, echo != 0, l->w, err);
    if (text == NULL)
        return false;
    ssh_userauth_kbdint_setanswer(l->session, i, text);
    explicit_bzero(text, strlen(text));
    free(text);
    return true;
}

static enum auth_result try_interactive(struct login *l, struct error **err)
{
    int rc, rounds = 0;
    do {
        UNTIL_DONE(l, rc, ssh_userauth_kbdint(l->session, NULL, NULL), err);
        if (rc != SSH_AUTH_INFO)
            break;
        int prompts = ssh_userauth_kbdint_getnprompts(l->session);
        for (int i = 0; i < prompts; i++)
            if (!answer(l, (unsigned)i, err))
                return AUTH_BROKEN;
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

static bool is_configured(const struct ssh_account *a, const struct method *m)
{
    if (m->run == try_agent)
        return a->agent;
    if (m->run == try_key_file)
        return a->key_file != NULL;
    if (m->run == try_own_key)
        return a->private_key_pem != NULL;
    return a->password != NULL || (m->run == try_interactive && a->interactive);
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
    error_set(err, ERR_AUTH, 0, "%s refused the login of '%s' (tried: %s; it offers: %s)",
              l->account->who, l->account->user,
              l->tried.len > 0 ? l->tried.buf : "nothing that it offers",
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
        if ((offered & methods[i].flag) == 0 || !is_configured(l->account, &methods[i]))
            continue;
        enum auth_result result = methods[i].run(l, err);
        if (result != AUTH_REFUSED)
            return result;
        if (l->partial)
            offered = ssh_userauth_list(l->session, NULL);
    }
    return refused(l, offered, err);
}

enum auth_result ssh_auth(const struct ssh_account *a, ssh_session session,
                          const struct ssh_wait *w, struct error **err)
{
    struct login l = {.account = a, .session = session, .w = w, .tried = STRBUF_INIT};
    enum auth_result result = run_methods(&l, err);
    strbuf_clear(&l.tried);
    return result;
}
