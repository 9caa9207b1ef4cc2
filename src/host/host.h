/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HOST_HOST_H
#define IMGFAC_HOST_HOST_H

/* Facts about the machine we run on that more than one module needs.  Probed
 * once per process and then constant; thread-safe. */

#include "base/error.h"

/* Result of running one vCPU in 64-bit mode through a loop of 1 000 000
 * dec/jnz on the KVM ioctls.  /dev/kvm that opens is no proof: nested or
 * software KVM may interpret. */
struct host_kvm {
    bool usable;
    int64_t loop_ns; /* time of the loop; 0 when it could not run */
    const char
        *reason; /* why it is not used: "/dev/kvm: permission denied", "loop took over 100 ms" */
    const char *cure; /* what to do about it; may be NULL */
};
const struct host_kvm *host_kvm(void);

/* Memory and processors, for admission and defaults. */
uint64_t host_memory_bytes(void);
uint64_t host_memory_available_bytes(void);
unsigned host_cpus(void);

#endif
