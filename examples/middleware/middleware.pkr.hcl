# The golden image with Docker: what every machine that runs containers starts from.
#
#   imgfac build examples/middleware        after examples/base and examples/golden
#
# The work is an Ansible playbook, run from this host (package ansible-core).

variable "base" {
  type        = string
  default     = "golden@nightly"
  description = "Image to start from: BUCKET@CHANNEL or BUCKET:VERSION."
}

variable "registry_mirror" {
  type        = string
  default     = ""
  description = "The site's own registry, asked before any other: https://registry.example.com; empty: none."
}

variable "channels" {
  type    = list(string)
  default = ["nightly"]
}

source "qemu" "middleware" {
  base             = var.base
  memory           = 1024
  headless         = true
  shutdown_command = "sudo systemctl poweroff"
}

build {
  description = "The second of the layered images."
  sources     = ["source.qemu.middleware"]

  provisioner "ansible" {
    playbook_file = "${path.root}/playbook.yml"
    extra_arguments = [
      "--extra-vars", jsonencode({ registry_mirror = var.registry_mirror }),
    ]
  }

  # What the playbook promises, asked of the guest itself.
  provisioner "shell" {
    script          = "${path.root}/scripts/verify.sh"
    execute_command = "sudo env {{ .Vars }} sh -eu '{{ .Path }}'"
  }

  seal {
    lock_accounts = ["root"]
  }

  catalog {
    bucket      = "middleware"
    description = "The golden image with Docker"
    channels    = var.channels
    labels      = { team = "infra" }
  }
}
