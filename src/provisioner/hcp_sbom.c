/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/provisioner.h"

#include <jansson.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "hcl/diag.h"
#include "provisioner/guest.h"

#define SBOM_MAX ((size_t)256 << 20)

struct sbom_config {
    const char *source, *destination, *sbom_name;
    bool auto_generate;
    struct opt_strings scanner_args;
    const char *scan_path, *execute_command;
    const char *elevated_user, *elevated_password;
    const char *scanner_url, *scanner_checksum;
};

#define C struct sbom_config
#define NO_SCANNER                                                                                 \
    .flags = OPT_IGNORED | OPT_NOHASH,                                                             \
    .doc = "Of `auto_generate`, which this version does not have."
static const struct opt sbom_opts[] = {
    OPT_STR(C, source, "source", .flags = OPT_TMPL,
            .doc = "The SBOM in the guest: SPDX or CycloneDX, as JSON."),
    OPT_STR(C, destination, "destination", .flags = OPT_PATH | OPT_TMPL,
            .doc = "Where on this host a copy is kept: a file, or a folder that gets "
                   "`packer-user-sbom-NAME.json`.  Default: the current directory."),
    OPT_STR(C, sbom_name, "sbom_name",
            .doc = "Name of the SBOM: 3 to 36 letters, digits and hyphens.  Default: that of the "
                   "build and a number."),
    OPT_BOOL(C, auto_generate, "auto_generate", .def = "false",
             .doc = "Make the SBOM in the guest.  Refused: run a scanner of your own in a shell "
                    "provisioner and name its output as `source`."),
    OPT_STRS(C, scanner_args, "scanner_args", NO_SCANNER),
    OPT_STR(C, scan_path, "scan_path", .def = "\"/\"", NO_SCANNER),
    OPT_STR(C, execute_command, "execute_command", NO_SCANNER),
    OPT_STR(C, elevated_user, "elevated_user", NO_SCANNER),
    OPT_STR(C, elevated_password, "elevated_password", .flags = OPT_IGNORED | OPT_SENSITIVE,
            .needs = "elevated_user",
            .doc = "Of `auto_generate`, which this version does not have."),
    OPT_STR(C, scanner_url, "scanner_url", NO_SCANNER),
    OPT_STR(C, scanner_checksum, "scanner_checksum", NO_SCANNER),
    OPT_END,
};
#undef NO_SCANNER
#undef C

static bool is_name(const char *s)
{
    size_t len = strlen(s);
    return len >= 3 && len <= 36 &&
           len == strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-");
}

static bool sbom_check(const void *config, const struct body *body, struct diags *diags)
{
    const struct sbom_config *c = config;
    size_t before = diags->errors;
    bool has_source = schema_is_set(body, "source");
    if (c->auto_generate && has_source)
        diags_error(diags, schema_range(body, "auto_generate"),
                    "source and auto_generate are mutually exclusive", "Remove auto_generate.");
    else if (c->auto_generate)
        diags_error(diags, schema_range(body, "auto_generate"), "auto_generate is not available",
                    "Run a scanner in a shell provisioner (syft -o cyclonedx-json), and name its "
                    "output as source.");
    else if (!has_source)
        diags_error(diags, schema_range(body, "source"),
                    "source must be specified when auto_generate is not enabled",
                    "Name the SBOM that an earlier provisioner made in the guest.");
    if (c->sbom_name != NULL && *c->sbom_name != '\0' && !is_name(c->sbom_name))
        diags_error(diags, schema_range(body, "sbom_name"), "Invalid sbom_name",
                    "It must have 3 to 36 letters, digits and hyphens.");
    return diags->errors == before;
}

/* "CycloneDX 1.4", "SPDX-2.3"; NULL when it is neither.  Heap. */
static char *format_of(const char *path, struct error **err)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT_MAX(SBOM_MAX);
    char *format = NULL;
    json_error_t why;
    if (!io_read_file(path, SBOM_MAX, &text, err))
        return NULL;
    json_t *root = json_loadb(text.buf, text.len, 0, &why);
    const char *cyclone = json_string_value(json_object_get(root, "bomFormat"));
    const char *version = json_string_value(json_object_get(root, "specVersion"));
    const char *spdx = json_string_value(json_object_get(root, "spdxVersion"));
    if (root == NULL)
        error_set(err, ERR_PROVISION, 0, "it is no JSON: line %d: %s", why.line, why.text);
    else if (cyclone != NULL && strcmp(cyclone, "CycloneDX") == 0)
        format = xasprintf("CycloneDX %s", version == NULL ? "?" : version);
    else if (spdx != NULL)
        format = xstrdup(spdx);
    else
        error_set(err, ERR_PROVISION, 0, "it is neither CycloneDX nor SPDX");
    json_decref(root);
    return format;
}

