# Debian 13 by its own installer, from the ISO that Debian publishes.
#
#   imgfac build examples/debian-preseed

variable "iso_url" {
  type    = string
  default = "https://cdimage.debian.org/cdimage/archive/13.1.0/amd64/iso-cd/debian-13.1.0-amd64-netinst.iso"
}

variable "iso_checksum" {
  type    = string
  default = "file:https://cdimage.debian.org/cdimage/archive/13.1.0/amd64/iso-cd/SHA256SUMS"
}

variable "mirror" {
  type        = string
  default     = "deb.debian.org"
  description = "Host of a Debian mirror; on a closed site, your own."
}

variable "kernel" {
  type        = string
  default     = "linux-image-amd64"
  description = "Package of the kernel; linux-image-cloud-amd64 is smaller and for virtual machines only."
}

variable "answers" {
  type        = list(string)
  default     = []
  description = "More of what goes on the installer's kernel line: answers to its questions, module parameters."
}

variable "memory" {
  type    = number
  default = 1536
}

variable "timeout" {
  type        = string
  default     = "60m"
  description = "For the whole installation; an emulated guest may need two hours."
}

locals {
  # What the questions of the installer are answered with before it can fetch the preseed file.
  boot_options = join(" ", concat([
    "url=http://{{ .HTTPIP }}:{{ .HTTPPort }}/preseed.cfg",
    "hostname=debian domain=",
    "mirror/http/hostname=${var.mirror} apt-setup/security_host=${var.mirror}",
    "base-installer/kernel/image=${var.kernel}",
    ], var.answers, [
    # The installer in lines on the serial console, where imgfac keeps them.
    "DEBIAN_FRONTEND=text console=ttyS0,115200n8 --- console=tty0 console=ttyS0,115200n8",
  ]))
}

source "qemu" "debian" {
  iso_url        = var.iso_url
  iso_checksum   = var.iso_checksum
  memory         = var.memory
  disk_size      = "4G"
  http_directory = "${path.root}/http"

  # The graphical menu cannot be seen from outside; Escape leads from it to the prompt, which can.
  boot_command = [
    "<waitFor 'ISOLINUX' 2m><wait5><esc>",
    "<waitFor 'boot: ?$' 1m>auto ${local.boot_options}<enter>",
  ]

  ssh_username     = "installer"
  ssh_password     = "installer" # the account goes when the image is sealed
  ssh_timeout      = var.timeout
  shutdown_command = "sudo systemctl poweroff"
}

build {
  description = "Debian 13 with cloud-init and sshd, installed by the vendor's installer."
  sources     = ["source.qemu.debian"]

  provisioner "shell" {
    inline = [
      "sudo apt-get clean",
      "grep PRETTY_NAME /etc/os-release",
    ]
  }

  seal {
    lock_accounts = ["root"]
  }

  catalog {
    bucket      = "debian-13-installed"
    description = "Debian 13 from the vendor's ISO"
    labels      = { os = "debian-13" }
  }
}
