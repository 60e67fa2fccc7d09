#!/bin/sh
# scripts/check.sh CHECK…: runs these scripts of package.json side by side. Each says what it finds
# when it is done, and one that fails keeps no other from being done.
set -u

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

for check; do
	npm run --silent "$check" >"$work/$check" 2>&1 &
	echo "$check $!" >>"$work/pids"
done

status=0
while read -r check pid; do
	wait "$pid" || status=1
	cat "$work/$check"
done <"$work/pids"
exit $status
