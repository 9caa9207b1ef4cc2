/* SPDX-License-Identifier: Apache-2.0 */

#include "upgrade/internal.h"

/* Options that Packer renamed or took apart since the days of JSON. */
static const struct {
    const char *old, *now;
} renamed[] = {
    {"ssh_disable_agent", "ssh_disable_agent_forwarding"},
    {"ssh_host_port_max", "host_port_max"},
    {"ssh_host_port_min", "host_port_min"},
    {"ssh_key_path", "ssh_private_key_file"},
    {"ssh_wait_timeout", "ssh_timeout"},
};

static bool is_text(const struct json_node *object, const char *name, str *out)
{
    const struct json_member *m = upgrade_member(object, str_from(name));
    if (m == NULL || m->value->kind != JSON_IS_STRING)
        return false;
    *out = m->value->text;
    return true;
}

/* iso_checksum in today's form: "sha256:HEX", "file:URL", "none"; .ptr NULL
 * when it has it already. */
static str checksum_of(struct arena *a, const struct json_node *object)
{
    str type = {0}, sum = {0}, url = {0}, md5 = {0};
    bool typed = is_text(object, "iso_checksum_type", &type);
    is_text(object, "iso_checksum", &sum);
    is_text(object, "iso_checksum_url", &url);
    is_text(object, "iso_md5", &md5);
    if (md5.len > 0 && sum.len == 0)
        return str_from(arena_fmt(a, "md5:%.*s", STR_FMT(md5)));
    if (typed && str_eqz(type, "none"))
        return STR("none");
    if (url.len > 0 && sum.len == 0)
        return str_from(arena_fmt(a, "file:%.*s", STR_FMT(url)));
    if (!typed || sum.len == 0 || type.len == 0 || str_find_char(sum, ':') >= 0 ||
        str_eqz(sum, "none"))
        return (str){0};
    return str_from(arena_fmt(a, "%.*s:%.*s", STR_FMT(type), STR_FMT(sum)));
}

static bool is_checksum_part(str name)
{
    return str_eqz(name, "iso_checksum_type") || str_eqz(name, "iso_checksum_url") ||
           str_eqz(name, "iso_md5");
}

static bool knows(const struct upgrade_writer *w, const char *name)
{
    return w->rows != NULL && schema_find(w->rows, name) != NULL;
}

static const struct json_member *fix_name(struct upgrade_writer *w, const struct json_node *object,
                                          const struct json_member *m)
{
    for (size_t i = 0; i < ARRAY_SIZE(renamed); i++) {
        if (!str_eqz(m->name, renamed[i].old) || !knows(w, renamed[i].now))
            continue;
        if (upgrade_member(object, str_from(renamed[i].now)) != NULL)
            return NULL;
        struct json_member *copy = arena_memdup(w->arena, m, sizeof(*m));
        copy->name = str_from(renamed[i].now);
        return copy;
    }
    return m;
}

static const struct json_member *checksum_member(struct upgrade_writer *w,
                                                 const struct json_node *object, str sum)
{
    static const char *const names[] = {"iso_checksum", "iso_checksum_url", "iso_md5",
                                        "iso_checksum_type"};
    const struct json_member *from = NULL;
    for (size_t i = 0; from == NULL && i < ARRAY_SIZE(names); i++)
        from = upgrade_member(object, str_from(names[i]));
    struct json_member *m = arena_memdup(w->arena, from, sizeof(*from));
    struct json_node *n = arena_memdup(w->arena, from->value, sizeof(*from->value));
    n->kind = JSON_IS_STRING;
    n->text = sum;
    m->name = STR("iso_checksum");
    m->value = n;
    return m;
}

static void insert_sorted(struct arena *a, struct upgrade_members *list,
                          const struct json_member *m)
{
    upgrade_members_push(a, list, m);
    for (size_t i = list->len - 1; i > 0 && str_cmp(list->ptr[i - 1]->name, m->name) > 0; i--) {
        list->ptr[i] = list->ptr[i - 1];
        list->ptr[i - 1] = m;
    }
}

void upgrade_fixed_members(struct upgrade_writer *w, const struct json_node *node,
                           struct upgrade_members *out)
{
    struct upgrade_members sorted = {0};
    bool fixes = knows(w, "iso_checksum") && !knows(w, "iso_checksum_type");
    str sum = fixes ? checksum_of(w->arena, node) : (str){0};
    upgrade_sorted(w->arena, node, &sorted);
    VEC_EACH (p, &sorted) {
        const struct json_member *m = *p;
        if (fixes && is_checksum_part(m->name))
            continue;
        if (sum.ptr != NULL && str_eqz(m->name, "iso_checksum"))
            continue;
        m = fix_name(w, node, m);
        if (m != NULL)
            insert_sorted(w->arena, out, m);
    }
    if (sum.ptr != NULL)
        insert_sorted(w->arena, out, checksum_member(w, node, sum));
}
