/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_PLUG_REGISTRY_H
#define IMGFAC_PLUG_REGISTRY_H

/* What is built in, by name.  src/registry.c alone names the concrete
 * extensions and defines these functions; lower layers see only this header
 * (dependency inversion at link time).  All is constant. */

#include "base/str.h"

struct builder_type;
struct comm_type;
struct datasource_type;
struct provisioner_type;
struct reaper;
struct sealer;
struct sealop;

const struct builder_type *registry_find_builder(str name);
const struct provisioner_type *registry_find_provisioner(str name);
const struct comm_type *registry_find_communicator(str name);
const struct datasource_type *registry_find_datasource(str name);
const struct sealer *registry_sealer(void);

/* NULL-ended tables. */
const struct builder_type *const *registry_builders(void);
const struct provisioner_type *const *registry_provisioners(void);
const struct comm_type *const *registry_communicators(void);
const struct datasource_type *const *registry_datasources(void);
const struct sealop *const *registry_sealops(void);
const struct reaper *const *registry_reapers(void);

#endif
