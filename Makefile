# Commands for people. `make demo` and `make test` each work on a machine that has only Python 3.11 and make.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

SOURCE ?= sample
RAW ?= data/raw
CUSTOMERS ?= 2000
SEED ?= 7

export DBT_PROFILES_DIR := $(CURDIR)/profiles
export NUMEROSITY_RAW := $(abspath $(RAW))
export NUMEROSITY_WAREHOUSE ?= $(CURDIR)/data/warehouse.duckdb
export NUMEROSITY_SPARK_WAREHOUSE ?= $(CURDIR)/data/spark
PACKAGES := ml scoring warehouse bench

STEP := .ci/step
DBT := $(BIN)/dbt
VARS = {sources: [$(SOURCE)]}

# Apache Spark has its own environment, folder of tables and target folder (docs/scale.md).
SPARK := .venv-spark/bin
WITH_SPARK := env PYSPARK_PYTHON=$(CURDIR)/$(SPARK)/python
SPARK_TARGET := --target spark --target-path target/spark

.PHONY: help setup demo sample build rebuild train score predictions publish bi bi-setup spark spark-setup test-spark test check format lint pytest lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: .venv/installed ## Install the locked packages into .venv

.venv/installed: requirements.lock
	@$(STEP) "Install packages" .ci/install $(PYTHON)
	@touch $@

demo: setup ## Build, train, score and publish in a new warehouse: SOURCE=sample, or SOURCE=online_shoppers RAW=<raw folder>
	@if [ -f $(NUMEROSITY_WAREHOUSE) ]; then mv -f $(NUMEROSITY_WAREHOUSE) $(NUMEROSITY_WAREHOUSE).previous; fi
	@if [ "$(SOURCE)" = sample ]; then $(MAKE) --no-print-directory sample; fi
	@$(MAKE) --no-print-directory build train score predictions publish
	@$(STEP) "Write data/report.html" $(BIN)/python -m ml report
	@$(BIN)/python -m ml summary

sample: setup ## Create the raw files of the sample shop (CUSTOMERS, SEED)
	@$(STEP) "Make a sample shop of $(CUSTOMERS) customers" \
		$(BIN)/python -m ml synthesize --customers $(CUSTOMERS) --seed $(SEED) --out $(RAW)

build: setup ## Build and test every table; incremental tables get the newest date
	@mkdir -p $(dir $(NUMEROSITY_WAREHOUSE))
	@$(STEP) "Build and test tables with dbt" $(DBT) build --exclude-resource-type unit_test --vars '$(VARS)'

rebuild: setup ## Build and test every table from the beginning, after a change in staging or of the sources
	@mkdir -p $(dir $(NUMEROSITY_WAREHOUSE))
	@$(STEP) "Build and test all dates with dbt" \
		$(DBT) build --full-refresh --exclude-resource-type unit_test --vars '$(VARS)'

train: setup ## Train every task that has labelled rows
	@$(STEP) "Train models, export ONNX" $(BIN)/python -m ml train

score: setup ## Score the newest date with each task's champion
	@$(STEP) "Score with onnxruntime" $(BIN)/python -m scoring run

predictions: setup ## Rebuild the tables of predictions and audiences
	@$(STEP) "Build prediction tables" $(DBT) build --select predictions activation --vars '$(VARS)'

publish: setup ## Copy the public tables to data/serving.duckdb
	@$(STEP) "Publish data/serving.duckdb" $(BIN)/python -m scoring publish

bi-setup: .venv-bi/installed ## Install the locked Superset into .venv-bi

.venv-bi/installed: bi/requirements.lock
	@$(STEP) "Install Superset" .ci/install $(PYTHON) .venv-bi bi/requirements.lock
	@touch $@

bi: bi-setup ## Start Apache Superset on this machine, with dashboards of the published tables
	@$(STEP) "Set up Superset, import dashboards" .venv-bi/bin/python bi/superset/start.py set-up
	@.venv-bi/bin/python bi/superset/start.py serve

