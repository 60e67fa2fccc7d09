/**
 * What the owner of a feed says of it, signed (docs/spec/feed.md): its name, its addresses, and how far each
 * epoch was at that time. Whoever follows it can tell that history was rewritten, or mails are withheld.
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

/** What is in a feed, by the word that its description has for it. */
export const FEED_KINDS: readonly string[] = ["patches", "reviews", "results", "discussion"];

/** How far an epoch was. */
export interface EpochState {
  readonly epoch: number;
  /** Its newest commit then, 40 or 64 digits. */
  readonly head: string;
  /** How many commits it had. */
  readonly count: number;
}

export interface FeedDescription {
  /** Seconds since 1970, by the signer's clock. */
  readonly time: number;
  /** The owner's identity, as the owner claims it. ASCII. */
  readonly by: string;
  readonly name: string;
  readonly urls: readonly string[];
  /** Some of `FEED_KINDS`, in their order. */
  readonly kinds: readonly string[];
  /** By ascending numbers: the newest ones, if they are very many. */
  readonly epochs: readonly EpochState[];
}

export type SignedDescription = SignedText<FeedDescription>;

export const MAX_URLS = 8;
/** Epochs that a description names: of 64 MiB each. */
export const MAX_DESCRIBED = 256;
const MAX_TEXT = 65_536;

/** What a feed can be called. */
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
  // the digest gives the comment the length that a signature by ssh-agent needs
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

/** How its mail's subject begins: so that it is found among headers. */
const DESCRIPTION_SUBJECT = "[feed] ";

/** The mail: the same description gives the same bytes. @param person the owner's name; "" for none */
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

/** What a mail has that came through a mail server, or a list: in a list's feed, it is anybody's. */
const ON_ITS_WAY = ["received", "list-id"];

/** The descriptions in a mail, good and bad ones; none of a mail that was sent. */
export function descriptionsIn(mail: Buffer, verifier: Verifier): TextReading<FeedDescription>[] {
  const text = replyText(dropCr(mail));
  // most mails have none
  if (text === null || !text.includes("patchsig-feed-v")) return [];
  const header = headerOf(mail);
  if (header === null || ON_ITS_WAY.some((name) => header.all(name).length > 0)) return [];
  return signedTextsIn(FEED_TEXT, text, verifier);
}

/** A feed that has not described itself for so long is asleep, or its description is withheld. In seconds. */
export const ASLEEP = 60 * 86_400;
