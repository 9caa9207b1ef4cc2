/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_PLUG_REGISTRY_H
#define IMGFAC_PLUG_REGISTRY_H

/* What is built in or comes from a plugin, by name.  src/registry.c alone names
 * the concrete extensions and defines these functions; lower layers see only
 * this header (dependency inversion at link time).  All is constant. */

#include "base/str.h"

struct builder_type;
struct comm_type;
struct datasource_type;
struct provisioner_type;
struct reaper;
struct sealer;
struct sealop;
struct arena;
struct plugin_answer;

const struct builder_type *registry_find_builder(str name);
const struct provisioner_type *registry_find_provisioner(str name);
const struct comm_type *registry_find_communicator(str name);
const struct datasource_type *registry_find_datasource(str name);
const struct sealer *registry_sealer(void);

/* A sentence about a plugin that has a TYPE which cannot be used as it is
 * (not installed, of another kind); NULL: nothing is known of it. */
const char *registry_explain(struct arena *a, str type);
/* What stands behind NAME and SOURCE of required_plugins (plug/plugin.h). */
void registry_find_plugin(struct arena *a, str name, str source, struct plugin_answer *out);

/* NULL-ended tables. */
const struct builder_type *const *registry_builders(void);
const struct provisioner_type *const *registry_provisioners(void);
const struct comm_type *const *registry_communicators(void);
const struct datasource_type *const *registry_datasources(void);
const struct sealop *const *registry_sealops(void);
const struct reaper *const *registry_reapers(void);

#endif
