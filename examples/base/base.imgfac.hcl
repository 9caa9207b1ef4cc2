# The base of every other image: Debian 12 straight from a mirror.  No ISO, no guest boot.
#
#   imgfac build examples/base

variable "mirror" {
  type        = string
  default     = "http://deb.debian.org/debian"
  description = "Debian mirror; on a closed site, your own."
}

variable "disk_size" {
  type    = string
  default = "4G"
}

source "debootstrap" "debian-12" {
  suite     = "bookworm"
  mirror    = var.mirror
  disk_size = var.disk_size
}

build {
  sources = ["source.debootstrap.debian-12"]

  catalog {
    bucket      = "debian-12-base"
    description = "Debian 12 with cloud-init and sshd, nothing else"
    channels    = ["stable"]
    labels      = { os = "debian-12" }
  }
}
