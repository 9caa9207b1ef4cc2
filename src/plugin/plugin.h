/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_PLUGIN_PLUGIN_H
#define IMGFAC_PLUGIN_PLUGIN_H

/* Plugins from outside as the registry sees them: their provisioners and data
 * sources are types like the built-in ones.  The directories are read once,
 * when first asked; a plugin is started when there is work for it and then
 * serves the whole run, one process for each thread that needs it at the same
 * time.  Thread-safe; everything returned lives until the program ends. */

#include "plug/datasource.h"
#include "plug/plugin.h"
#include "plug/provisioner.h"

const struct provisioner_type *plugins_find_provisioner(str name);
const struct datasource_type *plugins_find_datasource(str name);
/* BUILT_IN and then those of plugins; NULL-ended. */
const struct provisioner_type *const *plugins_add_provisioners(
    const struct provisioner_type *const *built_in);
const struct datasource_type *const *plugins_add_datasources(
    const struct datasource_type *const *built_in);
/* A sentence about a plugin whose file is there but that cannot be used, or
 * whose post-processor it is; NULL: nothing is known of TYPE. */
const char *plugins_explain(struct arena *a, str type);

/* What stands behind NAME and SOURCE of required_plugins. */
void plugins_answer(struct arena *a, str name, str source, struct plugin_answer *out);

/* End every running plugin; also done at the end of the program. */
void plugins_stop(void);
/* Forget everything, so that the directories are read again: for tests, and
 * after an installation. */
void plugins_forget(void);

#endif
