#!/usr/bin/env python3
"""An illustration of result.md, written from that page alone: what the test results in a mail say, by stock
minisign. Whose key it is, is left to you ("Verifier's duties", 5).

usage: result-by-hand.py MAIL...

Prints, of each result, what fixtures/result/README.md describes; exit status 0 if all are good."""
import email.policy, os, re, subprocess, sys, tempfile

OBJECT, DIGEST, URL = "(?:[0-9a-f]{40}|[0-9a-f]{64})", "(?:[0-9a-f]{64}|-)", "(?:https?://[!-~]{1,900}|-)"
ORDER, COUNTED = ["fail", "error", "miss", "pass", "done", "skip"], ["pass", "fail", "error", "miss", "done", "skip"]
FIELDS = [("t", r"[1-9]\d{9,11}"), ("by", "[!-~]{3,254}"), ("tree", OBJECT), ("base", f"(?:{OBJECT}|-)"), ("commit", f"(?:{OBJECT}|-)"),
          ("patches", DIGEST), ("series", "(?:[0-9a-f]{32}|-)"), ("message", "(?:[!-;=?-~]{2,250}|-)"),
          ("test", r"(?=.{1,128}\Z)[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*"), ("rev", "[!-~]{1,128}"),
          ("env", r"[A-Za-z0-9_.-]{1,64}=[!-~]{1,256}"), ("config", DIGEST), ("run", r"[1-9]\d{0,8}"), ("result", "|".join(ORDER)),
          ("counts", " ".join(rf"{name}=(?:0|[1-9]\d{{0,8}})" for name in COUNTED) + "|-"),
          ("log", URL), ("log-sha256", DIGEST), ("details", DIGEST), ("via", URL)]
BLOCK = re.compile(r"untrusted comment: patchsig-result (RW[A-Za-z0-9+/]{54})\nRU[A-Za-z0-9+/]{97}=\n"
                   r"trusted comment: (patchsig-result-v1 [ -~]+)\n[A-Za-z0-9+/]{86}==(?:\n|\Z)")
ADDRESS = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[a-z0-9-]+[.])*[a-z]+")

def read_text(text):
    """The fields of a text, as lists; None if a line is amiss."""
    said, lines = {}, text.split("\n")[1:-1]
    for name, value in FIELDS:
        said[name] = []
        while lines and lines[0].startswith(name + ": ") and len(said[name]) < (16 if name == "env" else 1):
            line = lines.pop(0)
            said[name].append(line[len(name) + 2:])
            if len(line) > 998 or not re.fullmatch(value, said[name][-1], re.A): return None
        if name != "env" and not said[name]: return None
    return said if not lines and sound(said) else None

def sound(said):
    one = lambda name: said[name][0]
    keys = [entry.split("=")[0] for entry in said["env"]]
    if any(a >= b for a, b in zip(keys, keys[1:])) or not ADDRESS.fullmatch(one("by")): return False
    if any(one(name) not in ("-",) and len(one(name)) != len(one("tree")) for name in ("base", "commit")): return False
    if one("counts") == "-": return True
    counts = dict(count.split("=") for count in one("counts").split(" "))
    worst = ORDER.index(next((name for name in ORDER if counts[name] != "0"), "skip"))
    result = ORDER.index(one("result"))
    return result == worst or result < min(worst, ORDER.index("pass"))

def minisign_accepts(key, lines, text):
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "text")
        with open(name, "w", newline="") as file: file.write(text)
        with open(name + ".minisig", "w", newline="") as file: file.write(lines)
        return subprocess.run(["minisign", "-VHqm", name, "-P", key], capture_output=True).returncode == 0

def verify(text):
    text, empty, rest = text.partition("\n\n")
    said, block = read_text(text + "\n"), BLOCK.match(rest)
    if not empty or not said or not block: return "malformed"
    t, by, tree, test, result = (said[name][0] for name in ("t", "by", "tree", "test", "result"))
    if not minisign_accepts(block[1], block[0], text + "\n"): return "signature"    # or changed: minisign cannot tell
    if block[2] != f"patchsig-result-v1 t={t} by={by} tree={tree} test={test} result={result}": return "malformed"
    return f"good by {by} t={t}\n{result} {test} of {tree}"

def results(mail):
    """What is to be said of each result in the mail."""
    message = email.message_from_bytes(open(mail, "rb").read(), policy=email.policy.default)
    text, found = message.get_body(["plain"]).get_content().replace("\r\n", "\n"), []
    for start in re.finditer(r"^patchsig-result-v([1-9]\d{0,8})$", text, re.M):
        if len(found) == 8: return [*found, "too-many"]
        has_diff = re.search(r"^diff --git ", text, re.M)
        found.append("diff" if has_diff else "version" if start[1] != "1" else verify(text[start.start():]))
    return found

if __name__ == "__main__":
    found = [said for mail in sys.argv[1:] for said in results(mail)]
    if found: print("\n\n".join(found))
    sys.exit(not all(said.startswith("good") for said in found))
