# The middleware image with the same container, under Docker this time.
#
#   imgfac build examples/middleware-webapp        after base, golden and middleware

variable "base" {
  type        = string
  default     = "middleware@nightly"
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

source "qemu" "middleware-webapp" {
  base             = var.base
  memory           = 1024
  headless         = true
  shutdown_command = "sudo systemctl poweroff"
}

build {
  description = "The last of the layered images: Docker and a web application in a container."
  sources     = ["source.qemu.middleware-webapp"]

  provisioner "shell-local" {
    environment_vars = ["MIRROR=${var.mirror}", "ARCHIVE=${local.archive}"]
    inline           = ["'${local.container}/make-image' bookworm \"$MIRROR\" \"$ARCHIVE\""]
  }

  provisioner "file" {
    source      = local.archive
    destination = "/tmp/webapp.tar"
    generated   = true
  }

  provisioner "ansible" {
    playbook_file = "${path.root}/playbook.yml"
  }

  seal {
    lock_accounts = ["root"]
  }

  catalog {
    bucket      = "middleware-webapp"
    description = "The middleware image with the web application in a Docker container"
    channels    = var.channels
    labels      = { team = "web" }
  }
}
