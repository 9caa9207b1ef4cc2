/* SPDX-License-Identifier: Apache-2.0 */

#include "net/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"

#define DEFAULT_ATTEMPTS  5
#define RESUMES_MAX       100 /* of a connection that breaks again and again */
#define CONNECT_TIMEOUT_S 30L
#define STALL_TIMEOUT_S   60L /* less than one byte a second for so long: try again */
#define MAX_REDIRECTS     10L

DEFINE_AUTO(easy, CURL *, curl_easy_cleanup);
DEFINE_AUTO(url, CURLU *, curl_url_cleanup);
DEFINE_AUTO(slist, struct curl_slist *, curl_slist_free_all);

static void multi_cleanup(CURLM *m)
{
    if (m != NULL)
        curl_multi_cleanup(m);
}
DEFINE_AUTO(multi, CURLM *, multi_cleanup);

/* Where a body goes: a file or a buffer. */
struct sink {
    const struct http_request *req;
    int fd;             /* -1: into `out` */
    struct strbuf *out; /* or NULL */
    uint64_t start;     /* bytes there before this attempt */
    int errnum;         /* of a failed write */
    bool too_big;
};

enum verdict { DONE, FAILED, RETRY, RESTART };

static void global_init(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void init_once(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, global_init);
}

char *http_url_display(const char *url)
{
    init_once();
    AUTO(url) CURLU *u = curl_url();
    char *shown = NULL;
    if (u == NULL || curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK)
        return xstrdup("<URL>");
    curl_url_set(u, CURLUPART_USER, NULL, 0);
    curl_url_set(u, CURLUPART_PASSWORD, NULL, 0);
    curl_url_set(u, CURLUPART_QUERY, NULL, 0);
    if (curl_url_get(u, CURLUPART_URL, &shown, 0) != CURLUE_OK)
        return xstrdup("<URL>");
    char *copy = xstrdup(shown);
    curl_free(shown);
    return copy;
}

static size_t on_body(char *data, size_t one, size_t len, void *arg)
{
    struct sink *sink = arg;
    (void)one;
    if (sink->fd < 0) {
        sink->too_big = !strbuf_add(sink->out, data, len);
        return sink->too_big ? 0 : len;
    }
    if (io_write_all(sink->fd, data, len))
        return len;
    sink->errnum = errno;
    return 0;
}

static size_t on_header(char *data, size_t one, size_t len, void *arg)
{
    const struct sink *sink = arg;
    str line = str_trim_end((str){data, len});
    (void)one;
    if (line.len > 0)
        sink->req->on_header(sink->req->arg, line);
    return len;
}

static int on_progress(void *arg, curl_off_t total, curl_off_t now, curl_off_t up, curl_off_t sent)
{
    const struct sink *sink = arg;
    (void)up;
    (void)sent;
    if (sink->req->progress != NULL && now > 0)
        sink->req->progress(sink->req->arg, sink->start + (uint64_t)now,
                            total > 0 ? sink->start + (uint64_t)total : 0);
    return cancel_test(sink->req->cancel) ? 1 : 0;
}

static void set_options(CURL *easy, struct sink *sink, char *errbuf)
{
    const struct http_request *req = sink->req;
    curl_easy_setopt(easy, CURLOPT_URL, req->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, MAX_REDIRECTS);
    curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "imgfac/" IMGFAC_VERSION);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, STALL_TIMEOUT_S);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, errbuf);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, sink);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, sink);
    if (req->proxy != NULL)
        curl_easy_setopt(easy, CURLOPT_PROXY, req->proxy);
    if (req->ca_file != NULL)
        curl_easy_setopt(easy, CURLOPT_CAINFO, req->ca_file);
    if (sink->start > 0)
        curl_easy_setopt(easy, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)sink->start);
}

/* A redirect of a POST becomes a GET where HTTP says so; curl does that only
 * when it chose the method itself. */
