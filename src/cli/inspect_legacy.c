/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/inspect_legacy.h"

#include <stdlib.h>

#include "cli/app.h"
#include "ui/ui.h"

static void say(struct app *app, const char *text)
{
    app_say(app, str_from(text));
}

/* template-variable, template-builder and template-provisioner. */
static void record(struct app *app, const char *type, const char *const *data, size_t count)
{
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    if (!app->machine_readable)
        return;
    ui_machine_record(&out, type, data, count);
    app_write(app->out, strbuf_str(&out));
}

static bool is_required(const struct upgrade_variable *v)
{
    return v->text.ptr == NULL;
}

static size_t widest(const struct upgrade_legacy *l)
{
    size_t width = 0;
    VEC_EACH (v, &l->variables)
        width = is_required(v) ? width : MAX(width, strlen(v->name));
    return width;
}

static void add_required(struct app *app, const struct upgrade_legacy *l)
{
    bool said = false;
    VEC_EACH (v, &l->variables) {
        if (!is_required(v))
            continue;
        if (!said)
            say(app, "Required variables:\n");
        said = true;
        record(app, "template-variable", (const char *[]){v->name, "", "1"}, 3);
        say(app, arena_fmt(app->arena, "  %s", v->name));
    }
    if (said)
        say(app, "");
}

static void add_optional(struct app *app, const struct upgrade_legacy *l)
{
    size_t width = widest(l);
    bool said = false;
    VEC_EACH (v, &l->variables) {
        if (is_required(v))
            continue;
        const char *text = v->sensitive ? "<sensitive>" : v->text.ptr;
        if (!said)
            say(app, "Optional variables and their defaults:\n");
        said = true;
        record(app, "template-variable", (const char *[]){v->name, text, "0"}, 3);
        say(app, arena_fmt(app->arena, "  %-*s = %s", (int)width, v->name, text));
    }
    if (said)
        say(app, "");
}

static int builder_width(const struct upgrade_legacy *l)
{
    size_t width = 0;
    VEC_EACH (b, &l->builders)
        width = MAX(width, strlen(b->name != NULL ? b->name : b->type));
    return (int)width;
}

static const char *name_of(const struct upgrade_item *b)
{
    return b->name != NULL ? b->name : b->type;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(name_of(a), name_of(b));
}

static void add_builders(struct app *app, const struct upgrade_legacy *l)
{
    int width = builder_width(l);
    struct upgrade_items sorted = {0};
    say(app, "Builders:\n");
    VEC_EACH (b, &l->builders)
        upgrade_items_push(app->arena, &sorted, *b);
    if (sorted.len > 0)
        qsort(sorted.ptr, sorted.len, sizeof(*sorted.ptr), by_name);
    VEC_EACH (b, &sorted) {
        const char *name = name_of(b);
        record(app, "template-builder", (const char *[]){name, b->type}, 2);
        if (strcmp(name, b->type) == 0)
            say(app, arena_fmt(app->arena, "  %s", name));
        else
            say(app, arena_fmt(app->arena, "  %-*s (%s)", width, name, b->type));
    }
    say(app, "");
}

static void add_provisioners(struct app *app, const struct upgrade_legacy *l)
{
    say(app, "Provisioners:\n");
    VEC_EACH (p, &l->provisioners) {
        record(app, "template-provisioner", (const char *[]){p->type}, 1);
        say(app, arena_fmt(app->arena, "  %s", p->type));
    }
    if (l->provisioners.len == 0)
        say(app, "  <No provisioners>");
}

void inspect_legacy(struct app *app, const struct upgrade_legacy *l)
{
    static const char *const no_variables[] = {"Variables:\n", "  <No variables>", ""};
    say(app, "Packer Inspect: JSON mode");
    if (l->description != NULL && l->description->text.len > 0) {
        say(app, "Description:\n");
        say(app, arena_fmt(app->arena, "%.*s\n", STR_FMT(l->description->text)));
    }
    if (l->variables.len == 0)
        for (size_t i = 0; i < ARRAY_SIZE(no_variables); i++)
            say(app, no_variables[i]);
    add_required(app, l);
    add_optional(app, l);
    add_builders(app, l);
    add_provisioners(app, l);
    say(app, "\nNote: If your build names contain user variables or template\n"
             "functions such as 'timestamp', these are processed at build time,\n"
             "and therefore only show in their raw form here.");
}
