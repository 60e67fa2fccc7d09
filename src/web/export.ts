/**
 * The pages as files: found by following their links from the first one, and written with links that work in any
 * folder, from a web server or without one. A file is replaced whole, and only if it changes; pages that lead to
 * others come last, and what no page leads to any more is removed after that. What this did not write stays.
 */

import { createHash } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { PatchsigError } from "../errors.ts";
import { writeWhole, writing } from "../store/whole-file.ts";

/** What a page or a file is at an address. */
export type Fetch = (path: string) => Promise<Response>;

export interface ExportCounts {
  readonly files: number;
  readonly written: number;
  readonly removed: number;
  /** Files that were changed by somebody else, and stay though no page leads to them. */
  readonly left: readonly string[];
}

/** Where the crawl begins: what no page leads to is here. */
const ENTRIES = [
  "/",
  "/series",
  "/people",
  "/tests",
  "/feeds",
  "/list",
  "/series.atom",
  "/style.css",
];
const MAX_FILES = 200_000;
/** The list of what was written, with digests. */
const MANIFEST = ".patchsig-export";

/**
 * @param series how many series get pages, the latest
 * @throws PatchsigError "exists" if the folder has files and no export; "unwritable", "disk-full"
 */
export async function exportPages(
  get: Fetch,
  folder: string,
  series: number,
  onPage: (files: number) => void = () => {},
): Promise<ExportCounts> {
  const shelf = new ExportFolder(folder);
  const plan = new Plan(series);
  const last = new Map<string, Buffer>();
  for (const path of ENTRIES) plan.file(path);
  for (const [path, file] of plan.files) {
    const answer = await get(path);
    if (answer.status >= 500) throw new PatchsigError("unreadable", `${path} cannot be made`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    const type = answer.headers.get("content-type") ?? "";
    const content = /html|xml/.test(type)
      ? Buffer.from(relinked(bytes.toString(), file, plan))
      : bytes;
    if (file.includes("/")) shelf.put(file, content);
    else last.set(file, content);
    onPage(plan.files.size);
  }
  for (const [file, content] of [...last].toReversed()) shelf.put(file, content);
  return { files: plan.files.size, ...shelf.finish() };
}

/** Which addresses become files, in the order in which they were found. */
class Plan {
  readonly files = new Map<string, string>();
  readonly #most: number;
  #series = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** The file of an address; null if it is not exported. */
  file(path: string): string | null {
    const known = this.files.get(path);
    if (known !== undefined) return known;
    const file = fileOf(path);
    if (file === null || this.files.size >= MAX_FILES) return null;
    const isFull = this.#series >= this.#most;
    if (file.startsWith("series") && path !== "/series" && !path.endsWith(".atom") && isFull)
      return null;
    if (file.startsWith("series/")) this.#series++;
    this.files.set(path, file);
    return file;
  }
}

/** Addresses by their files; the first that fits. */
const FILES: readonly (readonly [pattern: RegExp, file: (match: RegExpExecArray) => string])[] = [
  [/^\/$/, () => "index.html"],
  [/^\/(style\.css|series\.atom)$/, ([, name]) => name!],
  [/^\/(series|people|tests|feeds|list)$/, ([, name]) => `${name}.html`],
  [/^\/series\?after=(\d+-\d+)$/, ([, after]) => `series-after-${after}.html`],
  [/^\/series\/[^/?]+\/diff\?from=[^/?&]+$/, ([all]) => `diff/${safeName(all)}.html`],
  [
    /^\/(series|patch|people)\/([^/?]+)(?:\?copy=\d+)?$/,
    ([all, kind, id]) => `${kind}/${safeName(all, id)}.html`,
  ],
  [/^\/([^/?]+)\/raw(?:\?copy=\d+)?$/, ([all, id]) => `raw/${safeName(all, id)}.txt`],
  [/^\/([^/?]+)\/t\.mbox\.gz$/, ([all, id]) => `thread/${safeName(all, id)}.mbox.gz`],
];

function fileOf(path: string): string | null {
  for (const [pattern, file] of FILES) {
    const match = pattern.exec(path);
    if (match !== null) return file(match);
  }
  return null;
}

const MAX_NAME = 60;

/** For every file system: lower case, short, nothing that a URL escapes; told from all others by a digest. */
function safeName(path: string, id = ""): string {
  const digest = createHash("sha256").update(path).digest("hex").slice(0, 16);
  const words = id
    .toLowerCase()
    .replaceAll(/%[0-9a-f]{2}/g, "-")
    .replaceAll(/[^a-z0-9]+/g, "-");
  return [words.replace(/^-+/, "").slice(0, MAX_NAME).replace(/-+$/, ""), digest]
    .filter((part) => part !== "")
    .join("-");
}

const POLICY = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'">`;

/**
 * Links of a page as they are from its file. A mail's own quotes are escaped in it, so that only the page's own
 * attributes are found.
 */
function relinked(text: string, file: string, plan: Plan): string {
  const up = "../".repeat(file.split("/").length - 1);
  return text
    .replace(/<meta charset="utf-8">/, (meta) => `${meta}\n${POLICY}`)
    .replace(/<a href="\/search"[^>]*>search<\/a>/, "")
    .replaceAll(/ href="(?:http:\/\/localhost)?(\/[^"]*)"/g, (_, path: string) => {
      const target = plan.file(path.replaceAll("&amp;", "&"));
      return target === null ? "" : ` href="${up}${target}"`;
    });
}

