# Beside a peer in the same run (apt-get install packer); nothing here passes or fails.
bench: all ## how fast: the language, and a whole build beside Debian's Packer
	@for t in tests/bench/*.sh; do echo "== $$t"; B=$(B) $$t || true; done

.PHONY: bench
