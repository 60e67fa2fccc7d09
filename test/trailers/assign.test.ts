/** Which patch a reply's trailers are for: a table of threads, in any order of arrival. */

import { describe, expect, test } from "vitest";
import { assignTrailers, type OtherSeries, type SeriesThread } from "../../src/trailers/assign.ts";
import { type ThreadPatch } from "../../src/trailers/thread-patch.ts";
import { type Reply, trailersIn } from "../../src/trailers/reply.ts";
import { trailerNames } from "../../src/trailers/trailer.ts";

const patch = (id: string, index: number, more: Partial<ThreadPatch> = {}): ThreadPatch => ({
  messageId: `<${id}>`,
  references: index === 0 ? [] : ["<cover>"],
  index,
  author: "alice@example.org",
  digests: index === 0 ? null : { message: `m ${id}`, diff: `d ${id}` },
  trailers: [],
  ...more,
});
const SERIES = [patch("cover", 0), patch("p1", 1), patch("p2", 2)];

let count = 0;
/** A reply by Bob to this mail. */
function reply(to: string, text: string, more: Partial<Reply> = {}): Reply {
  const id = `<r${(count += 1)}>`;
  return {
    messageId: id,
    references: to.split(" ").map((one) => `<${one}>`),
    subject: "Re: x",
    from: { name: "Bob", email: "bob@example.org" },
    sender: "bob@example.org",
    date: count,
    ...trailersIn(Buffer.from(text), trailerNames([])),
    hasDiff: false,
    reviews: [],
    flaws: [],
    listIds: [],
    source: "here",
    vouched: null,
    ...more,
  };
}

const BOB = "Reviewed-by: Bob <bob@example.org>";
const CARL = "Tested-by: Carl <carl@example.org>";
const carl = { sender: "carl@example.org" };

interface Thread extends Partial<Omit<SeriesThread, "replies">> {
  readonly sloppy?: boolean;
}

/** `1 Reviewed-by bob@example.org`, by patch; and `- Reviewed-by sender` of those left out. */
function assigned(replies: readonly Reply[], more: Thread = {}, series = SERIES): string[] {
  const { others = [], links = [], sloppy = false } = more;
  const given = (order: readonly Reply[]): string[] => {
    const { patches, leftOut } = assignTrailers(series, { replies: order, others, links }, sloppy);
    return [
      ...patches.flatMap(({ patch: { index }, given }) =>
        given.map(({ trailer: { name, address, value }, from, proof }) =>
          [index, name, address ?? value, from ?? "", proof === "none" ? "" : proof]
            .filter((word) => word !== "")
            .join(" "),
        ),
      ),
      ...leftOut.map(({ trailer, why }) => `- ${trailer.name} ${why}`),
    ];
  };
  const result = given(replies);
  expect(given([...replies].reverse())).toEqual(result);
  return result;
}

describe("to whom", () => {
  test("a reply to a patch", () =>
    expect(assigned([reply("cover p1", BOB)])).toEqual(["1 Reviewed-by bob@example.org"]));

  test("a reply to the cover letter is for all, below those to the patch", () =>
    expect(assigned([reply("cover", BOB), reply("cover p2", CARL, carl)])).toEqual([
      "1 Reviewed-by bob@example.org",
      "2 Tested-by carl@example.org",
      "2 Reviewed-by bob@example.org",
    ]));

  test("a reply to a reply is for the patch of that", () => {
    const first = reply("p1", "Acked-by: Bob <bob@example.org>");
    const [id] = [first.messageId.slice(1, -1)];
    expect(assigned([first, reply(`cover p1 ${id}`, CARL, carl)])).toEqual([
      "1 Acked-by bob@example.org",
      "1 Tested-by carl@example.org",
    ]);
    // and through mails that say nothing, by In-Reply-To alone
    const links = [
      { messageId: "<a>", references: ["<p2>"] },
      { messageId: "<b>", references: ["<a>"] },
    ];
    expect(assigned([reply("b", BOB)], { links })).toEqual(["2 Reviewed-by bob@example.org"]);
  });

  test("replies in a circle are for nobody", () => {
    const links = [
      { messageId: "<a>", references: ["<p1>", "<b>"] },
      { messageId: "<b>", references: ["<a>"] },
    ];
    expect(assigned([reply("p1 b", BOB)], { links })).toEqual(["- Reviewed-by unknown"]);
  });

  test("a reply to a mail that is not here is left out, if it is below the series", () =>
    expect(assigned([reply("cover p1 gone", BOB), reply("gone", CARL, carl)])).toEqual([
      "- Reviewed-by unknown",
    ]));

  test("a reply to another patch in the thread is left out, one to another series is nobody's", () => {
    const others: OtherSeries[] = [
      { name: null, patches: [patch("answer", 1, { references: ["<p1>"] })] },
    ];
    expect(assigned([reply("cover p1 answer", BOB)], { others })).toEqual([
      "- Reviewed-by elsewhere",
    ]);
    expect(assigned([reply("answer", BOB)], { others })).toEqual([]);
  });

  test("of two mails with one Message-ID nobody knows which is meant", () => {
    const copy = [...SERIES, patch("p1", 1)];
    expect(assigned([reply("p1", BOB)], {}, copy)).toEqual(["1 Reviewed-by bob@example.org"]);
    const digests = { message: "other", diff: "other" };
    const others: OtherSeries[] = [{ name: null, patches: [patch("p1", 1, { digests })] }];
    expect(assigned([reply("p1", BOB)], { others })).toEqual(["- Reviewed-by ambiguous"]);
  });

  test("a second cover letter is not the series'", () => {
    const others: OtherSeries[] = [
      { name: null, patches: [patch("forged", 0, { references: ["<cover>"] })] },
    ];
    expect(assigned([reply("cover forged", BOB)], { others })).toEqual(["- Reviewed-by elsewhere"]);
  });
});

