# hvdeck: everything is one target away; `make help` lists them. Only Go is needed,
# except by test (see scripts/counterparts.sh) and the PNGs of screenshots.

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
GO      ?= go
# The version is set by hand below; asking git would need a work tree that git trusts.
export GOFLAGS := -buildvcs=false $(filter-out -buildvcs=%,$(GOFLAGS))

LINT        := bin/golangci-lint
# The linter's findings are kept with the path of the work tree that they are of.
export GOLANGCI_LINT_CACHE := $(CURDIR)/bin/lint-cache

# The tests that break servers and lines and measure the keyboard meanwhile want a machine of
# their own: `make faults`. The soak in its short form comes after all others.
FAULTS      := ./e2e/fault/libvirt ./e2e/fault/terminal ./e2e/fault/vsphere
ifndef TEST
TEST        := $(shell $(GO) list ./... | grep -v -e '/e2e/soak$$' $(FAULTS:.%=-e '%$$'))
AFTER       := ./e2e/soak
endif
TESTFLAGS   ?=
FUZZTIME    ?= 10s
TESTTIMEOUT ?= 15m
# How long `make soak` works; a seed of an earlier run repeats its choices.
FOR         ?= 1h
SEED        ?= 0

.PHONY: help build demo test lint fmt docs screenshots bench fuzz soak faults clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## one static binary, ./hvdeck
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o hvdeck .

demo: build ## the console on simulated hosts
	./hvdeck --demo

# Without the counterparts their tests are skipped, each with a line that says so; with
# CI=true they fail. The race detector needs cgo, the program does not. Nothing is taken
# from the test cache: it does not know of the program and servers that e2e runs.
test: ## all but `make faults`, under the race detector, against real counterparts
	@scripts/counterparts.sh || [ "$$CI" != true ]
	@$(GO) build -o bin/testsum ./scripts/testsum
	@bash -o pipefail -c '{ $(call race,3) $(TEST) || s=1; $(if $(AFTER),$(call race,2) $(AFTER) || s=1;) exit $${s:-0}; } 2>&1 | bin/testsum'

# RACE= runs tests without the race detector: `make faults RACE=` holds keys to 20 ms.
RACE ?= -race
# Tests of so many packages at a time.
race = CGO_ENABLED=1 $(GO) test $(RACE) -count=1 -p $(1) -timeout $(TESTTIMEOUT) -json $(TESTFLAGS)

faults: ## only those that break servers, lines and terminals
	@$(MAKE) --no-print-directory test TEST="$(FAULTS)" TESTFLAGS="-p 2 $(TESTFLAGS)"

lint: $(LINT) ## vet, gofmt, golangci-lint, tidy modules, scripts
	@test -z "$$(gofmt -l . | tee /dev/stderr)" || { echo "gofmt these files"; exit 1; }
	$(GO) vet ./...
	$(LINT) run ./...
	$(GO) mod tidy -diff
	$(GO) mod verify
	@for s in .ci/run $$(git ls-files '*.sh'); do bash -n "$$s" || exit 1; done

# The linter is built from source at the version of tools/go.mod, once.
$(LINT): tools/go.mod tools/go.sum
	cd tools && CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w" -o ../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@

fmt: $(LINT) ## format every file
	$(LINT) fmt ./...

docs: ## write docs/keys.md from the action registry
	@set -e; $(GO) run ./scripts/keydoc >docs/keys.md.new || { rm -f docs/keys.md.new; exit 1; }
	@mv docs/keys.md.new docs/keys.md

screenshots: ## take every picture again with the real program
	screenshots/make.sh

bench: build ## the figures of the benchmark list beside their targets and peers
	@$(GO) run ./bench

fuzz: ## each fuzz target for FUZZTIME
	@$(GO) test -list '^Fuzz' ./... | awk '/^Fuzz/{f[n++]=$$1} /^ok/{for(i=0;i<n;i++) print $$2, f[i]; n=0}' | \
	while read -r pkg name; do \
		echo "== $$pkg $$name"; $(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "$$pkg" </dev/null || exit 1; \
	done

# It looks at itself between the steps, so it needs no limit of its own but that of a hang.
soak: ## work the program for FOR before servers that change and fail; SEED repeats a run
	@scripts/counterparts.sh
	CI=true CGO_ENABLED=1 $(GO) test -race -count=1 -v -timeout 0 ./e2e/soak -run '^TestSoak$$' -for $(FOR) -seed $(SEED)

clean: ## remove what was built
	rm -rf hvdeck bin dist
