/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/keyval.h"

#include "base/strbuf.h"

/* Up to the next single comma; doubled ones become one. */
static const char *take_item(struct arena *a, const char **rest)
{
    const char *p = *rest;
    char *out = arena_alloc(a, strlen(p) + 1);
    size_t n = 0;
    while (*p != '\0' && (*p != ',' || p[1] == ',')) {
        p += *p == ',';
        out[n++] = *p++;
    }
    *rest = *p == ',' ? p + 1 : p;
    return out;
}

struct keyvals keyvals_parse(struct arena *a, const char *text, const char *implied)
{
    struct keyvals kv = {0};
    const char *rest = text;
    for (bool first = true; *rest != '\0'; first = false) {
        const char *item = take_item(a, &rest);
        const char *eq = strchr(item, '=');
        if (*item == '\0')
            continue;
        if (eq != NULL)
            keyvals_push(
                a, &kv,
                (struct keyval){arena_strndup(a, item, (size_t)(eq - item)), eq + 1, false});
        else if (first && implied != NULL)
            keyvals_push(a, &kv, (struct keyval){implied, item, true});
        else
            keyvals_push(a, &kv, (struct keyval){item, NULL, false});
    }
    return kv;
}

const char *keyvals_get(const struct keyvals *kv, const char *key)
{
    for (size_t i = kv->len; i > 0; i--)
        if (strcmp(kv->ptr[i - 1].key, key) == 0)
            return kv->ptr[i - 1].value != NULL ? kv->ptr[i - 1].value : "on";
    return NULL;
}

const char *keyvals_take(struct keyvals *kv, const char *key)
{
    const char *value = keyvals_get(kv, key);
    size_t n = 0;
    for (size_t i = 0; i < kv->len; i++)
        if (strcmp(kv->ptr[i].key, key) != 0)
            kv->ptr[n++] = kv->ptr[i];
    kv->len = n;
    return value;
}

bool keyvals_is_on(const struct keyvals *kv, const char *key)
{
    const char *v = keyvals_get(kv, key);
    return v != NULL && (strcmp(v, "on") == 0 || strcmp(v, "yes") == 0 || strcmp(v, "true") == 0);
}

void keyvals_set(struct arena *a, struct keyvals *kv, const char *key, const char *value)
{
    for (size_t i = 0; i < kv->len; i++)
        if (strcmp(kv->ptr[i].key, key) == 0) {
            kv->ptr[i].value = value;
            return;
        }
    keyvals_push(a, kv, (struct keyval){key, value, false});
}

static void add_escaped(struct strbuf *sb, const char *text)
{
    for (; *text != '\0'; text++) {
        strbuf_addc(sb, *text);
        if (*text == ',')
            strbuf_addc(sb, ',');
    }
}

const char *keyvals_text(struct arena *a, const struct keyvals *kv)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    for (size_t i = 0; i < kv->len; i++) {
        if (i > 0)
            strbuf_addc(&sb, ',');
        if (i > 0 || !kv->ptr[i].is_implied) {
            add_escaped(&sb, kv->ptr[i].key);
            if (kv->ptr[i].value == NULL)
                continue;
            strbuf_addc(&sb, '=');
        }
        add_escaped(&sb, kv->ptr[i].value);
    }
    return arena_strndup(a, sb.len > 0 ? sb.buf : "", sb.len);
}
