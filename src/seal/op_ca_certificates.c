/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/sealop.h"

#include <ctype.h>

#include "seal/gfs.h"
#include "seal/pem.h"

/* Where a distribution keeps the administrator's own anchors, the program
 * that puts them into the trust store, and the bundle that TLS libraries read. */
struct trust_store {
    enum seal_family family;
    const char *anchors;
    const char *tool[3];
    const char *bundle;
    const char *hashed; /* directory of links named by subject hash; NULL: none */
    const char *hooks;  /* programs that the tool runs afterwards; NULL: always use the tool */
};

static const struct trust_store stores[] = {
    {SEAL_DEBIAN,
     "/usr/local/share/ca-certificates",
     {"/usr/sbin/update-ca-certificates"},
     "/etc/ssl/certs/ca-certificates.crt",
     "/etc/ssl/certs",
     "/etc/ca-certificates/update.d"},
    {SEAL_ALPINE,
     "/usr/local/share/ca-certificates",
     {"/usr/sbin/update-ca-certificates"},
     "/etc/ssl/certs/ca-certificates.crt",
     "/etc/ssl/certs",
     "/etc/ca-certificates/update.d"},
    {SEAL_REDHAT,
     "/etc/pki/ca-trust/source/anchors",
     {"/usr/bin/update-ca-trust", "extract"},
     "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
     NULL,
     NULL},
    {SEAL_SUSE,
     "/etc/pki/trust/anchors",
     {"/usr/sbin/update-ca-certificates"},
     "/var/lib/ca-certificates/ca-bundle.pem",
     NULL,
     NULL},
    {SEAL_ARCH,
     "/etc/ca-certificates/trust-source/anchors",
     {"/usr/bin/update-ca-trust"},
     "/etc/ca-certificates/extracted/tls-ca-bundle.pem",
     NULL,
     NULL},
};

static bool ca_certificates_wanted(const struct seal_ctx *ctx)
{
    return ctx->config->ca_certificates.len > 0;
}

static const struct trust_store *store_of(struct seal_ctx *ctx, struct error **err)
{
    for (size_t i = 0; i < ARRAY_SIZE(stores); i++)
        if (stores[i].family == ctx->family)
            return &stores[i];
    error_set(err, ERR_SEAL, 0, "it is not known where '%s' keeps its certificates",
              ctx->result->os_product);
    error_hint(err, "Install the certificates in a provisioner and take them out of the seal "
                    "block.");
    return NULL;
}

/* "corp root.pem" -> "corp-root": update-ca-certificates breaks names at blanks. */
static const char *plain_name(struct seal_ctx *ctx, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *name = arena_strdup(ctx->arena, slash == NULL ? path : slash + 1);
    char *dot = strrchr(name, '.');
    if (dot != NULL && dot != name)
        *dot = '\0';
    for (char *c = name; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && *c != '-' && *c != '_' && *c != '.')
            *c = '-';
    if (name[0] == '.' || name[0] == '-' || name[0] == '\0')
        return arena_fmt(ctx->arena, "ca%s", name);
    return name;
}

static bool is_usable(struct seal_ctx *ctx, const char *path, const struct pem_cert *c,
                      struct error **err)
{
    if (c->is_expired)
        return error_set(err, ERR_SEAL, 0, "the certificate of %s in '%s' expired at %s",
                         c->subject, path, c->not_after);
    if (!c->is_ca)
        return error_set(err, ERR_SEAL, 0, "the certificate of %s in '%s' is not a CA's",
                         c->subject, path);
    if (c->is_not_yet_valid)
        build_warnf(ctx->b, "sealing: the certificate of %s is not valid yet", c->subject);
    return true;
}

/* The first free of HASH.0, HASH.1 ... */
static bool link_hash(struct seal_ctx *ctx, const struct trust_store *store, const char *name,
                      const struct pem_cert *c, struct error **err)
{
    for (int i = 0; i < 100; i++) {
        const char *path = arena_fmt(ctx->arena, "%s/%s.%d", store->hashed, c->hash, i);
        autofree char *target = guestfs_readlink(ctx->g, path);
        if (target != NULL && strcmp(target, name) == 0)
            return true;
        if (target != NULL)
            continue;
        if (guestfs_ln_s(ctx->g, name, path) != 0)
            return seal_guest_error(ctx, err, "cannot write '%s'", path);
        return true;
    }
    return error_set(err, ERR_SEAL, 0, "'%s' is full of links of %s", store->hashed, c->hash);
}

/* What the distribution's tool would do, for images that lack it or whose
 * programs do not run here, and where it is simple: update-ca-certificates
 * hashes every certificate again, which takes a minute under TCG. */
