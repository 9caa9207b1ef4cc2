# The main job, from a bare machine to a catalog with two images.
demo: ## install what is needed, build a Debian base and a golden image, list the catalog
	@mk/demo.sh

.PHONY: demo
