/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/uri.h"

#include <libxml/uri.h>

#include "base/str.h"

static void end_uri(xmlURIPtr u)
{
    if (u != NULL)
        xmlFreeURI(u);
}
DEFINE_AUTO(xml_uri, xmlURIPtr, end_uri);

static const char *unescape(struct arena *a, str text)
{
    char *plain = arena_alloc(a, text.len + 1);
    if (text.len == 0) /* libxml2 takes the length 0 for "all of it" */
        return plain;
    return xmlURIUnescapeString(text.ptr, (int)text.len, plain);
}

static void take_parameter(struct uri *u, str name, const char *value)
{
    if (str_eqz(name, "keyfile"))
        u->keyfile = value;
    else if (str_eqz(name, "command"))
        u->command = value;
    else if (str_eqz(name, "no_verify"))
        u->no_verify = strcmp(value, "0") != 0;
}

/* libvirt takes ';' between parameters as well. */
static void take_parameters(struct uri *u, const char *query, struct arena *a)
{
    char *text = arena_strdup(a, query != NULL ? query : "");
    for (char *p = text; *p != '\0'; p++)
        if (*p == ';')
            *p = '&';
    str rest = str_from(text);
    while (rest.ptr != NULL && rest.len > 0) {
        str value = str_split(&rest, '&');
        str name = str_split(&value, '=');
        if (value.ptr != NULL)
            take_parameter(u, name, unescape(a, value));
    }
}

/* An IPv6 address stands in brackets. */
static const char *plain_host(struct arena *a, const char *server)
{
    str host = str_from(server);
    if (host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
        host = str_sub(host, 1, host.len - 1);
    return host.len > 0 ? unescape(a, host) : NULL;
}

void uri_parse(const char *text, struct arena *a, struct uri *out)
{
    *out = (struct uri){0};
    AUTO(xml_uri) xmlURIPtr u = text != NULL ? xmlParseURI(text) : NULL;
    if (u == NULL || u->scheme == NULL)
        return;
    const char *plus = strchr(u->scheme, '+');
    out->transport = plus != NULL ? arena_strdup(a, plus + 1) : NULL;
    out->host = u->server != NULL ? plain_host(a, u->server) : NULL;
    out->user = u->user != NULL ? unescape(a, str_from(u->user)) : NULL;
    out->port = u->port > 0 ? u->port : 0;
    out->is_session = u->path != NULL && strcmp(u->path, "/session") == 0;
    take_parameters(out, u->query_raw, a);
}

bool uri_is_remote(const char *text)
{
    AUTO(xml_uri) xmlURIPtr u = text != NULL ? xmlParseURI(text) : NULL;
    return u != NULL && u->scheme != NULL && u->server != NULL && *u->server != '\0';
}

bool uri_has_ssh(const struct uri *u)
{
    const char *t = u->transport;
    return t != NULL &&
           (strcmp(t, "ssh") == 0 || strcmp(t, "libssh") == 0 || strcmp(t, "libssh2") == 0);
}

const char *uri_without_terminal(const char *text, struct arena *a)
{
    struct uri u;
    uri_parse(text, a, &u);
    if (u.host == NULL || !uri_has_ssh(&u) || strstr(text, "no_tty=") != NULL)
        return text;
    return arena_fmt(a, "%s%cno_tty=1", text, strchr(text, '?') != NULL ? '&' : '?');
}
