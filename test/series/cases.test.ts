/** What a thread's mails make: the cases that Patchwork, b4 and lists have met. */

import { describe, expect, it } from "vitest";
import { assemble } from "../../src/series/assemble.ts";
import { mail, type Named, seriesOf } from "./thread.ts";

/** A series from `base` on: `base`0 is the cover letter; patches answer it. */
function series(base: string, label: string, total: number, re = "", from?: string): Named[] {
  const who = from === undefined ? {} : { from };
  const root = `${base}0`;
  return Array.from({ length: total + 1 }, (_, n) =>
    mail(`${base}${n}`, `[${label} ${n}/${total}] ${base} ${n}`, {
      ...who,
      re: n === 0 ? re : `${re} ${root}`.trim(),
    }),
  );
}

function undated(one: Named): Named {
  return { ...one, item: { ...one.item, date: null } };
}

const CASES: readonly [string, readonly Named[], readonly string[]][] = [
  ["1 a single patch", [mail("a", "[PATCH] one")], ["v1 of 1: a"]],
  ["2 a cover letter and two patches", series("a", "PATCH", 2), ["v1 of 2: a0 a1 a2"]],
  [
    "3 no cover letter",
    [mail("a1", "[PATCH 1/2] x"), mail("a2", "[PATCH 2/2] y", { re: "a1" })],
    ["v1 of 2: a1 a2"],
  ],
  [
    "4 deep threads",
    [
      mail("a0", "[PATCH 0/3] s"),
      mail("a1", "[PATCH 1/3] x", { re: "a0" }),
      mail("a2", "[PATCH 2/3] y", { re: "a0 a1" }),
      mail("a3", "[PATCH 3/3] z", { re: "a2" }),
    ],
    ["v1 of 3: a0 a1 a2 a3"],
  ],
  ["5 out of order", series("a", "PATCH", 3).reverse(), ["v1 of 3: a0 a1 a2 a3"]],
  [
    "6 every mail twice",
    (() => {
      const once = series("a", "PATCH", 2);
      return [...once, ...once.map((one) => ({ ...one, item: { ...one.item } }))];
    })(),
    ["v1 of 2: a0 a0 a1 a1 a2 a2"],
  ],
  [
    "7 through two lists",
    (() => {
      const [cover, first, second] = series("a", "PATCH", 2);
      return [cover!, first!, second!, { ...first!, item: { ...first!.item } }];
    })(),
    ["v1 of 2: a0 a1 a1 a2"],
  ],
  [
    "8 two lists that disagree",
    (() => {
      const [cover, first, second] = series("a", "PATCH", 2);
      const other = { ...first!, name: "other", item: { ...first!.item, digest: "changed" } };
      return [cover!, first!, other, second!];
    })(),
    ["v1 of 2: a0 a1 other a2"],
  ],
  [
    "9 versions in threads of their own",
    [...series("a", "PATCH", 2), ...series("b", "PATCH v2", 2)],
    ["v1 of 2: a0 a1 a2", "v2 of 2: b0 b1 b2"],
  ],
  [
    "10 v2 in reply to the cover letter of v1",
    [...series("a", "PATCH", 2), ...series("b", "PATCH v2", 2, "a0")],
    ["v1 of 2: a0 a1 a2", "v2 of 2: b0 b1 b2"],
  ],
  [
    "11 v2 in reply to a patch of v1",
    [...series("a", "PATCH", 2), ...series("b", "PATCH v2", 2, "a0 a2")],
    ["v1 of 2: a0 a1 a2", "v2 of 2: b0 b1 b2"],
  ],
  [
    "12 v2 in reply to a single v1",
    [mail("a", "[PATCH] x"), mail("b", "[PATCH v2] x", { re: "a" })],
    ["v1 of 1: a", "v2 of 1: b"],
  ],
  [
    "13 each patch of v2 answers its counterpart in v1",
    [
      ...series("a", "PATCH", 2),
      mail("b1", "[PATCH v2 1/2] x", { re: "a0 a1" }),
      mail("b2", "[PATCH v2 2/2] y", { re: "a0 a2" }),
    ],
    ["v1 of 2: a0 a1 a2", "v2 of 2: b1 b2"],
  ],
  [
    "14 several References",
    [
      mail("a0", "[PATCH V2 0/2] s"),
      mail("a1", "[PATCH V2 1/2] x", { re: "a0" }),
      mail("a2", "[PATCH V2 2/2] y", { re: "a1 a1 a0 a0" }),
    ],
    ["v2 of 2: a0 a1 a2"],
  ],
  [
    "15 no References",
    [
      mail("a0", "[PATCH 0/2] s", { at: 1000 }),
      mail("a1", "[PATCH 1/2] x", { at: 1018 }),
      mail("a2", "[Patch 2/2]: y", { at: 1033 }),
    ],
    ["v1 of 2: a0 a1 a2"],
  ],
  [
    "15 no References, and more than an hour between",
    [mail("a1", "[PATCH 1/2] x", { at: 1000 }), mail("a2", "[PATCH 2/2] y", { at: 4601 })],
    ["v1 of 2: a1 incomplete", "v1 of 2: a2 incomplete"],
  ],
  [
    "16 no References, two series of one sender within the hour",
    [
      mail("<1495516865-17019-1-a@x>", "[net,v2,1/2] x", { at: 1000 }),
      mail("<1495516865-17019-2-a@x>", "[net,v2,2/2] y", { at: 1001 }),
      mail("<1495516999-17091-1-a@x>", "[net,v2,1/2] x", { at: 1100 }),
      mail("<1495516999-17091-2-a@x>", "[net,v2,2/2] y", { at: 1101 }),
    ],
    [
      "v2 of 2: <1495516865-17019-1-a@x> <1495516865-17019-2-a@x>",
      "v2 of 2: <1495516999-17091-1-a@x> <1495516999-17091-2-a@x>",
    ],
  ],
  [
    "16 no References, and the mails of two series in turn",
    [
      mail("<1495516865-17019-1-a@x>", "[PATCH 1/3] x", { at: 1000 }),
      mail("<1495516999-17091-1-a@x>", "[PATCH 1/3] x", { at: 1001 }),
      mail("<1495516999-17091-2-a@x>", "[PATCH 2/3] y", { at: 1002 }),
      mail("<1495516865-17019-2-a@x>", "[PATCH 2/3] y", { at: 1003 }),
      mail("<1495516865-17019-3-a@x>", "[PATCH 3/3] z", { at: 1004 }),
      mail("<1495516999-17091-3-a@x>", "[PATCH 3/3] z", { at: 1005 }),
    ],
    [
      "v1 of 3: <1495516865-17019-1-a@x> <1495516865-17019-2-a@x> <1495516865-17019-3-a@x>",
      "v1 of 3: <1495516999-17091-1-a@x> <1495516999-17091-2-a@x> <1495516999-17091-3-a@x>",
    ],
  ],
  [
    "17 patches without a version, one dated before what it answers",
    [
      mail("a0", "[PATCH net-next v3 0/2] s"),
      mail("a1", "[PATCH 1/2] x", { re: "a0" }),
      mail("a2", "[PATCH 2/2] y", { re: "a0 lost", at: 0 }),
    ],
    ["v3 of 2: a0 a1 a2"],
  ],
  [
    "17 patches without a version under a cover letter with one",
    [
      mail("a0", "[PATCH net-next v3 0/2] s"),
      mail("a1", "[PATCH 1/2] x", { re: "a0" }),
      mail("a2", "[PATCH 2/2] y", { re: "a0" }),
    ],
    ["v3 of 2: a0 a1 a2"],
  ],
  [
    "18 a patch without a number in the thread of a series",
    [...series("a", "PATCH", 2), mail("b", "an orphan", { re: "a0" })],
    ["v1 of 1: b", "v1 of 2: a0 a1 a2"],
  ],
  [
    "19 the same again, without version or cover letter, in reply to the first",
    [
      mail("a1", "[PATCH 1/2] x"),
      mail("a2", "[PATCH 2/2] y", { re: "a1" }),
      mail("b1", "[PATCH 1/2] x", { re: "a1" }),
      mail("b2", "[PATCH 2/2] y", { re: "b1" }),
    ],
    ["v1 of 2: a1 a2", "v1 of 2: b1 b2"],
  ],
  [
    "20 one number again and again",
    [mail("a", "[PATCH v2 1/4] x"), mail("b", "[PATCH v2 1/4] x"), mail("c", "[PATCH v2 1/4] x")],
    ["v2 of 4: a incomplete", "v2 of 4: b incomplete", "v2 of 4: c incomplete"],
  ],
  [
    "21 a v2 does not complete a v1 that lost a patch",
    [mail("a1", "[PATCH 1/2] x"), mail("b2", "[PATCH v2 2/2] y", { re: "lost", at: 9e8 })],
    ["v1 of 2: a1 incomplete", "v2 of 2: b2 incomplete"],
  ],
  [
    "21 a v2 that answers a v1 does not complete it either",
    [mail("a1", "[PATCH 1/2] x"), mail("b2", "[PATCH v2 2/2] y", { re: "a1" })],
    ["v1 of 2: a1 incomplete", "v2 of 2: b2 incomplete"],
  ],
  ["22 a patch is missing", series("a", "PATCH", 2).slice(0, 2), ["v1 of 2: a0 a1 incomplete"]],
  [
    "23 one more than there should be",
    [...series("a", "PATCH", 2), mail("a3", "[PATCH 3/2] extra", { re: "a0" })],
    ["v1 of 2: a0 a1 a2 a3"],
  ],
  [
    "24 numbers as hg writes them",
    [
      mail("a0", "[PATCH 0 of 2] s"),
      mail("a1", "[PATCH 1 of 2] x", { re: "a0" }),
      mail("a2", "[PATCH 2 of 2] y", { re: "a0" }),
    ],
    ["v1 of 2: a0 a1 a2"],
  ],
  [
    "25 24 patches for themselves in one thread are no versions",
    [
      mail("a", "[PATCH] root"),
      ...Array.from({ length: 24 }, (_, i) => mail(`b${i}`, `[PATCH] ${i}`, { re: "a" })),
    ],
    ["v1 of 1: a", ...Array.from({ length: 24 }, (_, i) => `v1 of 1: b${i}`)].sort(),
  ],
  [
    "26 files without a Message-ID, years apart",
    [
      mail("0001.patch", "[PATCH 1/2] x", { bare: true, at: 1_000_000_000 }),
      mail("0002.patch", "[PATCH 2/2] y", { bare: true, at: 1_300_000_000 }),
    ],
    ["v1 of 2: 0001.patch 0002.patch"],
  ],
  [
    "27 v5.1 of one patch",
    [
      ...series("a", "PATCH v5", 3),
      mail("b2", "[PATCH v5.1 2/3] a 2", { re: "a0 a2" }),
      mail("c3", "[PATCH v5.1 3/3] a 3", { re: "a0" }),
    ],
    ["v5 of 3: a0 a1 a2 a3", "v5 of 3: b2 c3 replaces 2, 3 of v5"],
  ],
  [
    "27 v5.1 does not take the place of what is lost of v5",
    [...series("a", "PATCH v5", 3).slice(0, 3), mail("b3", "[PATCH v5.1 3/3] a 3", { re: "a0" })],
    ["v5 of 3: a0 a1 a2 incomplete", "v5 of 3: b3 replaces 3 of v5"],
  ],
  [
    "28 PATCH1/8",
    [mail("a1", "[PATCH1/2] x"), mail("a2", "[PATCH2/2] y", { re: "a1" })],
    ["v1 of 2: a1 a2"],
  ],
  [
    "29 0.5/5 is beside the series",
    [...series("a", "PATCH v2", 3), mail("b", "[PATCH v2 0.5/3] before it", { re: "a0" })],
    ["v2 of 1: b", "v2 of 3: a0 a1 a2 a3"],
  ],
  [
    "30 a series of 7 in reply to a series of 25",
    [...series("a", "PATCH", 25), ...series("b", "PATCH", 7, "a0 a3")],
    [
      `v1 of 25: ${Array.from({ length: 26 }, (_, n) => `a${n}`).join(" ")}`,
      "v1 of 7: b0 b1 b2 b3 b4 b5 b6 b7",
    ],
  ],
  [
    "31 370 mails",
    series("a", "PATCH", 369),
    [`v1 of 369: ${Array.from({ length: 370 }, (_, n) => `a${n}`).join(" ")}`],
  ],
  [
    "32 RESEND in the thread of the first",
    [...series("a", "PATCH", 2), ...series("b", "PATCH RESEND", 2, "a0")],
    ["v1 of 2: a0 a1 a2", "v1 of 2: b0 b1 b2"],
  ],
  [
    "33 RFC, then PATCH, v1 again",
    [...series("a", "RFC PATCH", 2), ...series("b", "PATCH", 2, "a0")],
    ["v1 of 2: a0 a1 a2", "v1 of 2: b0 b1 b2"],
  ],
  [
    "34 another tree",
    [...series("a", "PATCH net", 2), ...series("b", "PATCH net-next", 2, "a0")],
    ["v1 of 2: a0 a1 a2", "v1 of 2: b0 b1 b2"],
  ],
  [
    "35 Re: of a cover letter is none",
    [...series("a", "PATCH", 2), mail("r", "Re: [PATCH 0/2] a 0", { re: "a0", from: "bob@x.org" })],
    ["v1 of 2: a0 a1 a2"],
  ],
  [
    "36 Re: with a diff is an answer",
    [
      ...series("a", "PATCH", 2),
      mail("r", "Re: [PATCH 2/2] a 2", { re: "a0 a2", from: "bob@x.org", kind: "answer" }),
    ],
    ["v1 of 2: a0 a1 a2", "v1 of 2: r incomplete"],
  ],
  [
    "37 the cover letter of another version",
    [mail("a0", "[PATCH v2 0/2] s"), ...series("b", "PATCH v3", 2, "a0")],
    ["v2 of 2: a0 incomplete", "v3 of 2: b0 b1 b2"],
  ],
  [
    "38 v2 2/2 that answers 2/2 of v1 two months later",
    [
      ...series("a", "PATCH", 2),
      mail("b2", "[PATCH v2 2/2] y", { re: "a0 a2", at: 1_800_000_000 }),
    ],
    ["v1 of 2: a0 a1 a2", "v2 of 2: b2 replaces 2 of v1"],
  ],
  [
    "39 only 4 and 11 of 12 came to this list",
    [
      mail("a4", "[PATCH 04/12] x", { re: "elsewhere" }),
      mail("a11", "[PATCH 11/12] y", { re: "elsewhere" }),
    ],
    ["v1 of 12: a4 a11 incomplete"],
  ],
  ["40 without the word PATCH", series("a", "v18", 2), ["v18 of 2: a0 a1 a2"]],
  [
    "43 a subject that was edited on the way",
    [
      mail("a0", "[PATCH 0/2] s"),
      mail("a1", "[PATCH 1/2] x (was: [PATCH 2/2] y)", { re: "a0" }),
      mail("a2", "[PATCH 2/2] y", { re: "a0" }),
    ],
    ["v1 of 2: a0 a1 a2"],
  ],
  [
    "44 dates in the future and of 1970",
    [
      mail("a2", "[PATCH 2/2] y", { re: "a0", at: 0 }),
      mail("a1", "[PATCH 1/2] x", { re: "a0", at: 9_999_999_999 }),
      mail("a0", "[PATCH 0/2] s"),
    ],
    ["v1 of 2: a0 a1 a2"],
  ],
  [
    "45 a Message-ID that is used again",
    [
      mail("a1", "[PATCH 1/2] x"),
      mail("a2", "[PATCH 2/2] y", { re: "a1" }),
      { ...mail("a1", "[PATCH v2] other", { from: "bob@x.org" }), name: "b" },
    ],
    ["v1 of 2: a1 a2", "v2 of 1: b"],
  ],
  [
    "46 a hundred References, and a cycle",
    [
      mail("a1", "[PATCH 1/2] x", {
        re: `${Array.from({ length: 150 }, (_, i) => `o${i}`).join(" ")} a2`,
      }),
      mail("a2", "[PATCH 2/2] y", { re: "a1" }),
    ],
    ["v1 of 2: a1 a2"],
  ],
  [
    "47 another sender, the same key",
    [
      ...series("a", "PATCH", 2),
      mail("b1", "[PATCH v2 1/2] x", { re: "a0", from: "alice@work.org", signing: "K s2" }),
      mail("b2", "[PATCH v2 2/2] y", { re: "a0", from: "alice@work.org", signing: "K s2" }),
    ],
    ["v1 of 2: a0 a1 a2", "v2 of 2: b1 b2"],
  ],
  [
    "48 the same sender, another key",
    [
      mail("a1", "[PATCH 1/2] x", { re: "c", signing: "K s" }),
      mail("a2", "[PATCH 2/2] y", { re: "c", signing: "L s" }),
    ],
    ["v1 of 2: a1 incomplete", "v1 of 2: a2 incomplete"],
  ],
  [
    "49 2/3 is signed, 3/3 is not",
    [
      mail("a1", "[PATCH 1/3] x", { signing: "K s" }),
      mail("a2", "[PATCH 2/3] y", { re: "a1", signing: "K s" }),
      mail("a3", "[PATCH 3/3] z", { re: "a1" }),
    ],
    ["v1 of 3: a1 a2 a3"],
  ],
  [
    "a number above the total is not signed",
    [
      mail("a1", "[PATCH 1/2] x", { signing: "K s" }),
      mail("a2", "[PATCH 2/2] y", { re: "a1", signing: "K s" }),
      mail("a3", "[PATCH 3/2] z", { re: "a1" }),
    ],
    ["v1 of 2: a1 a2", "v1 of 2: a3 incomplete"],
  ],
  [
    "50 a pull request with patches below",
    [
      mail("p0", "[PULL 0/2] for 6.9"),
      mail("p1", "[PULL 1/2] x", { re: "p0" }),
      mail("p2", "[PULL 2/2] y", { re: "p0" }),
    ],
    ["v1 of 2: p0 p1 p2"],
  ],
  [
    "51 a backport is no version",
    [
      ...series("a", "PATCH", 5),
      mail("b2", "[PATCH 6.6 2/5] a 2", { re: "a0 a2" }),
      mail("c2", "[PATCH 6.1 2/5] a 2", { re: "a0 a2" }),
    ],
    ["v1 of 5: a0 a1 a2 a3 a4 a5", "v1 of 5: b2 incomplete", "v1 of 5: c2 incomplete"],
  ],
  [
    "two threads of one sender that reply to a missing mail",
    [
      mail("a1", "[PATCH 1/2] x", { re: "r x1" }),
      mail("b1", "[PATCH 1/2] x", { re: "s y1" }),
      mail("a2", "[PATCH 2/2] y", { re: "r x2" }),
      mail("b2", "[PATCH 2/2] y", { re: "s y2" }),
    ],
    ["v1 of 2: a1 a2", "v1 of 2: b1 b2"],
  ],
  [
    "a reply to another mail does not join a series by its label",
    [mail("a1", "[PATCH 1/2] x"), mail("b2", "[PATCH 2/2] y", { re: "elsewhere" })],
    ["v1 of 2: a1 incomplete", "v1 of 2: b2 incomplete"],
  ],
  [
    "two senders, one thread, the same numbers",
    [...series("a", "PATCH", 2), ...series("b", "PATCH", 2, "a0 a1", "bob@x.org")],
    ["v1 of 2: a0 a1 a2", "v1 of 2: b0 b1 b2"],
  ],
  [
    "a forged 1/2 stays apart from the signed mails",
    [
      mail("f1", "[PATCH 1/2] x", { at: 1, body: "evil" }),
      mail("a1", "[PATCH 1/2] x", { re: "f1", signing: "K s" }),
      mail("a2", "[PATCH 2/2] y", { re: "f1", signing: "K s" }),
    ],
    ["v1 of 2: a1 a2", "v1 of 2: f1 incomplete"],
  ],
  [
    "the first of two replies links the mail that the second replies to",
    [
      mail("a0", "[PATCH 0/2] s"),
      mail("r", "Re: [PATCH 0/2] s", { re: "a0", from: "bob@x.org" }),
      mail("b0", "[PATCH 0/2] s", { re: "r" }),
      mail("b1", "[PATCH 1/2] x", { re: "b0" }),
      mail("b2", "[PATCH 2/2] y", { re: "b0" }),
      mail("a1", "[PATCH 1/2] x", { re: "a0" }),
      mail("a2", "[PATCH 2/2] y", { re: "a0" }),
    ],
    ["v1 of 2: a0 a1 a2", "v1 of 2: b0 b1 b2"],
  ],
  [
    "siblings that reply to two replies of one thread",
    [
      mail("r", "Re: a report", { re: "root", from: "bob@x.org" }),
      mail("s", "Re: a report", { re: "root", from: "bob@x.org" }),
      mail("a1", "[PATCH 1/2] x", { re: "r" }),
      mail("a2", "[PATCH 2/2] y", { re: "s" }),
    ],
    ["v1 of 2: a1 a2"],
  ],
  [
    "siblings that reply to one mail, with References that begin differently",
    [
      mail("a1", "[PATCH 1/2] x", { re: "r1 parent" }),
      mail("a2", "[PATCH 2/2] y", { re: "r2 parent" }),
    ],
    ["v1 of 2: a1 a2"],
  ],
  [
    "a reply to an unsigned reply with a diff is not part of it",
    [
      ...series("a", "PATCH", 2),
      mail("r", "Re: [PATCH 1/2] a 1", { re: "a0 a1", from: "bob@x.org", kind: "answer" }),
      mail("b2", "[PATCH 2/2] y", { re: "a0 a1 r", from: "bob@x.org" }),
    ],
    ["v1 of 2: a0 a1 a2", "v1 of 2: b2 incomplete", "v1 of 2: r incomplete"],
  ],
  [
    "the unsigned mail with a signed one's Message-ID: a copy if it has the same content",
    [
      mail("a1", "[PATCH 1/2] x", { signing: "K s" }),
      mail("a2", "[PATCH 2/2] y", { re: "a1", signing: "K s" }),
      { ...mail("a1", "[PATCH 1/2] x"), name: "copy" },
      { ...mail("a2", "[PATCH 2/2] y", { re: "a1", body: "evil" }), name: "forged" },
    ],
    ["v1 of 2: a1 copy a2", "v1 of 2: forged incomplete"],
  ],
  [
    "a cover letter gives its version to patches without one, if the totals are equal",
    [
      mail("a0", "[PATCH net v3 0/2] s"),
      mail("a1", "[PATCH 1/2] x", { re: "a0" }),
      mail("b1", "[PATCH 1/4] x", { re: "a0" }),
    ],
    ["v1 of 4: b1 incomplete", "v3 of 2: a0 a1 incomplete"],
  ],
  [
    "a cover letter matches its own version under another prefix, and no other version",
    [
      mail("a0", "[PATCH net v3 0/2] s"),
      mail("a1", "[PATCH v3 1/2] x", { re: "a0" }),
      mail("b2", "[PATCH v4 2/2] y", { re: "a0" }),
    ],
    ["v3 of 2: a0 a1 incomplete", "v4 of 2: b2 incomplete"],
  ],
  [
    "a patch does not give its version to others",
    [mail("a1", "[PATCH net 1/2] x"), mail("b2", "[PATCH 2/2] y", { re: "a1" })],
    ["v1 of 2: a1 incomplete", "v1 of 2: b2 incomplete"],
  ],
  [
    "a new cover letter begins a series, and does not replace part of one",
    [
      ...series("a", "PATCH", 2),
      mail("b0", "[PATCH v2 0/2] a 0", { re: "a0" }),
      mail("b1", "[PATCH v2 1/2] a 1", { re: "a0 a1" }),
    ],
    ["v1 of 2: a0 a1 a2", "v2 of 2: b0 b1 incomplete"],
  ],
  [
    "v2 1/2 that answers 1/2 of v1",
    [...series("a", "PATCH", 2), mail("b1", "[PATCH v2 1/2] x", { re: "a0 a1" })],
    ["v1 of 2: a0 a1 a2", "v2 of 2: b1 replaces 1 of v1"],
  ],
  [
    "v2 2/2 that answers what a reviewer said of 2/2",
    [
      ...series("a", "PATCH", 2),
      mail("r", "Re: [PATCH 2/2] a 2", { re: "a0 a2", from: "bob@x.org" }),
      mail("b2", "[PATCH v2 2/2] y", { re: "a0 a2 r" }),
    ],
    ["v1 of 2: a0 a1 a2", "v2 of 2: b2 replaces 2 of v1"],
  ],
  [
    "and names only the reviewer's mail",
    [
      ...series("a", "PATCH", 2),
      mail("r", "Re: [PATCH 2/2] a 2", { re: "a2", from: "bob@x.org" }),
      mail("s", "Re: [PATCH 2/2] a 2", { re: "r" }),
      mail("b2", "[PATCH v2 2/2] y", { re: "s" }),
    ],
    ["v1 of 2: a0 a1 a2", "v2 of 2: b2 replaces 2 of v1"],
  ],
  [
    "v3 2/2 below v2 2/2 replaces that one, not v1's",
    [
      ...series("a", "PATCH", 2),
      ...series("b", "PATCH v2", 2, "a0 a2"),
      mail("c2", "[PATCH v3 2/2] y", { re: "a0 a2 b0 b2" }),
    ],
    ["v1 of 2: a0 a1 a2", "v2 of 2: b0 b1 b2", "v3 of 2: c2 replaces 2 of v2"],
  ],
  [
    "v2 2/2 below the cover letter, or below 1/2, may be all that came of a v2",
    [
      ...series("a", "PATCH", 2),
      mail("b2", "[PATCH v2 2/2] y", { re: "a0" }),
      mail("c1", "[PATCH v3 1/2] y", { re: "a0 a2" }),
    ],
    ["v1 of 2: a0 a1 a2", "v2 of 2: b2 incomplete", "v3 of 2: c1 incomplete"],
  ],
  [
    "nobody replaces a part of another's series",
    [
      ...series("a", "PATCH", 2),
      mail("b2", "[PATCH v2 2/2] y", { re: "a0 a2", from: "bob@x.org" }),
    ],
    ["v1 of 2: a0 a1 a2", "v2 of 2: b2 incomplete"],
  ],
  [
    "2/3 does not replace a 2/2",
    [...series("a", "PATCH", 2), mail("b2", "[PATCH v2 2/3] y", { re: "a0 a2" })],
    ["v1 of 2: a0 a1 a2", "v2 of 3: b2 incomplete"],
  ],
  [
    "mails without References belong together for an hour",
    [mail("a1", "[PATCH 1/2] x", { at: 10_000 }), mail("a2", "[PATCH 2/2] y", { at: 13_600 })],
    ["v1 of 2: a1 a2"],
  ],
  [
    "and not for a second more",
    [mail("a1", "[PATCH 1/2] x", { at: 10_000 }), mail("a2", "[PATCH 2/2] y", { at: 13_601 })],
    ["v1 of 2: a1 incomplete", "v1 of 2: a2 incomplete"],
  ],
  [
    "nor if the unsigned one was an hour before the signed one, but for a second",
    [
      mail("a2", "[PATCH 2/2] y", { at: 13_600, signing: "K s" }),
      mail("a1", "[PATCH 1/2] x", { at: 10_000 }),
      mail("b2", "[PATCH v2 2/2] y", { at: 13_600, signing: "K t" }),
      mail("b1", "[PATCH v2 1/2] x", { at: 9_999 }),
    ],
    ["v1 of 2: a1 a2", "v2 of 2: b1 incomplete", "v2 of 2: b2 incomplete"],
  ],
  [
    "nor if one has no Date",
    [mail("a1", "[PATCH 1/2] x"), undated(mail("a2", "[PATCH 2/2] y"))],
    ["v1 of 2: a1 incomplete", "v1 of 2: a2 incomplete"],
  ],
  [
    "a mail without References that fits two series stays alone",
    [mail("a1", "[PATCH 1/2] x"), mail("b1", "[PATCH 1/2] other"), mail("c2", "[PATCH 2/2] y")],
    ["v1 of 2: a1 incomplete", "v1 of 2: b1 incomplete", "v1 of 2: c2 incomplete"],
  ],
  [
    "the Message-IDs of one run differ only in one number",
    [
      mail("<20261124-topic-v1-1-aaa@x.org>", "[PATCH 1/2] x", { at: 1001 }),
      mail("<20261124-topic-v1-1-bbb@x.org>", "[PATCH 1/2] x", { at: 1002 }),
      mail("<20261124-topic-v1-2-bbb@x.org>", "[PATCH 2/2] y", { at: 1003 }),
      mail("<20261124-topic-v1-2-aaa@x.org>", "[PATCH 2/2] y", { at: 1004 }),
      mail("<20261125-other-v1-1-bbb@x.org>", "[PATCH 1/2] x", { at: 1005 }),
      mail("<20261125-other-v1-2-bbb@x.org>", "[PATCH 2/2] y", { at: 1006 }),
    ].map((one) => ({ ...one, name: one.name.replace(/^<(.*)@.*$/, "$1") })),
    [
      "v1 of 2: 20261124-topic-v1-1-aaa 20261124-topic-v1-2-aaa",
      "v1 of 2: 20261124-topic-v1-1-bbb 20261124-topic-v1-2-bbb",
      "v1 of 2: 20261125-other-v1-1-bbb 20261125-other-v1-2-bbb",
    ],
  ],
  [
    "a run of git send-email with brackets of its own",
    [
      mail("<20261106220000.123-1-alice@example.org>", "[PATCH 1/3] x"),
      mail("<20261106220000.123-2-alice@example.org>", "[RFC][PATCH 2/3] y", {
        re: "<20261106220000.123-1-alice@example.org>",
      }),
      mail("<20261106220000.123-3-alice@example.org>", "[PATCH 3/3] z", {
        re: "<20261106220000.123-1-alice@example.org>",
      }),
    ],
    [`v1 of 3: ${[1, 2, 3].map((n) => `<20261106220000.123-${n}-alice@example.org>`).join(" ")}`],
  ],
  [
    "other brackets of another run",
    [mail("a1", "[PATCH 1/2] x"), mail("a2", "[RFC][PATCH 2/2] y", { re: "a1" })],
    ["v1 of 2: a1 incomplete", "v1 of 2: a2 incomplete"],
  ],
  [
    "a version in the first mail alone",
    [mail("a1", "[PATCH v2 1/2] x"), mail("a2", "[PATCH 2/2] y", { re: "a1" })],
    ["v2 of 2: a1 a2"],
  ],
  [
    "a version in the last mail alone",
    [mail("a1", "[PATCH 1/2] x"), mail("a2", "[PATCH v2 2/2] y", { re: "a1" })],
    ["v1 of 2: a1 incomplete", "v2 of 2: a2 incomplete"],
  ],
];

