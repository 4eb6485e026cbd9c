##@ The shop
SMOKE := scripts.shop.smoke
PLAN_SECTIONS += scripts.shop.cost.section

.PHONY: demo compare examples hostile bench cost load build/hostile build/bench build/load
demo: .venv ## Fill the shop with customers, products and orders, print a tour to paste; SEED=8 is another shop, URL= of any deployment
	@$(BIN)/python -m scripts.shop.demo $(if $(SEED),--seed '$(SEED)') $(if $(URL),--url '$(URL)')

compare: .venv ## Measure views against compositions on the local stack; WRITE=1 puts the tables into docs/
	@$(BIN)/python -m scripts.shop.compare $(if $(WRITE),--write)

examples: .venv ## Run the examples of the API's document anew, best on a fresh local stack
	@$(BIN)/python -m scripts.shop.examples

hostile: .venv build/hostile ## Send thousands of invented requests, and hold the answers against the API's document: AS=staff, EACH=250, SEED=11
	@$(BIN)/python -m scripts.shop.hostile $(if $(AS),--role '$(AS)') $(if $(EACH),--each '$(EACH)') $(if $(SEED),--seed '$(SEED)')

bench: .venv build/bench ## Time the library and the shop against a floor or a peer in the same run: SECTIONS="cold warm", or all; WRITE=1 puts it into docs/
	@$(BIN)/python -m scripts.shop.bench $(SECTIONS) $(if $(WRITE),--write)

cost: .venv ## Reckon what a month costs: COMMANDS_PER_SECOND=10 QUERIES_PER_SECOND=100, by the settings of ENV
	@$(BIN)/python -m scripts.shop.cost --env '$(ENV)' $(if $(COMMANDS_PER_SECOND),--commands '$(COMMANDS_PER_SECOND)') \
	$(if $(QUERIES_PER_SECOND),--queries '$(QUERIES_PER_SECOND)')

load: .venv build/load ## Send what shoppers send, RATE=20 requests a second for MINUTES=5, and prove that nothing was lost
	@$(BIN)/python -m scripts.shop.load $(if $(RATE),--rate '$(RATE)') $(if $(MINUTES),--minutes '$(MINUTES)')

build/load: build/load/.installed
build/load/.installed: requirements/load.txt
	@echo "installing locust (once)"
	$(installed_in_a_venv)

build/hostile: build/hostile/.installed
build/hostile/.installed: requirements/hostile.txt
	@echo "installing what makes hostile requests (once)"
	$(installed_in_a_venv)

build/bench: build/bench/.installed
build/bench/.installed: requirements/bench.txt
	@echo "installing what benchmarks compare with (once)"
	$(installed_in_a_venv)

# What `make test` needs besides.
test: build/hostile