/** A folder with an export, or an empty one. */
class ExportFolder {
  readonly #folder: string;
  readonly #before: ReadonlyMap<string, string>;
  readonly #now = new Map<string, string>();
  #written = 0;

  constructor(folder: string) {
    this.#folder = folder;
    writing(folder, () => void mkdirSync(folder, { recursive: true }), "make");
    const manifest = join(folder, MANIFEST);
    if (!existsSync(manifest) && readdirSync(folder).length > 0)
      throw new PatchsigError("exists", `${folder} is not empty, and has no export`, {
        hint: "name an empty folder, or a new one",
      });
    this.#before = existsSync(manifest) ? readManifest(manifest) : new Map();
  }

  put(name: string, content: Buffer): void {
    const digest = sha256(content);
    const file = join(this.#folder, name);
    this.#now.set(name, digest);
    if (this.#before.get(name) === digest && sizeOf(file) === content.length) return;
    if (!this.#before.has(name) && existsSync(file))
      throw new PatchsigError("exists", `${file} is there already, and is not of an export`);
    writing(file, () => {
      // first in the list: what a killed run has written is known to the next one
      appendFileSync(join(this.#folder, MANIFEST), `${digest}  ${name}\n`);
      mkdirSync(dirname(file), { recursive: true });
      writeWhole(file, content);
    });
    this.#written++;
  }

  /** Removes what is left of the export before. */
  finish(): Omit<ExportCounts, "files"> {
    const left: string[] = [];
    let removed = 0;
    for (const [name, digest] of this.#before) {
      const file = join(this.#folder, name);
      if (this.#now.has(name) || sizeOf(file) === null) continue;
      if (sha256(readFileSync(file)) !== digest) left.push(file);
      else {
        writing(file, () => rmSync(file), "remove");
        removed++;
      }
    }
    const list = [...this.#now].map(([name, digest]) => `${digest}  ${name}\n`).join("");
    const manifest = join(this.#folder, MANIFEST);
    writing(manifest, () => writeWhole(manifest, list));
    return { written: this.#written, removed, left };
  }
}

/** Names that this writes, and no others: the folder may be anybody's. */
const LINE = /^([0-9a-f]{64}) {2}((?:[a-z]+\/)?[a-z0-9][a-z0-9.-]*)$/;

function readManifest(file: string): Map<string, string> {
  const lines = readFileSync(file, "latin1").split("\n");
  return new Map(
    lines.flatMap((line) => {
      const [, digest, name] = LINE.exec(line) ?? [];
      return digest === undefined || name === undefined ? [] : [[name, digest] as const];
    }),
  );
}

function sizeOf(file: string): number | null {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat?.isFile() === true ? stat.size : null;
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
