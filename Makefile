# Everything a reader or maintainer types. Needs make, git and a Python with venv; the rest goes into .venv.

PYTHON ?= python3
PY := .venv/bin/python
READY := .venv/.ready
UV := .uv/bin/uv

.DEFAULT_GOAL := help
.PHONY: help lab test test-browser test-oldest test-newest test-hub mutants notebooks present slides handout homework \
  grade reading tables site lock clean

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 20

lab: $(READY)  ## open JupyterLab on notebook 00
	$(PY) -m jupyterlab --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb $(AS_ROOT)

# Jupyter refuses to run as root (a container, a class server) unless told that this is meant.
AS_ROOT = $(if $(filter 0,$(shell id -u)),--allow-root)

# nbval runs only after the rest has passed: a notebook that breaks a rule need not be run to be refused.
# One file of unit tests asks every figure, so files are shared out too; a notebook's cells share a
# kernel, so there a file stays with one process. Where nbval is not needed it is left out: it takes
# seconds to load, before the first test process begins. What Python has made of a file is kept, even
# where a container says otherwise: to rewrite all asserts takes each test process five seconds.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(READY) .homework-venv/.ready  ## run all checks: ruff, types, unit tests, notebook rules, notebooks against their stored outputs
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	$(PY) -m pytest -p no:nbval -n auto --dist worksteal
	$(PY) -m pytest -n auto --dist loadfile --nbval --nbval-current-env notebooks

# Debian's Chromium if it is there, else Playwright's own, which this fetches once. Of the browser
# edition one notebook is run, if PYODIDE=<folder> has Pyodide. WHOLE=1 runs them all, slowly, steps
# through all slides, and asks every notebook what hangs on the page alone.
test-browser: $(READY)  ## click through notebooks, class pages, slides and site in headless Chromium
	@test -x "$${CHROMIUM:-/usr/bin/chromium}" || $(PY) -m playwright install chromium
	$(PY) -m pytest -p no:nbval -n auto --dist loadscope tests/browser

# What pyproject.toml promises beyond the releases in requirements.txt. PYTHON=python3.13 takes another
# Python. What is compared to the last byte is left out, notebooks and the pages' pictures: another
# release of Matplotlib draws otherwise. Of a library that has no wheel for a Python yet in its oldest
# release, the oldest that has one is taken.
test-oldest: .homework-venv/.ready | $(UV)  ## run the unit tests with the oldest releases that pyproject.toml allows
	$(call TEST_WITH,lowest-direct)

test-newest: .homework-venv/.ready | $(UV)  ## run them with the newest
	$(call TEST_WITH,highest)

# JupyterHub, and with it npm for its proxy, is for this alone: so neither is in .venv.
test-hub: | $(UV)  ## try the class pages behind JupyterHub, in headless Chromium (needs npm)
	$(UV) venv --clear --quiet --python $(PYTHON) .venv-$@
	$(UV) pip install --quiet --python .venv-$@ -r requirements.txt "jupyterhub>=5.3"
	$(UV) pip install --quiet --python .venv-$@ --no-deps --no-build-isolation --editable .
	npm install --silent --no-save --prefix .venv-$@ configurable-http-proxy@5
	PATH="$(CURDIR)/.venv-$@/bin:$(CURDIR)/.venv-$@/node_modules/.bin:$$PATH" \
	  .venv-$@/bin/python -m pytest -p no:nbval tests/hub

define TEST_WITH
$(UV) venv --clear --quiet --python $(PYTHON) .venv-$@
$(UV) pip install --quiet --compile-bytecode --python .venv-$@ --resolution $(1) --only-binary :all: -r pyproject.toml \
  --extra notebooks --extra experiments --extra class --group dev --group browser
$(UV) pip install --quiet --compile-bytecode --python .venv-$@ --no-deps --no-build-isolation --editable .
.venv-$@/bin/python -m pytest -p no:nbval -n auto --dist worksteal --ignore tests/reading/test_tables.py
endef

# Each has to be noticed by a test. SEED is printed, and the same one draws the same again.
mutants: $(READY)  ## change the code in 60 places, one at a time, and see if the tests notice (COUNT=300 SEED=7)
	$(PY) tests/mutants.py $(if $(COUNT),--count $(COUNT)) $(if $(SEED),--seed $(SEED))

notebooks: $(READY)  ## build and execute the notebooks from notebooks/source (all, or ONLY="02_decay_rate ...")
	$(PY) notebooks/build.py $(ONLY)

# IP=0.0.0.0 lets the room in, with a token that is printed; otherwise only this machine.
present: $(READY)  ## show the notebooks to a class, as pages with live figures (all, or ONLY="02 03"; IP=0.0.0.0 for students' laptops)
	$(PY) -m classroom.present $(ONLY) $(if $(IP),--ip $(IP)) $(if $(PORT),--port $(PORT))

slides: $(READY)  ## live slides in JupyterLab, for the front of the class (all, or ONLY="02 01", in that order)
	$(PY) -m classroom.slides $(ONLY)

# The PDFs are printed by Chromium: Debian's if it is there, else Playwright's own.
handout: $(READY)  ## sheets for students and teachers, to be copied: PDFs for A4 and Letter in dist/handout
	@test -x "$${CHROMIUM:-/usr/bin/chromium}" || $(PY) -m playwright install chromium
	$(PY) -m classroom.handout

