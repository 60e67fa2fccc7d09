/** Lists the series of some sources, and the works that they are versions of. */

import type { TrustStore } from "../../store/trust-store.ts";
import { isOnlyUnsigned } from "../../verify/result.ts";
import { type ListedSeries, versionMail } from "../../verify/versions.ts";
import type { Reporter } from "../reporter.ts";
import { noPatchFound } from "../verify/verification.ts";
import { readAllSeries, type ReadOptions } from "./read.ts";
import { judgedVersions, worksIn } from "./versions.ts";

/**
 * Lists series in the order of their numbers. Remembers no keys.
 *
 * @returns `whole`: whether all of the sources could be read; what could not be read is said
 * @throws PatchsigError "no-patch" if there is no series; if that is because a source cannot be read, its error
 */
export async function listSeries(
  options: Omit<ReadOptions, "dryRun">,
  store: TrustStore,
  reporter: Reporter,
): Promise<{ readonly listed: ListedSeries[]; readonly whole: boolean }> {
  const terms = { ...options, dryRun: true };
  const read = await readAllSeries(
    terms,
    { keep: versionMail, diffs: false, strict: false },
    store,
    reporter,
  );
  if (read.all.length === 0) throw read.fault ?? noPatchFound(options.sources, read.messages);
  const versions = judgedVersions(read.all, (facts) => facts);
  const listed = worksIn(versions, store.seriesLinks()).flatMap((work) => {
    const first = Math.min(...work.versions.map(({ number }) => number));
    return work.versions.map((version): ListedSeries => {
      const { id, subject, total, missing, replaces, members } = version.outline;
      const patches = version.series.members.map(({ result }) => result);
      const dates = version.series.received.flatMap(({ payload }) => payload.date ?? []);
      const [{ signer, author }] = patches as [(typeof patches)[number]];
      return {
        type: "listed",
        number: version.number,
        name: version.name,
        work: first,
        versionOf: work.links.flatMap(({ from, to, reason }) =>
          from + 1 === version.number ? [{ number: to + 1, reason }] : [],
        ),
        id,
        subject,
        version: version.facts.version,
        total,
        missing,
        replaces,
        from: signer ?? author?.email ?? "",
        date: dates.length === 0 ? null : dates.reduce((a, b) => Math.min(a, b)),
        proof: version.proof,
        unsigned: patches.every(isOnlyUnsigned),
        applicable: version.isCandidate,
        verdict: version.verdict,
        members,
      };
    });
  });
  return { listed: listed.sort((a, b) => a.number - b.number), whole: read.fault === null };
}