spark-setup: .venv-spark/installed ## Install dbt-spark and pyspark into .venv-spark

.venv-spark/installed: requirements-spark.lock
	@command -v java >/dev/null || { echo "no java on the PATH: install Java 17, which Spark needs" >&2; exit 2; }
	@$(STEP) "Install packages for Spark" .ci/install $(PYTHON) .venv-spark requirements-spark.lock
	@touch $@

spark: spark-setup ## Build and score on Apache Spark, with the models of `make demo`
	@if [ ! -f $(NUMEROSITY_WAREHOUSE) ]; then $(MAKE) --no-print-directory demo; fi
	@mkdir -p $(NUMEROSITY_SPARK_WAREHOUSE)
	@$(STEP) "Land raw files" $(BIN)/python -m warehouse.landing --source $(SOURCE)
	@$(STEP) "Build and test tables with Spark" $(WITH_SPARK) $(SPARK)/dbt build $(SPARK_TARGET) --exclude-resource-type unit_test \
		--indirect-selection cautious \
		--select resource_type:seed staging intermediate marts features --vars '$(VARS)'
	@$(STEP) "Score in Spark tasks" $(WITH_SPARK) $(SPARK)/python -m scoring run --engine spark
	@$(STEP) "Build segments, predictions and monitoring with Spark" $(WITH_SPARK) $(SPARK)/dbt build $(SPARK_TARGET) --exclude-resource-type unit_test \
		--indirect-selection cautious --select segments predictions activation monitoring --vars '$(VARS)'

test-spark: setup spark-setup ## Test that both engines give the same tables and scores, even if a worker dies
	@$(BIN)/pytest -q -m '' tests/python/spark

test: setup ## Run everything that CI checks; with Java on the PATH also a small shop on Spark
	@if command -v java >/dev/null; then $(MAKE) --no-print-directory spark-setup; \
	else echo "skipped: the tests on Spark, because there is no java on the PATH"; fi
	@$(MAKE) --no-print-directory -j2 lint pytest

check: setup ## Check the format, style and types of changed files and run their tests; use it before each commit
	@$(BIN)/python tests/support/check_changes.py

format: setup ## Format Python and SQL
	@$(BIN)/ruff format $(PACKAGES) bi tests
	@$(BIN)/ruff check --fix $(PACKAGES) bi tests
	@$(BIN)/sqlfluff fix --processes 2 models tests/dbt warehouse/tables

lint: setup ## Check format, style and types
	@$(STEP) "Check the format of Python" $(BIN)/ruff format --check $(PACKAGES) bi tests
	@$(STEP) "Check the style of Python" $(BIN)/ruff check $(PACKAGES) bi tests
	@$(STEP) "Check types" $(BIN)/mypy $(PACKAGES)
	@mkdir -p data
	@$(STEP) "Check the style of SQL" $(BIN)/sqlfluff lint --processes 2 models tests/dbt warehouse/tables

pytest: setup ## Run the Python tests, in three processes
	@$(BIN)/pytest -q -n 3 --dist loadfile --no-loadscope-reorder

UV_COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url --no-header \
	--no-annotate --upgrade

lock: ## Update the lock files (needs uv); both environments get the same onnxruntime
	$(UV_COMPILE) pyproject.toml --extra dev --output-file requirements.lock
	$(UV_COMPILE) bi/requirements.in --output-file bi/requirements.lock
	grep -o '^onnxruntime==[^ ;]*' requirements.lock > .ci/onnxruntime.txt
	$(UV_COMPILE) requirements-spark.in --constraints .ci/onnxruntime.txt --output-file requirements-spark.lock
	rm .ci/onnxruntime.txt
	echo uv | $(UV_COMPILE) - --output-file .ci/uv.txt

clean: ## Remove everything that was built (warehouse, models, logs), but not .venv
	rm -rf data artifacts target logs
