/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/db.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <unistd.h>

#include "base/embed.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strbuf.h"

#define BUSY_MS    10000
#define SCHEMA_DIR "catalog/schema/"
#define PRAGMAS                                                                                    \
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"              \
    "PRAGMA trusted_schema = OFF;"
/* Ends WAL mode: what is in the log goes into the file. */
#define COPY_PRAGMAS                                                                               \
    "PRAGMA trusted_schema = OFF; PRAGMA synchronous = OFF; PRAGMA journal_mode = DELETE;"
#define COPY_MAX ((size_t)1 << 30)

static enum err_code code_of(int rc)
{
    switch (rc) {
    case SQLITE_FULL: return ERR_NO_SPACE;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return ERR_CHECKSUM;
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY: return ERR_HOST;
    default: return ERR_CATALOG;
    }
}

static bool db_error(struct db *db, struct error **err, const char *what)
{
    int rc = sqlite3_extended_errcode(db->handle);
    error_set(err, code_of(rc & 0xff), 0, "cannot %s in catalog '%s': %s", what, db->path,
              sqlite3_errmsg(db->handle));
    if ((rc & 0xff) == SQLITE_BUSY)
        error_hint(err, "Another imgfac is writing; run the command again.");
    if ((rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB)
        error_hint(err, "Restore the file from a backup; the images themselves are in the store.");
    return false;
}

static bool bind_all(struct sqlite3_stmt *stmt, const char *format, va_list ap)
{
    for (int i = 0; format[i] != '\0'; i++) {
        int rc = SQLITE_OK;
        if (format[i] == 's')
            rc = sqlite3_bind_text(stmt, i + 1, va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
        else
            rc = sqlite3_bind_int64(stmt, i + 1, va_arg(ap, int64_t));
        if (rc != SQLITE_OK)
            return false;
    }
    return true;
}

static struct sqlite3_stmt *vquery(struct db *db, struct error **err, const char *sql,
                                   const char *format, va_list ap)
{
    struct sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(db->handle, sql, -1, &stmt, NULL) == SQLITE_OK &&
        bind_all(stmt, format, ap))
        return stmt;
    db_error(db, err, "prepare a query");
    sqlite3_finalize(stmt);
    return NULL;
}

struct sqlite3_stmt *db_query(struct db *db, struct error **err, const char *sql,
                              const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    struct sqlite3_stmt *stmt = vquery(db, err, sql, format, ap);
    va_end(ap);
    return stmt;
}

bool db_next(struct db *db, struct sqlite3_stmt *stmt, struct error **err)
{
    int rc = sqlite3_step(stmt);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return db_error(db, err, "run a query");
    return rc == SQLITE_ROW;
}

void db_finish(struct sqlite3_stmt *stmt)
{
    sqlite3_finalize(stmt);
}

const char *db_text(struct sqlite3_stmt *stmt, int column, struct arena *a)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);
    if (text == NULL)
        return NULL;
    return arena_strndup(a, (const char *)text, (size_t)sqlite3_column_bytes(stmt, column));
}

int64_t db_int(struct sqlite3_stmt *stmt, int column)
{
    return sqlite3_column_int64(stmt, column);
}

bool db_run(struct db *db, struct error **err, const char *sql, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    AUTO(stmt) struct sqlite3_stmt *stmt = vquery(db, err, sql, format, ap);
    va_end(ap);
    if (stmt == NULL)
        return false;
    db_next(db, stmt, err);
    return *err == NULL;
}

bool db_get_int(struct db *db, struct error **err, int64_t *out, bool *found, const char *sql,
                const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    AUTO(stmt) struct sqlite3_stmt *stmt = vquery(db, err, sql, format, ap);
    va_end(ap);
    if (stmt == NULL)
        return false;
    *found = db_next(db, stmt, err);
    if (*found)
        *out = sqlite3_column_int64(stmt, 0);
    return *err == NULL;
}

int64_t db_last_id(struct db *db)
{
    return sqlite3_last_insert_rowid(db->handle);
}

static bool exec(struct db *db, const char *sql, const char *what, struct error **err)
{
    if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK)
        return true;
    return db_error(db, err, what);
}

bool db_begin(struct db *db, struct error **err)
{
    return exec(db, "BEGIN IMMEDIATE", "begin a change", err);
}

bool db_commit(struct db *db, struct error **err)
{
    return exec(db, "COMMIT", "commit a change", err);
}

