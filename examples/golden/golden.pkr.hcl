# The golden image of a site: patched, watched, logging, with the company's certificate, root locked.
#
#   imgfac build examples/golden                                      everything
#   imgfac build -var-file=examples/golden/demo.pkrvars.hcl examples/golden
#                                                                     without what takes long to download
#   imgfac validate examples/golden

variable "base" {
  type        = string
  default     = "debian-12-base@stable"
  description = "Image to start from: BUCKET@CHANNEL or BUCKET:VERSION."
}

variable "upgrade" {
  type        = bool
  default     = true
  description = "Apply the day's patches and switch unattended upgrades on."
}

variable "antivirus" {
  type        = bool
  default     = true
  description = "Install ClamAV with its daemon and the signature updater (about 250 MB)."
}

variable "node_exporter" {
  type        = bool
  default     = true
  description = "Install the Prometheus node exporter."
}

variable "log_server" {
  type        = string
  default     = "logs.example.com:514"
  description = "Where rsyslog sends everything; empty: logs stay local."
}

variable "channels" {
  type    = list(string)
  default = ["nightly"]
}

locals {
  built_on = formatdate("YYYY-MM-DD", timestamp())

  # A script runs only when it is wanted; the order is that of the list.
  needs_packages = anytrue([var.upgrade, var.antivirus, var.node_exporter, var.log_server != ""])
  scripts = concat(
    local.needs_packages ? ["refresh.sh"] : [],
    var.upgrade ? ["update.sh"] : [],
    var.log_server != "" ? ["logging.sh"] : [],
    var.node_exporter ? ["monitoring.sh"] : [],
    var.antivirus ? ["antivirus.sh"] : [],
    ["identity.sh"],
  )
}

source "qemu" "golden" {
  base             = var.base
  memory           = 1024
  headless         = true
  shutdown_command = "sudo systemctl poweroff"
}

build {
  description = "The first of the layered images: what every machine of the site starts from."
  sources     = ["source.qemu.golden"]

  provisioner "shell" {
    scripts         = [for name in local.scripts : "${path.root}/scripts/${name}"]
    execute_command = "sudo env {{ .Vars }} sh -eu '{{ .Path }}'"
    environment_vars = [
      "LOG_SERVER=${var.log_server}",
      "BUILT_ON=${local.built_on}",
    ]
  }

  provisioner "file" {
    content     = "Golden image of ${local.built_on}, made by imgfac from ${var.base}.\n"
    destination = "/tmp/motd"
  }

  provisioner "shell" {
    inline = ["sudo install -m 0644 /tmp/motd /etc/motd"]
  }

  seal {
    ca_certificates = ["${path.root}/files/corp-root.pem"]
    lock_accounts   = ["root"]
  }

  catalog {
    bucket      = "golden"
    description = "Patched Debian 12 with monitoring, logging and the company certificate"
    channels    = var.channels
    labels = {
      team     = "infra"
      built_on = local.built_on
    }
  }
}
