# The golden image with one container: loaded into Podman, started at boot by systemd.  No daemon, no registry.
#
#   imgfac build examples/webapp            after examples/base and examples/golden

variable "base" {
  type        = string
  default     = "golden@nightly"
  description = "Image to start from: BUCKET@CHANNEL or BUCKET:VERSION."
}

variable "mirror" {
  type        = string
  default     = "http://deb.debian.org/debian"
  description = "Debian mirror that the container's one package comes from; on a closed site, your own."
}

variable "channels" {
  type    = list(string)
  default = ["nightly"]
}

locals {
  container = "${path.root}/../container"
  archive   = "${local.container}/webapp.tar"
}

source "qemu" "webapp" {
  base             = var.base
  memory           = 1024
  headless         = true
  shutdown_command = "sudo systemctl poweroff"
}

build {
  description = "A web application in a container on the golden image."
  sources     = ["source.qemu.webapp"]

  provisioner "shell-local" {
    environment_vars = ["MIRROR=${var.mirror}", "ARCHIVE=${local.archive}"]
    inline           = ["'${local.container}/make-image' bookworm \"$MIRROR\" \"$ARCHIVE\""]
  }

  provisioner "file" {
    source      = local.archive
    destination = "/tmp/webapp.tar"
    generated   = true
  }

  provisioner "file" {
    source      = "${path.root}/files/webapp.service"
    destination = "/tmp/webapp.service"
  }

  provisioner "shell" {
    script          = "${path.root}/scripts/install.sh"
    execute_command = "sudo env {{ .Vars }} sh -eu '{{ .Path }}'"
  }

  seal {
    lock_accounts = ["root"]
  }

  catalog {
    bucket      = "webapp"
    description = "The golden image with the web application in a Podman container"
    channels    = var.channels
    labels      = { team = "web" }
  }
}