void db_rollback(struct db *db)
{
    if (!sqlite3_get_autocommit(db->handle))
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

/* Migrations are catalog/schema/NNNN_name.sql; user_version is the last one
 * applied. */
static bool apply_from(struct db *db, int64_t have, int64_t *newest, struct error **err)
{
    for (const struct embedded_file *f = embedded_files; f->name != NULL; f++) {
        int64_t number = 0;
        str name = str_from(f->name);
        if (!str_starts(name, STR(SCHEMA_DIR)) ||
            !str_to_i64(str_sub(name, strlen(SCHEMA_DIR), strlen(SCHEMA_DIR) + 4), &number))
            continue;
        *newest = MAX(*newest, number);
        if (number <= have)
            continue;
        autofree char *sql = xasprintf("%.*s; PRAGMA user_version = %lld", (int)(f->end - f->start),
                                       f->start, (long long)number);
        if (!exec(db, sql, "apply a migration", err))
            return false;
        log_info("catalog", "applied %s", f->name);
    }
    return true;
}

static bool migrate(struct db *db, struct error **err)
{
    int64_t have = 0, newest = 0;
    bool found;
    if (!db_begin(db, err) || !db_get_int(db, err, &have, &found, "PRAGMA user_version", "") ||
        !apply_from(db, have, &newest, err) || !db_commit(db, err)) {
        db_rollback(db);
        return false;
    }
    if (have <= newest)
        return true;
    error_set(err, ERR_CATALOG, 0,
              "catalog '%s' was written by a newer imgfac (schema %lld, known %lld)", db->path,
              (long long)have, (long long)newest);
    return error_hint(err, "Update imgfac.");
}

/* The file PATH, called NAME in messages. */
static bool open_as(const char *path, const char *name, const char *pragmas, struct db *out,
                    struct error **err)
{
    struct db db = {.path = xstrdup(name)};
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
    if (sqlite3_open_v2(path, &db.handle, flags, NULL) != SQLITE_OK) {
        db_error(&db, err, "open the file");
        db_close(&db);
        return false;
    }
    sqlite3_busy_timeout(db.handle, BUSY_MS);
    if (!exec(&db, pragmas, "set up the connection", err) || !migrate(&db, err)) {
        db_close(&db);
        return false;
    }
    *out = db;
    return true;
}

bool db_open(const char *path, struct db *out, struct error **err)
{
    return open_as(path, path, PRAGMAS, out, err);
}

/* The file and its write-ahead log at one moment. */
static bool read_once(const char *path, struct strbuf *db, struct strbuf *wal, struct error **err)
{
    AUTO(error) struct error *none = NULL;
    autofree char *log = xasprintf("%s-wal", path);
    strbuf_truncate(db, 0);
    strbuf_truncate(wal, 0);
    if (!io_read_file(path, COPY_MAX, db, err))
        return false;
    io_read_file(log, COPY_MAX, wal, &none); /* absent when nobody has the catalog open */
    return true;
}

/* A writer may be at work: what is read twice alike was not caught in between. */
static bool read_settled(const char *path, struct strbuf *db, struct strbuf *wal,
                         struct error **err)
{
    enum { TRIES = 50 };
    AUTO(strbuf) struct strbuf db2 = STRBUF_INIT, wal2 = STRBUF_INIT;
    for (int i = 0; i < TRIES; i++) {
        if (!read_once(path, db, wal, err) || !read_once(path, &db2, &wal2, err))
            return false;
        if (str_eq(strbuf_str(db), strbuf_str(&db2)) && str_eq(strbuf_str(wal), strbuf_str(&wal2)))
            return true;
    }
    error_set(err, ERR_CATALOG, 0, "catalog '%s' is written to all the time", path);
    return error_hint(err, "Run the command again.");
}

/* SQLite cannot read a file in WAL mode without making two more beside it, so
 * it gets a copy; that is gone again as soon as it is open and stands alone. */
static bool open_copy(const char *path, const char *dir, struct db *out, struct error **err)
{
    AUTO(strbuf) struct strbuf db = STRBUF_INIT, wal = STRBUF_INIT;
    autofree char *copy = io_path_join(dir, "catalog.db");
    autofree char *log = xasprintf("%s-wal", copy);
    return read_settled(path, &db, &wal, err) && io_write_file(copy, strbuf_str(&db), 0600, err) &&
           (wal.len == 0 || io_write_file(log, strbuf_str(&wal), 0600, err)) &&
           open_as(copy, path, COPY_PRAGMAS, out, err);
}

bool db_open_read(const char *path, struct db *out, struct error **err)
{
    AUTO(error) struct error *ignored = NULL;
    if (access(path, R_OK) < 0 && errno == ENOENT)
        return error_set(err, ERR_NOT_FOUND, 0, "there is no catalog '%s'", path);
    if (access(path, R_OK) < 0)
        return error_set(err, ERR_HOST, errno, "cannot read catalog '%s'", path);
    autofree char *dir = io_make_temp_dir(io_temp_root(), "imgfac-catalog-", err);
    if (dir == NULL)
        return false;
    bool ok = open_copy(path, dir, out, err);
    io_remove_tree(dir, &ignored);
    return ok || error_wrap(err, "cannot read catalog '%s'", path);
}

void db_close(struct db *db)
{
    sqlite3_close(db->handle);
    free(db->path);
    *db = (struct db){0};
}
