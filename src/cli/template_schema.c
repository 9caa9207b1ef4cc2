/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/template_schema.h"

#include "core/plan.h"
#include "plug/builder.h"
#include "plug/datasource.h"
#include "plug/provisioner.h"
#include "plug/registry.h"
#include "schema/doc.h"

/* In JSON syntax a block, and every level of its labels, may be one object or
 * a list of them: the definition NAME is one, NAME.list is both. */

#define REF(name)  "{\"$ref\":\"#/$defs/" name "\"}"
#define OPEN       "{\"type\":[\"object\",\"array\"]}"
#define EXPRESSION "\"pattern\":\"[$%]\\\\{\""
#define BOOL       "{\"type\":[\"boolean\",\"string\",\"null\"]}"
#define STRING     "{\"type\":[\"string\",\"null\"]}"
#define STRINGS                                                                                    \
    "{\"type\":[\"array\",\"string\",\"null\"],\"items\":{\"type\":\"string\"}," EXPRESSION "}"
#define BODY(properties, required)                                                                 \
    "{\"type\":\"object\",\"properties\":{\"//\":{}," properties "},\"required\":[" required       \
    "],\"additionalProperties\":false}"

/* Blocks that are the same whatever is built in. */
static const struct {
    const char *name, *schema;
} fixed[] = {
    {"packer", BODY("\"required_version\":" STRING ",\"required_plugins\":" OPEN, "")},
    {"validation",
     BODY("\"condition\":{},\"error_message\":" STRING, "\"condition\",\"error_message\"")},
    {"variable", BODY("\"type\":{\"type\":[\"string\",\"null\"],\"description\":\"A type, such as "
                      "list(string).\"},\"default\":{},\"description\":" STRING
                      ",\"sensitive\":" BOOL ",\"validation\":" REF("validation.list"),
                      "")},
    {"values", "{\"type\":\"object\"}"},
    {"local", BODY("\"expression\":{},\"sensitive\":" BOOL, "\"expression\"")},
    {"open", "{\"type\":\"object\"}"},
    {"chain", BODY("\"dynamic\":{},\"post-processor\":" REF("post-processors.list"), "")},
    {"build",
     BODY(
         "\"name\":" STRING ",\"description\":" STRING ",\"sources\":" STRINGS
         ",\"source\":" REF("use.list") ",\"provisioner\":" REF("provisioner.list") ",\"error-cleanup-provisioner\":" REF("provisioner.list") ",\"post-processor\":" REF("post-processors.list") ",\"post-processors\":" REF(
             "chain.list") ",\"seal\":" REF("seal.list") ",\"test\":" REF("provisioner.list") ",\"scan\":" REF("open.list") ",\"catalog\":" REF("open.list") ",\"hcp_packer_registry\":" REF("open.list") ",\"dynamic\":{}",
         "")},
};

/* Blocks by one label. */
static const char *const labelled[][2] = {
    {"variables", "variable"}, {"locals", "local"},         {"opens", "open"},
    {"open.types", "opens"},   {"post-processors", "open"},
};

static void begin_def(struct strbuf *out, const char *name)
{
    bool first = out->len > 0 && out->buf[out->len - 1] == '{';
    strbuf_addf(out, "%s\"%s\":", first ? "" : ",", name);
}

static void add_list(struct strbuf *out, const char *name)
{
    strbuf_addf(out,
                ",\"%s.list\":{\"if\":{\"type\":\"array\"},\"then\":{\"items\":{\"$ref\":"
                "\"#/$defs/%s\"}},\"else\":{\"$ref\":\"#/$defs/%s\"}}",
                name, name, name);
}

static void add_labelled(struct strbuf *out, const char *name, const char *of)
{
    begin_def(out, name);
    strbuf_addf(
        out, "{\"type\":\"object\",\"additionalProperties\":{\"$ref\":\"#/$defs/%s.list\"}}", of);
    add_list(out, name);
}

/* GROUP.NAME: the body by the tables; those of sources get a NAME.names too. */
static void add_type(struct strbuf *out, const char *group, const char *name,
                     const struct opt *const *tables, bool is_named)
{
    autofree char *body = xasprintf("%s.%s", group, name);
    autofree char *names = xasprintf("%s.names", body);
    begin_def(out, body);
    strbuf_addc(out, '{');
    schema_json_body(out, tables, !is_named);
    strbuf_addc(out, '}');
    add_list(out, body);
    if (is_named)
        add_labelled(out, names, body);
}

static const struct opt override_row[] = {
    {.name = "override", .kind = OPT_KIND_VALUE_JSON, .doc = "Other values for some sources."},
    OPT_END,
};
static const struct opt name_row[] = {
    {.name = "name", .kind = OPT_KIND_STRING, .doc = "Name of the source in this build."},
    OPT_END,
};