static bool trust_directly(struct seal_ctx *ctx, const struct trust_store *store,
                           const char *anchor, const struct pem_cert *c, struct error **err)
{
    str bundle;
    if (!gfs_read(ctx, store->bundle, &bundle, err))
        return false;
    if (!pem_bundle_has(bundle, c)) {
        const char *slash = strrchr(store->bundle, '/');
        const char *dir = arena_strndup(ctx->arena, store->bundle, (size_t)(slash - store->bundle));
        if (guestfs_mkdir_p(ctx->g, dir) != 0 ||
            guestfs_write_append(ctx->g, store->bundle, c->text, strlen(c->text)) != 0)
            return seal_guest_error(ctx, err, "cannot write '%s'", store->bundle);
    }
    if (store->hashed == NULL)
        return true;
    const char *base = strrchr(anchor, '/') + 1;
    const char *name = arena_fmt(ctx->arena, "%.*s.pem", (int)strlen(base) - 4, base);
    if (guestfs_mkdir_p(ctx->g, store->hashed) != 0 ||
        guestfs_ln_sf(ctx->g, anchor, arena_fmt(ctx->arena, "%s/%s", store->hashed, name)) != 0)
        return seal_guest_error(ctx, err, "cannot link '%s' in '%s'", name, store->hashed);
    return link_hash(ctx, store, name, c, err);
}

struct ca_job {
    const struct trust_store *store;
    bool with_tool;
    struct gfs_entries written;
};

static bool add_cert(struct seal_ctx *ctx, struct ca_job *job, const char *path, size_t index,
                     const struct pem_cert *c, struct error **err)
{
    const char *base = plain_name(ctx, path);
    const char *anchor = arena_fmt(ctx->arena, "%s/%s.crt", job->store->anchors, base);
    bool taken = index > 0;
    VEC_EACH (e, &job->written)
        taken = taken || strcmp(e->path, anchor) == 0;
    if (taken)
        anchor = arena_fmt(ctx->arena, "%s/%s-%.8s.crt", job->store->anchors, base, c->sha256);
    gfs_entries_push(ctx->arena, &job->written, (struct gfs_entry){.path = anchor, .type = 'r'});
    return is_usable(ctx, path, c, err) && gfs_write(ctx, anchor, str_from(c->text), err) &&
           (job->with_tool || trust_directly(ctx, job->store, anchor, c, err));
}

/* Hooks (the keystore of Java) are known to the tool alone. */
static bool needs_tool(struct seal_ctx *ctx, const struct trust_store *store, bool *out,
                       struct error **err)
{
    struct gfs_entries hooks = {0};
    if (store->hooks != NULL && !gfs_list(ctx, store->hooks, &hooks, err))
        return false;
    bool wanted = store->hooks == NULL || hooks.len > 0;
    bool there;
    if (!gfs_exists(ctx, store->tool[0], &there, err))
        return false;
    *out = there && wanted && ctx->can_run;
    return true;
}

static bool ca_certificates_run(struct seal_ctx *ctx, const struct seal_config *config,
                                struct error **err)
{
    struct ca_job job = {.store = store_of(ctx, err)};
    if (job.store == NULL || !needs_tool(ctx, job.store, &job.with_tool, err))
        return false;
    if (guestfs_mkdir_p(ctx->g, job.store->anchors) != 0)
        return seal_guest_error(ctx, err, "cannot make '%s'", job.store->anchors);
    for (size_t i = 0; i < config->ca_certificates.len; i++) {
        const char *path = config->ca_certificates.ptr[i];
        struct pem_certs certs;
        if (!pem_read(ctx->arena, path, &certs, err))
            return false;
        for (size_t k = 0; k < certs.len; k++)
            if (!add_cert(ctx, &job, path, k, &certs.ptr[k], err))
                return false;
    }
    return !job.with_tool || gfs_run(ctx, job.store->tool, err);
}

static bool ca_certificates_verify(struct seal_ctx *ctx, const struct seal_config *config,
                                   struct error **err)
{
    str bundle;
    const struct trust_store *store = store_of(ctx, err);
    if (store == NULL || !gfs_read(ctx, store->bundle, &bundle, err))
        return false;
    for (size_t i = 0; i < config->ca_certificates.len; i++) {
        struct pem_certs certs;
        if (!pem_read(ctx->arena, config->ca_certificates.ptr[i], &certs, err))
            return false;
        VEC_EACH (c, &certs)
            if (!pem_bundle_has(bundle, c))
                return seal_check_failed(err, "'%s' does not hold the certificate of %s",
                                         store->bundle, c->subject);
    }
    return true;
}

const struct sealop op_ca_certificates = {
    .name = "ca-certificates",
    .heading = "Install CA certificates",
    .doc =
        "The certificates of `ca_certificates` are checked (PEM, a CA's, not expired), put where "
        "the distribution keeps an administrator's own, and taken into its trust store.",
    .os = SEAL_LINUX,
    .enabled = true,
    .wanted = ca_certificates_wanted,
    .run = ca_certificates_run,
    .verify = ca_certificates_verify,
};
