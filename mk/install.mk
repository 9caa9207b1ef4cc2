# Installation; DESTDIR for packagers.  What is installed is listed in one place, mk/install.sh.
install: all ## install program, manual, completions and examples under PREFIX (/usr/local)
	@mk/install.sh install '$(B)' '$(DESTDIR)' '$(PREFIX)'

uninstall: ## remove what `make install` put there
	@mk/install.sh uninstall '$(B)' '$(DESTDIR)' '$(PREFIX)'

.PHONY: install uninstall
