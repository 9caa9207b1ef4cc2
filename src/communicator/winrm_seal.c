/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/winrm_seal.h"

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>

#include "base/log.h"
#include "base/mem.h"

/* The library is loaded late, by its functions: its own objects for these
 * (GSS_C_NT_USER_NAME ...) cannot be named. */
static char user_name_id[] = "\x2a\x86\x48\x86\xf7\x12\x01\x02\x01\x01";
static char host_service_id[] = "\x2a\x86\x48\x86\xf7\x12\x01\x02\x01\x04";
static char ntlmssp_id[] = "\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a";
static gss_OID_desc user_name = {sizeof(user_name_id) - 1, user_name_id};
static gss_OID_desc host_service = {sizeof(host_service_id) - 1, host_service_id};
static gss_OID_desc ntlmssp = {sizeof(ntlmssp_id) - 1, ntlmssp_id};

struct winrm_seal {
    gss_cred_id_t cred;
    gss_ctx_id_t context;
    gss_name_t target;
    OM_uint32 flags;
    bool is_complete;
};

static void add_status(struct strbuf *sb, OM_uint32 code, int type)
{
    OM_uint32 minor, more = 0;
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    if (code == 0 || GSS_ERROR(gss_display_status(&minor, code, type, &ntlmssp, &more, &text)))
        return;
    strbuf_addf(sb, "%s%.*s", sb->len > 0 ? ": " : "", (int)text.length, (const char *)text.value);
    gss_release_buffer(&minor, &text);
}

/* The one place where GSSAPI's errors become ours. */
static bool failed(struct error **err, OM_uint32 major, OM_uint32 minor, const char *what)
{
    AUTO(strbuf) struct strbuf why = STRBUF_INIT_MAX(1024);
    if (GSS_ROUTINE_ERROR(major) == GSS_S_BAD_MECH ||
        GSS_ROUTINE_ERROR(major) == GSS_S_UNAVAILABLE) {
        error_set(err, ERR_HOST, 0, "GSSAPI has no NTLM on this host");
        return error_hint(err, "Install the package gss-ntlmssp, or set winrm_use_ntlm = false and "
                               "allow Basic in the guest.");
    }
    add_status(&why, major, GSS_C_GSS_CODE);
    add_status(&why, minor, GSS_C_MECH_CODE);
    return error_set(err, ERR_AUTH, 0, "%s: %s", what, why.buf);
}

/* The login went well: this is no matter of passwords. */
static bool mistrusted(struct error **err, OM_uint32 major, OM_uint32 minor, const char *what)
{
    failed(err, major, minor, what);
    (*err)->code = ERR_GUEST;
    return false;
}

static gss_buffer_desc buffer(str s)
{
    return (gss_buffer_desc){.length = s.len, .value = (void *)(uintptr_t)s.ptr};
}

static gss_name_t name_of(const char *text, gss_OID type, struct error **err)
{
    OM_uint32 minor;
    gss_name_t name = GSS_C_NO_NAME;
    gss_buffer_desc b = buffer(str_from(text));
    OM_uint32 major = gss_import_name(&minor, &b, type, &name);
    if (GSS_ERROR(major))
        failed(err, major, minor, "a name cannot be used for NTLM");
    return name;
}

static bool acquire(struct winrm_seal *s, const char *user, const char *password,
                    struct error **err)
{
    OM_uint32 minor, ignored;
    gss_OID_set_desc mechs = {1, &ntlmssp};
    gss_buffer_desc secret = buffer(str_from(password));
    gss_name_t name = name_of(user, &user_name, err);
    if (name == GSS_C_NO_NAME)
        return false;
    OM_uint32 major = gss_acquire_cred_with_password(&minor, name, &secret, GSS_C_INDEFINITE,
                                                     &mechs, GSS_C_INITIATE, &s->cred, NULL, NULL);
    gss_release_name(&ignored, &name);
    return !GSS_ERROR(major) || failed(err, major, minor, "NTLM cannot be used");
}

struct winrm_seal *winrm_seal_new(const char *user, const char *password, const char *host,
                                  bool confidential, struct error **err)
{
    AUTO(winrm_seal) struct winrm_seal *s = xnew(struct winrm_seal);
    autofree char *service = xasprintf("HTTP@%s", host);
    s->flags = GSS_C_INTEG_FLAG | GSS_C_SEQUENCE_FLAG | GSS_C_REPLAY_FLAG;
    if (confidential)
        s->flags |= GSS_C_CONF_FLAG;
    if (!acquire(s, user, password, err))
        return NULL;
    s->target = name_of(service, &host_service, err);
    return s->target == GSS_C_NO_NAME ? NULL : steal(&s);
}

