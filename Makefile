# Everything starts from a machine with Python 3.11 or newer and make. `make` alone lists the targets.
# The first Python that is new enough; `make PYTHON=/some/python ...` chooses another.
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13; do \
    $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && exit; done; echo python3)
# Where torch comes from. On Linux, pip's own source has the build for NVIDIA GPUs alone, gigabytes with its libraries: without such a
# GPU it is PyTorch's index of CPU builds, unless pip was told where to look. `make TORCH_INDEX= ...` leaves it to pip in any case.
TORCH_INDEX ?= $(shell [ "$$(uname)" != Linux ] || command -v nvidia-smi >/dev/null || \
    $(PYTHON) -m pip config list 2>/dev/null | grep -Eq 'index|find-links' || echo https://download.pytorch.org/whl/cpu)
BIN := .venv/bin
READY := .venv/.installed
KERNELS := .venv/.triton

.PHONY: help lesson test docs browser lab outputs mutants clean
.DEFAULT_GOAL := help

help:      ## Show this list
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

lesson: $(READY)  ## Run the whole lesson on MNIST (ARGS="--quick" for a short one)
	@$(BIN)/fa_lesson $(ARGS)

test: $(READY) $(KERNELS)  ## Check everything: notebooks, outputs, exports, README, wheel, site
	@$(BIN)/python -m pytest tools/tests $(ARGS)

docs: $(READY)  ## Build the site into _docs: with Quarto where it is installed, with smalldocs elsewhere
	@$(BIN)/python tools/docs.py $(ARGS)

browser: $(READY)  ## Install Chromium for the checks of the site, where the system has none
	@$(BIN)/playwright install --with-deps chromium

lab: $(READY)  ## Open the notebooks in JupyterLab
	@$(BIN)/jupyter lab --notebook-dir=nbs $(ARGS)

outputs: $(READY)  ## Export, run all notebooks in order, save their outputs, write the README
	@$(BIN)/python tools/colab.py
	@$(BIN)/nbdev_export
	@$(BIN)/python tools/notebooks.py $(ARGS)
	@$(BIN)/python tools/readme.py

mutants: $(READY) $(KERNELS)  ## Break the exported code in many places, see which breaks the checks find
	@$(BIN)/python tools/mutants.py $(ARGS)

clean:     ## Remove what was built, and the environment
	rm -rf .venv _docs _proc build dist *.egg-info .pytest_cache .hypothesis nbs/nbdev.yml nbs/sidebar.yml
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment: made once, and again when what it is made from changes
$(READY): settings.ini setup.py constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	    "Python 3.11 or newer is needed, this is %d.%d: try make PYTHON=python3.11 ..." % sys.version_info[:2])'
	@echo 'Making the environment in .venv: a few minutes, once$(TORCH_INDEX:%=; torch from %)'
	@$(PYTHON) -m venv .venv || { echo 'On Debian and Ubuntu: apt install python3-venv'; exit 1; }
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt setuptools wheel
	@$(if $(TORCH_INDEX),$(BIN)/python -m pip install --quiet --retries 1 --constraint constraints.txt --no-deps --index-url $(TORCH_INDEX) torch \
	    || echo 'It could not be had there: torch comes with the rest')
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-build-isolation --editable '.[dev]'
	@touch $@

# On Linux the checks run the GPU kernels, too, in Triton's interpreter: 200 MB that nothing else needs
$(KERNELS): $(READY)
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt 'triton; platform_system=="Linux"'
	@touch $@