describe("series", () => {
  it.each(CASES)("%s", (_, mails, expected) => {
    expect(seriesOf(mails)).toEqual(expected);
    expect(seriesOf([...mails].reverse())).toEqual(expected);
  });
});

it("every mail has the strongest reason that applies", () => {
  const mails = [
    mail("a0", "[PATCH net v2 0/5] s"),
    mail("a1", "[PATCH net v2 1/5] x", { re: "a0" }),
    mail("a2", "[PATCH 2/5] y", { re: "a0" }),
    mail("a3", "[PATCH net v2 3/5] z", { re: "a0 lost" }),
    mail("b1", "[PATCH 1/2] x", { re: "c" }),
    mail("b2", "[PATCH 2/2] y", { re: "c" }),
    mail("d1", "[PATCH 1/3] x", { signing: "K s" }),
    mail("d2", "[PATCH 2/3] y", { signing: "K s" }),
    mail("e1", "[PATCH v7 1/2] x"),
    mail("e2", "[PATCH v7 2/2] x"),
    mail("f1", "[PATCH 1/2] x", { bare: true }),
    mail("f2", "[PATCH 2/2] x", { bare: true }),
  ];
  const all = [...mails, { ...mails[1]!, name: "copy", item: { ...mails[1]!.item } }];
  const found = assemble(all.map(({ name, item }) => ({ item, value: name })));
  const reasons = found.flatMap(({ members }) =>
    members.map(({ value, reason, through }) => `${value} ${reason} ${through}`.trim()),
  );
  expect(reasons.sort()).toEqual([
    "a0 first",
    "a1 references <a0@example.org>",
    "a2 labelled-by-cover <a0@example.org>",
    "a3 references <a0@example.org>",
    "b1 first",
    "b2 thread <c@example.org>",
    "copy message-id <a1@example.org>",
    "d1 first",
    "d2 signed-id",
    "e1 first",
    "e2 label",
    "f1 first",
    "f2 label",
  ]);
});

