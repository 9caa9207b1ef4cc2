/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CORE_STAGES_H
#define IMGFAC_CORE_STAGES_H

/* The steps that every build has, whatever its builder: connect, wait until
 * the guest is ready, provision, seal, pack, record.  Each function returns a
 * step by value for the list; state lives in the build's arena. */

#include "plug/build.h"
#include "plug/communicator.h"
#include "plug/sealer.h"
#include "plug/step.h"

struct builder_type;
struct plan;
struct planned_build;
struct planned_provisioner;

/* Wait for the guest's share of its hypervisor, or refuse what can never be. */
struct step stage_admit(struct build *b, const struct builder_type *builder, const void *config,
                        const char *store);
/* Refuse to overwrite an output directory, or with -force delete it. */
struct step stage_output(struct build *b);
/* Open the communicator into b->comm; closes it in cleanup. */
struct step stage_connect(struct build *b, const struct comm_type *type,
                          const struct comm_config *config, const struct planned_build *pb);
/* Wait until cloud-init has finished without error. */
struct step stage_ready(struct build *b);
struct step stage_provision(struct build *b, const struct planned_build *plan,
                            const struct planned_provisioner *p);
/* ssh_clear_authorized_keys: after the last provisioner; failing is a warning. */
struct step stage_clear_keys(struct build *b);
/* Its cleanup runs the error-cleanup-provisioner when the build failed. */
struct step stage_error_cleanup(struct build *b, const struct planned_build *plan,
                                const struct planned_provisioner *p);
/* What sealing learnt, for the record. */
struct sealed {
    bool done;
    struct seal_result result;
};
struct step stage_seal(struct build *b, const struct planned_build *pb, struct sealed *out);
/* Make the finished, standalone image: in the catalog's tmp directory when the
 * build is recorded, else in the output directory. */
struct step stage_pack(struct build *b, const char *output_name, bool recorded);

struct recorded {
    bool done;
    struct catalog_version *version;
};
/* One catalog version; copies to the output directory afterwards when the
 * template names one. */
struct step stage_record(struct build *b, const struct plan *whole,
                         const struct planned_build *plan, const struct sealed *sealed,
                         const char *output_name, struct recorded *out);

#endif