static void set_method(CURL *easy, const struct http_request *req)
{
    const char *method = req->method != NULL ? req->method : "GET";
    bool post = strcmp(method, "POST") == 0;
    if (strcmp(method, "HEAD") == 0)
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    if (req->body.ptr != NULL || post) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)req->body.len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, req->body.len > 0 ? req->body.ptr : "");
    }
    bool own = post || strcmp(method, "HEAD") == 0 ||
               (strcmp(method, "GET") == 0 && req->body.ptr == NULL);
    if (!own)
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
}

static struct curl_slist *header_list(const struct http_request *req)
{
    struct curl_slist *list = NULL;
    for (size_t i = 0; req->headers != NULL && req->headers[i] != NULL; i++) {
        struct curl_slist *grown = curl_slist_append(list, req->headers[i]);
        list = grown != NULL ? grown : list;
    }
    return list;
}

/* Run to the end, waking at once when cancelled. */
static CURLcode perform(CURL *easy, struct cancel *c)
{
    AUTO(multi) CURLM *multi = curl_multi_init();
    if (multi == NULL || curl_multi_add_handle(multi, easy) != CURLM_OK)
        return CURLE_FAILED_INIT;
    CURLcode rc = CURLE_FAILED_INIT;
    int running = 1;
    while (running > 0) {
        struct curl_waitfd wake = {.fd = cancel_fd(c), .events = CURL_WAIT_POLLIN};
        if (curl_multi_perform(multi, &running) != CURLM_OK)
            break;
        if (cancel_test(c)) {
            rc = CURLE_ABORTED_BY_CALLBACK;
            break;
        }
        if (running > 0)
            curl_multi_poll(multi, &wake, wake.fd >= 0, cancel_poll_ms(c), NULL);
    }
    int left;
    const CURLMsg *msg;
    while ((msg = curl_multi_info_read(multi, &left)) != NULL)
        if (msg->msg == CURLMSG_DONE)
            rc = msg->data.result;
    curl_multi_remove_handle(multi, easy);
    return rc;
}

static bool may_pass(CURLcode rc, long status)
{
    if (rc == CURLE_HTTP_RETURNED_ERROR)
        return status == 408 || status == 429 || status >= 500;
    return rc == CURLE_COULDNT_CONNECT || rc == CURLE_OPERATION_TIMEDOUT ||
           rc == CURLE_RECV_ERROR || rc == CURLE_SEND_ERROR || rc == CURLE_PARTIAL_FILE ||
           rc == CURLE_GOT_NOTHING || rc == CURLE_HTTP2 || rc == CURLE_HTTP2_STREAM ||
           rc == CURLE_COULDNT_RESOLVE_HOST;
}

/* curl takes 416 for "complete already", also when the file is too long. */
static bool is_good(CURLcode rc, long status, const struct sink *sink)
{
    return rc == CURLE_OK && (sink->fd >= 0 || status == 416 || (status >= 200 && status <= 299));
}

static void bad_status(const char *shown, long status, struct error **err)
{
    error_set(err, status == 404 || status == 410 ? ERR_NOT_FOUND : ERR_NETWORK, 0,
              "cannot download '%s': the server answered %ld", shown, status);
}

/* The one place where curl's errors become ours. */
static enum verdict judge(CURL *easy, CURLcode rc, const struct sink *sink, const char *errbuf,
                          struct error **err)
{
    const struct http_request *req = sink->req;
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (is_good(rc, status, sink))
        return status == 416 ? RESTART : DONE;
    autofree char *shown = http_url_display(req->url);
    if (cancel_test(req->cancel)) {
        cancel_error(req->cancel, err, "download");
        return FAILED;
    }
    if (rc == CURLE_RANGE_ERROR || (status == 416 && sink->start > 0))
        return RESTART;
    if (sink->errnum != 0)
        error_set(err, sink->errnum == ENOSPC ? ERR_NO_SPACE : ERR_IO, sink->errnum,
                  "cannot store what comes from '%s'", shown);
    else if (sink->too_big)
        error_set(err, ERR_NETWORK, 0, "'%s' is larger than expected", shown);
    else if (rc == CURLE_HTTP_RETURNED_ERROR || rc == CURLE_OK)
        bad_status(shown, status, err);
    else
        error_set(err, ERR_NETWORK, 0, "cannot download '%s': %s", shown,
                  errbuf[0] != '\0' ? errbuf : curl_easy_strerror(rc));
    return may_pass(rc, status) ? RETRY : FAILED;
}