/** Names of the mails of each series, in the order of the series. */
function namesOf(mails: readonly Named[]): string[] {
  return assemble(mails.map(({ name, item }) => ({ item, value: name }))).map(({ members }) =>
    members.map(({ value }) => value).join(" "),
  );
}

describe("files without Message-IDs", () => {
  const file = (name: string, label: string, at: number): Named =>
    mail(name, `[PATCH ${label}] ${name}`, { bare: true, at });

  it("keep the order given, and continue the series begun last", () => {
    const files = [file("b1", "1/2", 5), file("a1", "1/2", 10), file("a2", "2/2", 1)];
    expect(namesOf(files)).toEqual(["b1", "a1 a2"]);
  });

  it("come after mails", () => {
    const files = [file("a1", "1/2", 5), file("a2", "2/2", 6)];
    const mails = [
      mail("b1", "[PATCH 1/2] x", { at: 10 }),
      mail("b2", "[PATCH 2/2] x", { at: 10 }),
    ];
    expect(namesOf([...files, ...mails])).toEqual(["b1 b2", "a1 a2"]);
    expect(namesOf([files[0]!, ...mails, files[1]!])).toEqual(["b1 b2", "a1 a2"]);
  });
});

it("the order of arrival never matters, even if dates, ids or numbers are equal", () => {
  const mails = [
    mail("a1", "[PATCH 1/2] x", { at: 5 }),
    { ...mail("a1", "[PATCH 1/2] x", { at: 5, body: "other" }), name: "a1 changed" },
    mail("b1", "[PATCH 1/2] x", { at: 5, re: "a1" }),
    mail("b2", "[PATCH 2/2] y", { at: 5, re: "a1" }),
    undated(mail("c1", "[PATCH 1/2] x", { re: "a1" })),
    undated(mail("d1", "[PATCH v2 1/2] x", { re: "a1" })),
  ];
  const expected = namesOf(mails);
  for (const order of permutations(mails)) expect(namesOf(order)).toEqual(expected);
});

