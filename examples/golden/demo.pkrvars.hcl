# What `make demo` leaves out so that it ends within minutes on a small host without KVM: every
# package index and every package would cross an emulated machine.
upgrade       = false
antivirus     = false
node_exporter = false
log_server    = ""
