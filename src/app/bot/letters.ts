/** From a decision to a letter: what is said, to whom, under which name. */

import { letterId, tokenOf } from "../../bot/identity.ts";
import type { View } from "../../bot/letter.ts";
import type { BotSettings } from "../../bot/settings.ts";
import { evidence } from "../../report/base-guess.ts";
import { compose } from "../../send/compose.ts";
import { DAY, day } from "../../primitives/time.ts";
import type { Guessed } from "../base/guesser.ts";
import type { Letter } from "../../send/transport.ts";
import type { DecidedSeries } from "./deciding.ts";
import type { BotAction } from "./action.ts";
import type { Suggest } from "./session.ts";
import type { Render } from "./templates.ts";
import { shortName } from "../../primitives/object-name.ts";

/** A letter as it will leave. */
export interface BotLetter extends Letter {
  readonly messageId: string;
}

/** What every template may name. */
export function commonView({ name, owner, about }: BotSettings): View {
  return { botName: name, owner, about };
}

/**
 * Headers by which programs know that a program wrote this, and people how to stop it (RFC 3834, 3.1.7;
 * RFC 2369). One-click by HTTPS (RFC 8058) would need a web server; a mail is one click too.
 */
export function automaticHeaders(
  kind: "generated" | "replied",
  address: string,
  token = "",
): Record<string, string> {
  return {
    "Auto-Submitted": `auto-${kind}`,
    Precedence: "bulk",
    "X-Auto-Response-Suppress": "All",
    "List-Unsubscribe": `<mailto:${address}?subject=stop${token === "" ? "" : `%20${token}`}>`,
  };
}

/**
 * The letter to one author.
 *
 * @param address the bot's
 */
export async function suggestion(
  decided: DecidedSeries,
  { topics, at }: Suggest,
  settings: BotSettings,
  address: string,
  render: Render,
): Promise<BotAction> {
  const { sender, messageId: answers } = decided.series.first!;
  const text = render("suggest", suggestionView(decided, settings));
  const messageId = letterId("suggest", answers, address);
  const { identity, name } = sender!;
  const cc = settings.mode === "list" && settings.list !== "" ? [settings.list] : [];
  const bytes = await compose({
    from: { name: settings.name, address },
    to: [{ name, address: identity }],
    cc,
    subject: text.subject,
    text: text.body,
    date: at,
    messageId,
    inReplyTo: answers,
    headers: automaticHeaders("generated", address, tokenOf(messageId)),
  });
  const copies = settings.copyTo === null ? [] : [settings.copyTo];
  const letter = { messageId, sender: address, recipients: [identity, ...cc, ...copies], bytes };
  return { kind: "letter", letter, author: decided.author, answers, topics, notBefore: at };
}

/** The same where nothing is sent: what is only planned counts against the limits. */
export function rehearsal({ series }: DecidedSeries, { topics, at }: Suggest): BotAction {
  const { sender, messageId: answers } = series.first!;
  return { kind: "rehearsal", identity: sender!.identity, answers, topics, notBefore: at };
}

/** Without `Re:`; a template's own line is never empty. */
export function bareSubject(subject: string): string {
  return subject.replace(/^(?:re:\s*)+/i, "") || "(no subject)";
}

/** What `suggest.txt` is filled in with. */
export function suggestionView(decided: DecidedSeries, settings: BotSettings): View {
  const { decision, series, situation, guessed, version, total, cover } = decided;
  const topics = decision.kind === "suggest" ? decision.topics : [];
  const { title, subject, sender } = series.first!;
  const { most, period, pause } = settings.rules;
  const { signers } = situation.list;
  const guess = guessView(guessed);
  // "auto" fails without an upstream
  const base = guess === null ? `HEAD~${total}` : guess.short;
  // as they would send the next version of it
  const next = version + 1;
  const options = [`-v${next}`, `-${total}`, ...(cover ? ["--cover-letter"] : [])].join(" ");
  const to = settings.list === "" ? "" : `--to=${settings.list} `;
  return {
    ...commonView(settings),
    name: sender?.name ?? "",
    subject: bareSubject(subject),
    title: title === "" ? "(no title)" : title,
    list: settings.list,
    sign: topics.includes("sign"),
    base: topics.includes("base"),
    signers,
    others:
      signers === 0 ? "" : signers === 1 ? "1 other here signs" : `${signers} others here sign`,
    guess,
    baseCommand: `git format-patch ${options} --base=${base}`,
    signCommand: `git patchsig format-patch ${options} -o out`,
    // the first version may lie there too
    sendCommand: `git send-email ${to}out/v${next}-*.patch`,
    keyCommand: "git patchsig key generate",
    most,
    days: Math.round(period / DAY),
    pauseDays: Math.round(pause / DAY),
  };
}

function guessView(guessed: Guessed | null): (View & { readonly short: string }) | null {
  const [best] = guessed?.candidates ?? [];
  if (guessed === null || best === undefined || guessed.by === "date") return null;
  const { commit, name, time, applies } = best;
  const said = evidence(guessed);
  const described = [...(name === "" || commit.startsWith(name) ? [] : [name]), day(time)].join(
    ", ",
  );
  return {
    commit,
    short: shortName(commit),
    described,
    evidence: [...said, ...(applies === true ? ["the series applies to it"] : [])].join(", "),
  };
}
