import { describe, expect, test } from "vitest";
import { wishIn } from "../../src/bot/reply.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";

/** In the words of people. */
const PHRASES: readonly string[] = [
  "stop it",
  "Stop this.",
  "Please stop sending these.",
  "please stop emailing me",
  "Could you stop, please?",
  "Would you kindly stop?",
  "I want this to stop",
  "You stop here?",
  "stopp",
  "unsubscribe me",
  "unsubscribe please",
  "Please unsubscribe me from this list.",
  "unsuscribe",
  "opt out please",
  "I'd like to opt out",
  "opt me out",
  "remove me from this list",
  "Please remove my address.",
  "take me off your list",
  "delete me",
  "No.",
  "Nope",
  "no, thank you very much",
  "Thanks, but no thanks.",
  "Not interested.",
  "I am not interested in this",
  "uninterested",
  "Don't send me this.",
  "do not contact me again",
  "Please don't.",
  "I don't want these mails",
  "I never asked for this, don't write to me",
  "never write to me again",
  "no more mails",
  "no further messages, please",
  "Leave me alone",
  "go away",
  "get lost",
  "cease and desist",
  "quit it",
  "That's enough.",
  "This is spam",
  "I consider this unsolicited",
  "How annoying.",
  "I'll pass",
  "I decline.",
  "I'd rather not",
  "cancel",
  "shut up",
  "fuck off",
  "turn this off",
  "count me out",
  "not for me",
  "Kindly refrain from sending such mails",
  "No need.",
  "I have no use for this",
  "please no",
  "Could you please not?",
  "NAK",
  "I'm good, thanks",
  "Get out of my inbox",
  "give it a rest",
  "Wrong person",
  "STOPALL",
  "OPTOUT",
  "make it stop",
  "🛑",
  "Bitte keine weiteren Mails",
  "Nein danke",
  "Hören Sie auf damit",
  "Arrêtez s'il vous plaît",
  "non merci",
  "No, gracias",
  "Não, obrigado",
  "Basta!",
  "Nee, bedankt",
  "Хватит",
  "не пишите мне больше",
  "退订",
  "请不要再发邮件给我",
  "配信停止してください",
];

const STOP = { kind: "stop", sure: true };
const UNSURE = { kind: "stop", sure: false };

describe("the meaning of a reply", () => {
  test.each([
    ["stop"],
    ["Stop."],
    ["STOP!!!"],
    ["please stop"],
    ["Stop, please."],
    ["unsubscribe"],
    ["no thanks"],
    ["Hello bot,\n\nstop\n\nAlice"],
    ["On Monday, the bot wrote:\n> You need not do anything.\n\nstop"],
    ["“stop”"],
    ["ｓｔｏｐ"],
    ["s\u200btop"],
  ])("%j: never again, in the words that letters ask for", (text) => {
    expect(wishIn("Re: [PATCH] one", text)).toEqual(STOP);
  });

  test.each(PHRASES.map((phrase) => [phrase]))("%j: never again", (text) => {
    for (const around of [
      text,
      text.toUpperCase(),
      `Hi,\n\n${text}\n\nAlice`,
      `${text.replaceAll("'", "’")}\n\n-- \nAlice\nhttps://example.org`,
      `On Mon, Nov 23, 2026, patchsig bot\n<net-bot@example.org> wrote:\n> Hello,\n>\n> base\n\n${text}`,
      `I have read it.\nThank you for the work.\nIt is nice.\nBut.\nWell.\nSo.\n${text}`,
    ])
      expect(wishIn("Re: [PATCH] net: work", around), around).toMatchObject({ kind: "stop" });
    // what others wrote, and what stands below a signature, is nobody's wish
    for (const quoted of [
      text.replace(/^/gm, "> "),
      `-- \n${text}`,
      `-----Original Message-----\n${text}`,
      `Thank you!\n\nFrom: patchsig bot <net-bot@example.org>\nSent: Monday\n\n${text}`,
      `Great.\n________________________________\n${text}`,
    ])
      expect(wishIn("Re: [PATCH] net: work", quoted), quoted).toEqual({ kind: "none" });
  });

  test("more than one wish: stop wins", () => {
    expect(wishIn("", "not now\n\nin fact, stop it")).toEqual(UNSURE);
    expect(wishIn("", `base is ${COMMIT}\n\nand please don't write again`)).toEqual(UNSURE);
    expect(wishIn("", `No, the base is ${COMMIT}.`)).toEqual({ kind: "base", commit: COMMIT });
  });

  test("with stop words of the list's own", () => {
    expect(wishIn("", "Genug davon", [])).toEqual({ kind: "none" });
    expect(wishIn("", "Genug!", ["genug"])).toEqual(STOP);
    expect(wishIn("", "Das ist genug davon.", ["genug"])).toEqual(UNSURE);
    expect(wishIn("Genug", "", ["genug"])).toEqual(STOP);
  });

  test.each([["not now"], ["Not now!"], ["later"], ["Not right now, thanks."], ["Maybe later"]])(
    "%j: no letter for a while",
    (text) => {
      expect(wishIn("Re: [PATCH] one", text)).toEqual({ kind: "pause" });
    },
  );

  test.each([[`base is ${COMMIT}`], [`The base is ${COMMIT}.`], [`base-commit: ${COMMIT}`]])(
    "%j: a base",
    (text) => {
      expect(wishIn("", text)).toEqual({ kind: "base", commit: COMMIT });
    },
  );

  test.each([
    [""],
    ["> stop"],
    ["| stop"],
    ["please do not stop"],
    ["Don't stop, this is useful!"],
    ["Thanks, will do next time."],
    ["What is patchsig?"],
    ["Noted, I will sign the next version."],
    ["Now I have a key."],
    ["Sorry, I forgot. The next version will have it."],
    ["It is on top of net-next as of today."],
    ["The stop_machine() patch is based on v6.12."],
    ["Yes, that is right."],
    ["base is 0123456789"],
    [`base is ${COMMIT} or ${COMMIT}`],
    ["I am out of office.\nReply to Bob.\n\n> reply stop to make me stop"],
    ["-- \nstop"],
    ["-----Original Message-----\nstop"],
    ["x".repeat(1_000_000)],
    ["\n".repeat(1_000_000)],
  ])("%# is ignored", (text) => {
    expect(wishIn("Re: [PATCH] stop", text)).toEqual({ kind: "none" });
  });

  test("the Subject counts, as List-Unsubscribe sends it, unless the text says something else", () => {
    expect(wishIn("stop", "")).toEqual(STOP);
    expect(wishIn(`stop ${"0".repeat(32)}`, "-- \nsent by a program")).toEqual(STOP);
    expect(wishIn("stop", "not now")).toEqual({ kind: "pause" });
  });
});
