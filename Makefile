# `make` alone prints this list.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

ENV ?= dev
PYTHON ?= python3
BIN := .venv/bin
ifeq ($(origin AS),default)
AS := # for make it is an assembler
endif
LOCAL := $(BIN)/python -m scripts.local
# Terraform collects its garbage less often, which took a third of the time of its tests.
export GOGC ?= 400

.PHONY: help .venv build/emulator build/search build/lock installed
help: ## Print this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n\033[1m%s\033[0m\n", substr($$0, 5)} \
	/^[a-z-]+:.*## / {printf "  \033[36m%-12s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@printf '\n%s\n%s\n' 'Variables: ENV=$(ENV) (dev or prod: where to deploy), PYTHON=$(PYTHON), PORT (of the local AWS),' \
	'           OPENSEARCH_URL (of an OpenSearch of yours, instead of the local one)'

##@ On your laptop
.PHONY: up down status url token logs rights faults views rebuild rollback drop-generation audit walks deliver waiting parked redrive history
up: installed ## Start a local AWS, deploy to it and try it out; later, apply what was edited. Prints the URL
	@$(LOCAL) up $(if $(SMOKE),--smoke $(SMOKE))

down: .venv ## Stop the local stack and forget its data
	@$(LOCAL) down

status: .venv ## Show what runs, how far views are behind the stores, and what is down: then it exits with 1
	@$(LOCAL) status

url: .venv ## The URL of the local API, alone
	@$(LOCAL) url

token: .venv ## An access token, alone: AS=staff, AS=operator, or a customer's, such as AS=alice, who is signed up on the way
	@$(LOCAL) token '$(or $(AS),$(error say whose: make token AS=alice, AS=staff or AS=operator))'

logs: .venv ## Logs of all functions, or FUNCTION=storefront_projector
	@$(LOCAL) logs $(if $(FUNCTION),'$(FUNCTION)')

rights: .venv ## What each function is told and may do, as JSON: to compare before and after a change
	@$(LOCAL) rights $(if $(FUNCTION),'$(FUNCTION)')

faults: .venv ## Show the fault knobs; set them with FUNCTION=storefront_projector SET="stop=1 drop=0.1"
	@$(LOCAL) faults $(if $(FUNCTION),'$(FUNCTION)') $(SET)

views: .venv ## The generations of views, which one queries see, and how far they are behind
	@$(LOCAL) views

rebuild: .venv ## Make a view's rows anew beside those there are, compare, and switch: VIEW=sales; YES=1 does not ask
	@$(LOCAL) rebuild_view '$(or $(VIEW),$(error say which: make rebuild VIEW=sales))' $(if $(YES),--yes)

rollback: .venv ## Let queries see the generation before again: VIEW=sales
	@$(LOCAL) rollback_view '$(or $(VIEW),$(error say which: make rollback VIEW=sales))'

drop-generation: .venv ## Forget the generation that queries don't see: VIEW=sales, GENERATION=1 if there are several
	@$(LOCAL) drop_generation '$(or $(VIEW),$(error say which: make drop-generation VIEW=sales))' $(GENERATION)

audit: .venv ## Let every view catch up with what no message told of since the last audit, or with EVERYTHING=1
	@$(LOCAL) audit $(if $(EVERYTHING),--everything)

walks: .venv ## Walks over the event stores (audits, fills, redrives), and how far they are
	@$(LOCAL) walks

deliver: .venv ## Send now what processes could not deliver (a schedule does it every minute)
	@$(LOCAL) invoke deliverer '{}'

waiting: .venv ## What processes still wait to have sent, and to whom
	@$(LOCAL) invoke operator '{"waiting": true}'

parked: .venv ## Streams that a view or a process could not follow, and why
	@$(LOCAL) parked

redrive: .venv ## Fold anew STREAM=order-7, all (that are parked; of an ERROR='KeyError'), or every; VIEW=sales in it alone
	@$(LOCAL) redrive '$(or $(STREAM),$(error say which: make redrive STREAM=order-7, or all, or every))' --view '$(VIEW)' --error '$(ERROR)'

