#!/bin/sh
# scripts/native.sh: SQLite for this node, unless it is there: ready-made, else compiled. Where the headers
# came with node, as in Debian and its own packages, compiling needs no network.
set -eu

node -e 'new (require("better-sqlite3"))(":memory:")' 2>/dev/null && exit

prefix=$(node -p 'require("path").dirname(require("path").dirname(process.execPath))')
if [ -e "$prefix/include/node/node_api.h" ]; then
	export npm_config_nodedir="$prefix"
fi
npm rebuild better-sqlite3 --loglevel=error || {
	echo "hint: it is downloaded, or compiled with node's headers: a network, or a node with include/node beside bin" >&2
	exit 1
}
