/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/ssh_internal.h"

#include <fcntl.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

/* Key exchange and login of one attempt.  Emulated guests need several seconds. */
#define HANDSHAKE_NS (60 * NS_PER_S)
#define AUTH_NS      (60 * NS_PER_S)
/* A single attempt to come back after the connection was lost. */
#define ENSURE_NS (30 * NS_PER_S)

/* Packer's table: neither set: 5 minutes and 10 attempts; one of them set
 * switches the other off. */
int64_t ssh_connect_timeout(const struct comm_config *config)
{
    if (config->ssh_wait_timeout_ns > 0)
        return config->ssh_wait_timeout_ns;
    if (config->ssh_timeout_ns > 0)
        return config->ssh_timeout_ns;
    return config->ssh_handshake_attempts > 0 ? 0 : 300 * NS_PER_S;
}

int64_t ssh_connect_attempts(const struct comm_config *config)
{
    if (config->ssh_handshake_attempts > 0)
        return config->ssh_handshake_attempts;
    bool timed = config->ssh_timeout_ns > 0 || config->ssh_wait_timeout_ns > 0;
    return timed ? INT64_MAX : 10;
}

void ssh_session_end(ssh_session session)
{
    if (session == NULL)
        return;
    /* ssh_disconnect() alone leaves a descriptor given by SSH_OPTIONS_FD open. */
    ssh_silent_disconnect(session);
    ssh_free(session);
}
DEFINE_AUTO(session, ssh_session, ssh_session_end);

void ssh_line_close(struct ssh_line *line)
{
    ssh_session_end(steal(&line->session));
    ssh_hub_stop(steal(&line->below));
}

void ssh_drop(struct ssh_comm *c)
{
    sftp_free(c->sftp);
    c->sftp = NULL;
    relays_clear(&c->relays);
    if (c->event != NULL) {
        ssh_event_remove_session(c->event, c->session);
        ssh_event_free(c->event);
        c->event = NULL;
    }
    struct ssh_line line = {.session = steal(&c->session), .below = steal(&c->below)};
    ssh_line_close(&line);
}

static bool set_list(ssh_session session, enum ssh_options_e option, struct opt_strings list,
                     const char *name, struct error **err)
{
    if (list.len == 0)
        return true;
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    for (size_t i = 0; i < list.len; i++)
        strbuf_addf(&sb, "%s%s", i > 0 ? "," : "", list.ptr[i]);
    if (ssh_options_set(session, option, sb.buf) == SSH_OK)
        return true;
    error_set(err, ERR_TEMPLATE, 0, "%s: none of '%s' is known to this program", name, sb.buf);
    return error_hint(err, "Leave %s out to use the built-in list.", name);
}

/* The lists are for the guest: a bastion is another machine. */
static bool set_lists(const struct ssh_comm *c, ssh_session session, struct error **err)
{
    const struct comm_config *config = c->config;
    return set_list(session, SSH_OPTIONS_CIPHERS_C_S, config->ssh_ciphers, "ssh_ciphers", err) &&
           set_list(session, SSH_OPTIONS_CIPHERS_S_C, config->ssh_ciphers, "ssh_ciphers", err) &&
           set_list(session, SSH_OPTIONS_KEY_EXCHANGE, config->ssh_kex,
                    "ssh_key_exchange_algorithms", err);
}

/* FD becomes the session's. */
static ssh_session new_session(const struct ssh_comm *c, const struct ssh_account *a, int fd,
                               struct error **err)
{
    AUTO(session) ssh_session session = ssh_new();
    static const bool off = false;
    if (session == NULL)
        BUG("ssh_new: out of memory");
    ssh_set_blocking(session, 0);
    ssh_options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &off);
    ssh_options_set(session, SSH_OPTIONS_HOST, a->host);
    ssh_options_set(session, SSH_OPTIONS_USER, a->user);
    ssh_options_set(session, SSH_OPTIONS_FD, &fd);
    if (strcmp(a->who, "the guest") == 0 && !set_lists(c, session, err)) {
        close(fd);
        return NULL;
    }
    return steal(&session);
}

static bool handshake(ssh_session session, const struct ssh_wait *w, struct error **err)
{
    for (;;) {
        int rc = ssh_connect(session);
        if (rc == SSH_OK) {
            /* libssh switched it to blocking, in which a full send buffer stops us. */
            fcntl(ssh_get_fd(session), F_SETFL, O_NONBLOCK);
            return true;
        }
        if (rc != SSH_AGAIN)
            return ssh_lib_error(session, err, ERR_NETWORK, "the SSH handshake failed");
        if (!ssh_wait_session(w, session, err))
            return false;
    }
}

static char *fingerprint(ssh_session session)
{
    ssh_key key = NULL;
    unsigned char *hash = NULL;
    size_t len = 0;
    char *copy = NULL;
    if (ssh_get_server_publickey(session, &key) != SSH_OK)
        return xstrdup("none");
    if (ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &len) == 0) {
        char *text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, len);
        copy = xasprintf("%s %s", ssh_key_type_to_char(ssh_key_type(key)), text);
        ssh_string_free_char(text);
        ssh_clean_pubkey_hash(&hash);
    }
    ssh_key_free(key);
    return copy == NULL ? xstrdup("none") : copy;
}