it("nor does it if mails of one Message-ID, patches or replies, refer to different ones", () => {
  const mails = [
    mail("a1", "[PATCH 1/2] x", { at: 5, re: "reply" }),
    mail("a2", "[PATCH 2/2] y", { at: 6, re: "root" }),
    mail("reply", "Re: x", { re: "root" }),
    mail("reply", "Re: x", { re: "elsewhere" }),
  ];
  const copies = [
    mail("b1", "[PATCH 1/2] x", { at: 5, re: "root" }),
    { ...mail("b1", "[PATCH 1/2] x", { at: 5, re: "elsewhere" }), name: "b1 again" },
    mail("b2", "[PATCH 2/2] y", { at: 5, re: "elsewhere" }),
  ];
  for (const [all, of] of [
    [mails, seriesOf],
    [copies, namesOf],
  ] as const)
    for (const order of permutations(all)) expect(of(order)).toEqual(of(all));
});

function permutations<T>(all: readonly T[]): T[][] {
  return all.length === 0
    ? [[]]
    : all.flatMap((one) =>
        permutations(all.filter((other) => other !== one)).map((rest) => [one, ...rest]),
      );
}

it("at most the latest sixteen series of a label in a thread are tried", () => {
  const whole = Array.from({ length: 16 }, (_, i) =>
    [1, 2].map((n) => mail(`b${i}n${n}`, `[PATCH ${n}/2] ${i}`, { re: "root" })),
  );
  const first = mail("a1", "[PATCH 1/2] x", { re: "root", at: 0 });
  const late = mail("a2", "[PATCH 2/2] y", { re: "root" });
  expect(seriesOf([first, ...whole.slice(0, 15).flat(), late])).toContain("v1 of 2: a1 a2");
  expect(seriesOf([first, ...whole.flat(), late])).toContain("v1 of 2: a2 incomplete");
});