history: .venv ## The commits of a stream, and what processes have sent because of it: STREAM=order-7
	@$(LOCAL) history '$(or $(STREAM),$(error say which: make history STREAM=order-7))'

##@ Check
# On several processors. (What is tested end to end shares one stack, so it is not; but each folder has its own.)
AT_ONCE := -n auto --maxprocesses 4 --dist worksteal
export PYTHONDONTWRITEBYTECODE := # else thousands of tests are compiled each time

END_TO_END := $(wildcard tests/*/e2e)

.PHONY: test $(END_TO_END) test-unit check check-schemas fmt lock picture
test: installed check ## All that this machine can run: checks, Terraform, unit, contracts, end to end
	@$(BIN)/python -m scripts.build.terraform test
	@$(BIN)/pytest $(AT_ONCE) tests/*/unit tests/*/integration
	@$(MAKE) --jobs --keep-going $(END_TO_END)
	@echo "Not run here: a deployment into an AWS account; that takes credentials: make deploy ENV=dev"

$(END_TO_END):
	@MAKEFLAGS= $(BIN)/pytest $@

test-unit: .venv ## The inner loop: rules and contracts in memory, and fewer examples of each property
	@$(BIN)/pytest $(AT_ONCE) --hypothesis-profile=quick tests/*/unit

check: .venv ## Format, lint, types, what the last release can live with, Terraform format and validity
	@$(BIN)/ruff format --check . || { echo 'Run `make fmt`, which formats everything.'; exit 1; }
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python -m scripts.release check
	@$(BIN)/python -m scripts.build.terraform check

fmt: .venv ## Format everything
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@$(BIN)/python -m scripts.build.terraform fmt

lock: build/lock ## Pin what requirements/*.in ask for; pins that still fit stay, unless UPGRADE=1
	@cp requirements/*.txt build/lock/
	@for asked in requirements/*.in; do pins="$$(basename "$$asked" .in).txt"; \
	build/lock/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
	$(if $(UPGRADE),--upgrade) "$$asked" -o "build/lock/$$pins" && \
	install -C -m 644 "build/lock/$$pins" "requirements/$$pins" || exit; done

check-schemas: .venv ## Hold the code against the last release, and replay stored history through it: golden, exported, or a FILE
	@$(BIN)/python -m scripts.release check $(if $(FILE),--file '$(FILE)')

picture: .venv ## Draw docs/system.svg anew: the system as Terraform says it is
	@$(BIN)/python -m scripts.picture

##@ Release
.PHONY: release export-history
release: .venv ## Note what is released, for later changes to be held against; refused as `make check-schemas` is
	@$(BIN)/python -m scripts.release release

# Of the local stack, unless somebody names an environment.
export-history: .venv ## Streams of the local stack, or of ENV on AWS, masked, to replay: STREAMS=100, UNITS=1000 (read, of each store), STORE=orders, FILE=
	@$(BIN)/python -m scripts.release export $(if $(filter-out file default,$(origin ENV)),--env '$(ENV)') $(if $(STREAMS),--streams '$(STREAMS)') \
	$(if $(UNITS),--units '$(UNITS)') $(if $(STORE),--store '$(STORE)') $(if $(FILE),--file '$(FILE)')

##@ Deploy
TERRAFORM_FOR := $(BIN)/python -m scripts.build.terraform
# Modules that have something to say below a plan: section(settings, plan) returns a title, and lines.
BELOW_PLANS = $(if $(PLAN_SECTIONS),--sections $(PLAN_SECTIONS))

.PHONY: package bootstrap plan drift deploy rollback-code first-deploy-check destroy outputs unlock adopt
package: .venv ## Build one zip per function and the layer, for AWS (python3.13 on arm64)
	@$(BIN)/python -m scripts.build.package aws

bootstrap: .venv ## Once for ENV, in the account and region that you are signed in to: the bucket of its state, and its pin to commit
	@$(TERRAFORM_FOR) bootstrap '$(ENV)'

plan: .venv ## What a deployment to ENV would do, lose and cost; saved, in PLAN=file
	@$(TERRAFORM_FOR) plan '$(ENV)' $(if $(PLAN),--plan '$(PLAN)') $(BELOW_PLANS)

drift: .venv ## Fail unless ENV is as this commit would make it: nothing was changed by hand, all is deployed
	@$(TERRAFORM_FOR) drift '$(ENV)'

rollback-code: .venv ## Let the code before be live again in ENV, or with TO=newest the newest: nothing but aliases is changed
	@$(TERRAFORM_FOR) rollback '$(ENV)' --to '$(or $(TO),before)'

deploy: .venv ## Plan, ask (not with AUTO_APPROVE=1), apply; or apply PLAN=file. What would be lost has to be named: LOSE="..."
	@$(TERRAFORM_FOR) deploy '$(ENV)' $(if $(PLAN),--plan '$(PLAN)') --lose '$(LOSE)' $(BELOW_PLANS)

destroy: .venv ## Destroy ENV, but its bucket of states: the same, with all that is lost named
	@$(TERRAFORM_FOR) destroy '$(ENV)' --lose '$(LOSE)'

outputs: .venv ## What ENV tells of itself, its URL first; JSON=1 for programs
	@$(TERRAFORM_FOR) outputs '$(ENV)' $(if $(JSON),--json)

first-deploy-check: .venv ## Look whether what was never run on AWS before is so in ENV (docs/never-run-on-aws.md); changes nothing
	@$(TERRAFORM_FOR) first-check '$(ENV)'

unlock: .venv ## Release the lock of ENV that a killed command has left behind: LOCK=id
	@$(TERRAFORM_FOR) unlock '$(ENV)' --lock '$(or $(LOCK),$(error say which: make unlock LOCK=..., as the refusal has it))'

adopt: .venv ## Note in the state of ENV what is there already, as a refusal has it: ADDRESS= in Terraform, FOUND= in AWS
	@$(TERRAFORM_FOR) adopt '$(ENV)' --address '$(or $(ADDRESS),$(error say which: make adopt ADDRESS=... FOUND=...))' \
	--found '$(or $(FOUND),$(error say which: make adopt ADDRESS=... FOUND=...))'

##@ Tidy up
.PHONY: clean
clean: down ## Stop the local stack and remove all that was built
	@rm -rf build .venv

# All that the local stack needs, at the same time.
installed:
	@$(MAKE) -s -j3 .venv build/emulator build/search

# A stamp, not the folder: an install that was interrupted is done again.
.venv: .venv/.installed
.venv/.installed: requirements/dev.txt
	@echo "installing the development tools (once)"
	$(installed_in_a_venv)

build/emulator: build/emulator/.installed
build/emulator/.installed: requirements/local.txt
	@echo "installing the local AWS (once)"
	$(installed_in_a_venv)

build/lock: build/lock/.installed
build/lock/.installed: requirements/lock.txt
	@echo "installing uv (once)"
	$(installed_in_a_venv)

# Without it there is a local stack without search. It is tried again the next time.
build/search: build/search/.installed
build/search/.installed: requirements/search.txt | build/emulator/.installed
	@echo "installing the local OpenSearch (once)"
	@rm -rf build/search
	@build/emulator/bin/$(PIP_INSTALL) --target build/search -r $< && touch $@ \
	|| echo "It can't be installed on this machine: going on without search. OPENSEARCH_URL can name one."

# The pins are whole, so that nothing has to be resolved; and most modules are never imported, so that
# they are compiled when they are.
PIP_INSTALL := pip install -qq --disable-pip-version-check --require-hashes --no-deps --no-compile

define installed_in_a_venv
@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and "$(PYTHON) is Python %d.%d; name one from 3.11 to 3.13, as in: make PYTHON=python3.12" % v[:2])'
@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 14) and print("$(PYTHON) is Python %d.%d, which was not tried: going on" % v[:2], file=sys.stderr)'
@rm -rf $(@D) # also if it is a link: what it leads to may be in use elsewhere
@$(PYTHON) -m venv $(@D)
@$(@D)/bin/$(PIP_INSTALL) -r $<
@touch $@
endef

# What goes with an application: targets of its own, and SMOKE, a module that tries it out.
include $(wildcard scripts/*/*.mk)
