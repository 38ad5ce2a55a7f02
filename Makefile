# Two commands do everything on a fresh machine with Python 3.11:
#   make demo    environment, install, train the quickstart, say where the pictures are
#   make test    environment, install, all tests
PYTHON ?= python3.11
VENV ?= .venv
WORKDIR ?= runs/quickstart

.PHONY: demo test lint clean

$(VENV)/installed: setup.py
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --upgrade pip
	$(VENV)/bin/python -m pip install --quiet --editable '.[test]'
	touch $@

demo: $(VENV)/installed
	$(VENV)/bin/tfgan-train --preset=quickstart --workdir=$(WORKDIR)

# The suite over all families in processes of its own: TensorFlow keeps what it compiled.
FAMILIES = tests/conformance/test_families.py

test: $(VENV)/installed
	$(VENV)/bin/python -m pytest $(FAMILIES)
	$(VENV)/bin/python -m pytest --ignore=$(FAMILIES)

lint: $(VENV)/installed
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

clean:
	rm -rf $(VENV)
