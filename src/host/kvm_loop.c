/* SPDX-License-Identifier: Apache-2.0 */

#include "host/kvm_loop.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "base/clock.h"

const char *kvm_stage_text(enum kvm_stage stage, int errnum)
{
    static const char *const doing[] = {
        [KVM_STAGE_OPEN] = "/dev/kvm",           [KVM_STAGE_VM] = "/dev/kvm makes no machine",
        [KVM_STAGE_VCPU] = "/dev/kvm: no vCPU",  [KVM_STAGE_RUN] = "/dev/kvm does not run code",
        [KVM_STAGE_DONE] = "/dev/kvm is usable",
    };
    static char text[160];
    snprintf(text, sizeof(text), "%s%s%s", doing[stage], errnum != 0 ? ": " : "",
             errnum != 0 ? strerrordesc_np(errnum) : "");
    return text;
}

#if defined(__x86_64__)

#include <linux/kvm.h>

enum { MEM_SIZE = 2 << 20, PML4 = 0x1000, PDPT = 0x2000, PD = 0x3000, CODE = 0x4000 };

/* mov ecx, 1000000; again: dec ecx; jnz again; hlt */
static const uint8_t loop_code[] = {0xb9, 0x40, 0x42, 0x0f, 0x00, 0xff, 0xc9, 0x75, 0xfc, 0xf4};

static int fail(struct kvm_loop_result *out, enum kvm_stage stage)
{
    out->stage = stage;
    out->errnum = errno;
    return -1;
}

/* Guest memory: page tables that map the first 2 MiB onto themselves, and the loop. */
static int make_vm(int kvm, struct kvm_loop_result *out)
{
    int vm = ioctl(kvm, KVM_CREATE_VM, 0);
    if (vm < 0)
        return fail(out, KVM_STAGE_VM);
    uint8_t *mem = mmap(NULL, MEM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mem == MAP_FAILED)
        return fail(out, KVM_STAGE_VM);
    enum { PRESENT_WRITE = 3, HUGE_PAGE = 0x80 };
    uint64_t entry = PDPT | PRESENT_WRITE;
    memcpy(mem + PML4, &entry, sizeof(entry));
    entry = PD | PRESENT_WRITE;
    memcpy(mem + PDPT, &entry, sizeof(entry));
    entry = HUGE_PAGE | PRESENT_WRITE;
    memcpy(mem + PD, &entry, sizeof(entry));
    memcpy(mem + CODE, loop_code, sizeof(loop_code));
    struct kvm_userspace_memory_region region = {
        .memory_size = MEM_SIZE,
        .userspace_addr = (uint64_t)(uintptr_t)mem,
    };
    /* Old Intel processors need a place for a task segment; others ignore it. */
    (void)ioctl(vm, KVM_SET_TSS_ADDR, 0xfffbd000UL);
    if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) < 0)
        return fail(out, KVM_STAGE_VM);
    return vm;
}

static int enter_long_mode(int vcpu)
{
    struct kvm_sregs s;
    if (ioctl(vcpu, KVM_GET_SREGS, &s) < 0)
        return -1;
    struct kvm_segment seg = {
        .limit = 0xffffffff, .selector = 0x10, .present = 1, .type = 3, .s = 1, .g = 1, .db = 1};
    s.ds = s.es = s.fs = s.gs = s.ss = seg;
    seg.selector = 0x8;
    seg.type = 11;
    seg.db = 0;
    seg.l = 1;
    s.cs = seg;
    s.cr3 = PML4;
    s.cr4 |= 1 << 5;            /* PAE */
    s.cr0 |= 1u << 31 | 1;      /* PG, PE */
    s.efer |= 1 << 8 | 1 << 10; /* LME, LMA */
    if (ioctl(vcpu, KVM_SET_SREGS, &s) < 0)
        return -1;
    struct kvm_regs regs = {.rip = CODE, .rsp = 0x8000, .rflags = 2};
    return ioctl(vcpu, KVM_SET_REGS, &regs);
}

static struct kvm_run *make_vcpu(int kvm, int vm, int *out_vcpu)
{
    int vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
    int size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (vcpu < 0 || size < (int)sizeof(struct kvm_run))
        return NULL;
    void *run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
    if (run == MAP_FAILED || enter_long_mode(vcpu) < 0)
        return NULL;
    *out_vcpu = vcpu;
    return run;
}

void kvm_loop_run(struct kvm_loop_result *out)
{
    int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (kvm < 0 || ioctl(kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION) {
        fail(out, KVM_STAGE_OPEN);
        return;
    }
    int vm = make_vm(kvm, out);
    if (vm < 0)
        return;
    int vcpu = -1;
    struct kvm_run *run = make_vcpu(kvm, vm, &vcpu);
    if (run == NULL) {
        fail(out, KVM_STAGE_VCPU);
        return;
    }
    int64_t start = clock_now();
    int rc;
    do
        rc = ioctl(vcpu, KVM_RUN, 0);
    while (rc < 0 && errno == EINTR);
    out->loop_ns = clock_now() - start;
    if (rc < 0 || run->exit_reason != KVM_EXIT_HLT) {
        if (rc == 0)
            errno = 0;
        fail(out, KVM_STAGE_RUN);
        return;
    }
    out->stage = KVM_STAGE_DONE;
}

#else

/* Elsewhere only x86 has software that pretends to be KVM: opening is enough. */
void kvm_loop_run(struct kvm_loop_result *out)
{
    int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    out->stage = kvm < 0 ? KVM_STAGE_OPEN : KVM_STAGE_DONE;
    out->errnum = kvm < 0 ? errno : 0;
}

#endif
