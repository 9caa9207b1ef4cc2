/* SPDX-License-Identifier: Apache-2.0 */
#include "plug/sealer.h"

#include <stdarg.h>

#include "base/clock.h"
#include "base/log.h"
#include "hcl/diag.h"
#include "hcl/suggest.h"
#include "plug/registry.h"
#include "seal/edit.h"
#include "seal/appliance.h"
#include "seal/inspect.h"
#include "seal/pem.h"
#include "seal/sealop.h"

bool seal_guest_error(struct seal_ctx *ctx, struct error **err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    const char *what = arena_vfmt(ctx->arena, fmt, ap);
    va_end(ap);
    appliance_error(ctx->appliance, ERR_SEAL, err);
    return error_wrap(err, "%s", what);
}

bool seal_check_failed(struct error **err, const char *fmt, ...)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    strbuf_vaddf(&sb, fmt, ap);
    va_end(ap);
    return error_set(err, ERR_SEAL, 0, "check after sealing: %s", sb.buf);
}

static bool lists(const struct opt_strings *names, const char *name)
{
    for (size_t i = 0; i < names->len; i++)
        if (strcmp(names->ptr[i], name) == 0)
            return true;
    return false;
}

static bool applies(const struct seal_ctx *ctx, const struct sealop *op)
{
    if ((op->os & ctx->os) == 0)
        return false;
    bool on = op->required || ((op->enabled || lists(&ctx->config->enable, op->name)) &&
                               !lists(&ctx->config->disable, op->name));
    return on && (op->wanted == NULL || op->wanted(ctx));
}

DEFINE_ARENA_VEC(ops, const struct sealop *);

static struct ops choose_ops(const struct seal_ctx *ctx)
{
    struct ops ops = {0};
    for (const struct sealop *const *op = registry_sealops(); *op != NULL; op++)
        if (applies(ctx, *op))
            ops_push(ctx->arena, &ops, *op);
    return ops;
}

/* "lock_accounts" of the operation "lock-accounts". */
static const char *option_of(struct arena *a, const struct sealop *op)
{
    char *name = arena_strdup(a, op->name);
    for (char *p = name; *p != '\0'; p++)
        *p = *p == '-' ? '_' : *p;
    return name;
}

static bool run_op(struct seal_ctx *ctx, const struct sealop *op, struct error **err)
{
    int64_t start = clock_now();
    appliance_set_what(ctx->appliance, op->heading);
    log_debug("seal", "operation %s", op->name);
    if (cancel_test(ctx->cancel))
        return cancel_error(ctx->cancel, err, "sealing");
    if (fault(op->name))
        return error_set(err, ERR_SEAL, 0, "injected fault");
    if (!op->run(ctx, ctx->config, err)) {
        error_option(err, option_of(ctx->arena, op));
        return error_wrap(err, "sealing operation '%s' failed", op->name);
    }
    log_debug("seal", "operation %s: %d ms", op->name, (int)((clock_now() - start) / NS_PER_MS));
    return true;
}

static bool run_ops(struct seal_ctx *ctx, const struct ops *ops, struct error **err)
{
    struct opt_strings *names = &ctx->result->operations;
    names->ptr = arena_new_array(ctx->arena, const char *, ops->len + 1);
    for (size_t i = 0; i < ops->len; i++) {
        const struct sealop *op = ops->ptr[i];
        build_progress(ctx->b, op->heading, i, ops->len);
        if (!run_op(ctx, op, err))
            return false;
        names->ptr[names->len++] = op->name;
    }
    return true;
}

static bool verify_ops(struct seal_ctx *ctx, const struct ops *ops, struct error **err)
{
    int64_t start = clock_now();
    build_progress(ctx->b, "Checking the sealed image", ops->len, ops->len);
    appliance_set_what(ctx->appliance, "Checking the sealed image");
    VEC_EACH (op, ops) {
        if (cancel_test(ctx->cancel))
            return cancel_error(ctx->cancel, err, "sealing");
        if ((*op)->verify != NULL && !(*op)->verify(ctx, ctx->config, err))
            return error_wrap(err, "sealing operation '%s' left something behind", (*op)->name);
    }
    log_debug("seal", "check: %d ms", (int)((clock_now() - start) / NS_PER_MS));
    return true;
}

