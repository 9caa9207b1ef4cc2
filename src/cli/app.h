/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CLI_APP_H
#define IMGFAC_CLI_APP_H

/* What every command is given: output, cancellation, site configuration, and
 * the store opened on first use.  One per process, owned by main(). */

#include <stdio.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "base/error.h"

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
};

/* Site configuration; diagnostics are printed; NULL when it is wrong. */
const struct config *app_config(struct app *app);
/* Root of the store, made when absent; NULL with the error printed. */
const char *app_store_path(struct app *app);
/* Catalog of the store, opened (and left-overs reaped) on first use; NULL with
 * the error printed. */
struct catalog *app_catalog(struct app *app);
struct ledger *app_ledger(struct app *app);

/* Print an error with its chain, hint and snippet of the template, and return
 * the exit code that belongs to it; frees the error. */
int app_fail(struct app *app, struct error *e);
/* Print diagnostics (text, or JSON when machine-readable). */
void app_print_diags(struct app *app, struct diags *diags);

#endif
