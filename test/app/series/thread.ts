/** Mails of a thread, some of them signed, read and judged as the program does. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { chooseSeries, type SeriesChoice } from "../../../src/app/series/choose.ts";
import { readAllSeries, type SeriesRead } from "../../../src/app/series/read.ts";
import { composed } from "../../../src/app/series/compose.ts";
import { judgedVersions } from "../../../src/app/series/versions.ts";
import type { HandLink } from "../../../src/series/works.ts";
import { openTrustStore } from "../../../src/store/trust-store.ts";
import { NO_PINS } from "../../../src/trust/pins.ts";
import { DEFAULT_POLICY, type Policy } from "../../../src/verify/policy.ts";
import { type VersionMail, versionMail } from "../../../src/verify/versions.ts";
import { newFolder } from "../../support/folders.ts";
import { signMails } from "../../support/signing.ts";

interface MailOptions {
  /** The mails that it refers to, the nearest last. */
  readonly re?: string;
  readonly from?: string;
  /** What the patch changes; by default, what its title says. */
  readonly to?: string;
  readonly text?: string;
}

/** A patch, or a cover letter if its number is 0. */
export function mail(id: string, subject: string, options: MailOptions = {}): Buffer {
  const { re = "", from = "Alice <alice@example.org>", text = "Why." } = options;
  const title = subject.replace(/^\[[^\]]*\] */, "");
  const file = title.replace(/\W+/g, "-");
  const diff = `---\ndiff --git a/${file} b/${file}\n--- a/${file}\n+++ b/${file}\n@@ -1 +1 @@\n-1\n+${options.to ?? title}\n`;
  const references = re.split(" ").map((one) => `<${one}@x>`);
  return Buffer.from(
    [
      `From: ${from}`,
      `Subject: ${subject}`,
      "Date: Fri, 6 Nov 2026 22:00:00 +0000",
      `Message-ID: <${id}@x>`,
      ...(re === ""
        ? []
        : [`In-Reply-To: ${references.at(-1)}`, `References: ${references.join(" ")}`]),
      "",
      text,
      / 0+\//.test(subject) || subject.startsWith("Re:") ? "" : diff,
    ].join("\n"),
  );
}

/** Version `version` of `[PATCH n/2]`, each mail called `PREFIXn`. */
export function two(prefix: string, label: string, options: MailOptions = {}): Buffer[] {
  const root = `${options.re ?? ""} ${prefix}0`.trim();
  return [
    mail(`${prefix}0`, `[${label} 0/2] both`, options),
    mail(`${prefix}1`, `[${label} 1/2] one`, { ...options, re: root }),
    mail(`${prefix}2`, `[${label} 2/2] other`, { ...options, re: root }),
  ];
}

export const signed = signMails;

/** All series of these mails. */
async function read(
  mails: readonly Buffer[],
  policy: Partial<Policy> = {},
  wanted: readonly string[] = [],
): Promise<SeriesRead<VersionMail>> {
  const folder = newFolder();
  const file = join(folder, "thread.mbox");
  const from = "From x Fri Nov  6 22:00:00 2026\n";
  writeFileSync(file, mails.map((one) => `${from}${one.toString("latin1")}\n`).join(""), "latin1");
  const store = openTrustStore({ file: join(folder, "trust.db") });
  try {
    const options = {
      sources: [file],
      policies: { general: { ...DEFAULT_POLICY, ...policy }, overrides: [] },
      pins: NO_PINS,
      devKeyrings: [],
      signedOnly: false,
      dkim: null,
      dryRun: false,
    };
    const kept = { keep: versionMail, diffs: false, mails: wanted, strict: true };
    const reporter = { say: () => {}, sayError: () => {}, progress: null };
    return await readAllSeries(options, kept, store, reporter);
  } finally {
    store.close();
  }
}

/** What is chosen, and what is said; or the error. */
export async function chosen(
  mails: readonly Buffer[],
  choice: Partial<SeriesChoice> = {},
  { hand = [], policy = {} }: { hand?: readonly HandLink[]; policy?: Partial<Policy> } = {},
): Promise<string[]> {
  const all = judgedVersions((await read(mails, policy)).all, (facts) => facts);
  const whole = { composed: false, mails: [], ...choice };
  try {
    const { version, parts, said } = chooseSeries(all, whole, hand);
    const series = parts.length === 0 ? version.series : composed(version, parts);
    const ids = series.members.map(({ result }) => result.messageId.replace(/^<|@x>$/g, ""));
    return [`${version.name}: ${ids.join(" ")}`, ...said];
  } catch (error) {
    return [(error as Error).message];
  }
}
