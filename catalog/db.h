/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CATALOG_DB_H
#define IMGFAC_CATALOG_DB_H

/* SQLite as the catalog uses it: one connection, WAL, foreign keys, embedded
 * migrations, and statements that are bound and read by a small format.  The
 * only file that converts SQLite's errors.  The caller serialises. */

#include "base/arena.h"
#include "base/error.h"

struct sqlite3;
struct sqlite3_stmt;

struct db {
    struct sqlite3 *handle; /* really sqlite3 */
    char *path;
};

/* Opens or makes the file and brings its schema up to date.  A file made by a
 * newer imgfac is refused. */
bool db_open(const char *path, struct db *out, struct error **err);
/* The file as it is, for reading: nothing is made or locked beside it, also
 * where that could not be written.  ERR_NOT_FOUND when there is none. */
bool db_open_read(const char *path, struct db *out, struct error **err);
void db_close(struct db *db);

/* Prepare SQL and bind the arguments by FORMAT: one character each, 's' const
 * char * (NULL: SQL null), 'i' int64_t.  NULL with the error set. */
struct sqlite3_stmt *db_query(struct db *db, struct error **err, const char *sql,
                              const char *format, ...);
/* Next row: true while there is one.  False with *ERR set on failure. */
bool db_next(struct db *db, struct sqlite3_stmt *stmt, struct error **err);
void db_finish(struct sqlite3_stmt *stmt);
DEFINE_AUTO(stmt, struct sqlite3_stmt *, db_finish);
/* Column as text in the arena; NULL for SQL null. */
const char *db_text(struct sqlite3_stmt *stmt, int column, struct arena *a);
int64_t db_int(struct sqlite3_stmt *stmt, int column);

/* A statement without rows. */
bool db_run(struct db *db, struct error **err, const char *sql, const char *format, ...);
/* First column of the first row into *OUT; *FOUND tells whether there was one. */
bool db_get_int(struct db *db, struct error **err, int64_t *out, bool *found, const char *sql,
                const char *format, ...);
int64_t db_last_id(struct db *db);

/* BEGIN IMMEDIATE waits for other writers up to ten seconds. */
bool db_begin(struct db *db, struct error **err);
bool db_commit(struct db *db, struct error **err);
void db_rollback(struct db *db);

#endif
