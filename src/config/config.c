/* SPDX-License-Identifier: Apache-2.0 */

#include "config/config.h"

#include "base/io.h"
#include "hcl/diag.h"
#include "hcl/eval.h"
#include "hcl/parse.h"

static const struct opt store_opts[] = {
    OPT_STR(struct config_store, path, "path", .flags = OPT_PATH,
            .doc = "Directory of the images, the catalog, the cache and unfinished work.  Without "
                   "it: $XDG_DATA_HOME/imgfac, and /var/lib/imgfac for root."),
    OPT_END,
};

static const struct opt catalog_opts[] = {
    OPT_STR(struct config_catalog, url, "url", .def = "\"sqlite:catalog.db\"",
            .doc = "Where the records are.  A relative path is within the store."),
    OPT_END,
};

static const struct opt hypervisor_opts[] = {
    OPT_STR(struct config_hypervisor, name, "name", .flags = OPT_LABEL,
            .doc = "What templates call it in `hypervisor = \"...\"`."),
    OPT_STR(struct config_hypervisor, uri, "uri", .def = "\"auto\"",
            .doc = "Connection URI of libvirt.  \"auto\" is a private qemu:///embed that needs no "
                   "daemon, else qemu:///system.  One that names a host (qemu+ssh://kvm2/system) "
                   "runs the guests there."),
    OPT_SIZE(
        struct config_hypervisor, memory_bytes, "memory", .def = "\"0\"",
        .doc = "Memory for the guests of all builds together; 0: no limit.  A build that asks for "
               "more is refused, others wait for their turn."),
    OPT_INT(struct config_hypervisor, vcpus, "vcpus", .def = "0", .min = "0", .max = "4096",
            .doc = "Virtual CPUs for the guests of all builds together; 0: no limit, but emulated "
                   "guests wait while the host has fewer processors."),
    OPT_STR(struct config_hypervisor, accelerator, "accelerator", .def = "\"auto\"",
            .doc = "\"kvm\", \"tcg\", or \"auto\": KVM when a probe shows that it is real; on "
                   "another host, when its libvirt offers it."),
    OPT_STR(struct config_hypervisor, pool, "pool", .def = "\"default\"",
            .doc = "Storage pool of another host, a directory, for the disks of builds; bases "
                   "stay in it for the next build.  Not used on this host."),
    OPT_STR(struct config_hypervisor, pool_path, "pool_path",
            .doc = "Directory on the other host.  When it has no such pool, one is made there."),
    OPT_END,
};

static const struct opt download_opts[] = {
    OPT_MAP(struct config_download, mirrors, "mirrors", .def = "{}",
            .doc = "Replacements for the beginnings of URLs."),
    OPT_STR(struct config_download, proxy, "proxy",
            .doc = "Proxy for downloads.  Without it HTTP_PROXY, HTTPS_PROXY and NO_PROXY count."),
    OPT_STR(struct config_download, ca_file, "ca_file", .flags = OPT_PATH,
            .doc = "PEM file with the authorities to trust, in place of the system's."),
    OPT_SIZE(struct config_download, cache_size_bytes, "cache_size", .def = "\"0\"",
             .doc = "Size the download cache is kept below; 0: no limit."),
    OPT_STR(struct config_download, cache_path, "cache_path", .flags = OPT_PATH,
            .doc = "Directory of the download cache.  Without it: cache within the store."),
    OPT_END,
};

static const struct opt logs_opts[] = {
    OPT_INT(struct config_logs, keep_days, "keep_days", .def = "30", .min = "0", .max = "36500",
            .doc = "Days that the logs of a failed build (its failure bundle) are kept; 0: for "
                   "ever.  Older ones go when a build starts, and by `imgfac gc -logs`."),
    OPT_INT(struct config_logs, keep_last, "keep_last", .def = "10", .min = "0", .max = "1000000",
            .doc = "The newest so many are kept however old they are."),
    OPT_END,
};

const struct opt config_opts[] = {
    OPT_BLOCK(struct config, store, "store", struct config_store, store_opts,
              .doc = "Where everything is kept."),
    OPT_BLOCK(struct config, catalog, "catalog", struct config_catalog, catalog_opts,
              .doc = "The records of the images."),
    OPT_BLOCKS(struct config, hypervisors, "hypervisor", struct config_hypervisor, hypervisor_opts,
               .doc = "A libvirt host that runs builds.  The first one is the default."),
    OPT_BLOCK(struct config, download, "download", struct config_download, download_opts,
              .doc = "How ISO files and base images are fetched."),
    OPT_BLOCK(struct config, logs, "logs", struct config_logs, logs_opts,
              .doc = "What failed builds leave in STORE/logs."),
    OPT_END,
};

