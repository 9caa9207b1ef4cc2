/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_SCHEMA_SCHEMA_H
#define IMGFAC_SCHEMA_SCHEMA_H

/* Every option of a block or a command is said once, as a row of a table; the
 * decoder, the checks, "did you mean", `imgfac docs`, the man pages, shell
 * completion, config.example.hcl and the JSON schema all read the rows, and
 * nothing else knows option names.  A row fills one field of a config struct.
 * Tables are static and constant; decoded structs are immutable and live in
 * the arena they were decoded into. */

#include "base/arena.h"
#include "base/range.h"
#include "base/str.h"

struct body; /* hcl/ast.h */
struct diags;
struct error; /* hcl/diag.h */
struct scope; /* hcl/eval.h */

/* Field types by kind. */
enum opt_kind {
    OPT_KIND_END,
    OPT_KIND_BOOL,         /* bool */
    OPT_KIND_TRISTATE,     /* int: -1 not set, 0, 1 */
    OPT_KIND_INT,          /* int64_t */
    OPT_KIND_SIZE,         /* uint64_t bytes: "40G"; a bare number is megabytes */
    OPT_KIND_DURATION,     /* int64_t ns: "1h30m" */
    OPT_KIND_STRING,       /* const char *, NULL when not set */
    OPT_KIND_ENUM,         /* int, one of choices */
    OPT_KIND_STRINGS,      /* struct opt_strings: list(string) */
    OPT_KIND_INTS,         /* struct opt_ints: list(number) */
    OPT_KIND_STRING_MAP,   /* struct opt_map: map(string), in order of keys */
    OPT_KIND_STRINGS_LIST, /* struct opt_strings_list: list(list(string)) */
    OPT_KIND_VALUE_JSON,   /* const char *: any value, as compact JSON */
    OPT_KIND_BLOCK,        /* pointer to struct, NULL when absent: at most one nested block */
    OPT_KIND_BLOCKS,       /* struct opt_blocks: any number of nested blocks, in order;
                            * opts NULL: known but decoded by its owner, no field */
    OPT_KIND_EMBED,        /* another table whose fields lie in an embedded struct */
};

struct opt_strings {
    const char **ptr;
    size_t len;
};
struct opt_ints {
    int64_t *ptr;
    size_t len;
};
struct opt_pair {
    const char *key;
    const char *value;
};
struct opt_map {
    struct opt_pair *ptr;
    size_t len;
};
struct opt_strings_list {
    struct opt_strings *ptr;
    size_t len;
};
struct opt_blocks {
    void *ptr; /* array of len structs of elem_size bytes */
    size_t len;
};

struct opt_choice {
    const char *name;
    int value;
    const char *doc; /* may be NULL */
};

enum opt_flags {
    OPT_REQUIRED = 1 << 0,
    OPT_SENSITIVE = 1 << 1, /* registered with the redactor when decoded, never printed */
    OPT_TMPL = 1 << 2,      /* rendered by {{ }} at run time by its owner */
    OPT_NO_TMPL = 1 << 3,   /* {{ }} means nothing here */
    OPT_DEPRECATED = 1 << 4,
    OPT_NOHASH = 1 << 5,  /* does not influence the content of the image: not in the step key */
    OPT_IMGFAC = 1 << 6,  /* ours, unknown to Packer */
    OPT_PATH = 1 << 7,    /* a path of the host; completion, {{ }} at prepare time */
    OPT_IGNORED = 1 << 8, /* accepted for compatibility, without effect; doc says why */
    OPT_LABEL = 1 << 9,   /* the block's label fills this string, not an attribute */
};

struct opt {
    const char *name;
    enum opt_kind kind;
    size_t offset;
    const char *def;                  /* default as HCL text: "\"40G\"", "22", "[]"; NULL: none */
    const char *min, *max;            /* "22", "40G", "1m", for INT, SIZE, DURATION; NULL: none */
    const struct opt_choice *choices; /* ENUM: ends with name NULL */
    unsigned flags;
    const struct opt *opts; /* BLOCK, BLOCKS, EMBED */
    size_t elem_size;       /* BLOCK, BLOCKS */
    const char *conflicts;  /* space-separated names that may not be set too */
    const char *needs;      /* space-separated names that must be set too */
    const char *instead;    /* DEPRECATED: what to use */
    const char *doc;        /* sentences; first one is the summary */
    const char *see;        /* "ssh_timeout, ssh_port" */
    char short_name;        /* command line only: 'h' */
    const char *arg;        /* command line only: "PATH" in the usage line */
};

/* offsetof that also checks the type of the field. */
#define OPT_FIELD_(st, field, type)                                                                \
    (sizeof(char[__builtin_types_compatible_p(__typeof__(((st *)0)->field), type) ? 1 : -1]) * 0 + \
     offsetof(st, field))

/* Rows: OPT_STR(struct qemu_config, name, "vm_name", .doc = "..."), */
#define OPT_ROW_(k, st, field, type, nm, ...)                                                      \
    {                                                                                              \
        .name = (nm), .kind = (k), .offset = OPT_FIELD_(st, field, type), __VA_ARGS__              \
    }
#define OPT_BOOL(st, field, nm, ...) OPT_ROW_(OPT_KIND_BOOL, st, field, bool, nm, __VA_ARGS__)
#define OPT_TRISTATE(st, field, nm, ...)                                                           \
    OPT_ROW_(OPT_KIND_TRISTATE, st, field, int, nm, __VA_ARGS__)
