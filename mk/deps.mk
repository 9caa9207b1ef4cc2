# Debian 12 packages, by what they are needed for.  `make deps` installs them all.
ARCH = $(shell dpkg --print-architecture)

DEPS_BUILD := gcc libc6-dev make pkg-config libvirt-dev libguestfs-dev libssh-dev libyaml-dev libsqlite3-dev \
    libxml2-dev libcurl4-openssl-dev libmicrohttpd-dev libarchive-dev libzstd-dev libjansson-dev libmpfr-dev \
    libgmp-dev libunistring-dev libpcre2-dev libssl-dev uuid-dev libcrypt-dev libedit-dev zlib1g-dev libpng-dev libkrb5-dev

# Guests: the hypervisor and its libvirt driver (no daemon runs), firmware, image tools.
DEPS_RUN := libvirt-daemon libvirt-daemon-driver-qemu qemu-system-x86 qemu-utils ovmf
# Sealing: libguestfs builds its appliance from the host's kernel.  The small cloud kernel will do, and Debian
# installs it readable for everybody.
DEPS_RUN += supermin linux-image-cloud-$(ARCH) libguestfs-tools
# Base images from a mirror, seeds and floppies, partitions and file systems.
DEPS_RUN += mmdebstrap uidmap ca-certificates mtools dosfstools e2fsprogs gdisk fdisk zstd openssh-client
# communicator = "winrm" with NTLM.
DEPS_RUN += gss-ntlmssp

# The small installer of the tests: boot loaders, initramfs, SSH server.
DEPS_TEST := isolinux syslinux-common grub-common grub-pc-bin cpio busybox-static dropbear-bin
# make check, then the optional tools: lint, fuzz, tidy, memory checks.
DEPS_TEST += libcmocka-dev openssh-server libvirt-clients libxml2-utils xorriso jq mandoc curl procps git
DEPS_TEST += ansible-core puppet-agent qemu-guest-agent sudo python3-jsonschema
# Other people's clients of WinRM, which prove the server of the tests.
DEPS_TEST += python3-winrm python3-requests-ntlm winrmcp
DEPS_TEST += clang libclang-rt-14-dev clang-format clang-tidy cppcheck pmccabe shellcheck valgrind

# Through sudo when not root.
AS_ROOT = $(if $(filter 0,$(shell id -u)),,sudo )
APT     = $(AS_ROOT)env DEBIAN_FRONTEND=noninteractive apt-get

# What to install: `make deps SETS='build run'` leaves out what only the tests need.
SETS   ?= build run test
WANTED  = $(if $(findstring build,$(SETS)),$(DEPS_BUILD)) $(if $(findstring run,$(SETS)),$(DEPS_RUN)) \
          $(if $(findstring test,$(SETS)),$(DEPS_TEST))
# Asked once: the packages of WANTED that dpkg does not know as installed.
MISSING = $(filter-out $(shell dpkg-query -W -f='$${db:Status-Status} $${Package}\n' $(WANTED) 2>/dev/null \
          | sed -n 's/^installed //p'),$(WANTED))

deps: ## install every Debian package needed to build, run and test (apt-get, as root or through sudo)
	@echo 'imgfac needs these packages of Debian 12; the missing ones are installed with apt-get:'
	@printf '  to build: %s\n  to run:   %s\n  to test:  %s\n' '$(DEPS_BUILD)' '$(DEPS_RUN)' '$(DEPS_TEST)' | fmt -t -w 100
	@missing='$(strip $(MISSING))'; if [ -z "$$missing" ]; then echo 'All of them are installed.'; else \
	    echo "Missing: $$missing" | fmt -t -w 100; \
	    $(APT) update && $(APT) install -y --no-install-recommends $$missing; fi
	@getent passwd libvirt-qemu >/dev/null || { \
	    echo "libvirt's QEMU driver wants the account libvirt-qemu, also where no daemon runs: it is made."; \
	    $(AS_ROOT)useradd --system --user-group --no-create-home --home-dir /var/lib/libvirt \
	        --shell /usr/sbin/nologin libvirt-qemu; }

.PHONY: deps
