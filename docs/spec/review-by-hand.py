#!/usr/bin/env python3
"""An illustration of review.md, written from that page alone: what the signed reviews in a mail prove of
patches, by stock minisign. Whose key it is, is left to you ("Verifier's duties", 6).

usage: review-by-hand.py MAIL [ATTESTATION...]

An attestation is the signed text of a patch (git patchsig attestation PATCH). Prints, of each review, what
fixtures/review/README.md describes; exit status 0 if all are good."""
import email.policy, hashlib, os, re, subprocess, sys, tempfile
def sha256(text): return hashlib.sha256(text.encode()).hexdigest()

WORDS = r"[ \t\r\n]+"
NAME = r"[^<>\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
TRAILER = re.compile(rf"(Reviewed-by|Acked-by|Tested-by):{WORDS}((?:(?!{WORDS}<)(?:{NAME}|[ \t\r\n]))+){WORDS}<([^<>\s]+)>{WORDS}")
PATCH = re.compile(rf"patch:{WORDS}([1-9]\d{{0,3}})/([1-9]\d{{0,3}}){WORDS}([0-9a-f]{{64}}){WORDS}([0-9a-f]{{64}}){WORDS}", re.A)
BLOCK = re.compile(r"untrustedcomment:patchsig-review(RW[A-Za-z0-9+/]{54})(RU[A-Za-z0-9+/]{97}=)trustedcomment:patchsig-review-v1"
                   r"t=(0|[1-9]\d{0,11})by=([!-?A-~]{1,64}@[a-z0-9._-]{1,253}?)series=([0-9a-f]{32}|-)v=([1-9]\d{0,3}|-)"
                   r"text=([0-9a-f]{64})([A-Za-z0-9+/]{86}==)", re.A)
ORDER = ["Reviewed-by", "Acked-by", "Tested-by"]
ADDRESS = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]+@(?:[a-z0-9-]+[.])*[a-z]+")

def ascending(numbers): return all(a < b for a, b in zip(numbers, numbers[1:]))

def read_text(text):
    """The signed text at the start, as it was signed; who says it, of which patches; and what follows."""
    at, trailers, patches = re.match(rf"patchsig-review-v1{WORDS}", text).end(), [], []
    while m := TRAILER.match(text, at):
        trailers.append((m[1], re.sub(WORDS, " ", m[2]), m[3]))
        at = m.end()
    while m := PATCH.match(text, at):
        patches.append((int(m[1]), int(m[2]), m[3], m[4]))
        at = m.end()
    if not trailers or not 1 <= len(patches) <= 1000: return None
    if not ascending([ORDER.index(name) for name, _, _ in trailers]): return None
    if not ascending([i for i, *_ in patches]) or patches[-1][0] > patches[0][1]: return None
    if len({(person, address) for _, person, address in trailers}) != 1: return None
    if len({n for _, n, *_ in patches}) != 1 or len(trailers[0][1].encode()) > 256: return None
    lines = [f"{name}: {person} <{address}>" for name, person, address in trailers]
    said = ["patchsig-review-v1", *lines, *(f"patch: {i}/{n} {m} {d}" for i, n, m, d in patches)]
    return "".join(line + "\n" for line in said), lines, trailers[0][2], patches, text[at:]

def read_block(rest):
    """The four lines at the start, put together again, and their fields."""
    m = BLOCK.match(re.sub(WORDS, "", rest[:2000]))
    if not m: return None
    last = re.match(r"[ \t\r\n]*".join(map(re.escape, m[0])) + r"[ \t\r]*(\n|\Z)", rest)
    if not last: return None
    key, signature, t, by, series, v, digest, tail = m.groups()
    comment = f"patchsig-review-v1 t={t} by={by} series={series} v={v} text={digest}"
    lines = f"untrusted comment: patchsig-review {key}\n{signature}\ntrusted comment: {comment}\n{tail}\n"
    return key, lines, by, series, v, digest

def minisign_accepts(key, lines, text):
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "text")
        with open(name, "w", newline="") as file: file.write(text)
        with open(name + ".minisig", "w", newline="") as file: file.write(lines)
        return subprocess.run(["minisign", "-VHqm", name, "-P", key], capture_output=True).returncode == 0

def digests(attestation):
    lines = open(attestation, encoding="utf-8", newline="").read().split("\n")
    return sha256(f"{lines[2]}\n{lines[3]}\n"), lines[4].removeprefix("diff: ")

def verify(text, attestations):
    said = read_text(text)
    block = said and read_block(said[4])
    if not block: return "malformed"
    signed, lines, address, patches, _ = said
    key, minisig, by, series, v, digest = block
    if sha256(signed) != digest: return "changed"           # or signature: minisign alone cannot tell
    if not minisign_accepts(key, minisig, signed): return "signature"
    if not ADDRESS.fullmatch(by) or address.lower() != by: return "malformed"
    proofs = {"proven": [], "diff": []}
    for name in attestations:
        message, diff = digests(name)
        same = [m for _, _, m, d in patches if d == diff]
        if same: proofs["proven" if message in same else "diff"].append(os.path.basename(name).removesuffix(".attestation"))
    return "\n".join([f"good by {by} series={series} v={v}", *lines, *(f"{kind}: {name}" for kind in proofs for name in proofs[kind])])

def text_of(mail):
    """The body, decoded; lines that format=flowed broke are one again."""
    message = email.message_from_bytes(mail, policy=email.policy.default)
    text = message.get_content().replace("\r\n", "\n")
    if message.get_param("format") == "flowed": text = re.sub(r"(?<!\n--) \n(?!>)", " ", text)
    return text

def reviews(mail, attestations):
    """What is to be said of each review in the mail."""
    text, found = text_of(open(mail, "rb").read()), []
    for start in re.finditer(r"^patchsig-review-v([1-9]\d{0,8})[ \t]*$", text, re.M):
        if re.match(r"\s*t=", text[start.end():]): continue             # in a wrapped comment
        if len(found) == 8: return [*found, "too-many"]
        has_diff = re.search(r"^diff --git ", text, re.M)
        found.append("diff" if has_diff else "version" if start[1] != "1" else verify(text[start.start():], attestations))
    return found

if __name__ == "__main__":
    found = reviews(sys.argv[1], sys.argv[2:])
    if found: print("\n\n".join(found))
    sys.exit(not all(said.startswith("good") for said in found))
