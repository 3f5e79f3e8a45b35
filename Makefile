# Words to try: run, build, test, room, busy, lint, fuzz, rows, bench, hostile, cuts, upgrades, soak, bare, release, clean.

PORT ?= 8080
FUZZTIME ?= 30s
PEER ?=
BENCH ?=
REPS ?= 5
SECONDS ?= 1.5
HOSTILE ?= 10000
HOSTILE_BIN ?=
CUTS ?= 100
CALLS ?= 10000
BYTES ?= 1000000000
SEED ?=
MINUTES ?= 10
UPGRADES ?=
BUSY ?= 6
BUSY_SECONDS ?= 600
STATICCHECK = go run honnef.co/go/tools/cmd/staticcheck@v0.8.2
SYSTEMS = linux windows darwin freebsd

.PHONY: help run build deps test room busy lint fuzz rows bench bench-mcp hostile cuts upgrades soak bare release clean

help:
	@echo 'make run     build, and serve examples/bash/count.sh on port $(PORT), with the console (PORT=.. for another)'
	@echo 'make build   build ./websocketd'
	@echo 'make test    every test, and the race detector on the product and on every server that is not measured (REQUIRE=node,.. makes a missing tool a failure)'
	@echo 'make room    the tests of one part, in both modules, without the race detector: ROOM=shared (RUN=TestSlow.*)'
	@echo 'make busy    six busy processes for ten minutes, beside which make test passes too (BUSY=6, BUSY_SECONDS=600)'
	@echo 'make lint    gofmt, go vet for $(SYSTEMS), go mod tidy, staticcheck'
	@echo 'make fuzz    every fuzzer for FUZZTIME=$(FUZZTIME)'
	@echo 'make rows    the older tool against this one, row by row: PEER=/path/to/its/binary'
	@echo 'make bench   how fast: PEER=.. to compare, BENCH="stream/10 echo/*" for some figures, REPS=$(REPS), SECONDS=$(SECONDS)'
	@echo 'make bench-mcp the same for MCP over HTTP, beside the Go SDK (SUPERGATEWAY="/path/to/node /path/to/its/index.js" for a gateway, too)'
	@echo 'make hostile connections that are held open in eleven ways, and the memory they take (HOSTILE=10000 of each, HOSTILE_BIN=.. for another binary)'
	@echo 'make cuts    clients that are cut off a hundred times a minute, in every way, and go on (CUTS=100, SEED=.. repeats a run); ten thousand calls (CALLS=10000); a gigabyte each way through two servers (BYTES=1000000000)'
	@echo 'make upgrades one server takes the place of another a hundred times (UPGRADES=100) under clients of every lifetime: no line is lost'
	@echo 'make soak    one server with clients of every kind, cuts, crashes, reloads and upgrades for MINUTES=$(MINUTES): no line is lost, and nothing stays behind; its log is in bin/soak (UPGRADES=0: without upgrades)'
	@echo 'make bare    do make run and make test work on a bare Debian? As root, some twenty minutes (BARE="run user root")'
	@echo 'make release everything that is published, into dist (make -C release help)'
	@echo 'make clean   remove what was built and installed here'

run:
	@PORT=$(PORT) bash test/run.sh

build:
	go build -o websocketd .

deps:
	@sh test/deps.sh

test: deps
	@bash test/test.sh

room:
	@for module in . test; do (cd $$module && go list ./... | grep '/$(ROOM)$$' | xargs -r go test -parallel=8 -run='$(RUN)') || exit 1; done

busy:
	@BUSY=$(BUSY) BUSY_SECONDS=$(BUSY_SECONDS) sh test/busy.sh

lint:
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "gofmt -w: $$unformatted"; exit 1; }
	@for os in $(SYSTEMS); do echo "go vet, $$os"; GOOS=$$os go vet ./... || exit 1; done
	@for module in test release; do echo "go vet, $$module"; (cd $$module && go vet ./...) || exit 1; done
	@for module in . test release; do echo "go mod tidy, $$module"; (cd $$module && go mod tidy -diff) || exit 1; done
	@echo staticcheck; $(STATICCHECK) ./... && cd test && $(STATICCHECK) ./...

fuzz:
	@FUZZTIME=$(FUZZTIME) sh test/fuzz.sh

rows:
	@cd test/rows && PEER=$(PEER) go test -count=1 -timeout=10m

bench: build
	@cd test && go build -o ../bin/load ./load
	@./bin/load -only='$(BENCH)' -reps=$(REPS) -seconds=$(SECONDS) ours=./websocketd $(if $(PEER),peer='$(PEER)')

bench-mcp: build
	@cd test && go build -o ../bin/load ./load && go build -o ../bin/everything-server github.com/modelcontextprotocol/go-sdk/conformance/everything-server
	@./bin/load -only='$(or $(BENCH),mcp)' -reps=$(REPS) -seconds=$(SECONDS) ours=./websocketd sdk='$(CURDIR)/bin/everything-server' $(if $(SUPERGATEWAY),supergateway='$(SUPERGATEWAY)')

bare:
	@BARE="$(BARE)" bash test/bare.sh

hostile:
	@cd test && HOSTILE=$(HOSTILE) HOSTILE_BIN=$(HOSTILE_BIN) go test -count=1 -v -timeout=60m ./hostile

cuts:
	@cd test && CUTS=$(CUTS) SEED=$(SEED) go test -count=1 -v -timeout=60m ./session
	@cd test && CALLS=$(CALLS) go test -count=1 -v -timeout=60m -run TestResultIsLast ./pow
	@cd test && BYTES=$(BYTES) go test -count=1 -v -timeout=60m -run 'TestChain|TestCallsInBulk' ./connect

upgrades:
	@cd test && UPGRADES=$(or $(UPGRADES),100) go test -count=1 -v -timeout=60m -run '^TestUpgrades$$' ./upgrade

soak:
	@mkdir -p bin/soak && cd test && MINUTES=$(MINUTES) UPGRADES=$(UPGRADES) SEED=$(SEED) go test -count=1 -v -timeout=30h -artifacts -outputdir='$(CURDIR)/bin/soak' ./soak

release:
	@$(MAKE) -C release all

clean:
	rm -rf websocketd bin bench.json test/clients/node_modules test/servers/node_modules test/mcp/node_modules clients/js/node_modules
	go clean -testcache
