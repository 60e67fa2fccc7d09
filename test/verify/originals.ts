/** Signed mails in every form in which patches are sent, and their commits. */

import { chmodSync } from "node:fs";
import { join } from "node:path";
import { messages } from "../../src/mail/mbox.ts";
import type { Checked } from "../../src/verify/result.ts";
import { base64, quotedPrintable, withBody, withHeaders, withPart } from "../support/reshape.ts";
import { commit, git, newRepository } from "../support/repo.ts";
import { check, isGood, signMails } from "../support/signing.ts";
import { openAm } from "../support/soundness.ts";

export interface Original {
  readonly mail: Buffer;
  readonly checked: Checked;
  readonly commits: string[];
}

const SONG = "la\n\nli\nlu\nla\nli\nlu\n";
const VERSES = "sing\nla\nli\nrest\n".repeat(12);
const LOUDER = { "song.txt": SONG.replace("li", "LI") };
const BODY = `Nobody heard it.

From here on it is louder.

Signed-off-by: Alice <alice@example.org>
`;

type Edit = (mail: string) => string;
const asIs: Edit = (mail) => mail;
const encoded =
  (encoding: string, encode: Edit, type = "text/plain; charset=UTF-8"): Edit =>
  (mail) =>
    withBody(
      withHeaders(
        mail.replace(/^(?:MIME|Content)-.*\n/gm, ""),
        `MIME-Version: 1.0\nContent-Type: ${type}\nContent-Transfer-Encoding: ${encoding}\n`,
      ),
      encode,
    );
// a line of two spaces would continue on the next
const stuffed: Edit = (body) => body.replace(/^(?= |From )/gm, " ").replace(/^ {2}$/gm, "");

interface Patch {
  readonly message: string;
  readonly files: Record<string, string | Buffer | null>;
  /** A file to make executable. */
  readonly executable?: string;
  /** For git format-patch. */
  readonly args?: readonly string[];
  /** Before it is signed. */
  readonly edit?: Edit;
  readonly by?: string;
  /** The base is signed. */
  readonly based?: boolean;
}

const louder = (more: Partial<Patch> = {}): Patch => ({
  message: `song: louder\n\n${BODY}`,
  files: LOUDER,
  ...more,
});

const PATCHES: readonly Patch[] = [
  louder(),
  louder({ args: ["--attach"] }),
  louder({ args: ["--inline", "-v3"] }),
  louder({ args: ["--base=main"], based: true }),
  louder({ edit: encoded("base64", (body) => base64(body, 76)) }),
  louder({ edit: encoded("base64", (body) => base64(body.replaceAll("\n", "\r\n"), 76)) }),
  louder({ edit: encoded("quoted-printable", quotedPrintable) }),
  louder({ edit: encoded("8bit", stuffed, "text/plain; charset=UTF-8; format=flowed") }),
  louder({
    edit: encoded(
      "quoted-printable",
      (body) => quotedPrintable(stuffed(body)),
      "text/plain; charset=UTF-8; format=flowed; delsp=yes",
    ),
  }),
  louder({ edit: (mail) => withPart(mail, "Content-Type: text/plain", "____\nlist", false) }),
  louder({ args: ["--from=Bob <bob@example.org>"] }),
  louder({ args: ["--from=Bob <bob@example.org>"], by: "bob@example.org" }),
  louder({
    edit: (mail) => withBody(mail, (body) => `Subject: [PATCH] song: in-body\n\n${body}`),
  }),
  // two commits that a splice of mails could combine
  { message: `keys: mine\n\n${BODY}`, files: { "keys.txt": "alice\nalice\n" } },
  {
    message: "song: caf\u00e9\n\nTr\u00e8s bien.\n",
    files: { "latin.txt": latin("caf\xe9s\nend\n") },
  },
  {
    message: "song: caf\u00e9\n\nTr\u00e8s bien.\n",
    files: { "latin.txt": latin("caf\xe9s\nend\n") },
    edit: encoded(
      "8bit",
      (body) => body.replace("Tr\xc3\xa8s", "Tr\xe8s"),
      "text/plain; charset=ISO-8859-1",
    ),
  },
  {
    message: "song: moved, and one new\n",
    files: { "song.txt": null, "hymn.txt": SONG, "new.mk": "all:\n\ttrue\n" },
    args: ["-M"],
  },
  {
    message: "data\n",
    files: { "data.bin": Buffer.from(Array.from({ length: 300 }, (_, i) => (i * 7) & 255)) },
  },
  // the change fits in many places: only its line numbers say where it belongs
  { message: `verses: one less\n\n${BODY}`, files: { "verses.txt": without(VERSES, 6) } },
  {
    message: `verses: one less\n\n${BODY}`,
    files: { "verses.txt": without(VERSES, 9) },
    args: ["-U1"],
  },
  { message: "no body", files: { "keys.txt": "alice", "empty.txt": "" } },
  // a mode change without a hunk, and one with
  { message: `run: may be run\n\n${BODY}`, files: {}, executable: "run.sh" },
  { message: "run: louder", files: { "run.sh": "#!/bin/sh\necho la\n" }, executable: "run.sh" },
  // CRLF: git writes its own lines with LF
  { message: `dos: two\n\n${BODY}`, files: { "dos.txt": "one\r\nTWO\r\n\r\nthree\r\n" } },
  {
    message: "dos: mixed",
    files: { "dos.txt": "one\ntwo\r\nx\r\r\n\r\nthree\r\n", "new.bat": "x\r\ny" },
  },
];

/** Options under which git am makes the original commit from an honest mail. */
function optionsFor({ diff }: Checked): string[] {
  if (diff!.rawCr === "some") return ["--keep-cr"];
  return diff!.allCr ? ["--quoted-cr=strip"] : [];
}

function without(text: string, verse: number): string {
  const lines = text.split("\n");
  lines.splice(verse * 4 + 1, 1);
  return lines.join("\n");
}

function latin(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

/** @param folder for the repository that the mails apply to */
export function signedMails(folder: string): { base: string; originals: readonly Original[] } {
  const base = newRepository(folder);
  const head = commit(base, "start", {
    "song.txt": SONG,
    "keys.txt": "alice\n",
    "latin.txt": latin("caf\xe9\nend\n"),
    "run.sh": "#!/bin/sh\n",
    "verses.txt": VERSES,
    "dos.txt": "one\r\ntwo\r\n\r\nthree\r\n",
  });
  const mails = PATCHES.map(({ message, files, executable, args = [], edit = asIs, by, based }) => {
    git(base, ["checkout", "-q", "--detach", head]);
    if (executable !== undefined) chmodSync(join(base, executable), 0o755);
    commit(base, message, files);
    const mbox = git(base, ["format-patch", "--stdout", "-1", ...args]);
    const text = edit(messages(mbox, { keepCr: true })[0]!.bytes!.toString("latin1"));
    const terms = { ...(by === undefined ? {} : { by }), base: based === true ? head : null };
    return signMails([latin(text)], terms)[0]!;
  });
  git(base, ["checkout", "-q", "main"]);

  const am = openAm(base);
  try {
    const originals = mails.map((mail, i) => {
      const checked = check(mail);
      const commits = am.am(mail, optionsFor(checked));
      if (!isGood(checked) || commits === null)
        throw new Error(`the honest mail ${i} is not good: ${mail.toString("latin1")}`);
      return { mail, checked, commits };
    });
    return { base, originals };
  } finally {
    am.close();
  }
}
