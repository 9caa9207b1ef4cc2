/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/journal.h"

#include <jansson.h>

static void strike(struct journal *j, ledger_id id)
{
    for (size_t i = 0; i < j->len; i++) {
        if (j->ptr[i].id != id)
            continue;
        j->len--;
        memmove(&j->ptr[i], &j->ptr[i + 1], (j->len - i) * sizeof(j->ptr[0]));
        return;
    }
}

static void read_line(struct arena *a, const json_t *line, struct journal *out)
{
    json_int_t id = 0;
    const char *kind = NULL, *data = NULL;
    union {
        const json_t *constant;
        json_t *plain;
    } u = {.constant = line};
    if (json_unpack(u.plain, "{s:I,s:s,s:s}", "add", &id, "kind", &kind, "data", &data) == 0)
        journal_push(a, out,
                     (struct journal_entry){.id = (ledger_id)id,
                                            .kind = arena_strdup(a, kind),
                                            .data = arena_strdup(a, data)});
    else if (json_unpack(u.plain, "{s:I}", "strike", &id) == 0)
        strike(out, (ledger_id)id);
}

void journal_parse(struct arena *a, str text, struct journal *out)
{
    str rest = text;
    while (rest.ptr != NULL && rest.len > 0) {
        str line = str_next_line(&rest);
        json_t *root = json_loadb(line.ptr, line.len, 0, NULL);
        if (root != NULL)
            read_line(a, root, out);
        json_decref(root);
    }
}

void journal_owner(str text, int64_t *pid, uint64_t *start)
{
    json_int_t owner = 0, began = 0;
    str line = str_next_line(&text);
    json_t *root = json_loadb(line.ptr, line.len, 0, NULL);
    json_unpack(root, "{s:I,s:I}", "owner", &owner, "start", &began);
    json_decref(root);
    *pid = owner;
    *start = (uint64_t)began;
}
