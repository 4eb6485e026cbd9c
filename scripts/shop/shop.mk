##@ The shop
SMOKE := scripts.shop.smoke

.PHONY: demo compare examples hostile bench
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
