/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CLI_APP_H
#define IMGFAC_CLI_APP_H

/* What every command is given: output, cancellation, site configuration, and
 * the store opened on first use.  One per process, owned by main(). */

#include <stdio.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "base/error.h"
#include "base/str.h"

struct catalog;
struct config;
struct diags;
struct event_sink;
struct ledger;

struct app {
    struct arena *arena;
    struct cancel *cancel; /* triggered by SIGINT and SIGTERM */
    FILE *out;             /* stdout */
    FILE *err;             /* stderr */
    bool machine_readable; /* -machine-readable, taken from any position */
    bool color;            /* terminal, NO_COLOR and PACKER_NO_COLOR unset */
    bool is_tty;
    const char *config_path;     /* -config, or NULL */
    const struct config *config; /* loaded by app_config() */
    struct catalog *catalog;
    struct ledger *ledger;
    const char *left_reason; /* why the first of `left` is still there; or NULL */
    size_t reaped, left;     /* things of a killed imgfac that were, and could not be, removed */
    int failure; /* why one of the three cannot be had: told once, an exit code; 0: they can */
};

/* Site configuration; diagnostics are printed; NULL when it is wrong.  Whatever
 * of these fails leaves its exit code in app->failure, and is not tried again. */
const struct config *app_config(struct app *app);
/* Read the site configuration for its mistakes alone. */
bool app_check_config(struct app *app, struct diags *diags);
/* Root of the store, made when absent; NULL with the error printed. */
const char *app_store_path(struct app *app);
/* Catalog of the store, opened (and left-overs reaped) on first use; NULL with
 * the error printed. */
struct catalog *app_catalog(struct app *app);
/* For a look: a store that is not ours or cannot be written is read as it is,
 * and where there is none *MISSING is set; with MISSING NULL that is an error. */
struct catalog *app_catalog_read(struct app *app, bool *missing);
struct ledger *app_ledger(struct app *app);

/* From here on SIGINT and SIGTERM trigger app->cancel; the third one ends the
 * process at once.  Called before run() unless the command has plain_signals. */
void app_catch_signals(struct app *app);
/* Columns of the terminal that F is, at most 100; 80 when it is none. */
unsigned app_width(FILE *f);
/* A message and a newline to app->out, redacted; with -machine-readable one
 * record of the kind "say". */
void app_say(struct app *app, str text);
/* Write TEXT, redacted. */
void app_write(FILE *f, str text);

/* Print an error with its chain, hint and snippet of the template, and return
 * the exit code that belongs to it; frees the error. */
int app_fail(struct app *app, struct error *e);
/* Print diagnostics to app->err, as text; with -machine-readable as records to
 * app->out. */
void app_print_diags(struct app *app, struct diags *diags);

#endif
