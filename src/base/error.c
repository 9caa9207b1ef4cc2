/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <stdarg.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"

static const char *const code_names[] = {
    [ERR_INTERNAL] = "internal",   [ERR_USAGE] = "usage",
    [ERR_TEMPLATE] = "template",   [ERR_IO] = "io",
    [ERR_NO_SPACE] = "no_space",   [ERR_NOT_FOUND] = "not_found",
    [ERR_EXISTS] = "exists",       [ERR_CHECKSUM] = "checksum",
    [ERR_NETWORK] = "network",     [ERR_HOST] = "host",
    [ERR_LIBVIRT] = "libvirt",     [ERR_GUEST] = "guest",
    [ERR_AUTH] = "auth",           [ERR_DISCONNECT] = "disconnect",
    [ERR_PROVISION] = "provision", [ERR_SEAL] = "seal",
    [ERR_CATALOG] = "catalog",     [ERR_TIMEOUT] = "timeout",
    [ERR_CANCELLED] = "cancelled",
};

static char *format(const char *fmt, va_list ap) ATTR_PRINTF(1, 0);
static char *format(const char *fmt, va_list ap)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    strbuf_vaddf(&sb, fmt, ap);
    return strbuf_steal(&sb);
}

/* strerrordesc_np() as strerror() is translated and has a shared buffer. */
static char *append_errno(char *msg, int errnum)
{
    autofree char *head = msg;
    const char *text = strerrordesc_np(errnum);
    if (text != NULL)
        return xasprintf("%s: %s", head, text);
    return xasprintf("%s: error %d", head, errnum);
}

/* MSG and CAUSE become the new error's. */
static struct error *new_error(enum err_code code, int errnum, char *msg, struct error *cause)
{
    struct error *e = xnew(struct error);
    *e = (struct error){.code = code, .errnum = errnum, .msg = msg, .cause = cause};
    return e;
}

bool error_set(struct error **err, enum err_code code, int errnum, const char *fmt, ...)
{
    assert(*err == NULL);
    va_list ap;
    va_start(ap, fmt);
    char *msg = format(fmt, ap);
    va_end(ap);
    if (errnum != 0)
        msg = append_errno(msg, errnum);
    *err = new_error(code, errnum, msg, NULL);
    return false;
}

bool error_wrap(struct error **err, const char *fmt, ...)
{
    assert(*err != NULL);
    va_list ap;
    va_start(ap, fmt);
    char *msg = format(fmt, ap);
    va_end(ap);
    *err = new_error((*err)->code, (*err)->errnum, msg, *err);
    return false;
}

bool error_wrap_code(struct error **err, enum err_code code, const char *fmt, ...)
{
    assert(*err != NULL);
    va_list ap;
    va_start(ap, fmt);
    char *msg = format(fmt, ap);
    va_end(ap);
    *err = new_error(code, (*err)->errnum, msg, *err);
    return false;
}

bool error_hint(struct error **err, const char *fmt, ...)
{
    assert(*err != NULL);
    va_list ap;
    va_start(ap, fmt);
    char *hint = format(fmt, ap);
    va_end(ap);
    free((*err)->hint);
    (*err)->hint = hint;
    return false;
}

bool error_at(struct error **err, struct range range)
{
    assert(*err != NULL);
    if (error_first_range(*err).file == NULL)
        (*err)->range = range;
    return false;
}

bool error_option(struct error **err, const char *names)
{
    assert(*err != NULL);
    if (error_first_option(*err) == NULL)
        (*err)->option = xstrdup(names);
    return false;
}

void error_free(struct error *e)
{
    while (e != NULL) {
        struct error *cause = e->cause;
        free(e->msg);
        free(e->hint);
        free(e->option);
        free(e);
        e = cause;
    }
}

void error_drop(struct error **err)
{
    error_free(*err);
    *err = NULL;
}

const char *error_code_name(enum err_code code)
{
    if ((size_t)code >= ARRAY_SIZE(code_names) || code_names[code] == NULL)
        return "unknown";
    return code_names[code];
}

bool error_is(const struct error *e, enum err_code code)
{
    for (; e != NULL; e = e->cause) {
        if (e->code == code)
            return true;
    }
    return false;
}

char *error_line(const struct error *e)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    for (; e != NULL; e = e->cause) {
        strbuf_adds(&sb, e->msg);
        if (e->cause != NULL)
            strbuf_adds(&sb, ": ");
    }
    return strbuf_steal(&sb);
}

const char *error_first_hint(const struct error *e)
{
    for (; e != NULL; e = e->cause) {
        if (e->hint != NULL)
            return e->hint;
    }
    return NULL;
}

const char *error_first_option(const struct error *e)
{
    for (; e != NULL; e = e->cause) {
        if (e->option != NULL)
            return e->option;
    }
    return NULL;
}

struct range error_first_range(const struct error *e)
{
    for (; e != NULL; e = e->cause) {
        if (e->range.file != NULL)
            return e->range;
    }
    return RANGE_NONE;
}

char *error_json(const struct error *e)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    const char *hint = error_first_hint(e);
    strbuf_adds(&sb, "{\"code\":");
    strbuf_add_json_quoted(&sb, str_from(error_code_name(e->code)));
    strbuf_adds(&sb, ",\"message\":");
    strbuf_add_json_quoted(&sb, str_from(e->msg));
    if (hint != NULL) {
        strbuf_adds(&sb, ",\"hint\":");
        strbuf_add_json_quoted(&sb, str_from(hint));
    }
    strbuf_adds(&sb, ",\"causes\":[");
    for (const struct error *cause = e->cause; cause != NULL; cause = cause->cause) {
        strbuf_add_json_quoted(&sb, str_from(cause->msg));
        if (cause->cause != NULL)
            strbuf_addc(&sb, ',');
    }
    strbuf_adds(&sb, "]}");
    return strbuf_steal(&sb);
}
