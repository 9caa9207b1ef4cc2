# The configuration of a site, complete, with every default.  imgfac reads the
# first of: -config PATH, $IMGFAC_CONFIG, $XDG_CONFIG_HOME/imgfac/config.hcl,
# /etc/imgfac/config.hcl.  With no file at all every default works.

# Where everything is kept.
store {
  # Directory of the images, the catalog, the cache and unfinished work.
  # Without it: $XDG_DATA_HOME/imgfac (~/.local/share/imgfac), and
  # /var/lib/imgfac for root.
  path = "/var/lib/imgfac"
}

# The records of the images.
catalog {
  # A relative path is within the store.
  url = "sqlite:catalog.db"
}

# A libvirt host that runs builds; templates choose one by its label with
# `hypervisor = "local"`.  The first one is the default.
hypervisor "local" {
  # "auto" is a private qemu:///embed that needs no daemon, else
  # qemu:///system.  "qemu+ssh://kvm2/system" runs the guests on another host.
  uri = "auto"

  # Memory ("8G") and virtual CPUs for the guests of all builds together, of
  # every process; 0: no limit, but emulated guests wait while the host has
  # fewer processors.  A build that asks for more than the limit is refused;
  # others wait for their turn and say what for.
  memory = "0"
  vcpus  = 0

  # "kvm", "tcg", or "auto": KVM when a probe shows that it is real; on another
  # host, when its libvirt offers it.
  accelerator = "auto"

  # Only for another host: its storage pool, a directory, for the disks of
  # builds; bases stay in it for the next build.
  pool = "default"

  # Directory on that host; when it has no such pool, one is made there.
  pool_path = null
}

# How ISO files and base images are fetched.
download {
  # Replacements for the beginnings of URLs:
  #   mirrors = { "https://cdimage.debian.org/" = "https://mirror.example.com/debian-cd/" }
  mirrors = {}

  # Proxy for downloads.  null: HTTP_PROXY, HTTPS_PROXY and NO_PROXY count.
  proxy = null

  # PEM file with the authorities to trust.  null: the system's.
  ca_file = null

  # Size the download cache is kept below; 0: no limit.  (Other values are
  # refused for now.)
  cache_size = "0"

  # Directory of the download cache.  null: cache within the store.
  cache_path = null
}

# What failed builds leave in STORE/logs: one directory each, the failure bundle.
logs {
  # Days that it is kept; 0: for ever.  Older ones go when a build starts, and
  # by `imgfac gc -logs` (-dry-run shows which).
  keep_days = 30

  # The newest so many are kept however old they are.
  keep_last = 10
}