static bool seal_guest(struct seal_ctx *ctx, struct error **err)
{
    appliance_set_what(ctx->appliance, "Inspecting the image");
    build_progress(ctx->b, "Inspecting the image", 0, 0);
    int64_t start = clock_now();
    if (!inspect_guest(ctx, err))
        return false;
    log_info("seal", "%s, %s, %ld packages; inspected in %d ms", ctx->result->os_product,
             ctx->result->arch, (long)ctx->result->package_count,
             (int)((clock_now() - start) / NS_PER_MS));
    if (ctx->os == SEAL_WINDOWS)
        build_warnf(ctx->b, "sealing: nothing is done to a Windows image; run sysprep in a "
                            "provisioner");
    if (ctx->os == SEAL_BSD)
        build_warnf(ctx->b,
                    "sealing: accounts of a BSD system are left as they are, the build's too");
    struct ops ops = choose_ops(ctx);
    return run_ops(ctx, &ops, err) && verify_ops(ctx, &ops, err);
}

static bool run_with(struct cancel *c, const struct seal_config *config,
                     const struct seal_input *input, struct build *b, struct seal_result *out,
                     struct error **err)
{
    int64_t start = clock_now();
    AUTO(appliance) struct appliance *appliance = appliance_open(input, b, c, err);
    if (appliance == NULL)
        return false;
    log_info("seal", "appliance started in %d ms", (int)((clock_now() - start) / NS_PER_MS));
    str blob = input->build_public_key == NULL ? (str){0}
                                               : ssh_key_blob(str_from(input->build_public_key));
    struct seal_result result = {0};
    struct seal_ctx ctx = {
        .g = appliance_handle(appliance),
        .appliance = appliance,
        .config = config,
        .input = input,
        .b = b,
        .arena = b->arena,
        .cancel = c,
        .result = &result,
        .key_blob = blob.ptr == NULL ? NULL : str_dup(b->arena, blob),
    };
    if (!seal_guest(&ctx, err) || !appliance_shutdown(appliance, err))
        return false;
    *out = result;
    return true;
}

static bool sealer_run(const struct seal_config *config, const struct seal_input *input,
                       struct build *b, struct seal_result *out, struct error **err)
{
    if (!config->enabled)
        return true;
    if (input->build_public_key != NULL &&
        ssh_key_blob(str_from(input->build_public_key)).ptr == NULL)
        return error_set(err, ERR_INTERNAL, 0, "the build's public key has no key in it");
    AUTO(cancel) struct cancel *c = cancel_new(b->cancel);
    if (config->timeout_ns > 0)
        cancel_set_deadline(c, clock_now() + config->timeout_ns);
    return run_with(c, config, input, b, out, err);
}

static const struct sealop *find_op(const char *name)
{
    for (const struct sealop *const *op = registry_sealops(); *op != NULL; op++)
        if (strcmp((*op)->name, name) == 0)
            return *op;
    return NULL;
}

static void check_names(const struct opt_strings *names, bool disable, struct range range,
                        struct diags *d)
{
    for (size_t i = 0; i < names->len; i++) {
        const struct sealop *op = find_op(names->ptr[i]);
        if (op != NULL && op->required && disable)
            diags_error(d, range, "Sealing operation cannot be left out",
                        "The operation \"%s\" takes the build's own credentials out of the image.",
                        op->name);
        if (op != NULL)
            continue;
        struct suggest s;
        suggest_init(&s, str_from(names->ptr[i]));
        for (const struct sealop *const *o = registry_sealops(); *o != NULL; o++)
            suggest_offer(&s, str_from((*o)->name));
        diags_error(d, range, "Unknown sealing operation",
                    "There is no sealing operation \"%s\".%s", names->ptr[i],
                    suggest_text(d->arena, &s));
    }
}