static enum verdict attempt(struct sink *sink, struct error **err)
{
    char errbuf[CURL_ERROR_SIZE] = "";
    AUTO(easy) CURL *easy = curl_easy_init();
    if (easy == NULL) {
        error_set(err, ERR_INTERNAL, 0, "cannot start libcurl");
        return FAILED;
    }
    AUTO(slist) struct curl_slist *headers = header_list(sink->req);
    set_options(easy, sink, errbuf);
    set_method(easy, sink->req);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    if (sink->req->on_header != NULL) {
        curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
        curl_easy_setopt(easy, CURLOPT_HEADERDATA, sink);
    }
    CURLcode rc = perform(easy, sink->req->cancel);
    return judge(easy, rc, sink, errbuf, err);
}

/* Where the next attempt goes on; false when the file cannot be handled. */
static bool position(struct sink *sink, bool restart, const char *path, struct error **err)
{
    if (sink->fd < 0) {
        strbuf_truncate(sink->out, 0);
        return true;
    }
    off_t end = lseek(sink->fd, 0, SEEK_END);
    if (restart && end > 0)
        end = ftruncate(sink->fd, 0) == 0 ? lseek(sink->fd, 0, SEEK_SET) : -1;
    if (end < 0)
        return error_set(err, ERR_IO, errno, "cannot position in '%s'", path);
    sink->start = (uint64_t)end;
    return true;
}

static bool has_grown(const struct sink *sink)
{
    off_t end = sink->fd >= 0 ? lseek(sink->fd, 0, SEEK_END) : 0;
    return end > 0 && (uint64_t)end > sink->start;
}

static bool run(struct sink *sink, const char *path, struct error **err)
{
    const struct http_request *req = sink->req;
    unsigned attempts = req->attempts != 0 ? req->attempts : DEFAULT_ATTEMPTS;
    unsigned resumes = 0;
    int64_t pause_ns = NS_PER_S;
    bool restart = false;
    init_once();
    for (unsigned i = 1;; i++) {
        if (!position(sink, restart, path, err))
            return false;
        enum verdict v = attempt(sink, err);
        if (v == DONE)
            return true;
        restart = v == RESTART;
        if (v == RETRY && resumes < RESUMES_MAX && has_grown(sink)) {
            resumes++;
            i = 0;
            pause_ns = NS_PER_S;
        }
        if (v == FAILED || (v == RETRY && i >= attempts))
            return false;
        if (v == RETRY) {
            autofree char *why = error_line(*err);
            log_info("net", "attempt %u of %u: %s", i, attempts, why);
            error_drop(err);
            if (!cancel_sleep(req->cancel, pause_ns))
                return cancel_error(req->cancel, err, "download");
            pause_ns *= 2;
        } else if (i > attempts) {
            return error_set(err, ERR_NETWORK, 0, "cannot download: the server contradicts itself");
        }
    }
}

bool http_download(const struct http_request *req, const char *path, struct error **err)
{
    autoclose int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return error_set(err, ERR_IO, errno, "cannot create '%s'", path);
    struct sink sink = {.req = req, .fd = fd};
    return run(&sink, path, err);
}

bool http_fetch(const struct http_request *req, struct strbuf *out, struct error **err)
{
    struct sink sink = {.req = req, .fd = -1, .out = out};
    return run(&sink, NULL, err);
}
