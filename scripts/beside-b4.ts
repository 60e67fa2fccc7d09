/**
 * Compares the mails of `send` with those of b4 as they arrive, branch by branch; docs/with-b4.md has what came of it:
 *
 *     npm run beside-b4 -- ~/src/git.git
 *
 * The branches are the newest that the repository's main line has merged. Each is sent by `b4 prep` and `b4 send`, and by
 * `patchsig send`, with the same cover letter to the same list, from a clone in a temporary folder, to a postfix that
 * puts all mail into one maildir. As root, with what `scripts/tools.sh transports` installs, and b4.
 */

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readFields } from "../src/mail/fields.ts";
import { readMail } from "../src/mail/mailinfo.ts";
import { readDiff } from "../src/diff/diff.ts";
import { decodeWords } from "../src/mail/rfc2047.ts";
import { formatAddressee, readAddressees } from "../src/outgoing/addressee.ts";
import { freePort } from "../test/support/port.ts";
import { type Postfix, startPostfix } from "../test/transports/postfix.ts";
import { until } from "../test/transports/servers.ts";

const PROGRAM = join(import.meta.dirname, "..", "..", "bin", "patchsig.js");
const BRANCHES = 10;
const MOST_PATCHES = 15;
const COVER = "what this is about\n\nThe text of it.\n";

interface Branch {
  readonly name: string;
  readonly tip: string;
  readonly base: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

function run(
  file: string,
  args: readonly string[],
  cwd: string,
  env: Environment,
  input = "",
): string {
  return execFileSync(file, args, { cwd, env, maxBuffer: 1 << 28, input, stdio: "pipe" })
    .toString()
    .trim();
}

/** The newest branches that the main line of a repository has merged and that b4 and git can send. */
function branchesOf(repository: string, env: Environment): Branch[] {
  const git = (...args: string[]): string => run("git", args, repository, env);
  const merges = git("log", "--merges", "--first-parent", "--format=%H %s", "-400").split("\n");
  const branches: Branch[] = [];
  for (const line of merges) {
    const [, merge, name] = /^(\w+) Merge branch '([\w./-]+)'/.exec(line) ?? [];
    if (merge === undefined || name === undefined || branches.length === BRANCHES) continue;
    const base = git("merge-base", `${merge}^1`, `${merge}^2`);
    const of = (...words: string[]): number =>
      Number(git("rev-list", "--count", ...words, `${base}..${merge}^2`));
    const patches = of("--no-merges");
    // half of them with a cover letter
    const wanted = branches.length % 2 === 0 ? patches > 1 : patches === 1;
    if (of("--merges") > 0 || patches > MOST_PATCHES || !wanted) continue;
    branches.push({ name, tip: git("rev-parse", `${merge}^2`), base });
  }
  return branches;
}

/** A mail as somebody sees it in a mail program, and to whom the server was told to give it. */
interface SeenMail {
  readonly subject: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  /** Seconds after the first mail, and the time zone. */
  readonly date: string;
  /** The place in the series of the mail that it replies to; null for none. */
  readonly parent: number | null;
  /** The same of its References. */
  readonly references: string;
  readonly encoding: string;
  readonly author: string;
  readonly message: string;
  readonly diff: string;
  readonly envelopeSender: string;
  readonly envelope: readonly string[];
  readonly fields: readonly string[];
}

/** Everybody gets a copy of their own: those of a mail, in the order of the series. */
function copiesIn(box: string): Buffer[][] {
  const copies = readdirSync(box).map((name) => readFileSync(join(box, name)));
  const mails = new Map<string, Buffer[]>();
  for (const copy of copies) {
    const id = fieldOf(copy, "message-id");
    mails.set(id, [...(mails.get(id) ?? []), copy]);
  }
  const placeOf = ([mail]: readonly Buffer[]): number =>
    Number(/^\[[^\]]*?(\d+)\/\d+\]/.exec(textOf(mail!, "subject"))?.[1] ?? 1);
  return [...mails.values()].toSorted((one, other) => placeOf(one) - placeOf(other));
}

function fieldOf(mail: Buffer, wanted: string): string {
  const found = readFields(mail).find(({ name }) => name === wanted);
  return Buffer.from(found?.value ?? "", "latin1")
    .toString()
    .trim();
}

