/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/winrm_link.h"

#include <curl/curl.h>
#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "communicator/winrm_mime.h"
#include "communicator/winrm_seal.h"
#include "communicator/wsman.h"
#include "hcl/fs_util.h"

#define CONNECT_TIMEOUT_MS 10000L
/* An answer is asked to be no longer than WSMAN_ENVELOPE_MAX; some go over. */
#define ANSWER_MAX ((size_t)4 << 20)
#define TOKEN_MAX  ((size_t)64 << 10)
#define SOAP_TYPE  "application/soap+xml;charset=UTF-8"

enum phase { PHASE_IDLE, PHASE_LOGIN, PHASE_MESSAGE, PHASE_ANSWERED, PHASE_FAILED };

struct winrm_link {
    const struct winrm_target *target;
    CURLM *multi; /* its cache is this link's one connection */
    CURL *easy;
    struct curl_slist *headers;
    char errbuf[CURL_ERROR_SIZE];
    enum phase phase;
    int64_t deadline_ns, limit_ns;
    struct strbuf body;           /* in the clear */
    struct strbuf sent, received; /* as on the wire */
    str content;                  /* what of it has not gone out yet */
    struct strbuf opened;         /* a sealed answer in the clear */
    struct winrm_seal *seal;      /* the NTLM login of this connection; or NULL */
    bool logged_in_again;         /* for this message */
    struct strbuf offered;        /* what WWW-Authenticate said, each on a line */
    const char *scheme;           /* for the Authorization of NTLM */
    struct error *failure;
    bool is_hopeless;
};

static size_t on_body(char *data, size_t one, size_t len, void *arg)
{
    struct winrm_link *l = arg;
    (void)one;
    return strbuf_add(&l->received, data, len) ? len : 0;
}

static size_t on_read(char *data, size_t one, size_t room, void *arg)
{
    struct winrm_link *l = arg;
    size_t n = MIN(l->content.len, one * room);
    memcpy(data, l->content.ptr, n);
    l->content = str_sub(l->content, n, l->content.len);
    return n;
}

static size_t on_header(char *data, size_t one, size_t len, void *arg)
{
    static const char name[] = "WWW-Authenticate:";
    struct winrm_link *l = arg;
    str line = str_trim((str){data, len});
    (void)one;
    if (line.len > strlen(name) && str_eq_nocase(str_sub(line, 0, strlen(name)), str_from(name))) {
        strbuf_addstr(&l->offered, str_trim(str_sub(line, strlen(name), line.len)));
        strbuf_addc(&l->offered, '\n');
    }
    return len;
}

/* Go, and so Packer, never asks a proxy for this host itself. */
static bool is_loopback(const char *host)
{
    return strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
           strcmp(host, "::1") == 0;
}

/* As Go does where no certificates are given. */
static void set_trust(CURL *easy)
{
    const char *file = getenv("SSL_CERT_FILE"), *dir = getenv("SSL_CERT_DIR");
    if (file != NULL && *file != '\0')
        curl_easy_setopt(easy, CURLOPT_CAINFO, file);
    if (dir != NULL && *dir != '\0')
        curl_easy_setopt(easy, CURLOPT_CAPATH, dir);
}

