/**
 * A feed's description, signed by its owner (docs/spec/feed.md): name, addresses, and the newest commit and the length
 * of each epoch at that time. Followers can tell by it that the history was rewritten, or that mails are withheld.
 */

import { headerOf } from "./commit.ts";
import { dropCr } from "../mail/line-ends.ts";
import { encodeName } from "../mail/encoded-words.ts";
import { replyText } from "../mail/reply-text.ts";
import type { Verifier } from "../minisign/ed25519.ts";
import { sha256 } from "../patch/attestation.ts";
import {
  type FieldRule,
  type FieldValues,
  formatSignedText,
  type SignedText,
  signedTextsIn,
  type TextKind,
  type TextReading,
} from "../patch/signed-text.ts";
import { mailDate } from "../primitives/time.ts";
import { count } from "../primitives/words.ts";
import { normaliseIdentity } from "../trust/identity.ts";

/** The words by which a description says what a feed holds. */
export const FEED_KINDS: readonly string[] = ["patches", "reviews", "results", "discussion"];

/** The state of an epoch when a description was signed. */
export interface EpochState {
  readonly epoch: number;
  /** Its newest commit, 40 or 64 hex digits. */
  readonly head: string;
  /** How many commits it had. */
  readonly count: number;
}

/** What a description says. */
export interface FeedDescription {
  /** Seconds since the epoch, by the signer's clock. */
  readonly time: number;
  /** The owner's identity, as the owner claims it. ASCII. */
  readonly by: string;
  readonly name: string;
  readonly urls: readonly string[];
  /** Some of `FEED_KINDS`, in their order. */
  readonly kinds: readonly string[];
  /** By ascending numbers; only the newest `MAX_DESCRIBED`. */
  readonly epochs: readonly EpochState[];
}

export type SignedDescription = SignedText<FeedDescription>;

export const MAX_URLS = 8;
/** Epochs in a description. Each has about 64 MiB. */
export const MAX_DESCRIBED = 256;
const MAX_TEXT = 65_536;

/** A name that a feed can have. */
export const FEED_NAME = /^[!-~]{1,64}$/;
export const FEED_URL = /^(?:https?|git|ssh):\/\/[!-~]{1,500}$/;

const EPOCH = /^(0|[1-9][0-9]{0,4}) head=([0-9a-f]{40}|[0-9a-f]{64}) count=(0|[1-9][0-9]{0,8})$/;

const FIELDS: readonly FieldRule[] = [
  { name: "t", value: /^[1-9][0-9]{9,11}$/ },
  { name: "by", value: /^[!-~]{3,254}$/ },
  { name: "name", value: FEED_NAME },
  { name: "url", value: FEED_URL, most: MAX_URLS },
  {
    name: "kinds",
    value: new RegExp(`^(?:-|(?:${FEED_KINDS.join("|")})(?:,(?:${FEED_KINDS.join("|")}))*)$`),
  },
  { name: "epoch", value: EPOCH, most: MAX_DESCRIBED },
];

export const FEED_TEXT: TextKind<FeedDescription> = {
  name: "feed",
  maxBytes: MAX_TEXT,
  fields: FIELDS,
  read: readDescription,
  write: writeDescription,
  // the digest also makes the comment as long as a signature by ssh-agent needs it
  comment: (said) => `t=${said.time} by=${said.by} name=${said.name} epochs=${stateOf(said)}`,
};

function stateOf({ epochs }: FeedDescription): string {
  return sha256(epochs.map((one) => `${epochText(one)}\n`).join(""));
}

function epochText({ epoch, head, count: commits }: EpochState): string {
  return `${epoch} head=${head} count=${commits}`;
}

function readDescription(values: FieldValues): FeedDescription | null {
  const text = (name: string): string => values[name]![0]!;
  const epochs = values["epoch"]!.map((value) => {
    const [, epoch, head, commits] = EPOCH.exec(value) as unknown as string[];
    return { epoch: Number(epoch), head: head!, count: Number(commits) };
  });
  const kinds = text("kinds") === "-" ? [] : text("kinds").split(",");
  const by = text("by");
  const ascending = (numbers: readonly number[]): boolean =>
    numbers.every((number, i) => i === 0 || number > numbers[i - 1]!);
  const isSound =
    normaliseIdentity(by) === by &&
    ascending(kinds.map((kind) => FEED_KINDS.indexOf(kind))) &&
    ascending(epochs.map(({ epoch }) => epoch));
  if (!isSound) return null;
  return { time: Number(text("t")), by, name: text("name"), urls: values["url"]!, kinds, epochs };
}

function writeDescription({ time, by, name, urls, kinds, epochs }: FeedDescription): FieldValues {
  return {
    t: [String(time)],
    by: [by],
    name: [name],
    url: urls,
    kinds: [kinds.length === 0 ? "-" : kinds.join(",")],
    epoch: epochs.map(epochText),
  };
}

/** How the subject of a description's mail begins, so that it is found without its body. */
const DESCRIPTION_SUBJECT = "[feed] ";

/** Makes the mail; the same description gives the same bytes. @param person the owner's name; "" for none */
export function descriptionMail(signed: SignedDescription, person: string): Buffer {
  const { time, by, name, epochs } = signed.said;
  const from = person === "" ? by : `${encodeName(person, "From: ".length)} <${by}>`;
  const commits = epochs.reduce((sum, epoch) => sum + epoch.count, 0);
  const id = sha256(signed.text).slice(0, 26);
  return Buffer.from(
    [
      `From: ${from}`,
      `Date: ${mailDate(time)}`,
      `Subject: ${DESCRIPTION_SUBJECT}${name}`,
      `Message-ID: <f.${id}@${by.slice(by.indexOf("@") + 1)}>`,
      "Auto-Submitted: auto-generated",
      "MIME-Version: 1.0",
      "Content-Type: text/plain; charset=us-ascii",
      "",
      `${name}: ${count(commits, "mail")} in ${count(epochs.length, "epoch")}`,
      "",
      formatSignedText(signed),
    ].join("\n"),
  );
}

/** Fields that mail servers and lists add. In a list's feed, a description with them may be from anybody. */
const ON_ITS_WAY = ["received", "list-id"];

/** The descriptions in a mail, with good signatures and bad ones; [] if it came through a server or a list. */
export function descriptionsIn(mail: Buffer, verifier: Verifier): TextReading<FeedDescription>[] {
  const text = replyText(dropCr(mail));
  // most mails have none
  if (text === null || !text.includes("patchsig-feed-v")) return [];
  const header = headerOf(mail);
  if (header === null || ON_ITS_WAY.some((name) => header.all(name).length > 0)) return [];
  return signedTextsIn(FEED_TEXT, text, verifier);
}

/** Seconds without a new description, after which a feed is asleep, or its descriptions are withheld. */
export const ASLEEP = 60 * 86_400;