test("more trailers than are given to patches: the rest is left out, and a thread does not fill the memory", () => {
  const patches = Array.from({ length: 400 }, (_, i) => patch(`q${i}`, i + 1));
  const said = Array.from({ length: 400 }, (_, i) =>
    reply("c", `Acked-by: A <a${i}@example.org>`, { date: i, sender: `a${i}@example.org` }),
  );
  const series = [patch("c", 0), ...patches];
  const found = assignTrailers(series, { replies: said, others: [], links: [] }, false);
  const given = found.patches.map((one) => one.given.length);
  expect([...new Set(given)]).toEqual([250]);
  expect(found.leftOut.map(({ why }) => why)).toEqual(Array(150).fill("many"));
});

describe("another version", () => {
  const old = [
    patch("old0", 0),
    patch("old1", 1, { digests: { message: "was", diff: "d p1" } }),
    patch("old2", 2, { digests: { message: "was", diff: "was" } }),
  ];
  const others: OtherSeries[] = [{ name: "v1", patches: old }];

  test("with the same diff: taken, and said", () =>
    expect(assigned([reply("old0 old1", BOB)], { others })).toEqual([
      "1 Reviewed-by bob@example.org v1",
    ]));

  test("with another diff: not", () =>
    expect(assigned([reply("old0 old2", BOB)], { others })).toEqual(["- Reviewed-by changed"]));

  test("its cover letter: for what is unchanged", () =>
    expect(assigned([reply("old0", BOB)], { others })).toEqual([
      "1 Reviewed-by bob@example.org v1",
    ]));

  test("by another author: not", () => {
    const theirs = old.map((one) => ({ ...one, author: "mallory@example.net" }));
    const stolen = [{ name: "v1", patches: theirs }];
    expect(assigned([reply("old1", BOB)], { others: stolen })).toEqual(["- Reviewed-by changed"]);
  });
});

describe("by whom", () => {
  test("never by somebody who did not send it, unless that is asked for", () => {
    const forged = reply("p1", BOB, { sender: "mallory@example.net" });
    expect(assigned([forged])).toEqual(["- Reviewed-by sender"]);
    expect(assigned([forged], { sloppy: true })).toEqual(["1 Reviewed-by bob@example.org"]);
    // a From with two addresses is nobody's
    expect(assigned([reply("p1", `${BOB}\nFixes: 123`, { sender: null })])).toEqual([
      "- Reviewed-by sender",
      "- Fixes sender",
    ]);
  });

  test("a domain vouches for the sender, not for another", () => {
    const vouched = { vouched: { domain: "example.org", saidBy: null } };
    expect(assigned([reply("p1", `${BOB}\nFixes: 123`, vouched)])).toEqual([
      "1 Reviewed-by bob@example.org vouched",
      "1 Fixes 123 vouched",
    ]);
    expect(assigned([reply("p1", CARL, vouched)], { sloppy: true })).toEqual([
      "1 Tested-by carl@example.org",
    ]);
  });

  test("a mail with a diff of its own, and flaws", () => {
    expect(assigned([reply("p1", BOB, { hasDiff: true })])).toEqual(["- Reviewed-by diff"]);
    expect(assigned([reply("p1", `On Monday, Bob wrote:\nI gave\n${BOB}`)])).toEqual([
      "- Reviewed-by quoted",
    ]);
  });
});

