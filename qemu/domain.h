/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_DOMAIN_H
#define IMGFAC_QEMU_DOMAIN_H

/* The virtual machine as plain data and its libvirt XML.  Every PCI device has
 * a slot of its own choice here, so that libvirt assigns none: the network card
 * stands in slot 3 whatever else is there, as under Packer, and keeps its name
 * inside the guest.  Strings are borrowed. */

#include "qemu/config.h"

enum domain_media { MEDIA_DISK, MEDIA_CDROM, MEDIA_FLOPPY };

struct domain_disk {
    enum domain_media media;
    const char *path; /* or the URL of an image that QEMU reads itself */
    const char *format;
    const char *backing;        /* absolute; NULL: none.  Never relabelled. */
    const char *backing_format; /* of `backing` */
    const char *bus;            /* "virtio", "scsi", "sata", "ide", "fdc", "sd" */
    bool read_only;
    bool keep_owner; /* the user's own file: libvirt must not chown it */
    const char *cache, *discard, *detect_zeroes; /* NULL: the hypervisor's default */
    const char *serial;                          /* NULL: none */
    int boot_order;                              /* 0: not booted from */
};

#define DOMAIN_DISKS_MAX 24

struct domain {
    const char *name;
    const char *uuid; /* NULL: libvirt makes one up */
    bool kvm;
    const char *arch;      /* "x86_64" */
    const char *machine;   /* "pc", "q35", "virt" */
    const char *emulator;  /* absolute path */
    const char *cpu_model; /* as -cpu of QEMU; NULL: all features */
    unsigned vcpus, sockets, cores, threads;
    unsigned vcpus_online; /* 0: all of vcpus */
    uint64_t memory_mib;

    const char *firmware_code; /* pflash, raw; NULL: BIOS */
    const char *firmware_vars; /* private copy; NULL: firmware that keeps nothing */
    const char *vars_template; /* of firmware_vars, when libvirt makes that; NULL: it is there */
    bool firmware_auto;        /* UEFI, chosen by libvirt's host; no firmware_code */
    bool secure_boot;          /* variables only for system management mode */
    bool smm;
    const char *bios; /* -bios file; NULL: default */
    const char *kernel, *initrd, *cmdline, *dtb;
    bool no_reboot;
    const char *clock; /* "localtime"; NULL: UTC */
    bool usb;          /* a USB controller; with a tablet when that is set too */
    bool tablet;
    const char *tpm_model; /* "tpm-tis", "tpm-crb"; NULL: no TPM */
    bool tpm1;

    struct domain_disk disks[DOMAIN_DISKS_MAX];
    size_t disk_count;

    const char *nic_model;    /* QEMU device name: "virtio-net-pci"; NULL: no card */
    const char *nic_netdev;   /* the -netdev of qemuargs it sits on; NULL: one of its own */
    const char *bridge, *mac; /* NULL: user network */
    int forward_port;         /* host port; 0: none */
    int guest_port;
    const char *agent_socket; /* of the guest agent; NULL: none, "": libvirt chooses */
    const char *console_log;  /* file of the serial console */
    bool console_pty;         /* in place of the file: read by libvirt's stream */
    /* Sockets for other processes of this user; NULL: none. */
    const char *console_socket, *monitor_socket;
    const char *net_dump;    /* the network's first packets go to this file; or NULL */
    const char *video;       /* "vga", "virtio"; NULL: no screen */
    const char *vnc_address; /* NULL: no VNC */
    int vnc_port;
    const char *vnc_password;      /* secret; or NULL */
    struct opt_strings extra_args; /* for QEMU's own command line, last */
};

#define DOMAIN_NIC_SLOT 0x03
#define DOMAIN_NETDEV   "user.0" /* Packer's name: qemuargs refer to it */

/* ERR_TEMPLATE when a string cannot stand in XML.  Heap. */
char *domain_xml(const struct domain *d, struct error **err);
/* The QEMU device for Packer's net_device ("virtio-net" -> "virtio-net-pci"). */
const char *domain_nic_device(const char *net_device);
bool domain_is_q35(const char *machine);
/* libvirt's name of the graphics card that -vga of QEMU names; NULL: none. */
const char *domain_video_model(const char *vga);

#endif
