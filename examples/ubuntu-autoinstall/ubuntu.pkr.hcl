# Ubuntu Server 24.04 by its own installer (Subiquity), from the ISO that Canonical publishes.
#
#   imgfac build examples/ubuntu-autoinstall

# releases.ubuntu.com drops a point release when the next one is out; the archive keeps it.
variable "iso_url" {
  type    = string
  default = "https://old-releases.ubuntu.com/releases/24.04.2/ubuntu-24.04.2-live-server-amd64.iso"
}

variable "iso_checksum" {
  type    = string
  default = "file:https://old-releases.ubuntu.com/releases/24.04.2/SHA256SUMS"
}

variable "efi" {
  type    = bool
  default = false
}

variable "timeout" {
  type        = string
  default     = "60m"
  description = "For the whole installation; an emulated guest may need hours."
}

source "qemu" "ubuntu" {
  iso_url        = var.iso_url
  iso_checksum   = var.iso_checksum
  memory         = 4096 # the installer runs from memory
  disk_size      = "8G"
  efi_boot       = var.efi
  http_directory = "${path.root}/http"

  # GRUB's menu waits for 30 seconds; "c" leads to its command line, with BIOS and UEFI alike.  The quotes keep
  # GRUB from ending the command at the semicolon.  Once the kernel speaks, every key has arrived.
  boot_wait = "10s"
  boot_command = [
    "c<wait2>",
    "linux /casper/vmlinuz autoinstall \"ds=nocloud;s=http://{{ .HTTPIP }}:{{ .HTTPPort }}/\" console=ttyS0 ---<enter><wait2>",
    "initrd /casper/initrd<enter><wait2>",
    "boot<enter><waitFor 'Linux version' 5m>",
  ]

  ssh_username     = "builder"
  ssh_password     = "builder" # the account goes when the image is sealed
  ssh_timeout      = var.timeout
  shutdown_command = "sudo systemctl poweroff"
}

build {
  description = "Ubuntu Server 24.04, installed by the vendor's installer."
  sources     = ["source.qemu.ubuntu"]

  # The installer leaves cloud-init switched to what it did itself; clones shall listen to their own seed.
  provisioner "shell" {
    inline = [
      "cloud-init status --wait",
      "sudo rm -f /etc/cloud/cloud.cfg.d/*installer*.cfg /etc/cloud/cloud.cfg.d/*subiquity*.cfg /etc/cloud/ds-identify.cfg",
      "sudo rm -f /etc/netplan/*-installer-config.yaml",
      "sudo apt-get clean",
    ]
  }

  seal {
    lock_accounts = ["root"]
  }

  catalog {
    bucket      = "ubuntu-24.04-installed"
    description = "Ubuntu Server 24.04 from the vendor's ISO"
    labels      = { os = "ubuntu-24.04" }
  }
}