describe("by another address of the same person", () => {
  const GEERT = "Reviewed-by: Geert Berg <geert+kernel@example.org>";
  test.each([
    ["the same name", "Geert Berg"],
    ["in the other order", "Berg, Geert"],
    ["in other letters", "GEERT  berg"],
    ["of which a list says that it sent the mail", "Geert Berg via list"],
    ["with an employer", "Geert Berg (Example)"],
  ])("%s: taken, and said", (_, name) => {
    const from = { name, email: "geert@example.net" };
    const { patches } = assignTrailers(
      SERIES,
      { replies: [reply("p1", GEERT, { from, sender: from.email })], others: [], links: [] },
      false,
    );
    expect(patches.flatMap(({ given }) => given.map(({ match }) => match))).toEqual(["name"]);
  });

  test.each([
    ["without its tag", "geert+kernel@example.org", "geert@example.org", ["name"]],
    ["with a tag", "geert@example.org", "geert+kernel@example.org", ["name"]],
    // at some hosts, these are two people
    ["with another tag", "notes+geert@example.org", "notes+mallory@example.org", []],
    ["with nothing but a tag", "+geert@example.org", "@example.org", []],
  ])("the same address %s: taken, and said, if its owner chose the tag", (_, given, email, how) => {
    const { patches } = assignTrailers(
      SERIES,
      {
        replies: [
          reply("p1", `Acked-by: G <${given}>`, { from: { name: "", email }, sender: email }),
        ],
        others: [],
        links: [],
      },
      false,
    );
    expect(patches.flatMap(({ given: all }) => all.map(({ match }) => match))).toEqual(how);
  });

  test.each([
    ["another name", "Geert Borg", "geert@example.net"],
    ["a part of the name", "Geert", "geert@example.net"],
    ["no name", "", "geert@example.net"],
    ["no single sender", "Geert Berg", null],
  ])("%s: left out", (_, name, sender) =>
    expect(
      assigned([reply("p1", GEERT, { from: { name, email: "geert@example.net" }, sender })]),
    ).toEqual(["- Reviewed-by sender"]),
  );

  test("no domain vouches for it, and the reply of the address itself counts", () => {
    const vouched = { domain: "example.net", saidBy: null };
    const from = { name: "Geert Berg", email: "geert@example.net" };
    const other = reply("p1", GEERT, { from, sender: from.email, vouched });
    const own = reply("p1", GEERT, { sender: "geert+kernel@example.org" });
    const { patches } = assignTrailers(
      SERIES,
      { replies: [other, own], others: [], links: [] },
      false,
    );
    expect(patches[0]!.given).toMatchObject([{ proof: "none", match: "address" }]);
  });
});

test("what one patch has already is left out of another all the same", () => {
  const trailers = ["reviewed-by bob@example.org"];
  const series = [patch("p1", 1, { trailers }), patch("p2", 2)];
  const forged = reply("p2", BOB, {
    sender: "mallory@example.net",
    from: { name: "M", email: "" },
  });
  expect(assigned([forged], {}, series)).toEqual(["- Reviewed-by sender"]);
});

describe("never twice", () => {
  test("the same person, however the name is written", () =>
    expect(
      assigned([
        reply("p1", `${BOB}\nReviewed-by: B. Berg <Bob@Example.org>`),
        reply("cover", "reviewed-by: Bob Berg <bob@example.org>"),
      ]),
    ).toEqual(["1 Reviewed-by bob@example.org", "2 Reviewed-by bob@example.org"]));

  test("what the patch has already", () => {
    const trailers = ["reviewed-by bob@example.org"];
    const series = [patch("p1", 1, { trailers }), patch("p2", 2)];
    expect(assigned([reply("p1", BOB)], {}, series)).toEqual([]);
  });

  test("a copy through another list, and a forged one, change nothing", () => {
    const one = reply("p1", BOB);
    const forged = reply("p1", BOB, { sender: "mallory@example.net", date: 0 });
    expect(assigned([one, { ...one, source: "there" }, forged])).toEqual([
      "1 Reviewed-by bob@example.org",
    ]);
  });

  test("the better proof counts, in the place of the first", () => {
    const vouched = { vouched: { domain: "example.org", saidBy: null } };
    expect(
      assigned([reply("p1", BOB), reply("p1", CARL, carl), reply("p1", BOB, vouched)]),
    ).toEqual(["1 Reviewed-by bob@example.org vouched", "1 Tested-by carl@example.org"]);
  });
});