/* Blocks that are absent count as empty ones. */
static void add_absent(struct arena *a, struct config *c)
{
    if (c->store == NULL) {
        c->store = arena_new_object(a, struct config_store);
        schema_defaults(store_opts, a, c->store);
    }
    if (c->catalog == NULL) {
        c->catalog = arena_new_object(a, struct config_catalog);
        schema_defaults(catalog_opts, a, c->catalog);
    }
    if (c->download == NULL) {
        c->download = arena_new_object(a, struct config_download);
        schema_defaults(download_opts, a, c->download);
    }
    if (c->logs == NULL) {
        c->logs = arena_new_object(a, struct config_logs);
        schema_defaults(logs_opts, a, c->logs);
    }
    if (c->hypervisors.len == 0) {
        struct config_hypervisor *h = arena_new_object(a, struct config_hypervisor);
        schema_defaults(hypervisor_opts, a, h);
        h->name = "local";
        c->hypervisors = (struct opt_blocks){.ptr = h, .len = 1};
    }
}

static const char *find_file(struct arena *a)
{
    const char *named = getenv("IMGFAC_CONFIG");
    if (named != NULL && *named != '\0')
        return arena_strdup(a, named);
    const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    const char *own = xdg != NULL && *xdg != '\0' ? arena_fmt(a, "%s/imgfac/config.hcl", xdg)
                      : home != NULL && *home != '\0'
                          ? arena_fmt(a, "%s/.config/imgfac/config.hcl", home)
                          : NULL;
    if (own != NULL && io_exists(own))
        return own;
    static const char site[] = "/etc/imgfac/config.hcl";
    return io_exists(site) ? site : NULL;
}

static bool check_hypervisors(const struct config *c, const struct body *body, struct diags *diags)
{
    bool ok = true;
    const struct config_hypervisor *h = c->hypervisors.ptr;
    for (size_t i = 0; i < c->hypervisors.len; i++) {
        static const char *const accelerators[] = {"auto", "kvm", "tcg"};
        bool known = false;
        for (size_t n = 0; n < ARRAY_SIZE(accelerators); n++)
            known |= strcmp(h[i].accelerator, accelerators[n]) == 0;
        if (!known)
            ok = diags_error(
                diags,
                schema_nested_range(body, "hypervisor", i, c->hypervisors.len, "accelerator"),
                "Unknown accelerator",
                "\"%s\" of hypervisor \"%s\" is none of \"auto\", \"kvm\", \"tcg\".",
                h[i].accelerator, h[i].name);
        for (size_t n = 0; n < i; n++)
            if (strcmp(h[i].name, h[n].name) == 0)
                ok = diags_error(
                    diags, schema_nested_range(body, "hypervisor", i, c->hypervisors.len, NULL),
                    "Duplicate hypervisor", "There are two hypervisors named \"%s\".", h[i].name);
    }
    return ok;
}

/* Options that are known but limit nothing yet: better refused than not obeyed. */
static bool check_limits(const struct config *c, const struct body *body, struct diags *diags)
{
    static const char why[] = "imgfac " IMGFAC_VERSION " knows \"%s\" but cannot keep to it yet; "
                              "only 0 (no limit) is accepted.";
    bool ok = true;
    if (c->download != NULL && c->download->cache_size_bytes != 0)
        ok = diags_error(diags, schema_nested_range(body, "download", 0, 1, "cache_size"),
                         "Limit not available in this version", why, "cache_size");
    return ok;
}

static bool load_file(const char *path, struct arena *a, struct config *out, struct diags *diags)
{
    struct error *err = NULL;
    struct source_file *f = source_load(a, path, &err);
    if (f == NULL) {
        error_wrap(&err, "cannot read the configuration '%s'", path);
        diags_add_error(diags, RANGE_NONE, err);
        error_free(err);
        return false;
    }
    const struct body *body;
    autofree char *dir = io_dirname(path);
    if (!hcl_parse_file(a, f, diags, &body) ||
        !schema_decode(body, config_opts, scope_new_root(a, dir), a, out, diags))
        return false;
    out->file = arena_strdup(a, path);
    bool ok = check_hypervisors(out, body, diags);
    return check_limits(out, body, diags) && ok;
}

bool config_load(const char *path, struct arena *a, struct config *out, struct diags *diags)
{
    *out = (struct config){0};
    if (path == NULL)
        path = find_file(a);
    if (path != NULL && !load_file(path, a, out, diags))
        return false;
    add_absent(a, out);
    return true;
}

const char *config_store_path(const struct config *config, struct arena *a)
{
    if (config->store->path != NULL)
        return config->store->path;
    const char *xdg = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    if (xdg != NULL && *xdg != '\0')
        return arena_fmt(a, "%s/imgfac", xdg);
    if (geteuid() == 0 || home == NULL || *home == '\0')
        return "/var/lib/imgfac";
    return arena_fmt(a, "%s/.local/share/imgfac", home);
}

const struct config_hypervisor *config_find_hypervisor(const struct config *config,
                                                       const char *name)
{
    const struct config_hypervisor *h = config->hypervisors.ptr;
    for (size_t i = 0; i < config->hypervisors.len; i++)
        if (name == NULL || strcmp(h[i].name, name) == 0)
            return &h[i];
    return NULL;
}