function textOf(mail: Buffer, wanted: string): string {
  return decodeWords(Buffer.from(fieldOf(mail, wanted))).toString();
}

function readMails(box: string): SeenMail[] {
  const all = copiesIn(box);
  const ids = all.map(([mail]) => fieldOf(mail!, "message-id"));
  const start = Date.parse(fieldOf(all[0]![0]!, "date"));
  const people = (mail: Buffer, name: string): string[] =>
    readAddressees(textOf(mail, name)).map(formatAddressee);
  return all.map((copies) => {
    const [mail] = copies as [Buffer];
    const read = readMail(mail);
    if (!read.ok) throw new Error(read.refusal.detail);
    const { info, headers, message, patch } = read.value;
    const diff = readDiff(patch, read.value.crs);
    if (!diff.ok) throw new Error(diff.refusal.detail);
    const parent = ids.indexOf(fieldOf(mail, "in-reply-to"));
    const date = fieldOf(mail, "date");
    return {
      subject: headers.subject,
      from: headers.from,
      to: people(mail, "to"),
      cc: people(mail, "cc"),
      date: `+${(Date.parse(date) - start) / 1000} s${date.slice(date.lastIndexOf(" "))}`,
      parent: parent < 0 ? null : parent,
      references: fieldOf(mail, "references")
        .split(/\s+/)
        .map((id) => ids.indexOf(id))
        .join(),
      encoding: fieldOf(mail, "content-transfer-encoding") || "7bit",
      author: `${info.author.toString()} <${info.email.toString()}>`,
      message: message.toString(),
      diff: diff.value.canonical.toString("latin1"),
      envelopeSender: fieldOf(mail, "return-path"),
      envelope: copies.map((copy) => fieldOf(copy, "x-original-to")),
      fields: readFields(mail).map(({ name }) => name),
    };
  });
}

/** What of a mail differs, a line each. */
function differences(b4: SeenMail, own: SeenMail): string[] {
  const keys = [
    "subject",
    "from",
    "date",
    "parent",
    "references",
    "encoding",
    "author",
    "diff",
    "envelopeSender",
  ] as const;
  const plain = keys.flatMap((key) =>
    b4[key] === own[key]
      ? []
      : [key === "diff" ? "diff" : `${key}: b4 ${b4[key]}, ours ${own[key]}`],
  );
  const lists = (["to", "cc", "envelope"] as const).flatMap((key) => [
    ...b4[key].filter((one) => !own[key].includes(one)).map((one) => `${key}: only b4: ${one}`),
    ...own[key].filter((one) => !b4[key].includes(one)).map((one) => `${key}: only ours: ${one}`),
  ]);
  return [...plain, ...lists, ...(b4.message === own.message ? [] : ["message"])];
}

/** Names of header fields that mails have and their counterparts have not. */
function onlyOf(mails: readonly SeenMail[], others: readonly SeenMail[]): string[] {
  return mails.flatMap(({ fields }, i) =>
    fields.filter((name) => others[i]?.fields.includes(name) !== true),
  );
}

async function sendBoth(
  work: string,
  { tip }: Branch,
  {
    cover,
    env,
    arrivals,
  }: { cover: string; env: Environment; arrivals: () => Promise<SeenMail[]> },
): Promise<[SeenMail[], SeenMail[]]> {
  run("git", ["switch", "-q", "-C", "for-b4", tip], work, env);
  run("git", ["branch", "-f", "topic", tip], work, env);
  run("b4", ["prep", "-e", "origin/main"], work, env);
  const editor = `cp ${cover}`;
  run("b4", ["prep", "--edit-cover"], work, { ...env, EDITOR: editor, GIT_EDITOR: editor });
  // it waits for Enter
  run("b4", ["send", "--no-sign"], work, env, "\n");
  const theirs = await arrivals();
  const args = ["send", "topic", "--yes", "--to", "list@example.org", "--allow", "unfinished"];
  const letter = theirs.length === 1 ? ["--no-cover"] : ["--cover", cover];
  run(process.execPath, [PROGRAM, ...args, ...letter], work, env);
  return [theirs, await arrivals()];
}