/* What the registry has: the bodies, then the level of labels that leads to them. */

static void add_sources(struct strbuf *out)
{
    const struct builder_type *const *b;
    for (b = registry_builders(); *b != NULL; b++) {
        const struct opt *const tables[] = {(*b)->opts, NULL}, *const uses[] = {(*b)->opts,
                                                                                name_row, NULL};
        add_type(out, "source", (*b)->name, tables, true);
        add_type(out, "use", (*b)->name, uses, true);
    }
    strbuf_adds(out, ",\"source\":{\"type\":\"object\",\"properties\":{");
    for (b = registry_builders(); *b != NULL; b++)
        strbuf_addf(out, "%s\"%s\":{\"$ref\":\"#/$defs/source.%s.names.list\"}",
                    b == registry_builders() ? "" : ",", (*b)->name, (*b)->name);
    strbuf_adds(out, "},\"additionalProperties\":" REF("opens.list") "}");
    add_list(out, "source");
    strbuf_adds(out, ",\"use\":{\"type\":\"object\",\"patternProperties\":{");
    for (b = registry_builders(); *b != NULL; b++)
        strbuf_addf(out, "%s\"^(source\\\\.)?%s\\\\.\":{\"$ref\":\"#/$defs/use.%s.list\"}",
                    b == registry_builders() ? "" : ",", (*b)->name, (*b)->name);
    strbuf_adds(out, "}}");
    add_list(out, "use");
}

static void add_provisioners(struct strbuf *out)
{
    const struct provisioner_type *const *p;
    for (p = registry_provisioners(); *p != NULL; p++) {
        const struct opt *const tables[] = {(*p)->opts, plan_provisioner_rows, override_row, NULL};
        add_type(out, "provisioner", (*p)->name, tables, false);
    }
    strbuf_adds(out, ",\"provisioner\":{\"type\":\"object\",\"properties\":{");
    for (p = registry_provisioners(); *p != NULL; p++)
        strbuf_addf(out, "%s\"%s\":{\"$ref\":\"#/$defs/provisioner.%s.list\"}",
                    p == registry_provisioners() ? "" : ",", (*p)->name, (*p)->name);
    strbuf_adds(out, "},\"additionalProperties\":" REF("open.list") "}");
    add_list(out, "provisioner");
}

static void add_data(struct strbuf *out)
{
    const struct datasource_type *const *t;
    for (t = registry_datasources(); *t != NULL; t++) {
        const struct opt *const tables[] = {(*t)->opts, NULL};
        add_type(out, "data", (*t)->name, tables, true);
    }
    strbuf_adds(out, ",\"data\":{\"type\":\"object\",\"properties\":{");
    for (t = registry_datasources(); *t != NULL; t++)
        strbuf_addf(out, "%s\"%s\":{\"$ref\":\"#/$defs/data.%s.names.list\"}",
                    t == registry_datasources() ? "" : ",", (*t)->name, (*t)->name);
    strbuf_adds(out, "},\"additionalProperties\":" REF("opens.list") "}");
    add_list(out, "data");
}

static const char top[] =
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"title\":\"Template in JSON "
    "syntax (*.pkr.json)\",\"type\":\"object\",\"properties\":{\"//\":{},\"packer\":" REF("packer.list") ",\"variable\":" REF("variables.list") ",\"variables\":" REF("values.list") ",\"locals\":" REF(
        "values.list") ",\"local\":" REF("locals.list") ",\"data\":" REF("data.list") ",\"source\":" REF("source.list") ",\"build\":" REF("build.list") ",\"hcp_packer_registry\":" REF("open.list") ",\"communicator\":" REF("open.types.list") "},\"additionalProperties\":false,\"$defs\":{";

void template_schema(struct strbuf *out)
{
    static const struct opt *const seal[] = {seal_opts, NULL};
    strbuf_adds(out, top);
    for (size_t i = 0; i < ARRAY_SIZE(fixed); i++) {
        begin_def(out, fixed[i].name);
        strbuf_adds(out, fixed[i].schema);
        add_list(out, fixed[i].name);
    }
    for (size_t i = 0; i < ARRAY_SIZE(labelled); i++)
        add_labelled(out, labelled[i][0], labelled[i][1]);
    add_type(out, "build", "seal", seal, false);
    strbuf_adds(out, ",\"seal.list\":" REF("build.seal.list"));
    add_sources(out);
    add_provisioners(out);
    add_data(out);
    strbuf_adds(out, "}}\n");
}
