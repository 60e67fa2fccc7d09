# make install after make: PREFIX=/usr/local, DESTDIR= for packages; make uninstall
# make deb     after make: a Debian package, in dist/deb
# make demo    signs, verifies and applies a series in a throw-away repository
# make first-hour    prints docs/first-hour.md, by doing what it shows
# make morning       prints docs/maintainer.md in the same way
# make first-feed    prints the first part of docs/feeds.md in the same way
# make first-series  prints the first part of docs/sending.md in the same way
# make walkthrough   prints docs/trust-walkthrough.md, by doing all that it shows
# make test    everything that CI runs: format, lint, types, dead code, tests
# make check   the same without installing anything
# make bench   measures speed                       (BENCH="--count 5000 …")
# make corpus  holds the mail reader against git    (CORPUS=mail.tar.xz)
# make archive names what is refused of an archive  (ARCHIVE="inbox.git …")

.POSIX:
.PHONY: all install uninstall deb demo first-feed first-hour first-series morning walkthrough test check bench corpus archive clean tools
.SILENT: install uninstall deb demo first-feed first-hour first-series morning walkthrough test check bench corpus archive

# npm leaves this file behind once everything is installed; what is compiled of it, the build sees to
MODULES = node_modules/.package-lock.json

all: dist/bundle/cli/main.js

$(MODULES): package.json package-lock.json
	scripts/tools.sh build
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $(MODULES)

dist/bundle/cli/main.js: $(MODULES) tsconfig.json tsconfig.build.json $(shell find src -name '*.ts')
	npm run --silent build

PREFIX = /usr/local
# where zsh looks for completions, below the prefix
ZSHDIR = share/zsh/site-functions
NODE = node

# nothing is built here: this may be root
install uninstall:
	test -f dist/scripts/install.js || { echo "run make first" >&2; exit 1; }
	$(NODE) dist/scripts/install.js $@ "$(DESTDIR)" "$(PREFIX)" "$(ZSHDIR)"

deb:
	scripts/deb.sh

demo: dist/bundle/cli/main.js
	scripts/demo.sh

first-hour: dist/bundle/cli/main.js
	$(NODE) dist/scripts/first-hour.js

first-feed: dist/bundle/cli/main.js
	$(NODE) dist/scripts/first-feed.js

first-series: dist/bundle/cli/main.js
	$(NODE) dist/scripts/first-series.js

morning: dist/bundle/cli/main.js
	$(NODE) dist/scripts/morning.js

walkthrough: dist/bundle/cli/main.js
	scripts/walkthrough.sh

test: $(MODULES)
	scripts/tools.sh test
	npm run --silent check

check: $(MODULES)
	npm run --silent check

bench: $(MODULES)
	npm run --silent bench -- $(BENCH)

corpus: $(MODULES)
	npm run --silent corpus -- "$(CORPUS)"

archive: $(MODULES)
	npm run --silent archive -- $(ARCHIVE)

clean:
	rm -rf dist node_modules
