/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HOST_KVM_LOOP_H
#define IMGFAC_HOST_KVM_LOOP_H

/* The body of the KVM probe: one vCPU in 64-bit mode counts down from a
 * million on the bare ioctls.  Runs in a forked child, hence allocates nothing
 * on the heap and frees nothing: the end of the process does. */

#include <stdint.h>

enum kvm_stage {
    KVM_STAGE_OPEN, /* open /dev/kvm */
    KVM_STAGE_VM,   /* make a virtual machine and its memory */
    KVM_STAGE_VCPU, /* make a vCPU and bring it into 64-bit mode */
    KVM_STAGE_RUN,  /* run it to its HLT */
    KVM_STAGE_DONE,
};

struct kvm_loop_result {
    enum kvm_stage stage; /* the one that failed, or DONE */
    int errnum;
    int64_t loop_ns;
};

void kvm_loop_run(struct kvm_loop_result *out);
/* Message for a failed stage; static or a process-wide buffer. */
const char *kvm_stage_text(enum kvm_stage stage, int errnum);

#endif