describe("a signed review", () => {
  const review = (
    text: string,
    patches: { message: string; diff: string }[],
    { isKnown = true, counts = true } = {},
  ): Partial<Reply> => {
    const [, name = "", person = "", address = ""] = /^(\S+): (\S+) <(.*)>$/.exec(text)!;
    const signed = {
      trailers: [{ name: name as "Reviewed-by", person, address }],
      patches: patches.map((one) => ({ ...one, index: 1, total: 1 })),
      time: 0,
      by: address,
      series: null,
      version: 1,
      publicKey: "RW",
      text: "",
      minisig: "",
    };
    return { reviews: [{ review: signed, isKnown, counts, trust: "known", findings: [] }] };
  };
  const [, p1] = SERIES;
  const { message, diff } = p1!.digests!;

  test.each([
    ["of this patch", [{ message, diff }], "1 Reviewed-by bob@example.org proven"],
    ["of this diff", [{ message: "other", diff }], "1 Reviewed-by bob@example.org diff"],
    ["of another diff", [{ message, diff: "other" }], "- Reviewed-by review"],
  ])("%s", (_, patches, outcome) =>
    expect(assigned([reply("p1", BOB, review(BOB, patches))])).toEqual([outcome]),
  );

  test("proves whoever sent it", () =>
    expect(
      assigned([
        reply("p1", BOB, { ...review(BOB, [{ message, diff }]), sender: "list@example.net" }),
      ]),
    ).toEqual(["1 Reviewed-by bob@example.org proven"]));

  test("a line beside it that was not signed is left out", () => {
    const more = review(BOB, [{ message, diff }]);
    expect(assigned([reply("p1", `${BOB}\nAcked-by: Bob <bob@example.org>`, more)])).toEqual([
      "1 Reviewed-by bob@example.org proven",
      "- Acked-by review",
    ]);
  });

  test("by a key that is not the reviewer's: left out; that nobody has met: as unsigned", () => {
    const bad = review(BOB, [{ message, diff }], { counts: false });
    expect(assigned([reply("p1", BOB, bad)])).toEqual(["- Reviewed-by review"]);
    const fresh = review(BOB, [{ message, diff }], { counts: false, isKnown: false });
    expect(assigned([reply("p1", BOB, fresh)])).toEqual(["1 Reviewed-by bob@example.org"]);
  });

  test.each(["p2", "elsewhere", "cover"])(
    "in a reply to %s is for the patch that it names",
    (to) => {
      const more = review(BOB, [{ message, diff }]);
      expect(assigned([reply(to, BOB, more)])).toEqual(["1 Reviewed-by bob@example.org proven"]);
    },
  );

  test("that names a patch is told of, though its mail has nothing to do with the series", () => {
    const more = { ...review(BOB, [{ message, diff }]), references: ["<elsewhere>"] };
    const thread = {
      replies: [reply("elsewhere", BOB, more), reply("x", BOB)],
      others: [],
      links: [],
    };
    const { replies } = assignTrailers(SERIES, thread, false);
    expect(replies).toEqual([thread.replies[0]]);
  });

  test("does not make a trailer sound that has a flaw", () => {
    const { reviews } = review(BOB, [{ message, diff }]);
    const one = reply("p1", BOB, { reviews: reviews! });
    const trailers = one.trailers.map((trailer) => ({ ...trailer, flaw: "characters" as const }));
    expect(assigned([{ ...one, trailers }])).toEqual(["- Reviewed-by characters"]);
  });

  test("by a key that does not count is for none, wherever the reply is", () => {
    const more = review(BOB, [{ message, diff }], { counts: false });
    expect(assigned([reply("elsewhere", BOB, more)])).toEqual([]);
    expect(assigned([reply("p2", BOB, more)])).toEqual(["- Reviewed-by review"]);
  });

  test("of which two name one patch, the better one counts", () => {
    const [one, two] = [
      { message: "other", diff },
      { message, diff },
    ].map((digests) => review(BOB, [digests]).reviews!);
    for (const reviews of [
      [...one!, ...two!],
      [...two!, ...one!],
    ])
      expect(assigned([reply("p1", BOB, { reviews })])).toEqual([
        "1 Reviewed-by bob@example.org proven",
      ]);
  });

  test("to the cover letter is for the patches that it names", () =>
    expect(assigned([reply("cover", BOB, review(BOB, [{ message, diff }]))])).toEqual([
      "1 Reviewed-by bob@example.org proven",
    ]));
});