static const char *target_name(const struct sbom_config *c, struct build *b, struct arena *a,
                               const char *destination)
{
    uint32_t n;
    const char *name = c->sbom_name;
    hash_random(&n, sizeof(n));
    if (name == NULL || *name == '\0')
        name = arena_fmt(a, "%s-%u", b->source_name, n);
    if (destination == NULL || *destination == '\0')
        return arena_fmt(a, "packer-user-sbom-%s.json", name);
    if (io_is_dir(destination) || str_ends(str_from(destination), STR("/")))
        return arena_fmt(a, "%s%spacker-user-sbom-%s.json", destination,
                         str_ends(str_from(destination), STR("/")) ? "" : "/", name);
    return destination;
}

static bool store(struct build *b, const char *from, const char *to, const char *format,
                  struct error **err)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT_MAX(SBOM_MAX);
    autofree char *parent = io_dirname(to);
    if (!io_mkdir_p(parent, 0755, err) || !io_read_file(from, SBOM_MAX, &text, err) ||
        !io_write_file(to, strbuf_str(&text), 0644, err))
        return error_wrap(err, "cannot keep the SBOM");
    build_sayf(b, "Saved the SBOM (%s, %zu bytes) as %s", format, text.len, to);
    return true;
}

static bool fetch(const struct sbom_config *c, struct build *b, const char *dir, struct error **err)
{
    AUTO(arena) struct arena *a = arena_new("hcp-sbom provisioner");
    const char *temp = arena_fmt(a, "%s/sbom.json", dir);
    char *source, *destination = NULL;
    if (!prov_render(b, a, c->source, NULL, 0, "source", &source, err) ||
        (c->destination != NULL &&
         !prov_render(b, a, c->destination, NULL, 0, "destination", &destination, err)))
        return false;
    build_sayf(b, "Downloading SBOM from %s", source);
    if (!comm_download(b->comm, source, temp, prov_token(b), err))
        return false;
    autofree char *format = format_of(temp, err);
    if (format == NULL)
        return error_wrap(err, "'%s' cannot be used as SBOM", source);
    return store(b, temp, target_name(c, b, a, destination), format, err);
}

/* As in Packer an SBOM that cannot be had does not end the build. */
static bool sbom_run(const void *config, struct build *b, struct error **err)
{
    struct error *soft = NULL;
    autofree char *dir = prov_work_dir(b, "sbom-", err);
    if (dir == NULL)
        return false;
    bool ok = fetch(config, b, dir, &soft);
    prov_work_remove(b, dir);
    if (ok)
        return true;
    if (cancel_test(prov_token(b))) {
        *err = soft;
        return false;
    }
    autofree char *why = error_line(soft);
    build_warnf(b, "%s", why);
    build_sayf(b, "Build will continue without SBOM");
    error_free(soft);
    return true;
}

const struct provisioner_type provisioner_hcp_sbom = {
    .name = "hcp-sbom",
    .summary = "Fetch an SBOM out of the guest and keep it beside the build.",
    .doc = "An earlier provisioner makes the SBOM with a scanner of your choice; this one checks "
           "that it is CycloneDX or SPDX and keeps it as a file of this host.  The catalog does "
           "not hold SBOMs yet.  An SBOM that cannot be had is a warning, as in Packer."
           "\n\n"
           "    provisioner \"hcp-sbom\" {\n"
           "      source      = \"/tmp/sbom.cdx.json\"\n"
           "      destination = \"sbom/\"\n"
           "      sbom_name   = \"golden\"\n"
           "    }",
    .opts = sbom_opts,
    .config_size = sizeof(struct sbom_config),
    .flags = PROV_NEEDS_COMM,
    .check = sbom_check,
    .run = sbom_run,
};
