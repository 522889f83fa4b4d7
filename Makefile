# What a developer does here; each target makes first what it needs.
PYTHON ?= python3
IN = .venv/bin/python
HEADLESS ?=
TAG ?=

.PHONY: setup demo test bench build lint format pins clean

setup:  ## everything to work with: .venv, the front end's tools, the bundle, Chromium
	@$(PYTHON) tools/setup.py tests

demo:  ## the quickstart in JupyterLab; HEADLESS=1 runs it and writes demo.html
	@$(PYTHON) tools/setup.py
	@$(IN) -m nbviz.cli demo $(if $(filter-out 0,$(HEADLESS)),--headless)

test:  ## every check; ONLY="name name" runs some
	@$(PYTHON) tools/setup.py tests
	@$(IN) tools/checks.py $(ONLY)

bench:  ## every benchmark; each prints a table
	@$(PYTHON) tools/setup.py tests bench
	@for file in benchmarks/*.py; do case $$file in */_*) continue;; esac; \
	  echo "== $$file"; $(IN) $$file || exit 1; done

build:  ## the bundle, the wheel and the source archive, into dist/; TAG=v1.2.3 for a release
	@$(PYTHON) tools/setup.py
	@$(IN) tools/release.py $(TAG)

lint:  ## what the editor would say
	@$(PYTHON) tools/setup.py
	@$(IN) tools/checks.py protocol ruff format types imports biome tsc

format:  ## rewrite to the house's form
	@$(PYTHON) tools/setup.py
	@$(IN) -m ruff check --fix --quiet . ; $(IN) -m ruff format .
	@cd js && npx biome check --write .

pins:  ## newest versions into requirements/
	@$(PYTHON) tools/setup.py
	@$(IN) tools/pins.py

clean:  ## all that can be made again
	rm -rf .venv .venv-colab .venv-kernels .cache js/node_modules nbviz/static dist build demo.html