#define OPT_INT(st, field, nm, ...)  OPT_ROW_(OPT_KIND_INT, st, field, int64_t, nm, __VA_ARGS__)
#define OPT_SIZE(st, field, nm, ...) OPT_ROW_(OPT_KIND_SIZE, st, field, uint64_t, nm, __VA_ARGS__)
#define OPT_DUR(st, field, nm, ...)  OPT_ROW_(OPT_KIND_DURATION, st, field, int64_t, nm, __VA_ARGS__)
#define OPT_STR(st, field, nm, ...)                                                                \
    OPT_ROW_(OPT_KIND_STRING, st, field, const char *, nm, __VA_ARGS__)
#define OPT_ENUM(st, field, nm, ...) OPT_ROW_(OPT_KIND_ENUM, st, field, int, nm, __VA_ARGS__)
#define OPT_STRS(st, field, nm, ...)                                                               \
    OPT_ROW_(OPT_KIND_STRINGS, st, field, struct opt_strings, nm, __VA_ARGS__)
#define OPT_INTS(st, field, nm, ...)                                                               \
    OPT_ROW_(OPT_KIND_INTS, st, field, struct opt_ints, nm, __VA_ARGS__)
#define OPT_MAP(st, field, nm, ...)                                                                \
    OPT_ROW_(OPT_KIND_STRING_MAP, st, field, struct opt_map, nm, __VA_ARGS__)
#define OPT_STRS_LIST(st, field, nm, ...)                                                          \
    OPT_ROW_(OPT_KIND_STRINGS_LIST, st, field, struct opt_strings_list, nm, __VA_ARGS__)
#define OPT_JSON(st, field, nm, ...)                                                               \
    OPT_ROW_(OPT_KIND_VALUE_JSON, st, field, const char *, nm, __VA_ARGS__)
/* The field is a pointer to ELEM, a struct filled by TABLE. */
#define OPT_BLOCK(st, field, nm, elem, table, ...)                                                 \
    {                                                                                              \
        .name = (nm), .kind = OPT_KIND_BLOCK, .offset = OPT_FIELD_(st, field, elem *),             \
        .opts = (table), .elem_size = sizeof(elem), __VA_ARGS__                                    \
    }
#define OPT_BLOCKS(st, field, nm, elem, table, ...)                                                \
    {                                                                                              \
        .name = (nm), .kind = OPT_KIND_BLOCKS, .offset = OPT_FIELD_(st, field, struct opt_blocks), \
        .opts = (table), .elem_size = sizeof(elem), __VA_ARGS__                                    \
    }
/* The rows of TABLE fill the struct embedded as FIELD; they look like ours. */
#define OPT_EMBED(st, field, table)                                                                \
    {                                                                                              \
        .name = "", .kind = OPT_KIND_EMBED, .offset = offsetof(st, field), .opts = (table)         \
    }
#define OPT_END                                                                                    \
    {                                                                                              \
        .kind = OPT_KIND_END                                                                       \
    }

/* Decode BODY (attributes evaluated in SCOPE) into the zeroed struct CONFIG by
 * ROWS: defaults, conversion, unknown and missing names, ranges, conflicts.
 * Strings live in ARENA.  Continues after an error; false when one was added.
 * An attribute that evaluates to null counts as not set.  A value that is not
 * yet known leaves the default and is recorded as set. */
bool schema_decode(const struct body *body, const struct opt *rows, const struct scope *scope,
                   struct arena *arena, void *config, struct diags *diags);
/* Fill CONFIG with the defaults alone. */
void schema_defaults(const struct opt *rows, struct arena *arena, void *config);
/* Diagnose arguments and blocks of BODY that ROWS do not have, with "did you
 * mean"; nothing is evaluated. */
bool schema_check_names(const struct body *body, const struct opt *rows, struct arena *arena,
                        struct diags *diags);
/* True when the body sets NAME (attribute or block). */
bool schema_is_set(const struct body *body, const char *name);
/* Range of the expression of attribute NAME, of the block NAME, or else of the
 * end of the body's header: for errors found later. */
struct range schema_range(const struct body *body, const char *name);
/* That of element INDEX of the list NAME when the list stands there with COUNT elements, as
 * written. */
struct range schema_item_range(const struct body *body, const char *name, size_t index,
                               size_t count);
/* That of the argument NAME in block INDEX of the COUNT ones of TYPE, as written; NAME NULL or not
 * set: of the block's header. */
struct range schema_nested_range(const struct body *body, const char *type, size_t index,
                                 size_t count, const char *name);
/* Diagnostics of DIAGS from index FROM on, which a check added after decoding, are told the values
 * of the variables in the argument of BODY that they are about, as errors of decoding are; not
 * those of sensitive rows.  Ones that have values already are left alone. */
void schema_add_values(const struct body *body, const struct opt *rows, const struct scope *scope,
                       struct arena *arena, struct diags *diags, size_t from);
/* Give *ERR, which has happened, its place in the block BODY (may be NULL): that of the option it
 * names when BODY sets it, else FALLBACK.  Returns false. */
bool schema_error_at(struct error **err, const struct body *body, struct range fallback);
/* Row of NAME, looking into embedded tables; NULL: none. */
const struct opt *schema_find(const struct opt *rows, const char *name);
/* Value of the row NAME in CONFIG as HCL text on one line ("\"40G\"", "[]",
 * "null"); secrets as <sensitive>.  NULL: no such row, or a block. */
char *schema_text(struct arena *arena, const struct opt *rows, const void *config,
                  const char *name);

#endif
