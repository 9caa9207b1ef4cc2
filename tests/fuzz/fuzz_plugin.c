/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "plugin/describe.h"
#include "plugin/message.h"
#include "schema/doc.h"
#include "schema/object.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A description that is taken must be fit for everything that tables are for. */
static void use(struct arena *a, const struct description *d)
{
    AUTO(strbuf) struct strbuf out = STRBUF_INIT_MAX((size_t)4 << 20);
    for (size_t i = 0; i < d->count; i++) {
        const struct component *c = &d->components[i];
        void *config = arena_alloc(a, c->config_size);
        const char *why;
        schema_defaults(c->opts, a, config);
        value v = schema_object(a, c->opts, config);
        if (!value_to_json(v, &out, &why) && !out.truncated)
            BUG("options that cannot be passed on");
        const struct doc_page page = {.name = c->type,
                                      .title = c->type,
                                      .summary = c->summary,
                                      .doc = c->doc,
                                      .rows = c->opts};
        schema_doc(&out, &page, DOC_TEXT, 80);
        schema_doc(&out, &page, DOC_JSON_SCHEMA, 80);
        if (c->outputs != NULL)
            schema_object_unknown(a, c->outputs);
    }
}

/* What was read can be answered, and the answer be read. */
static void answer(struct arena *a, const struct message *m)
{
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    struct message again;
    const char *why;
    message_add_error(&out, m->id, MESSAGE_FAILED, m->method);
    if (memchr(out.buf, '\n', out.len) != out.buf + out.len - 1)
        BUG("an answer is not one line");
    if (!message_read(a, strbuf_str(&out), &again, &why) || again.kind != MESSAGE_ERROR ||
        !value_equal(again.id, m->id))
        BUG("an answer cannot be read");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena *a = arena_new("fuzz");
    AUTO(error) struct error *err = NULL;
    struct message m;
    struct description d;
    const char *why = NULL;
    if (!message_read(a, (str){(const char *)data, size}, &m, &why)) {
        if (why == NULL || *why == '\0')
            BUG("a refusal without a reason");
        return 0;
    }
    if (m.kind == MESSAGE_REQUEST)
        answer(a, &m);
    if (m.kind == MESSAGE_RESULT && plugin_describe(a, m.result, "x", &d, &err))
        use(a, &d);
    return 0;
}
