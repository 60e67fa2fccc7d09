/**
 * Writes the pages as files: follows their links from the first one, and makes the links relative, so that they work in
 * any folder, with a web server or without.
 */

import { createHash } from "node:crypto";
import { PatchsigError } from "../errors.ts";
import type { ExportCounts, ExportFolder } from "./export-folder.ts";

/** Answers a request for a path, as the web server would. */
export type Fetch = (path: string) => Promise<Response>;

/** Where following links begins. */
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

/**
 * @param series how many series get pages; the latest
 * @param onPage called after each page, with how many are done, and how many are known of
 * @throws PatchsigError "unreadable" if a page cannot be made; others as `ExportFolder`. If it fails before pages are
 *   moved, the old pages are as they were
 */
export async function exportPages(
  get: Fetch,
  folder: ExportFolder,
  series: number,
  onPage: (done: number, found: number) => void = () => {},
): Promise<ExportCounts> {
  const plan = new Plan(series);
  for (const path of ENTRIES) plan.file(path);
  let done = 0;
  for (const [path, file] of plan.files) {
    const answer = await get(path);
    if (answer.status >= 500)
      throw new PatchsigError("unreadable", `the page ${path} cannot be made`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    const type = answer.headers.get("content-type") ?? "";
    const content = /html|xml/.test(type)
      ? Buffer.from(relinked(bytes.toString(), file, plan))
      : bytes;
    folder.put(file, content);
    onPage(++done, plan.files.size);
  }
  return folder.publish();
}

/** The addresses that become files, in the order in which they were found. */
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

/** The file of an address, by the first pattern that matches. */
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

/** A name that any file system and URL can hold: lower case, short, and made unique by a digest. */
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
 * Makes the links of a page relative to its file. Text from mails has its quotes escaped, so only attributes of the page
 * itself match.
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
