/** Makes the signed mails of a planned version, each with its Message-ID and its place in the thread. */

import { PatchsigError } from "../../errors.ts";
import type { Repository } from "../../git/repository.ts";
import { encodeName } from "../../mail/encoded-words.ts";
import type { NewField } from "../../outgoing/header.ts";
import { messageIdOf, messageIdParts } from "../../outgoing/message-id.ts";
import type { Reporter } from "../reporter.ts";
import type { OpenSigner } from "../sign/signer.ts";
import { gitArguments, seriesPreparer } from "../sign/prepare-series.ts";
import { type EditFiles, type VersionMails, versionMails } from "./mails.ts";
import type { SendChance, SendPlan } from "./plan.ts";
import { mailDate } from "../../primitives/time.ts";

/** What the patches reply to: nothing, the first mail, or each to the one before it. */
export type ThreadShape = "flat" | "first" | "each";

export interface VersionOptions extends SendChance {
  /** As of PrepareOptions. */
  readonly signer: () => Promise<OpenSigner>;
  /** The address to sign for. */
  readonly by: string;
  /** Who sends: `Name <address>`, of that address. */
  readonly from: string;
  readonly say: Reporter["say"];
  readonly shape: ThreadShape;
  /** Finds the mails' recipients from what git wrote; returns header fields. */
  readonly fields: (mails: readonly Buffer[]) => Promise<readonly (readonly NewField[])[]>;
  readonly edit: EditFiles | null;
}

/** @throws PatchsigError as git refuses, and as a mail cannot be signed */
export async function makeVersion(
  repository: Repository,
  plan: SendPlan,
  { signer, by, from, now, random, say, shape, fields, edit }: VersionOptions,
): Promise<VersionMails> {
  const { state, version, series, cover, changes, compareWith } = plan;
  const { changeId } = state.settings;
  const ids = messageIdParts({ changeId, version, address: by }, random(6));
  const first = cover === null ? 1 : 0;
  const above = (index: number): string[] => {
    const mails = Array.from({ length: index - first }, (_, i) => messageIdOf(ids, first + i));
    const top = plan.parent === null ? [] : [plan.parent];
    if (index === first) return top;
    return { flat: [], first: [...top, ...mails.slice(0, 1)], each: [...top, ...mails] }[shape];
  };
  const own = await gitArguments(repository, series, { by, from: true });
  // an author who does not send is named in the mail's text
  const { length } = series.range.commits;
  // format.numbered does not count: a series has numbers
  const numbered = length > 1 || cover !== null ? ["--numbered"] : [];
  const args = [`--from=${from}`, ...numbered, ...own];
  const prepare = seriesPreparer(repository, series, { signer, by, time: now });
  const texts = {
    version,
    label: plan.label,
    cover,
    changes,
    changeId,
    compareWith,
    edit,
    fields: async (mails: readonly Buffer[]): Promise<NewField[][]> => {
      const more = await fields(mails);
      return mails.map((_, place) => {
        const index = place + first;
        return [
          // git names the committer as the author of a cover letter
          ...(index === 0 ? [fromField(from)] : []),
          ["Date", mailDate(now + place)],
          ["Message-ID", messageIdOf(ids, index)],
          ...threadFields(above(index)),
          ...more[place]!,
        ];
      });
    },
  };
  const made = await versionMails(repository, texts, { args, prepare, say });
  // of a commit without changes, git before 2.41 writes no mail, and later ones a mail without a diff
  const patches = made.mails.length - (1 - first) - made.signed.unsigned.length;
  if (patches === length) return made;
  throw new PatchsigError("refused", `git wrote ${patches} of ${length} patches`, {
    hint: "a commit without changes has no patch: git rebase -i drops it",
  });
}

/** @param above the Message-IDs above a mail, from the top of the thread */
function threadFields(above: readonly string[]): NewField[] {
  const parent = above.at(-1);
  if (parent === undefined) return [];
  return [
    ["In-Reply-To", parent],
    ["References", above.join("\n ")],
  ];
}

function fromField(from: string): NewField {
  const [, name = "", address = ""] = /^(.*?) *(<[^<>]*>)$/.exec(from) ?? [];
  const encoded = encodeName(name, "From: ".length);
  return ["From", [encoded, address].filter((part) => part !== "").join(" ")];
}
