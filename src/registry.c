/* SPDX-License-Identifier: Apache-2.0 */

#include "plug/registry.h"

#include "plug/builder.h"
#include "plug/communicator.h"
#include "plug/provisioner.h"
#include "plug/reaper.h"
#include "plug/sealer.h"

#include "bootstrap/builder.h"
#include "communicator/communicator.h"

static const struct builder_type *const builders[] = {
    &builder_debootstrap,
    NULL,
};

static const struct provisioner_type *const provisioners[] = {
    NULL,
};

static const struct comm_type *const communicators[] = {
    &comm_ssh,
    &comm_none,
    NULL,
};

static const struct sealop *const sealops[] = {
    NULL,
};

static const struct reaper *const reapers[] = {
    &reaper_subuid_tree,
    NULL,
};

const struct builder_type *registry_find_builder(str name)
{
    for (size_t i = 0; builders[i] != NULL; i++)
        if (str_eqz(name, builders[i]->name))
            return builders[i];
    return NULL;
}

const struct provisioner_type *registry_find_provisioner(str name)
{
    for (size_t i = 0; provisioners[i] != NULL; i++)
        if (str_eqz(name, provisioners[i]->name))
            return provisioners[i];
    return NULL;
}

const struct comm_type *registry_find_communicator(str name)
{
    for (size_t i = 0; communicators[i] != NULL; i++)
        if (str_eqz(name, communicators[i]->name))
            return communicators[i];
    return NULL;
}

const struct sealer *registry_sealer(void)
{
    return NULL;
}

const struct builder_type *const *registry_builders(void)
{
    return builders;
}

const struct provisioner_type *const *registry_provisioners(void)
{
    return provisioners;
}

const struct comm_type *const *registry_communicators(void)
{
    return communicators;
}

const struct sealop *const *registry_sealops(void)
{
    return sealops;
}

const struct reaper *const *registry_reapers(void)
{
    return reapers;
}
