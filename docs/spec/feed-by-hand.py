#!/usr/bin/env python3
"""An illustration of feed.md, written from that page alone: what the descriptions of a feed in a mail say, by stock
minisign. Whether the key is the owner's, and what the epochs are held against, is left to you ("Follower's duties", 3 to 6).

usage: feed-by-hand.py MAIL...

Prints, of each description, what fixtures/feed/README.md describes; exit status 0 if all are good."""
import email.policy, hashlib, os, re, subprocess, sys, tempfile

KINDS = ["patches", "reviews", "results", "discussion"]
FIELDS = [("t", r"[1-9]\d{9,11}", 1, 1), ("by", "[!-~]{3,254}", 1, 1), ("name", "[!-~]{1,64}", 1, 1),
          ("url", "(?:https?|git|ssh)://[!-~]{1,500}", 0, 8), ("kinds", "-|[a-z]+(?:,[a-z]+)*", 1, 1),
          ("epoch", r"(0|[1-9]\d{0,4}) head=([0-9a-f]{40}|[0-9a-f]{64}) count=(0|[1-9]\d{0,8})", 0, 256)]
BLOCK = re.compile(r"untrusted comment: patchsig-feed (RW[A-Za-z0-9+/]{54})\nRU[A-Za-z0-9+/]{97}=\n"
                   r"trusted comment: (patchsig-feed-v1 [ -~]+)\n[A-Za-z0-9+/]{86}==(?:\n|\Z)")
ADDRESS = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[a-z0-9-]+[.])*[a-z]+")

def read_text(text):
    """The fields of a text, as lists; None if a line is amiss."""
    said, lines = {}, text.split("\n")[1:-1]
    for name, value, least, most in FIELDS:
        said[name] = []
        while lines and lines[0].startswith(name + ": ") and len(said[name]) < most:
            line = lines.pop(0)
            said[name].append(line[len(name) + 2:])
            if len(line) > 998 or not re.fullmatch(value, said[name][-1], re.A): return None
        if len(said[name]) < least: return None
    return said if not lines and len(text) <= 65536 and sound(said) else None

def sound(said):
    kinds = said["kinds"][0]
    order = [] if kinds == "-" else [KINDS.index(kind) if kind in KINDS else -1 for kind in kinds.split(",")]
    numbers = [int(epoch.split(" ")[0]) for epoch in said["epoch"]]
    ascending = lambda all: all == sorted(set(all))
    return -1 not in order and ascending(order) and ascending(numbers) and ADDRESS.fullmatch(said["by"][0])

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
    t, by, name = (said[field][0] for field in ("t", "by", "name"))
    if not minisign_accepts(block[1], block[0], text + "\n"): return "signature"    # or changed: minisign cannot tell
    state = hashlib.sha256("".join(epoch + "\n" for epoch in said["epoch"]).encode()).hexdigest()
    if block[2] != f"patchsig-feed-v1 t={t} by={by} name={name} epochs={state}": return "malformed"
    epochs = [re.sub(" (?:head|count)=", " ", epoch) for epoch in said["epoch"]]
    return "\n".join([f"good by {by} t={t}", name, *epochs])

def descriptions(mail):
    """What is to be said of each description in the mail."""
    message = email.message_from_bytes(open(mail, "rb").read(), policy=email.policy.default)
    if "Received" in message or "List-Id" in message: return []
    text, found = message.get_body(["plain"]).get_content().replace("\r\n", "\n"), []
    for start in re.finditer(r"^patchsig-feed-v([1-9]\d{0,8})$", text, re.M):
        if len(found) == 8: return [*found, "too-many"]
        found.append("version" if start[1] != "1" else verify(text[start.start():]))
    return found

if __name__ == "__main__":
    found = [said for mail in sys.argv[1:] for said in descriptions(mail)]
    if found: print("\n\n".join(found))
    sys.exit(not all(said.startswith("good") for said in found))