/* The host key is learnt with the first login that succeeds; before that any
 * key is taken, as an installer or a first boot makes new ones.  Until the
 * first command or upload has ended well it may still change once more: a
 * password of the base lets us in before cloud-init renews the keys.  After
 * that a different key is an error for the rest of the build. */
static bool check_host_key(const struct ssh_account *a, const struct ssh_pin *pin, const char *key,
                           struct error **err)
{
    if (a->fingerprint != NULL && !str_ends(str_from(key), str_from(a->fingerprint))) {
        error_set(err, ERR_GUEST, 0, "%s has the host key %s", a->who, key);
        return error_hint(err,
                          "%s asks for %s: something else answers at this address, or the "
                          "option is out of date.",
                          a->fingerprint_option, a->fingerprint);
    }
    if (pin->key == NULL || !pin->is_firm || strcmp(pin->key, key) == 0)
        return true;
    error_set(err, ERR_GUEST, 0, "%s's host key changed from %s to %s", a->who, pin->key, key);
    return error_hint(err, "Something else answers at this address, or a provisioner made new "
                           "host keys; leave that to sealing.");
}

static void learn_host_key(struct ssh_comm *c, const struct ssh_account *a, struct ssh_pin *pin,
                           char *key)
{
    if (pin->key != NULL && strcmp(pin->key, key) != 0)
        build_sayf(c->build, "SSH: %s has a new host key: %s", a->who, key);
    free(pin->key);
    pin->key = key;
}

static struct ssh_wait part_of(const struct ssh_wait *w, int64_t ns)
{
    struct ssh_wait part = *w;
    int64_t end = clock_now() + ns;
    if (w->deadline_ns == 0 || end < w->deadline_ns)
        part.deadline_ns = end;
    return part;
}

/* A time-out of the part is one more failed attempt, unless the whole is over. */
static enum attempt failed(const struct ssh_wait *w, const struct error *e, enum attempt otherwise)
{
    struct error *end = NULL;
    bool goes_on = ssh_wait_test(w, &end);
    error_drop(&end);
    if (!goes_on || e->code == ERR_CANCELLED || e->code == ERR_TEMPLATE || e->code == ERR_USAGE)
        return ATTEMPT_FATAL;
    return otherwise;
}

static enum attempt log_in(struct ssh_comm *c, const struct ssh_account *a, struct ssh_pin *pin,
                           ssh_session session, const struct ssh_wait *w, struct error **err)
{
    struct ssh_wait part = part_of(w, HANDSHAKE_NS);
    part.what = "the SSH handshake";
    if (!handshake(session, &part, err))
        return failed(w, *err, ATTEMPT_AGAIN);
    autofree char *key = fingerprint(session);
    if (!check_host_key(a, pin, key, err))
        return ATTEMPT_FATAL;
    part = part_of(w, AUTH_NS);
    part.what = "the SSH login";
    switch (ssh_auth(a, session, &part, err)) {
    case AUTH_OK: break;
    case AUTH_REFUSED: return ATTEMPT_REFUSED;
    case AUTH_BROKEN: return failed(w, *err, ATTEMPT_AGAIN);
    }
    learn_host_key(c, a, pin, steal(&key));
    if (pin == &c->pin)
        ssh_save_host_key(c, session);
    return ATTEMPT_OK;
}

enum attempt ssh_log_in(struct ssh_comm *c, const struct ssh_account *a, struct ssh_pin *pin,
                        int fd, const struct ssh_wait *w, ssh_session *out, struct error **err)
{
    AUTO(session) ssh_session session = new_session(c, a, fd, err);
    if (session == NULL)
        return ATTEMPT_FATAL;
    enum attempt result = log_in(c, a, pin, session, w, err);
    if (result == ATTEMPT_OK)
        *out = steal(&session);
    return result;
}

/* Straight, or through a proxy. */
static int dial(struct ssh_comm *c, const struct ssh_wait *w, struct error **err)
{
    const struct comm_config *config = c->config;
    struct proxy_goal goal = {
        .kind = config->ssh_proxy_type == COMM_PROXY_HTTP ? PROXY_HTTP : PROXY_SOCKS5,
        .user = config->ssh_proxy_username,
        .password = config->ssh_proxy_password,
        .host = ssh_target_host(c),
        .port = ssh_target_port(c),
    };
    struct ssh_hop hop = {.host = goal.host, .port = goal.port, .label = ""};
    if (config->ssh_proxy_host == NULL)
        return ssh_probe(c->record, &hop, w, err);
    hop.host = config->ssh_proxy_host;
    hop.port = config->ssh_proxy_port != 0 ? (int)config->ssh_proxy_port : 1080;
    hop.via = &goal;
    autofree char *label = xasprintf("proxy %s:%d: ", hop.host, hop.port);
    hop.label = label;
    return ssh_probe(c->record, &hop, w, err);
}

