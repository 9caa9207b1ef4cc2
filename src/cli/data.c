/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/data.h"

#include "cli/app.h"

static struct catalog *open_catalog(void *arg, struct error **err)
{
    struct app *app = arg;
    struct catalog *cat = app_catalog(app);
    if (cat == NULL)
        error_set(err, ERR_CATALOG, 0, "the catalog cannot be opened");
    return cat;
}

void app_read_data(struct app *app, bool execute, struct data_reader *reader,
                   struct template_options *options)
{
    *reader = (struct data_reader){
        .execute = execute,
        .is_any_allowed = options->allow_unset && !execute,
        .cancel = app->cancel,
        .config = execute ? app_config(app) : NULL,
        .catalog = open_catalog,
        .arg = app,
    };
    options->read_data = data_read;
    options->arg = reader;
}