void winrm_seal_free(struct winrm_seal *s)
{
    OM_uint32 minor;
    if (s == NULL)
        return;
    if (s->context != GSS_C_NO_CONTEXT)
        gss_delete_sec_context(&minor, &s->context, GSS_C_NO_BUFFER);
    if (s->cred != GSS_C_NO_CREDENTIAL)
        gss_release_cred(&minor, &s->cred);
    if (s->target != GSS_C_NO_NAME)
        gss_release_name(&minor, &s->target);
    free(s);
}

/* [MS-NLMP] 2.2.1.2 and 2.2.2.5: the flags of the challenge.  Nothing protects
 * them here, so somebody in between could ask for keys of 40 bits, and the
 * library would agree; Windows has wanted 128 by itself since version 6.1. */
#define CHALLENGE_FLAGS_AT 20
#define NEGOTIATE_128      UINT32_C(0x20000000)

static bool is_weak(str token)
{
    uint32_t flags = 0;
    if (token.len < CHALLENGE_FLAGS_AT + sizeof(flags))
        return false; /* too short to be accepted at all */
    for (unsigned i = 0; i < sizeof(flags); i++)
        flags |= (uint32_t)(unsigned char)token.ptr[CHALLENGE_FLAGS_AT + i] << (8 * i);
    return (flags & NEGOTIATE_128) == 0;
}

bool winrm_seal_step(struct winrm_seal *s, str token, struct strbuf *out, struct error **err)
{
    OM_uint32 minor, granted = 0, ignored;
    if ((s->flags & GSS_C_CONF_FLAG) != 0 && is_weak(token))
        return error_set(err, ERR_AUTH, 0, "the guest wants to seal with keys that are too short");
    gss_buffer_desc in = buffer(token), answer = GSS_C_EMPTY_BUFFER;
    OM_uint32 major = gss_init_sec_context(
        &minor, s->cred, &s->context, s->target, &ntlmssp, s->flags, 0, GSS_C_NO_CHANNEL_BINDINGS,
        token.len > 0 ? &in : GSS_C_NO_BUFFER, NULL, &answer, &granted, NULL);
    strbuf_add(out, answer.value, answer.length);
    gss_release_buffer(&ignored, &answer);
    if (GSS_ERROR(major))
        return failed(err, major, minor, "the NTLM login failed");
    s->is_complete = major == GSS_S_COMPLETE;
    if (s->is_complete && (s->flags & GSS_C_CONF_FLAG) != 0 && (granted & GSS_C_CONF_FLAG) == 0)
        return error_set(err, ERR_AUTH, 0, "the guest does not agree to sealed messages");
    return true;
}

bool winrm_seal_is_complete(const struct winrm_seal *s)
{
    return s->is_complete;
}

/* [MS-NLMP] 2.2.2.9.1: the signature of a connection has 16 bytes. */
#define SIGNATURE 16

bool winrm_seal_wrap(struct winrm_seal *s, str body, struct strbuf *out, size_t *signature,
                     struct error **err)
{
    OM_uint32 minor, ignored;
    int sealed = 0;
    gss_buffer_desc in = buffer(body), made = GSS_C_EMPTY_BUFFER;
    OM_uint32 major = gss_wrap(&minor, s->context, 1, GSS_C_QOP_DEFAULT, &in, &sealed, &made);
    bool ok = !GSS_ERROR(major) && sealed != 0 && made.length >= SIGNATURE;
    if (ok)
        strbuf_add(out, made.value, made.length);
    gss_release_buffer(&ignored, &made);
    *signature = SIGNATURE;
    return ok || mistrusted(err, major, minor, "a message cannot be sealed");
}

bool winrm_seal_unwrap(struct winrm_seal *s, str sealed, struct strbuf *out, struct error **err)
{
    OM_uint32 minor, ignored;
    int was_sealed = 0;
    gss_buffer_desc in = buffer(sealed), text = GSS_C_EMPTY_BUFFER;
    OM_uint32 major = gss_unwrap(&minor, s->context, &in, &text, &was_sealed, NULL);
    bool ok = !GSS_ERROR(major) && was_sealed != 0;
    if (ok)
        strbuf_add(out, text.value, text.length);
    gss_release_buffer(&ignored, &text);
    return ok || mistrusted(err, major, minor, "a sealed answer cannot be opened");
}