/** A server to which every address is one of its own: nothing leaves this machine. */
async function newServer(folder: string): Promise<{ port: number; postfix: Postfix; box: string }> {
  mkdirSync(folder);
  const port = await freePort();
  const main = `mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
virtual_mailbox_domains = static:all
virtual_mailbox_maps = static:box/
default_transport = error:nothing leaves
relay_transport = error:nothing leaves
`;
  const postfix = await startPostfix(folder, { listen: [{ port }], main });
  return { port, postfix, box: join(postfix.mail, "box", "new") };
}

/** Waits until all that the server took is delivered, reads it, and removes it. */
async function arrivalsAt({ postfix, box }: { postfix: Postfix; box: string }, env: Environment) {
  const queue = (): string => run("postqueue", ["-c", postfix.etc, "-j"], "/", env);
  await until(() => queue() === "", queue);
  const mails = readMails(box);
  for (const name of readdirSync(box)) rmSync(join(box, name));
  return mails;
}

const [repository] = process.argv.slice(2);
if (repository === undefined) throw new Error("name a repository whose main line merges branches");
const folder = mkdtempSync(join(tmpdir(), "patchsig-beside-b4."));
chmodSync(folder, 0o755);
const server = await newServer(join(folder, "server"));
try {
  const [origin, work, home, cover] = ["origin.git", "work", "home", "cover"].map((name) =>
    join(folder, name),
  ) as [string, string, string, string];
  mkdirSync(home);
  writeFileSync(cover, COVER);
  writeFileSync(
    join(home, ".gitconfig"),
    `[user]
  name = Sub Mitter
  email = sub@example.org
[b4]
  send-series-to = list@example.org
[sendemail]
  smtpServer = 127.0.0.1
  smtpServerPort = ${server.port}
`,
  );
  const env = {
    PATH: process.env["PATH"],
    HOME: home,
    XDG_DATA_HOME: join(home, "data"),
    LC_ALL: "C.UTF-8",
  };
  const arrivals = (): Promise<SeenMail[]> => arrivalsAt(server, env);
  run(process.execPath, [PROGRAM, "key", "generate", "-W"], home, env);
  const branches = branchesOf(repository, env);
  run("git", ["clone", "-q", "--shared", "--bare", repository, origin], folder, env);
  const old = run("git", ["for-each-ref", "--format=delete %(refname)"], origin, env);
  execFileSync("git", ["update-ref", "--stdin"], { cwd: origin, env, input: `${old}\n` });
  run("git", ["symbolic-ref", "HEAD", "refs/heads/main"], origin, env);
  run("git", ["update-ref", "refs/heads/main", branches[0]!.base], origin, env);
  run("git", ["clone", "-q", "--shared", origin, work], folder, env);
  const only: string[] = [];
  for (const branch of branches) {
    run("git", ["update-ref", "refs/heads/main", branch.base], origin, env);
    run("git", ["fetch", "-q", "origin", "+main:refs/remotes/origin/main"], work, env);
    const [theirs, own] = await sendBoth(work, branch, { cover, env, arrivals });
    const lines = theirs.flatMap((mail, i) => {
      const other = own[i];
      const all = other === undefined ? ["missing"] : differences(mail, other);
      return all.map((line) => `  ${mail.subject}: ${line}`);
    });
    const mails = `${theirs.length} mails of b4, ${own.length} of ours`;
    process.stdout.write([`${branch.name}: ${mails}`, ...lines, ""].join("\n"));
    only.push(...onlyOf(theirs, own).map((name) => `b4: ${name}`));
    only.push(...onlyOf(own, theirs).map((name) => `ours: ${name}`));
    run("git", ["update-ref", "-d", "refs/patchsig/series/topic"], work, env);
    run("git", ["update-ref", "-d", "refs/tags/sent/for-b4-v1"], work, env);
    run("git", ["switch", "-q", "--detach", branch.base], work, env);
    run("git", ["branch", "-D", "-q", "for-b4", "topic"], work, env);
  }
  const times = (line: string): number => only.filter((one) => one === line).length;
  for (const line of new Set(only))
    process.stdout.write(`header fields, only ${line}: ${times(line)} mails\n`);
} finally {
  await server.postfix.stop();
  rmSync(folder, { recursive: true, force: true });
}
