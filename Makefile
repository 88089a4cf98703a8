# `make demo` and `make test` need nothing done before them: a Go and a C
# compiler, and for the tests a package manager that has the servers of
# PostgreSQL and OpenSSH, and minisign.
#
# Modules are fetched as `go build` needs them. `go mod download` and `go mod
# tidy` would fetch DuckDB for every platform, more than a gigabyte.

VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
TESTFLAGS ?=
SIZE      ?= small
VULNDB    ?= https://vuln.go.dev
DEMO      := testdata/demo
ALERTS    := cmd/seats/watch/alerts
SEATS     := bin/seats --config $(DEMO)/seats.yaml

WITH_POSTGRES := internal/pgtest/with-postgres.sh
STATICCHECK   := go run honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK   := go run golang.org/x/vuln/cmd/govulncheck@v1.9.0
SUDO          := $(if $(filter 0,$(shell id -u)),,sudo)

# Packages that start goroutines: `make race` watches these.
RACE := ./cmd/... ./compute/... ./extract/... ./internal/pgtest/... ./internal/store/...

# bench fills a database and reads it again and again: more memory than tests
# need, and nothing of the server's own in between.
BENCH_SETTINGS := shared_buffers=1GB max_wal_size=16GB checkpoint_timeout=1d autovacuum=off

.PHONY: help build demo demo-data test race bench bench-once alerts lint vuln fmt clean postgres promtool minisign openssh

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## bin/seats
	go build -trimpath -ldflags '-X main.version=$(VERSION)' -o bin/seats ./cmd/seats

demo: build ## the main job on the bundled export: a day, then its month
	@echo; echo '$$ $(SEATS) run --date 2026-03-10'; echo
	@$(SEATS) run --date 2026-03-10
	@echo; echo '$$ $(SEATS) run --month 2026-03'; echo
	@$(SEATS) run --month 2026-03
	@echo; echo 'The month'"'"'s files, and those of its last day:'
	@ls -1 $(DEMO)/out/acme/*_202603.csv $(DEMO)/out/acme/*_20260331.csv | sed 's/^/  /'
	@echo "and $$(ls -1 $(DEMO)/out/acme/*.csv | wc -l | tr -d ' ') data files in all, each with its manifest. The store is"
	@ls -1 $(DEMO)/var/*.duckdb | sed 's/^/  /'
	@echo; echo 'Try next:'
	@echo '  cat $(DEMO)/out/acme/CNT_US_PES_SEATS_OUTBOUND_acme_202603.csv'
	@echo '  $(SEATS) status'
	@echo '  $(SEATS) run --date 2026-03-10 --format json'
	@echo '  $(SEATS) explain --date 2026-03-10 --region US'
	@echo '  $(SEATS) audit'
	@echo '  $(SEATS) sql --tenant acme "FROM daily_concurrent"'
	@echo '  $(SEATS) sql --tenant acme "FROM data_quality"'

demo-data: ## write the bundled export again, as its flags say
	rm -rf $(DEMO)/exports
	go run ./cmd/gimsim export --dir $(DEMO)/exports $$(cat $(DEMO)/gimsim.flags)

test: postgres openssh minisign ## every test, with a PostgreSQL of their own
	$(WITH_POSTGRES) go test $(TESTFLAGS) ./...

race: postgres openssh minisign ## the packages with goroutines, under the race detector
	$(WITH_POSTGRES) go test -race $(TESTFLAGS) $(RACE)

bench: build postgres bin/venv ## measure against PostgreSQL's own answer; SIZE=small, SIZE=full, SIZE=smoke
	go build -o bin/gimsim ./cmd/gimsim
	go build -o bin/bench ./cmd/bench
	SEATS_TEST_PG_SETTINGS='$(BENCH_SETTINGS)' $(WITH_POSTGRES) bin/bench --size $(SIZE) --python $(CURDIR)/bin/venv/bin/python

# What the script is written with that seats is held against: see cmd/bench/script.
bin/venv:
	python3 -m venv $@.new
	$@.new/bin/pip install -q duckdb==1.5.6 || { rm -rf $@.new; exit 1; }
	rm -rf $@ && mv $@.new $@

bench-once: postgres ## every benchmark, once
	$(WITH_POSTGRES) go test -run=NONE -bench=. -benchtime=1x ./...

alerts: demo promtool ## check the alert rules, and the metrics that the demo wrote
	promtool check rules $(ALERTS)/seats.rules.yml
	promtool test rules $(ALERTS)/seats.rules.test.yml
	promtool check metrics <$(DEMO)/var/seats.prom

lint: ## gofmt, go vet, staticcheck
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "not formatted (make fmt):"; echo "$$unformatted"; exit 1; }
	go vet ./...
	$(STATICCHECK) ./...

# Where the database of known vulnerabilities cannot be reached, that is said and is no failure: a finding is.
vuln: ## known vulnerabilities in what is called; VULNDB=file:///... for a copy of the database
	@said=$$($(GOVULNCHECK) -db $(VULNDB) ./... 2>&1) && echo "$$said" || { \
		echo "$$said"; \
		case "$$said" in *"govulncheck: fetching vulnerabilities: "*) ;; *) exit 1 ;; esac; \
		echo "vuln: NOT CHECKED: $(VULNDB) cannot be reached"; }

fmt: ## format the Go files
	gofmt -w .

clean: ## remove what build and demo made
	rm -rf bin $(DEMO)/var $(DEMO)/out

# RUNLEVEL=1 keeps the package from starting a server of the system's own.
postgres:
	@$(WITH_POSTGRES) --find >/dev/null 2>&1 || { \
		command -v apt-get >/dev/null || { $(WITH_POSTGRES) --find; exit 1; }; \
		$(SUDO) apt-get update -q && \
		$(SUDO) env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends postgresql; }

# The package brings Prometheus itself too, which RUNLEVEL=1 keeps from starting.
promtool:
	@command -v promtool >/dev/null || { \
		command -v apt-get >/dev/null || { echo "promtool is missing: install Prometheus"; exit 1; }; \
		$(SUDO) apt-get update -q && \
		$(SUDO) env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends prometheus; }

minisign:
	@command -v minisign >/dev/null || { \
		command -v apt-get >/dev/null || { echo "minisign is missing: install it"; exit 1; }; \
		$(SUDO) apt-get update -q && \
		$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends minisign; }

# The tests start servers of their own; RUNLEVEL=1 keeps the package from starting the system's.
openssh:
	@command -v sshd >/dev/null || test -x /usr/sbin/sshd || { \
		command -v apt-get >/dev/null || { echo "sshd is missing: install OpenSSH's server"; exit 1; }; \
		$(SUDO) apt-get update -q && \
		$(SUDO) env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends openssh-server; }