# ASSIGNMENT=MY.md takes another text; classroom/homework/README.md says how one is written.
homework: $(READY) .homework-venv/.ready  ## homework for marks, and a question bank for Canvas and Moodle: dist/homework
	$(PY) -m classroom.homework.assignment $(ASSIGNMENT)
	$(PY) -m classroom.homework.bank

# Nothing that was handed in is trusted: the page says what holds it, and what does not.
grade: $(READY)  ## grade what was handed in (FROM=submissions.zip), with marks as CSV for Canvas and Moodle
	@test -n "$(FROM)" || { echo "What was handed in? make grade FROM=submissions.zip"; exit 1; }
	$(PY) -m classroom.homework.grade $(or $(AUTOGRADER),dist/homework/first_epochs-autograder.zip) "$(FROM)"

reading: $(READY)  ## the notebooks as pages for readers without Python, which open from disk: dist/reading
	$(PY) -m reading.pages

# Long for figures that train. What has not changed since the last time is not computed again.
tables: $(READY)  ## draw the states that the reading edition shows anew (all, or ONLY="decay-rate ...")
	$(PY) -m reading.tables $(ONLY)

# Its files can be read from any static host. PYODIDE=<folder> copies Pyodide along, and then the page
# asks no other host for anything.
site: $(READY) .site-venv/.ready  ## build the site, for readers who install nothing, in dist/site
	$(PY) -m reading.pages dist/reading
	.site-venv/bin/python site/build.py dist/reading --out $(or $(SITE),dist/site) $(if $(PYODIDE),--pyodide $(PYODIDE))

# JupyterLite goes with a JupyterLab of its own, older than that of .venv.
.site-venv/.ready: site/requirements.txt | $(UV)
	$(CHECK_PYTHON)
	@echo "Setting up .site-venv (once, some seconds) ..."
	$(PYTHON) -m venv --clear .site-venv
	@$(call INSTALL,.site-venv,--requirement site/requirements.txt)
	@touch $@

# Otter brings pandas, Sphinx and more, which no reader needs. Only what it loads is compiled ahead:
# all of it would take three times as long.
.homework-venv/.ready: COMPILE :=
.homework-venv/.ready: classroom/homework/requirements.txt | $(UV)
	$(CHECK_PYTHON)
	@echo "Setting up .homework-venv (once, some seconds) ..."
	$(PYTHON) -m venv --clear .homework-venv
	@$(call INSTALL,.homework-venv,--requirement classroom/homework/requirements.txt)
	@PYTHONDONTWRITEBYTECODE= .homework-venv/bin/python -c "import otter.assign, text2qti.cmdline"
	@touch $@

# One BLAS thread: small matrices gain nothing from more, and test processes would fight for the cores.
ONE_THREAD := test test-browser test-oldest test-newest test-hub mutants notebooks present slides handout homework \
  grade reading tables site
$(ONE_THREAD): export OPENBLAS_NUM_THREADS := 1
$(ONE_THREAD): export OMP_NUM_THREADS := 1
$(ONE_THREAD): export MKL_NUM_THREADS := 1

# Pins that still satisfy pyproject.toml stay, since new versions can change stored outputs.
# One version for all Pythons ("fewest"), so that they all run the same numerics.
lock: $(UV)  ## pin all dependencies in requirements.txt (ALL=--upgrade for new versions)
	$(UV) pip compile pyproject.toml --extra notebooks --extra experiments --extra class --group dev --group browser --output-file requirements.txt \
	  --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet $(ALL)
	$(UV) pip compile site/requirements.in --output-file site/requirements.txt \
	  --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet $(ALL)
	$(UV) pip compile classroom/homework/requirements.in --output-file classroom/homework/requirements.txt \
	  --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet $(ALL)

$(UV):
	$(CHECK_PYTHON)
	$(PYTHON) -m venv --clear .uv
	-.uv/bin/python -m pip install --quiet --disable-pip-version-check --only-binary uv uv

clean:  ## remove the virtual environment and all caches
	rm -rf .venv .venv-test-* .site-venv .homework-venv .uv .pytest_cache .ruff_cache .mypy_cache .hypothesis build dist
	find . -name __pycache__ -o -name .ipynb_checkpoints | xargs rm -rf

# Made anew, not updated: what is no longer asked for must not stay importable.
$(READY): requirements.txt pyproject.toml | $(UV)
	$(CHECK_PYTHON)
	@echo "Setting up .venv (once, up to a minute) ..."
	$(PYTHON) -m venv --clear .venv
	@$(call INSTALL,.venv,--requirement requirements.txt)
	@$(call INSTALL,.venv,--no-deps --no-build-isolation --editable .)
	$(PY) -m jupyter labextension disable --log-level=ERROR --level=sys_prefix @jupyterlab/apputils-extension:announcements
	@touch $@

# uv unpacks many times faster than pip. Where it can't be had, or does not know the way to the
# packages as pip has been told, pip does it.
COMPILE := --compile-bytecode
INSTALL = $(UV) pip install --quiet $(COMPILE) --python $(1) $(2) \
  || $(1)/bin/python -m pip install --quiet --disable-pip-version-check $(2)

define CHECK_PYTHON
@command -v $(PYTHON) >/dev/null || { \
  echo "Python is missing ($(PYTHON) not found). On Debian or Ubuntu: sudo apt install python3 python3-venv"; exit 1; }
@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || { \
  echo "Python 3.11 to 3.14 is needed, and $(PYTHON) is $$($(PYTHON) --version 2>&1)."; \
  echo "If another one is installed: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
  echo "Python's venv module is missing. On Debian or Ubuntu: sudo apt install python3-venv"; exit 1; }
endef
