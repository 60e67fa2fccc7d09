#!/usr/bin/env python3
"""A mirror that reads a manifest by the rules that grokmirror's README has ("Concepts"), and by no other knowledge.

    manifest-reader.py MANIFEST-URL SITE-URL TOPLEVEL

Clones what is new, fetches what has another fingerprint than before, and says so, a line for each repository.
Exits with 1 if the manifest breaks a rule, or a repository is not what the manifest says.
"""

import gzip
import hashlib
import json
import os
import subprocess
import sys
import urllib.request


def git(folder, *words):
    return subprocess.run(["git", *words], cwd=folder, check=True, stdout=subprocess.PIPE).stdout


def rule(holds, words):
    if not holds:
        sys.exit("broken: " + words)


def check_entry(path, entry, paths):
    rule(path.startswith("/") and path.endswith(".git"), f"{path} is no path of a bare repository")
    rule("/../" not in path and "//" not in path, f"{path} leads elsewhere")
    rule(isinstance(entry.get("description"), str), f"{path}: description is text")
    rule(type(entry.get("modified")) is int, f"{path}: modified is a timestamp")
    rule(len(entry.get("fingerprint") or "") == 40, f"{path}: fingerprint is a sha1sum")
    rule(entry.get("reference") in (None, *paths), f"{path}: reference is a path")
    rule(all(isinstance(link, str) for link in entry.get("symlinks", [])), f"{path}: symlinks")


def main(manifest_url, site, toplevel):
    with urllib.request.urlopen(manifest_url) as answer:
        manifest = json.loads(gzip.decompress(answer.read()).decode("utf-8"))
    rule(isinstance(manifest, dict) and manifest, "a manifest is an object of repositories")
    kept = os.path.join(toplevel, "manifest.json")
    before = json.load(open(kept)) if os.path.exists(kept) else {}
    for path, entry in manifest.items():
        check_entry(path, entry, manifest.keys())
        folder = os.path.join(toplevel, path.lstrip("/"))
        if not os.path.exists(folder):
            git(toplevel, "clone", "-q", "--mirror", site + path, folder)
            print("cloned", path)
        elif before.get(path, {}).get("fingerprint") != entry["fingerprint"]:
            git(folder, "fetch", "-q", "--prune")
            print("updated", path)
        else:
            print("unchanged", path)
        refs = git(folder, "show-ref")
        rule(hashlib.sha1(refs).hexdigest() == entry["fingerprint"], f"{path} has other refs")
        newest = git(folder, "log", "--all", "-1", "--format=%ct")
        rule(int(newest) == entry["modified"], f"{path} was modified at {newest.decode().strip()}")
    with open(kept, "w") as file:
        json.dump(manifest, file)


main(*sys.argv[1:])
