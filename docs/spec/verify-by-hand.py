#!/usr/bin/env python3
"""An illustration of patch-signature.md, written from that page alone: verifies plain mails with git
mailinfo and stock minisign. It accepts nothing that patchsig does not, and refuses much that patchsig
accepts: MIME parts and encodings, in-body headers, wrapped blocks, renames, modes, binary patches.

usage: verify-by-hand.py MAIL...     prints a line a mail; exit status 0 if all are good
Whose key it is, and whether a series is whole, is left to you ("Verifier's duties", 7 and 8)."""
import hashlib, os, re, subprocess, sys, tempfile
class Refused(Exception): pass   # not read, so nothing is said of its signature
class NotGood(Exception): pass   # read, and it must not be accepted
def need(condition, why, kind=Refused):
    if not condition: raise kind(why)
def sha256(data): return hashlib.sha256(data).hexdigest()

def read_header(mail):
    """The fields of a plain header: no MIME but UTF-8 text as it stands, no encoded words."""
    head, empty, body = mail.partition(b"\n\n")
    need(empty and head.count(b"\n") < 1000 and b"\r" not in head and b"\0" not in mail, "header or NUL")
    fields = {}
    for line in re.sub(rb"\n[ \t]+(?=\S)", b" ", head).split(b"\n"):
        need(re.match(rb"[!-9;-~]+:", line), "not a header line")
        name, _, value = line.decode("latin-1").partition(":")
        if not re.fullmatch("from|subject|date|message-id|mime-version|content-.*", name.lower()): continue
        need(fields.setdefault(name.lower(), value.strip()) == value.strip(), "two headers: " + name)
    need({"from", "subject", "date"} <= {*fields} and "=?" not in str(fields), "From, Subject or Date")
    kind = r'text/plain(; *charset=("?)(utf-8|us-ascii|iso-8859-1)\2)?'
    need(re.fullmatch(kind, fields.get("content-type", "text/plain"), re.I), "not plain text")
    need(fields.get("content-transfer-encoding", "8bit").lower() in ("7bit", "8bit"), "encoding")
    need(not re.match(rb"\s*(>?from|subject:|date:|\[patch\])", body, re.I), "in-body headers")
    need(not re.search(rb"^From ", body, re.M), "git might cut the mail in two here")
    return fields

def mailinfo(mail, folder):
    """What git reports: author, address, subject, MSG and PATCH."""
    msg, patch = os.path.join(folder, "msg"), os.path.join(folder, "patch")
    git = ["git", "-c", "i18n.commitEncoding=UTF-8", "mailinfo", "-u", "--no-scissors", msg, patch]
    run = subprocess.run(git, input=mail, capture_output=True)
    found = re.fullmatch(rb"Author: (.*)\nEmail: (.*)\nSubject: (.*)\nDate: .*\n\n", run.stdout)
    need(run.returncode == 0 and found, "git mailinfo")
    return (*found.groups(), open(msg, "rb").read(), open(patch, "rb").read())
def canonical_message(msg):
    lines = [re.sub(rb"^>+(?=From )", b"", line).rstrip(b" \t\r") for line in msg.split(b"\n")]
    text = re.sub(rb"\n{3,}", b"\n\n", b"\n".join(lines)).strip(b"\n")
    return text and text + b"\n"

NAME = rb"([\w+-][\w.+-]*(?:/[\w+-][\w.+-]*)*)"
FILE = re.compile(rb"diff --git a/" + NAME + rb""" b/\1\n(?:(new|deleted) file mode 100(?:644|755)\n)?"""
                  rb"(?:index [0-9a-f]{4,64}\.\.[0-9a-f]{4,64}( 100(?:644|755))?\n)?"
                  rb"--- (a/\1|/dev/null)\n\+\+\+ (b/\1|/dev/null)\n(?=@@ -)")