static void set_options(struct winrm_link *l)
{
    const struct winrm_target *t = l->target;
    curl_easy_setopt(l->easy, CURLOPT_URL, t->url);
    curl_easy_setopt(l->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(l->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(l->easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(l->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(l->easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(l->easy, CURLOPT_USERAGENT, "imgfac/" IMGFAC_VERSION);
    curl_easy_setopt(l->easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    curl_easy_setopt(l->easy, CURLOPT_ERRORBUFFER, l->errbuf);
    curl_easy_setopt(l->easy, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(l->easy, CURLOPT_READDATA, l);
    curl_easy_setopt(l->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(l->easy, CURLOPT_WRITEDATA, l);
    curl_easy_setopt(l->easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(l->easy, CURLOPT_HEADERDATA, l);
    if (t->no_proxy || is_loopback(t->host))
        curl_easy_setopt(l->easy, CURLOPT_NOPROXY, "*");
    set_trust(l->easy);
    if (t->insecure) {
        curl_easy_setopt(l->easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(l->easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (!t->use_ntlm) {
        curl_easy_setopt(l->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(l->easy, CURLOPT_USERNAME, t->user);
        curl_easy_setopt(l->easy, CURLOPT_PASSWORD, t->password != NULL ? t->password : "");
    }
}

struct winrm_link *winrm_link_new(const struct winrm_target *target)
{
    struct winrm_link *l = xnew(struct winrm_link);
    l->target = target;
    l->scheme = "Negotiate";
    curl_global_init(CURL_GLOBAL_DEFAULT);
    l->multi = curl_multi_init();
    l->easy = curl_easy_init();
    if (l->multi == NULL || l->easy == NULL)
        BUG("libcurl: out of memory");
    curl_multi_setopt(l->multi, CURLMOPT_MAXCONNECTS, 1L);
    strbuf_init(&l->body, (size_t)1 << 20);
    strbuf_init(&l->sent, (size_t)2 << 20);
    strbuf_init(&l->received, ANSWER_MAX);
    strbuf_init(&l->opened, ANSWER_MAX);
    strbuf_init(&l->offered, TOKEN_MAX);
    set_options(l);
    return l;
}

static void wipe(struct strbuf *sb)
{
    if (sb->alloc > 0)
        explicit_bzero(sb->buf, sb->alloc);
    strbuf_clear(sb);
}

void winrm_link_free(struct winrm_link *l)
{
    if (l == NULL)
        return;
    winrm_link_abort(l);
    curl_easy_cleanup(l->easy);
    curl_multi_cleanup(l->multi);
    curl_slist_free_all(l->headers);
    wipe(&l->body);
    wipe(&l->sent);
    strbuf_clear(&l->received);
    strbuf_clear(&l->opened);
    strbuf_clear(&l->offered);
    error_drop(&l->failure);
    free(l);
}

static bool is_under_way(const struct winrm_link *l)
{
    return l->phase == PHASE_LOGIN || l->phase == PHASE_MESSAGE;
}

/* Closing the connection ends the login that belongs to it. */
static void hang_up(struct winrm_link *l)
{
    if (is_under_way(l))
        curl_multi_remove_handle(l->multi, l->easy);
    curl_multi_cleanup(l->multi);
    l->multi = curl_multi_init();
    if (l->multi == NULL)
        BUG("libcurl: out of memory");
    curl_multi_setopt(l->multi, CURLMOPT_MAXCONNECTS, 1L);
    winrm_seal_free(steal(&l->seal));
}

void winrm_link_abort(struct winrm_link *l)
{
    hang_up(l);
    l->phase = PHASE_IDLE;
    error_drop(&l->failure);
}

/* Takes *ERR. */
static void fail(struct winrm_link *l, struct error **err)
{
    error_drop(&l->failure);
    l->failure = steal(err);
    if (l->failure->code == ERR_HOST)
        l->is_hopeless = true;
    hang_up(l);
    l->phase = PHASE_FAILED;
}

/* --- sending --- */

static void add_header(struct winrm_link *l, const char *text)
{
    struct curl_slist *grown = curl_slist_append(l->headers, text);
    if (grown == NULL)
        BUG("libcurl: out of memory");
    l->headers = grown;
}

/* CONTENT goes out with the headers added so far.  libcurl repeats a request
 * whose connection, used before, ends without an answer; here that would run a
 * command twice, or lose output.  What it reads by a function and cannot rewind
 * it does not repeat, once a byte is out. */
static void post(struct winrm_link *l, str content, enum phase phase)
{
    add_header(l, "Expect:");
    curl_easy_setopt(l->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(l->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)content.len);
    curl_easy_setopt(l->easy, CURLOPT_POSTFIELDS, content.len > 0 ? NULL : "");
    l->content = content;
    curl_easy_setopt(l->easy, CURLOPT_HTTPHEADER, l->headers);
    strbuf_truncate(&l->received, 0);
    strbuf_truncate(&l->offered, 0);
    l->errbuf[0] = '\0';
    l->phase = phase;
    if (curl_multi_add_handle(l->multi, l->easy) != CURLM_OK)
        BUG("curl_multi_add_handle");
}

static void new_headers(struct winrm_link *l)
{
    curl_slist_free_all(l->headers);
    l->headers = NULL;
}

static bool post_message(struct winrm_link *l, struct error **err)
{
    new_headers(l);
    if (l->seal == NULL || l->target->use_ssl) {
        add_header(l, "Content-Type: " SOAP_TYPE);
        post(l, strbuf_str(&l->body), PHASE_MESSAGE);
        return true;
    }
    AUTO(strbuf) struct strbuf sealed = STRBUF_INIT;
    size_t signature;
    if (!winrm_seal_wrap(l->seal, strbuf_str(&l->body), &sealed, &signature, err))
        return false;
    strbuf_truncate(&l->sent, 0);
    winrm_mime_write(&l->sent, l->body.len, signature, strbuf_str(&sealed));
    add_header(l, "Content-Type: " WINRM_MIME_TYPE);
    post(l, strbuf_str(&l->sent), PHASE_MESSAGE);
    return true;
}

/* RFC 4559: tokens in Base64 behind the name of the scheme, with empty bodies
 * until both sides agree. */
static bool post_token(struct winrm_link *l, str token, struct error **err)
{
    AUTO(strbuf) struct strbuf mine = STRBUF_INIT;
    AUTO(strbuf) struct strbuf header = STRBUF_INIT;
    if (!winrm_seal_step(l->seal, token, &mine, err))
        return false;
    new_headers(l);
    strbuf_addf(&header, "Authorization: %s ", l->scheme);
    base64_encode(strbuf_str(&mine), &header);
    add_header(l, header.buf);
    add_header(l, "Content-Type: " SOAP_TYPE);
    post(l, STR(""), PHASE_LOGIN);
    return true;
}

static bool log_in(struct winrm_link *l, struct error **err)
{
    const struct winrm_target *t = l->target;
    winrm_seal_free(steal(&l->seal));
    l->seal =
        winrm_seal_new(t->user, t->password != NULL ? t->password : "", t->host, !t->use_ssl, err);
    return l->seal != NULL && post_token(l, STR(""), err);
}

static bool begin(struct winrm_link *l, struct error **err)
{
    return l->target->use_ntlm && l->seal == NULL ? log_in(l, err) : post_message(l, err);
}

bool winrm_link_start(struct winrm_link *l, str body, int64_t limit_ns, struct error **err)
{
    assert(!is_under_way(l));
    error_drop(&l->failure);
    l->is_hopeless = l->logged_in_again = false;
    strbuf_truncate(&l->body, 0);
    strbuf_addstr(&l->body, body);
    l->limit_ns = limit_ns;
    l->deadline_ns = clock_now() + limit_ns;
    if (begin(l, err))
        return true;
    l->is_hopeless = (*err)->code == ERR_HOST;
    return false;
}

/* --- answers --- */

/* "Basic, Negotiate": the schemes of the last answer. */
static void add_schemes(const struct winrm_link *l, struct strbuf *out)
{
    str rest = strbuf_str(&l->offered);
    while (rest.len > 0) {
        str line = str_next_line(&rest);
        ptrdiff_t space = str_find_char(line, ' ');
        strbuf_addf(out, "%s%.*s", out->len > 0 ? ", " : "",
                    (int)(space < 0 ? (ptrdiff_t)line.len : space), line.ptr);
    }
}

/* The guest offers SCHEME; *TOKEN is what it says behind it. */
static bool offers(const struct winrm_link *l, const char *scheme, str *token)
{
    str rest = strbuf_str(&l->offered), name = str_from(scheme);
    while (rest.len > 0) {
        str line = str_next_line(&rest);
        if (line.len < name.len || !str_eq_nocase(str_sub(line, 0, name.len), name) ||
            (line.len > name.len && line.ptr[name.len] != ' '))
            continue;
        *token = str_trim(str_sub(line, name.len, line.len));
        return true;
    }
    return false;
}

static bool refused(struct winrm_link *l, struct error **err)
{
    AUTO(strbuf) struct strbuf schemes = STRBUF_INIT;
    const struct winrm_target *t = l->target;
    const char *mine = t->use_ntlm ? "NTLM" : "Basic";
    str token;
    add_schemes(l, &schemes);
    bool offered = t->use_ntlm ? offers(l, "Negotiate", &token) || offers(l, "NTLM", &token)
                               : offers(l, "Basic", &token);
    if (offered || schemes.len == 0) {
        error_set(err, ERR_AUTH, 0, "the guest refused the login of '%s' by %s (401)", t->user,
                  mine);
        return error_hint(err, "Check winrm_username and winrm_password%s.",
                          t->use_ssl || t->use_ntlm
                              ? ""
                              : ", and in the guest AllowUnencrypted and Auth/Basic of "
                                "winrm/config/service");
    }
    error_set(err, ERR_AUTH, 0, "the guest takes no login by %s but by %s (401)", mine,
              schemes.buf);
    return error_hint(err, t->use_ntlm
                               ? "Set winrm_use_ntlm = false."
                               : "Set winrm_use_ntlm = true, or allow Basic in the guest: winrm "
                                 "set winrm/config/service/auth @{Basic=\"true\"}");
}

/* The guest's token for the login under way, or refusal. */
static bool go_on_logging_in(struct winrm_link *l, struct error **err)
{
    AUTO(strbuf) struct strbuf token = STRBUF_INIT_MAX(TOKEN_MAX);
    str text = STR("");
    size_t at;
    if (winrm_seal_is_complete(l->seal))
        return refused(l, err);
    if (!offers(l, l->scheme, &text)) {
        const char *other = strcmp(l->scheme, "NTLM") == 0 ? "Negotiate" : "NTLM";
        if (l->logged_in_again || !offers(l, other, &text))
            return refused(l, err);
        l->scheme = other;
        l->logged_in_again = true;
        return log_in(l, err);
    }
    if (text.len == 0)
        return refused(l, err);
    if (!base64_decode(text, &token, &at))
        return error_set(err, ERR_GUEST, 0, "the guest's NTLM token is not Base64");
    return post_token(l, strbuf_str(&token), err);
}

static bool open_sealed(struct winrm_link *l, struct error **err)
{
    str sealed;
    uint64_t length;
    strbuf_truncate(&l->opened, 0);
    if (!winrm_mime_read(strbuf_str(&l->received), &sealed, &length, err) ||
        !winrm_seal_unwrap(l->seal, sealed, &l->opened, err))
        return false;
    return l->opened.len == length ||
           error_set(err, ERR_GUEST, 0, "a sealed answer of the guest is not as long as it says");
}

static bool is_type(CURL *easy, const char *type)
{
    const char *given = NULL;
    curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &given);
    return given != NULL && strncasecmp(given, type, strlen(type)) == 0;
}

/* An answer in the clear where ours was sealed could be from anybody. */
static bool take_answer(struct winrm_link *l, long status, struct error **err)
{
    bool sealed = l->seal != NULL && !l->target->use_ssl;
    strbuf_truncate(&l->opened, 0);
    if (status != 200 && status != 500 && status != 400) {
        error_set(err, ERR_GUEST, 0, "'%s' answered with HTTP status %ld", l->target->url, status);
        return error_hint(err, "Something else than WinRM seems to listen there.");
    }
    if (sealed && is_type(l->easy, "multipart/encrypted")) {
        if (!open_sealed(l, err))
            return false;
    } else if (sealed) {
        return error_set(err, ERR_GUEST, 0,
                         "the guest answered in the clear to a sealed message "
                         "(HTTP status %ld)",
                         status);
    } else if (is_type(l->easy, "application/soap+xml")) {
        strbuf_addstr(&l->opened, strbuf_str(&l->received));
    } else {
        return error_set(err, ERR_GUEST, 0, "'%s' gave no SOAP answer (HTTP status %ld)",
                         l->target->url, status);
    }
    l->phase = PHASE_ANSWERED;
    return true;
}

/* A sealed message over a connection that is new, or whose login is over, is
 * answered 401: log in once more. */
static bool take(struct winrm_link *l, struct error **err)
{
    long status = 0;
    curl_easy_getinfo(l->easy, CURLINFO_RESPONSE_CODE, &status);
    enum phase was = l->phase;
    l->phase = PHASE_IDLE;
    if (was == PHASE_LOGIN && status == 401)
        return go_on_logging_in(l, err);
    if (was == PHASE_LOGIN && !winrm_seal_is_complete(l->seal))
        return error_set(err, ERR_GUEST, 0, "'%s' wants no login (HTTP status %ld)", l->target->url,
                         status);
    if (was == PHASE_LOGIN)
        return post_message(l, err);
    if (status != 401)
        return take_answer(l, status, err);
    if (!l->target->use_ntlm || l->logged_in_again)
        return refused(l, err);
    l->logged_in_again = true;
    return log_in(l, err);
}

/* The one place where curl's errors become ours. */
static bool broken(struct winrm_link *l, CURLcode rc, struct error **err)
{
    const char *why = l->errbuf[0] != '\0' ? l->errbuf : curl_easy_strerror(rc);
    long errnum = 0;
    if (rc == CURLE_PEER_FAILED_VERIFICATION) {
        l->is_hopeless = true;
        error_set(err, ERR_GUEST, 0, "the certificate of '%s' is not trusted: %s", l->target->url,
                  why);
        return error_hint(err, "Set winrm_insecure = true for a certificate that the guest signed "
                               "itself, or name its authority in SSL_CERT_FILE.");
    }
    if (rc == CURLE_WRITE_ERROR)
        return error_set(err, ERR_GUEST, 0, "an answer of '%s' is too long", l->target->url);
    curl_easy_getinfo(l->easy, CURLINFO_OS_ERRNO, &errnum);
    if (rc == CURLE_COULDNT_CONNECT && errnum != 0)
        return error_set(err, ERR_NETWORK, (int)errnum, "cannot connect to '%s'", l->target->url);
    return error_set(err, ERR_NETWORK, 0, "no answer from '%s': %s", l->target->url, why);
}

static void work(struct winrm_link *l)
{
    int running = 0, left = 0;
    const CURLMsg *msg;
    struct error *err = NULL;
    curl_multi_perform(l->multi, &running);
    if (running == 0 && (msg = curl_multi_info_read(l->multi, &left)) != NULL) {
        CURLcode rc = msg->data.result;
        curl_multi_remove_handle(l->multi, l->easy);
        bool ok = rc == CURLE_OK ? take(l, &err) : broken(l, rc, &err);
        if (!ok) {
            l->phase = PHASE_IDLE;
            fail(l, &err);
        }
    } else if (clock_now() >= l->deadline_ns) {
        autofree char *limit = clock_format_duration(l->limit_ns);
        error_set(&err, ERR_TIMEOUT, 0, "no answer from '%s' within %s", l->target->url, limit);
        fail(l, &err);
    }
}

bool winrm_link_is_busy(const struct winrm_link *l)
{
    return is_under_way(l);
}

bool winrm_link_is_hopeless(const struct winrm_link *l)
{
    return l->is_hopeless;
}

/* --- waiting --- */

#define FDS_MAX 16

/* The sockets of L for the poll of another link. */
static unsigned add_fds(struct winrm_link *l, struct curl_waitfd *fds, unsigned count)
{
    fd_set in, out, bad;
    int last = -1;
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_ZERO(&bad);
    curl_multi_fdset(l->multi, &in, &out, &bad, &last);
    for (int fd = 0; fd <= last && count < FDS_MAX; fd++) {
        short events = (short)((FD_ISSET(fd, &in) ? CURL_WAIT_POLLIN : 0) |
                               (FD_ISSET(fd, &out) ? CURL_WAIT_POLLOUT : 0));
        if (events != 0)
            fds[count++] = (struct curl_waitfd){.fd = fd, .events = events};
    }
    return count;
}

static void wait_for_any(struct winrm_link *const *links, size_t count, const struct ssh_wait *w)
{
    struct curl_waitfd fds[FDS_MAX];
    const int tokens[] = {cancel_fd(w->cancel), cancel_fd(w->guest)};
    unsigned n = 0;
    for (size_t i = 0; i < ARRAY_SIZE(tokens); i++)
        if (tokens[i] >= 0)
            fds[n++] = (struct curl_waitfd){.fd = tokens[i], .events = CURL_WAIT_POLLIN};
    for (size_t i = 1; i < count; i++)
        if (is_under_way(links[i]))
            n = add_fds(links[i], fds, n);
    curl_multi_poll(links[0]->multi, fds, n, ssh_wait_ms(w), NULL);
}

bool winrm_link_pump(struct winrm_link *const *links, size_t count, const struct ssh_wait *w,
                     struct error **err)
{
    bool any_ended = false;
    if (!ssh_wait_test(w, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!is_under_way(links[i]))
            continue;
        work(links[i]);
        any_ended = any_ended || !is_under_way(links[i]);
    }
    if (any_ended)
        return true;
    wait_for_any(links, count, w);
    return ssh_wait_test(w, err);
}

bool winrm_link_answer(struct winrm_link *l, str *out, struct error **err)
{
    assert(l->phase == PHASE_ANSWERED || l->phase == PHASE_FAILED);
    if (l->phase == PHASE_FAILED) {
        *err = steal(&l->failure);
        return false;
    }
    *out = strbuf_str(&l->opened);
    return true;
}
