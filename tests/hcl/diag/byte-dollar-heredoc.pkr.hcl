locals {
  a = <<EOT
x $