HUNK = re.compile(rb"@@ -\d{1,9}(?:,(\d{1,9}))? \+\d{1,9}(?:,(\d{1,9}))? @@[^\n]*\n")
LINE = re.compile(rb"([ +-])[^\n]*\n(?:\\ No newline at end of file\n)?|\n")
STRAY = re.compile(rb"--- |\+\+\+ |@@ -|\\ |GIT binary patch|Binary files |Files ")

def read_file(patch, at):
    """One file patch, its empty lines made blanks, and where it ends."""
    head = FILE.match(patch, at)
    need(head, "a file header that this illustration does not read")
    _, made, mode, old_name, new_name = head.groups()
    agrees = (made == b"new", made == b"deleted") == (old_name == b"/dev/null", new_name == b"/dev/null")
    need(agrees and not (made and mode), "a header that contradicts itself")
    out, at = [head[0]], head.end()
    while hunk := HUNK.match(patch, at):
        old, new = (1 if count is None else int(count) for count in hunk.groups())
        need(not (made == b"new" and old) and not (made == b"deleted" and new), "a hunk of no file")
        out.append(hunk[0])
        changes, at = 0, hunk.end()
        while old > 0 or new > 0:
            line = LINE.match(patch, at)
            need(line, "a corrupt hunk")
            kind = line[1] or b" "          # an empty line is one blank: the first normalisation
            old, new, changes = old - (kind != b"+"), new - (kind != b"-"), changes + (kind != b" ")
            out.append(line[0] if line[1] else b" \n")
            at = line.end()
        need(old == new == 0 and changes, "a corrupt hunk")
    return b"".join(out), at

def with_crs(diff, crs):
    """The second normalisation. (With headers in CR refused, no line is left with one on all of them.)"""
    if all(crs) or not any(crs): return diff
    return b"".join(line + b"\r\n"[not cr:] for line, cr in zip(diff.split(b"\n"), crs))

def canonical_diff(patch, raw):
    """The diff in canonical form, and where its first file patch begins and its last one ends."""
    out, crs, start, end, at = [], [], len(patch), 0, 0
    lines = raw.split(b"\n")[-patch.count(b"\n") - 1:]                      # PATCH, with its CRs
    need([line.removesuffix(b"\r") for line in lines[1:]] == patch.split(b"\n")[1:], "an unusual end")
    while at < len(patch):
        if patch.startswith(b"diff --git ", at):
            start = min(start, at)
            text, end = read_file(patch, at)
            out.append(text)
            crs += [line.endswith(b"\r") for line in lines[patch.count(b"\n", 0, at):patch.count(b"\n", 0, end)]]
        else:
            need(not STRAY.match(patch, at), "a line that might be of a diff")
        at = max(end, patch.find(b"\n", at) + 1 or len(patch))
    return with_crs(b"".join(out), crs), start, end

COMMENT = (r"patchsig-v1 t=(?:0|[1-9]\d{0,11}) by=([!-~]{3,254}) series=([0-9a-f]{32}|-) v=([1-9]\d{0,3}) "
           r"n=(0|[1-9]\d{0,3})/([1-9]\d{0,3}) base=([0-9a-f]{64}|[0-9a-f]{40}|-) "
           r"a=[0-9a-f]{8} s=[0-9a-f]{8} m=[0-9a-f]{16} d=[0-9a-f]{16}")
BLOCK = re.compile((r"untrusted comment: patchsig (RW[A-Za-z0-9+/]{54})\nRU[A-Za-z0-9+/]{96}[AEIMQUYcgkosw048]=\n"
                    rf"trusted comment: {COMMENT}\n[A-Za-z0-9+/]{{85}}[AQgw]==[ \t\r]*\n").encode())
MARK = re.compile(rb"^untrusted comment: patchsig\s", re.M)
COMMIT = re.compile(rb"(?:(?<![\w.-])|-g)[0-9a-f]{7,}(?!\w)")
ADDRESS = r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]+@(?:[a-z0-9]+[.])*[a-z]+"

