# make help shows this list.
GOFUMPT     = go run mvdan.cc/gofumpt@v0.12.0
STATICCHECK = go run honnef.co/go/tools/cmd/staticcheck@v0.8.2
export CGO_ENABLED ?= 0

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile

build: ## the one static binary, bin/hutong
	go build -trimpath -ldflags='-s -w' -o bin/hutong ./cmd/hutong

test: ## every test that needs nothing but Go
	go test ./...

check: ## vet, staticcheck, gofumpt, the laws, bench/history, and every test under the race detector
	go vet ./...
	$(STATICCHECK) ./...
	@test -z "$$($(GOFUMPT) -l .)" || { echo "gofumpt would change:"; $(GOFUMPT) -l .; exit 1; }
	go test -count=1 .
	go vet -C bench/history ./...
	go test -C bench/history ./...
	CGO_ENABLED=1 go test -race $$(go list ./... | grep -v -e hutong/interop)

web: ## rebuild web/dist
	cd web && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	go generate ./web

web-check: web ## fail when web/dist is not what web/src builds
	@test -z "$$(git status --porcelain -- web/dist)" || { git status --porcelain -- web/dist; exit 1; }

interop: build ## ask foreign implementations; installs them first
	interop/install
	HUTONG_INTEROP=require go test -v -count=1 -timeout 40m ./interop

fuzz: ## 20 s for each fuzz target
	@for p in $$(go list ./...); do for f in $$(go test -list '^Fuzz' $$p | grep ^Fuzz); do \
		echo "$$p $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime 20s $$p || exit 1; done; done

.PHONY: help build test check web web-check interop fuzz
