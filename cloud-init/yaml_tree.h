/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CLOUD_INIT_YAML_TREE_H
#define IMGFAC_CLOUD_INIT_YAML_TREE_H

/* YAML (by libyaml) and JSON texts as one tree that can be merged and written
 * again: scalars keep their text, tag and quoting, so that nothing a user wrote
 * changes its type on the way.  Nodes live in an arena and may be shared
 * (aliases).  One document per text. */

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"

enum ynode_kind { YNODE_SCALAR, YNODE_LIST, YNODE_MAP };

struct ynode;

struct ypair {
    struct ynode *key;
    struct ynode *value;
};

struct ynode {
    enum ynode_kind kind;
    const char *text; /* scalar, NUL-terminated */
    size_t text_len;
    const char *tag; /* or NULL */
    bool quoted;     /* a string whatever it looks like */
    struct ynode **items;
    struct ypair *pairs;
    size_t len, cap;
};

/* NULL with ERR_TEMPLATE; WHAT ("user_data") begins its message.  An empty
 * text is an empty map. */
struct ynode *ytree_parse(struct arena *a, str text, const char *what, struct error **err);
/* TEXT is one JSON value; objects and lists become maps and lists. */
struct ynode *ytree_from_json(struct arena *a, const char *json, const char *what,
                              struct error **err);
/* Add the tree as YAML; false with ERR_TEMPLATE when aliases make it too large. */
bool ytree_render(const struct ynode *n, struct strbuf *out, struct error **err);

struct ynode *ynode_map(struct arena *a) ATTR_RETURNS_NONNULL;
struct ynode *ynode_list(struct arena *a) ATTR_RETURNS_NONNULL;
/* A string, always quoted when written. */
struct ynode *ynode_string(struct arena *a, const char *text) ATTR_RETURNS_NONNULL;
/* A scalar whose type is what it looks like: "true", "42". */
struct ynode *ynode_plain(struct arena *a, const char *text) ATTR_RETURNS_NONNULL;
void ynode_add(struct arena *a, struct ynode *list, struct ynode *item);
/* Replaces an earlier value of KEY. */
void ynode_set(struct arena *a, struct ynode *map, const char *key, struct ynode *value);
/* Value of KEY, or NULL also when N is not a map. */
struct ynode *ynode_get(const struct ynode *n, const char *key);
/* OVER on BASE: maps deep, lists appended, else OVER wins.  Neither is changed. */
struct ynode *ynode_merge(struct arena *a, struct ynode *base,
                          struct ynode *over) ATTR_RETURNS_NONNULL;

#endif
