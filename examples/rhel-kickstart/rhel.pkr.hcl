# AlmaLinux 9 by Anaconda; Rocky Linux 9 and RHEL 9 take the same boot command, and the kickstart file with their own
# addresses in its first two commands.
#
#   imgfac build examples/rhel-kickstart

variable "iso_url" {
  type    = string
  default = "https://repo.almalinux.org/almalinux/9/isos/x86_64/AlmaLinux-9-latest-x86_64-boot.iso"
}

variable "iso_checksum" {
  type    = string
  default = "file:https://repo.almalinux.org/almalinux/9/isos/x86_64/CHECKSUM"
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

locals {
  options = "inst.text inst.ks=http://{{ .HTTPIP }}:{{ .HTTPPort }}/ks.cfg console=ttyS0,115200"

  # The graphical menu stands on "Test this media & install"; the entry above it installs at once.
  bios_keys = [
    "<waitFor 'ISOLINUX' 2m><wait5>",
    "<up><tab> ${local.options}<enter>",
  ]
  # GRUB: edit the first entry; its kernel line is the third.
  efi_keys = [
    "<wait10><up>e<wait2><down><down><end> ${local.options}<leftCtrlOn>x<leftCtrlOff>",
  ]
}

source "qemu" "almalinux" {
  iso_url        = var.iso_url
  iso_checksum   = var.iso_checksum
  memory         = 3072
  disk_size      = "8G"
  efi_boot       = var.efi
  http_directory = "${path.root}/http"

  # Anaconda names itself on the console: from there on the kickstart file has the word.
  boot_wait    = "-1s"
  boot_command = concat(var.efi ? local.efi_keys : local.bios_keys, ["<waitFor '(?i)anaconda' 15m>"])

  ssh_username     = "builder"
  ssh_password     = "builder" # the account goes when the image is sealed
  ssh_timeout      = var.timeout
  shutdown_command = "sudo systemctl poweroff"
}

build {
  description = "AlmaLinux 9, installed by Anaconda."
  sources     = ["source.qemu.almalinux"]

  provisioner "shell" {
    inline = [
      "cloud-init status --wait || true",
      "sudo dnf clean all",
    ]
  }

  seal {
    lock_accounts = ["root"]
  }

  catalog {
    bucket      = "almalinux-9-installed"
    description = "AlmaLinux 9 from the vendor's ISO"
    labels      = { os = "almalinux-9" }
  }
}
