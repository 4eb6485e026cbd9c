##@ The shop
SMOKE := scripts.shop.smoke

.PHONY: demo compare bench cost load build/load
demo: .venv ## Fill the shop with customers, products and orders, print a tour to paste; SEED=8 is another shop, URL= of any deployment
	@$(BIN)/python -m scripts.shop.demo $(if $(SEED),--seed '$(SEED)') $(if $(URL),--url '$(URL)')

compare: .venv ## Measure views against compositions on the local stack; WRITE=1 puts the tables into docs/
	@$(BIN)/python -m scripts.shop.compare $(if $(WRITE),--write)

bench: .venv ## Time the library and the shop's functions against a floor or a peer in the same run: SECTIONS="cold warm", or all
	@$(BIN)/python -m scripts.shop.bench $(SECTIONS)

cost: .venv ## Reckon what a month costs: COMMANDS_PER_SECOND=10 QUERIES_PER_SECOND=100, by the settings of ENV
	@$(BIN)/python -m scripts.shop.cost --env '$(ENV)' $(if $(COMMANDS_PER_SECOND),--commands '$(COMMANDS_PER_SECOND)') \
	$(if $(QUERIES_PER_SECOND),--queries '$(QUERIES_PER_SECOND)')

load: .venv build/load ## Send what shoppers send, RATE=20 requests a second for MINUTES=5, and prove that nothing was lost
	@$(BIN)/python -m scripts.shop.load $(if $(RATE),--rate '$(RATE)') $(if $(MINUTES),--minutes '$(MINUTES)')

build/load: build/load/.installed
build/load/.installed: requirements/load.txt
	@echo "installing locust (once)"
	$(installed_in_a_venv)