def brackets(subject):
    """Versions and numbers that the Subject names, in plain words: all others must be without digits."""
    text = ""
    while lead := re.match(r"[ \t:]+|re:(?=.)|\[([^\]]*)\]", subject, re.I):
        subject, text = subject[lead.end():], f"{text} {lead[1] or ''}".lower()
    words = re.split(r"[\s,]+", text)
    numbers = [w for w in words if re.fullmatch(r"\d{1,4}/\d{1,4}", w)]
    versions = [m[1] for w in words if (m := re.fullmatch(r"(?:patch|rfc)?v(\d{1,4})", w))]
    need(text.isascii() and len(re.findall(r"\S*\d\S*", text)) == len(numbers + versions), "unusual brackets")
    return (versions or ["1"] * ("patch" in text or "rfc" in text or numbers != [])) + numbers

def verify(mail, folder):
    raw = re.sub(rb"\AFrom [^\n]*\n", b"", mail)
    mail = raw.replace(b"\r\n", b"\n")                                       # as git mailsplit does
    header = read_header(mail)
    author, email, subject, msg, patch = mailinfo(mail, folder)
    sender = re.fullmatch(r'[^"()<>@\\,]* <([^\s<>@]+@[^\s<>@]+)>', header["from"])
    need(not re.search(r"\svia\s|=|\.invalid>|dmarc", header["from"], re.I), "a list's From")
    need(sender and sender[1].encode() == email and author != b"Mail System Internal Data", "unusual From")
    need(not re.search("[\0-\x1f\x7f-\x9f]", b" ".join((author, email, subject)).decode()), "control characters")
    if "content-type" in header: msg.decode()                                # git passes bad UTF-8 on
    diff, start, end = canonical_diff(patch, raw)
    text = b"patchsig-v1\nauthor: %s <%s>\nsubject: %s\n" % (author, email, re.sub(rb"[ \t\r\n]", b"", subject))
    text += f"message: {sha256(canonical_message(msg))}\ndiff: {sha256(diff)}\n".encode()
    marks = [*MARK.finditer(patch)]                                         # duty 2: find the one block
    if not marks and not MARK.search(msg): return "not signed, attestation " + sha256(text)
    need(len(marks) == 1 and not MARK.search(msg), "not one block below the break")
    block = re.match(rb"---[ \t\r]*\n", patch) and BLOCK.match(patch, marks[0].start())
    need(block and block.end() <= start, "no patch break, or a damaged or wrapped block")
    key, by, series, v, i, n, base = (group.decode() for group in block.groups())
    need(int(i) <= int(n), "numbers")
    name = os.path.join(folder, "text")                                     # duties 3 and 4: the signatures
    for path, data in (name, text), (name + ".minisig", block[0].rstrip() + b"\n"): open(path, "wb").write(data)
    run = subprocess.run(["minisign", "-VHqm", name, "-P", key], capture_output=True)
    need(run.returncode == 0, "minisign does not verify it", NotGood)
    said = {tuple(map(int, text.split("/"))) for text in brackets(header["subject"])}       # duty 5: labels
    need(said <= {(int(v),), (int(i), int(n))}, "the Subject's brackets", NotGood)
    outside = patch[:start] + b"\n" + patch[end:] + (b"" if diff else b"\n" + msg)
    for line in re.findall(rb"^base-commit:(.*)$", outside.lower(), re.M):
        same = base != "-" and re.match(base.encode() + rb"(?![0-9a-z])", line.strip())
        need(same or not COMMIT.search(line), "the base-commit line", NotGood)
    need(re.fullmatch(ADDRESS, by) and by == email.decode().lower(), "the signer is not the author", NotGood)  # duty 6
    return f"good, signed by {by} with {key}, v{v} {i}/{n}, series {series}, base {base}"

if __name__ == "__main__":
    status = 0
    for path in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            try: said = verify(open(path, "rb").read(), folder)
            except NotGood as error: said = f"not good: {error}"
            except (Refused, UnicodeError) as error: said = f"refused: {error}"
        status |= not said.startswith("good")
        print(f"{path}: {said}")
    sys.exit(status)
