/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_CONFIG_H
#define IMGFAC_QEMU_CONFIG_H

/* The options of `source "qemu"`: those of Packer's QEMU plugin under their
 * names, and ours (base, hypervisor, cloud_init).  Decoded once, immutable.
 * Unset strings are NULL, unset sizes and counts 0. */

#include "cloud-init/seed.h"
#include "plug/communicator.h"

enum qemu_accel { ACCEL_AUTO, ACCEL_KVM, ACCEL_TCG, ACCEL_NONE, ACCEL_OTHER };
enum qemu_disk_bus {
    DISK_VIRTIO,
    DISK_VIRTIO_SCSI,
    DISK_SCSI,
    DISK_SATA,
    DISK_IDE,
    DISK_SD,
};
enum qemu_format { FORMAT_QCOW2, FORMAT_RAW };

struct qemu_img_args {
    struct opt_strings convert, create, resize;
};

struct qemu_config {
    struct comm_config comm;

    const char *base;
    const char *hypervisor;
    struct cloud_init_config *cloud_init;

    const char *iso_url;
    struct opt_strings iso_urls;
    const char *iso_checksum;
    const char *iso_target_path, *iso_target_extension;
    bool iso_skip_cache;

    const char *http_directory;
    struct opt_map http_content;
    int64_t http_port_min, http_port_max;
    const char *http_bind_address, *http_interface, *http_network_protocol;

    struct opt_strings floppy_files, floppy_dirs;
    struct opt_map floppy_content;
    const char *floppy_label;
    struct opt_strings cd_files;
    struct opt_map cd_content;
    const char *cd_label;

    struct opt_strings boot_command;
    struct opt_strings_list boot_steps;
    int64_t boot_wait_ns, boot_key_interval_ns, boot_keygroup_interval_ns;
    bool disable_vnc;

    const char *shutdown_command;
    int64_t shutdown_timeout_ns;

    int accelerator; /* enum qemu_accel */
    const char *machine_type;
    int64_t cpus, sockets, cores, threads;
    const char *cpu_model;
    int64_t memory_mib;
    uint64_t disk_size;
    struct opt_strings disk_additional_size;
    int disk_interface; /* enum qemu_disk_bus */
    const char *disk_cache, *disk_discard, *disk_detect_zeroes;
    bool disk_image, use_backing_file, skip_resize_disk, skip_compaction, disk_compression;
    int format; /* enum qemu_format */
    const char *cdrom_interface;
    const char *net_device, *net_bridge;
    const char *firmware;
    bool use_pflash;
    int efi_boot; /* -1: not set */
    const char *efi_firmware_code, *efi_firmware_vars;
    bool efi_drop_efivars;
    bool vtpm, use_tpm1;
    const char *tpm_device_type;
    const char *vga, *display;
    bool use_default_display;
    int headless; /* -1: not set */
    const char *vnc_bind_address;
    int64_t vnc_port_min, vnc_port_max;
    bool vnc_use_password;
    const char *vnc_password;
    bool qmp_enable;
    const char *qmp_socket_path;
    const char *qemu_binary;
    struct opt_strings_list qemuargs;
    struct qemu_img_args *qemu_img_args;
    const char *output_directory, *vm_name;
    bool run_once;
    int64_t host_port_min, host_port_max;
    bool skip_nat_mapping;
};

extern const struct opt qemu_opts[];

bool qemu_check(const void *config, const struct body *body, struct diags *diags);
/* The part of it about what is typed. */
void qemu_check_boot(const struct qemu_config *c, const struct body *body, struct diags *diags);
/* About CDs, floppies and the HTTP server. */
void qemu_check_media(const struct qemu_config *c, const struct body *body, struct diags *diags);

/* A copy in which empty strings count as not set, as they do in Packer. */
const struct qemu_config *qemu_without_empty(const struct qemu_config *c, struct arena *a);

/* What follows from several options. */
bool qemu_has_own_login(const struct qemu_config *c); /* password, key file or agent given */
bool qemu_wants_seed(const struct qemu_config *c);    /* a NoCloud seed is attached */
bool qemu_wants_efi(const struct qemu_config *c);     /* asked for by the template */
/* With what qemuargs say. */
int64_t qemu_memory_mib(const struct qemu_config *c);
const char *qemu_machine(const struct qemu_config *c, struct arena *a);
int qemu_accelerator(const struct qemu_config *c, struct arena *a); /* enum qemu_accel */
const char *qemu_arch(const struct qemu_config *c);                 /* "x86_64" */
bool qemu_forwards(const struct qemu_config *c);     /* a host port leads to the communicator's */
bool qemu_reads_url(const struct qemu_config *c);    /* iso_skip_cache, of something remote */
bool qemu_shows_screen(const struct qemu_config *c); /* over VNC */
/* Virtual CPUs: one unless asked, see describe.c. */
int64_t qemu_vcpus(const struct qemu_config *c);
const char *qemu_format_name(const struct qemu_config *c);
/* The URLs of iso_url or iso_urls. */
struct opt_strings qemu_urls(const struct qemu_config *c, struct arena *a);

#endif