describe("two signings under one version and total", () => {
  const signed = (name: string, n: number, signing: string): Named =>
    mail(name, `[PATCH ${n}/3] ${name}`, { re: "root", signing });
  const isMixed = (mails: readonly Named[]): boolean[] =>
    assemble(mails.map(({ name, item }) => ({ item, value: name }))).map((one) => one.isMixed);

  it.each([
    ["without a letter", [1, 2]],
    ["with its letter, which is none of the three", [0, 1, 2]],
  ])("are mixed if one has what the other lacks, %s", (_, numbers) => {
    const own = numbers.map((n) => signed(`a${n}`, n, "K s"));
    expect(isMixed([...own, signed("b3", 3, "K t")])).toEqual([true, true]);
  });

  it("are not if there is only one, incomplete", () => {
    expect(isMixed([signed("a1", 1, "K s"), signed("a2", 2, "K s")])).toEqual([false]);
    expect(isMixed([signed("a1", 1, "K s"), mail("b2", "[PATCH 2/3] y")])).toEqual([false]);
  });

  it("are not if one is complete", () => {
    const own = [0, 1, 2, 3].map((n) => signed(`a${n}`, n, "K s"));
    expect(isMixed([...own, signed("b3", 3, "K t")])[0]).toBe(false);
    // a number beyond the total does not count
    expect(isMixed([...own, signed("b4", 4, "K t")])[0]).toBe(false);
  });

  it("are not if they lack the same, or the other has only a cover letter more", () => {
    expect(isMixed([signed("a1", 1, "K s"), signed("b1", 1, "K t")])).toEqual([false, false]);
    const withLetter = [signed("b0", 0, "K t"), signed("b1", 1, "K t")];
    expect(isMixed([signed("a1", 1, "K s"), ...withLetter])).toEqual([false, false]);
  });

  it("are if one lacks the first patch", () => {
    const mails = [signed("a1", 1, "K s"), signed("a2", 2, "K s"), signed("b2", 2, "K t")];
    expect(isMixed(mails)).toEqual([false, true]);
  });

  it("are not if the other's patches are not signed, nor is an unsigned one", () => {
    const unsigned = mail("b2", "[PATCH 2/3] y", { re: "elsewhere" });
    expect(isMixed([signed("a1", 1, "K s"), unsigned])).toEqual([false, false]);
  });
});
