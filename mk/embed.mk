# Files built into the program: one generated assembly file with .incbin and a table sorted by name.
EMBEDDED := $(sort $(wildcard catalog/schema/*.sql catalog/*.html cloud-init/*.yaml src/communicator/*.ps1))

$(B)/embed.S: mk/embed.mk $(EMBEDDED)
	@mkdir -p $(@D)
	@{ printf '.section .rodata\n'; i=0; \
	   for f in $(EMBEDDED); do printf 'e%d: .incbin "%s"\nf%d: .byte 0\nn%d: .asciz "%s"\n' $$i $$f $$i $$i $$f; i=$$((i+1)); done; \
	   printf '.section .data.rel.ro,"aw"\n.balign 8\n.global embedded_files\nembedded_files:\n'; i=0; \
	   for f in $(EMBEDDED); do printf '.quad n%d, e%d, f%d\n' $$i $$i $$i; i=$$((i+1)); done; \
	   printf '.quad 0, 0, 0\n.section .note.GNU-stack,"",@progbits\n'; } >$@

$(B)/embed.o: $(B)/embed.S
	$(call say,AS,$@)
	$(Q)$(CC) -c -o $@ $<