static void check_certificates(const struct seal_config *config, struct range range,
                               struct diags *d)
{
    for (size_t i = 0; i < config->ca_certificates.len; i++) {
        const char *path = config->ca_certificates.ptr[i];
        struct pem_certs certs;
        AUTO(error) struct error *e = NULL;
        if (!pem_read(d->arena, path, &certs, &e)) {
            diags_add_error(d, range, e);
            continue;
        }
        VEC_EACH (c, &certs) {
            if (c->is_expired)
                diags_error(d, range, "Expired CA certificate",
                            "The certificate of %s in %s expired at %s.", c->subject, path,
                            c->not_after);
            if (!c->is_ca)
                diags_error(d, range, "Not a CA certificate",
                            "The certificate of %s in %s may not sign others: trusting it has no "
                            "effect.",
                            c->subject, path);
            if (c->is_not_yet_valid)
                diags_warning(d, range, "CA certificate is not valid yet",
                              "The certificate of %s in %s begins to be valid in the future.",
                              c->subject, path);
        }
    }
}

/* A word that stands between colons in shadow(5). */
static bool is_shadow_field(str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] == ':' || (unsigned char)s.ptr[i] <= ' ' || s.ptr[i] == 0x7f)
            return false;
    return s.len > 0;
}

static void check_root_password(const char *policy, struct range range, struct diags *d)
{
    str p = str_from(policy);
    if (p.ptr == NULL || str_eqz(p, "keep") || str_eqz(p, "locked") || str_eqz(p, "disabled"))
        return;
    if (str_starts(p, STR("crypt:"))) {
        if (!is_shadow_field(str_sub(p, 6, p.len)))
            diags_error(
                d, range, "Invalid password hash",
                "What follows \"crypt:\" must be a crypt(5) hash, such as mkpasswd prints.");
        return;
    }
    diags_error(d, range, "Invalid root password policy",
                "It must be \"locked\", \"disabled\", \"keep\" or \"crypt:HASH\".");
}

/* BODY is NULL when the template has no seal block. */
static struct range range_of(const struct body *body, const char *name)
{
    return body == NULL ? RANGE_NONE : schema_range(body, name);
}

static struct range item_of(const struct body *body, const char *name, size_t i,
                            const struct opt_strings *list)
{
    return body == NULL ? RANGE_NONE : schema_item_range(body, name, i, list->len);
}

static bool is_account_name(str s)
{
    return is_shadow_field(s) && str_find_char(s, '/') < 0 && str_find_char(s, ',') < 0;
}

static void check_accounts(const struct opt_strings *names, const char *option,
                           const struct body *body, struct diags *d)
{
    for (size_t i = 0; i < names->len; i++)
        if (!is_account_name(str_from(names->ptr[i])))
            diags_error(d, item_of(body, option, i, names), "Invalid account name",
                        "\"%s\" cannot be the name of an account.", names->ptr[i]);
}

static void check_places(const struct seal_config *config, const struct body *body, struct diags *d)
{
    for (size_t i = 0; i < config->delete_paths.len; i++) {
        str path = str_from(config->delete_paths.ptr[i]);
        if (path.len < 2 || path.ptr[0] != '/' || str_eqz(path, "/*"))
            diags_error(
                d, item_of(body, "delete", i, &config->delete_paths), "Invalid path to delete",
                "\"%s\" must begin with a slash and may not mean the whole image.", path.ptr);
    }
    if (config->hostname != NULL && !hostname_is_valid(str_from(config->hostname)))
        diags_error(d, range_of(body, "hostname"), "Invalid host name",
                    "A host name has labels of letters, digits and hyphens, with dots between.");
    str zone = str_from(config->timezone);
    if (zone.ptr != NULL && (zone.len == 0 || zone.ptr[0] == '/' || str_find(zone, STR("..")) >= 0))
        diags_error(d, range_of(body, "timezone"), "Invalid time zone",
                    "A time zone is a name of the tz database, such as \"Europe/Berlin\".");
}

static bool sealer_check(const struct seal_config *config, const struct body *body,
                         struct diags *diags)
{
    size_t before = diags->errors;
    check_names(&config->enable, false, range_of(body, "enable"), diags);
    check_names(&config->disable, true, range_of(body, "disable"), diags);
    check_certificates(config, range_of(body, "ca_certificates"), diags);
    check_root_password(config->root_password, range_of(body, "root_password"), diags);
    check_accounts(&config->lock_accounts, "lock_accounts", body, diags);
    check_accounts(&config->remove_accounts, "remove_accounts", body, diags);
    check_places(config, body, diags);
    return diags->errors == before;
}

const struct sealer sealer_guestfs = {
    .name = "guestfs",
    .check = sealer_check,
    .run = sealer_run,
};