enum attempt ssh_line_open(struct ssh_comm *c, const struct ssh_wait *w, struct ssh_line *out,
                           struct error **err)
{
    struct ssh_account account = ssh_guest_account(c);
    struct ssh_line line = {.session = NULL};
    int fd = -1;
    if (c->config->ssh_bastion_host != NULL) {
        enum attempt dialled = ssh_bastion_dial(c, w, &fd, &line.below, err);
        if (dialled != ATTEMPT_OK)
            return dialled;
    } else if ((fd = dial(c, w, err)) < 0) {
        return ATTEMPT_FATAL;
    }
    enum attempt result = ssh_log_in(c, &account, &c->pin, fd, w, &line.session, err);
    if (result == ATTEMPT_OK)
        *out = line;
    else
        ssh_line_close(&line);
    return result;
}

static void adopt(struct ssh_comm *c, const struct ssh_line *line)
{
    c->session = line->session;
    c->below = line->below;
    c->is_dead = false;
    c->event = ssh_event_new();
    if (c->event == NULL || ssh_event_add_session(c->event, c->session) != SSH_OK)
        BUG("ssh_event_add_session");
    c->last_rx_ns = c->last_keepalive_ns = clock_now();
    free(steal(&c->why_lost));
    ssh_forward_adopt(c);
}

static enum attempt attempt(struct ssh_comm *c, const struct ssh_wait *w, struct error **err)
{
    struct ssh_line line;
    enum attempt result = ssh_line_open(c, w, &line, err);
    if (result == ATTEMPT_OK)
        adopt(c, &line);
    return result;
}

/* Pause before the next login after N refusals: newer servers punish a source
 * whose refusals come faster (PerSourcePenalties). */
static int64_t pause_after(enum attempt result, size_t refusals, size_t failures)
{
    static const int64_t refused_s[] = {2, 4, 7};
    if (result == ATTEMPT_REFUSED)
        return refused_s[MIN(refusals - 1, ARRAY_SIZE(refused_s) - 1)] * NS_PER_S;
    size_t doublings = MIN(failures, (size_t)5);
    return MIN((50 * NS_PER_MS) << doublings, NS_PER_S);
}

/* LAST is taken: what the attempt before the end of the wait failed of. */
static bool time_is_up(struct error **err, struct error **last)
{
    if (*last != NULL && (*err)->code == ERR_TIMEOUT && (*err)->cause == NULL)
        (*err)->cause = steal(last);
    error_drop(last);
    if ((*err)->code == ERR_TIMEOUT && (*err)->cause == NULL)
        error_set(&(*err)->cause, ERR_NETWORK, 0, "no TCP connection: no answer");
    return false;
}

bool ssh_connect_loop(struct ssh_comm *c, const struct ssh_wait *w, struct error **err)
{
    struct error *last = NULL;
    int64_t attempts = ssh_connect_attempts(c->config);
    size_t refusals = 0, failures = 0;
    for (;;) {
        enum attempt result = attempt(c, w, err);
        if (result == ATTEMPT_OK) {
            error_drop(&last);
            ssh_record_add(c->record, false, "logged in");
            ssh_record_flush(c->record);
            return ssh_tunnels_ensure(c, w, err);
        }
        if (result == ATTEMPT_FATAL)
            return time_is_up(err, &last);
        autofree char *line = error_line(*err);
        ssh_record_add(c->record, true, line);
        refusals += result == ATTEMPT_REFUSED;
        failures += result == ATTEMPT_AGAIN;
        if (refusals >= (uint64_t)attempts) {
            error_drop(&last);
            return error_wrap(err, "gave up after %zu refused login%s", refusals,
                              refusals == 1 ? "" : "s");
        }
        error_drop(&last);
        last = steal(err);
        if (!ssh_wait_sleep(w, pause_after(result, refusals, failures), err))
            return time_is_up(err, &last);
    }
}

bool ssh_ensure(struct ssh_comm *c, struct cancel *cancel, struct error **err)
{
    struct ssh_wait w = ssh_wait_make(c, cancel, ENSURE_NS, "the new connection to the guest");
    if (ssh_is_up(c))
        return ssh_tunnels_ensure(c, &w, err);
    ssh_drop(c);
    log_info("ssh", "connecting again: %s", c->why_lost != NULL ? c->why_lost : "not connected");
    ssh_record_add(c->record, false, "connecting again");
    enum attempt result = attempt(c, &w, err);
    if (result == ATTEMPT_OK)
        return ssh_tunnels_ensure(c, &w, err);
    autofree char *line = error_line(*err);
    ssh_record_add(c->record, false, line);
    if ((*err)->code == ERR_TIMEOUT || (*err)->code == ERR_NETWORK)
        return error_wrap_code(err, ERR_DISCONNECT, "cannot connect to the guest again");
    return error_wrap(err, "cannot connect to the guest again");
}
