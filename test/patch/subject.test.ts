import { describe, expect, test } from "vitest";
import { isForwardSubject, isReplySubject, subjectNumber } from "../../src/patch/subject.ts";

const say = (subject: string): string => {
  const { version, index, total, odd } = subjectNumber(subject);
  const label = [
    version === null ? "-" : `v${version}`,
    index === null ? "-" : `${index}/${total}`,
  ];
  return [...label, ...(odd === null ? [] : [`odd ${odd}`])].join(" ");
};

describe("labels in a Subject", () => {
  test.each([
    // as git writes them
    ["[PATCH] f: x", "v1 -"],
    ["[PATCH 1/2] f: x", "v1 1/2"],
    ["[PATCH v2 001/123] f: x", "v2 1/123"],
    ["[PATCH v2 0/2] f: x", "v2 0/2"],
    ["[PATCH v1 1/2] f: x", "v1 1/2"],
    ["[PATCH 0.5/5 1/2] f: x", "v1 1/2 odd 0.5/5"],
    ["[RFC PATCH v3 1/2] f: x", "v3 1/2"],
    ["[net-next v2] f: x", "v2 -"],
    ["[net-next v2 3/4] f: x", "v2 3/4"],
    ["[PATCH][net v2 1/2] f: x", "v2 1/2"],
    // as people, lists and Patchwork write them
    ["[v18 00/42] f: x", "v18 0/42"],
    ["[net-next,v2,1/2] f: x", "v2 1/2"],
    ["[PATCH v3,2/5] f: x", "v3 2/5"],
    ["[PATCHv2 1/2] f: x", "v2 1/2"],
    ["[RFCv2 1/2] f: x", "v2 1/2"],
    ["[RFC/PATCHv2 1/2] f: x", "v2 1/2"],
    ["[net-PATCHv2 1/2] f: x", "v2 1/2"],
    ["[PATCH V3 1/2] f: x", "v3 1/2"],
    ["[PATCH 1/2 v2] f: x", "v2 1/2"],
    ["[PATCH1/2] f: x", "v1 1/2"],
    ["[RFC/PATCH1/8] f: x", "v1 1/8"],
    ["[PATCH v2] [1/2] f: x", "v2 1/2"],
    ["[1/2] [PATCH v2] f: x", "v2 1/2"],
    ["[PATCH v2][RFC 1/2] f: x", "v2 1/2"],
    ["[PATCH-v2 1/2] f: x", "v2 1/2"],
    ["[PATCH net-next-v2 1/2] f: x", "v2 1/2"],
    ["[PATCH v2-RESEND 1/2] f: x", "v2 1/2"],
    ["[PATCH v2: 1/2] f: x", "v2 1/2"],
    ["[PATCH v2 1/2:] f: x", "v2 1/2"],
    ["[PATCH (v2) 1/2] f: x", "v2 1/2"],
    ["[PATCH v2; 1/2.] f: x", "v2 1/2"],
    ["[PATCH v 2 1 / 2] f: x", "v2 1/2"],
    ["[PATCH 1 of 2] f: x", "v1 1/2"],
    ["[PATCH 1 of 2 V3] f: x", "v3 1/2"],
    ["[PATCH version 2] f: x", "v2 -"],
    ["[PATCH ver. #2 1/3] f: x", "v2 1/3"],
    ["[PATCH v02 1/2] f: x", "v2 1/2"],
    ["[list] [PATCH v2 1/2] f: x", "v2 1/2"],
    ["[bug#60788] [PATCH v2 1/3] f: x", "v2 1/3"],
    ["[PATCH v2 01/3] [bug#60788] f: x", "v2 1/3"],
    ["[PATCH v2 v2 1/1 1/1] f: x", "v2 1/1"],
    ["Re: re:[PATCH v2 1/2] f: x", "v2 1/2"],
    [": [PATCH v2 1/2] f: x", "v2 1/2"],
    ["[PULL 01/11] f: x", "v1 1/11"],
    ["[PATCH v\u{200b}2 \u{ff11}/\u{ff12}] f: x", "v2 1/2"],
    // trees, machines and lists are no versions
    ["[PATCH 6.6 2/5] f: x", "v1 2/5"],
    ["[PATCH 5.10 012/345] f: x", "v1 12/345"],
    ["[PATCH v5.10.y 2/5] f: x", "v1 2/5"],
    ["[PATCH v6.1-rc2 2/5] f: x", "v1 2/5"],
    ["[PATCH 5.10/5.15/6.1] f: x", "v1 -"],
    ["[PATCH x86-64-v3 1/2] f: x", "v1 1/2"],
    ["[PATCH ipv6 1/2] f: x", "v1 1/2"],
    ["[PATCH drivers/i2c 3/3] f: x", "v1 3/3"],
    ["[PATCH 2026/11/24] f: x", "v1 -"],
    ["[f2fs] f: x", "- -"],
    ["[bug#60788] f: x", "- -"],
    // what b4 and Patchwork read as no version either, though some people do
    ["[PATCH #2] f: x", "v1 -"],
    ["[PATCH rev2 1/3] f: x", "v1 1/3"],
    ["[PATCH r2 1/3] f: x", "v1 1/3"],
    ["[PATCH take2] f: x", "v1 -"],
    ["[PATCH take 2 1/3] f: x", "v1 1/3"],
    ["[PATCH 2nd try] f: x", "v1 -"],
    ["[PATCH r8169 1/3] f: x", "v1 1/3"],
    ["[PATCH v4l-utils 1/3] f: x", "v1 1/3"],
    ["[PATCH v3d 1/3] f: x", "v1 1/3"],
    ["[PATCH v2] 1/2: x", "v2 -"],
    // only what git takes off the front
    ["f: x [PATCH v2 1/2]", "- -"],
    ["Fwd: [PATCH v2 1/2] f: x", "- -"],
    ["AW: [PATCH v2 1/2] f: x", "- -"],
    ["[PATCH v2 1/2 f: x", "- -"],
    ["", "- -"],
    // what no signature can say
    ["[PATCH v2.1 1/2] f: x", "v2 1/2 odd v2.1"],
    ["[PATCH v2-1 1/2] f: x", "v2 1/2 odd v2-1"],
    ["[PATCH v2a 1/2] f: x", "v1 1/2 odd v2a"],
    ["[PATCHv2B] f: x", "v1 - odd v2B"],
    ["[PATCH v2 1/2] [v2a] f: x", "v2 1/2 odd v2a"],
    ["[PATCH v2/3] f: x", "v2 - odd v2/3"],
    ["[PATCH v0 1/2] f: x", "v1 1/2 odd v0"],
    ["[PATCH v20261124 1/2] f: x", "v1 1/2 odd v20261124"],
    ["[PATCH 0.5/5] f: x", "v1 - odd 0.5/5"],
    ["[PATCH 1/0] f: x", "v1 - odd 1/0"],
    ["[PATCH v2 1/2] [v3] f: x", "v2 1/2 odd v3"],
    ["[PATCH 1/2] [2/2] f: x", "v1 1/2 odd 2/2"],
  ])("%s", (subject, said) => expect(say(subject)).toBe(said));
});

test("a label after very long text is found", () => {
  expect(say(`${"[x]".repeat(100_000)}[PATCH v2 1/2] f: x`)).toBe("v2 1/2");
  for (const piece of ["a-v1.", "1 /", "v.", "[", "-", "a-", "patch"])
    say(`[${piece.repeat(100_000)}] f: x`);
});

test("a reply says so, perhaps below its list's name, but not in a patch's title", () => {
  for (const reply of ["Re: [PATCH] x", "AW[2]: x", "[net] Re: [PATCH v2 1/2] x", "[] re: x"])
    expect([reply, isReplySubject(reply)]).toEqual([reply, true]);
  for (const other of ["[PATCH] re: x", "[PATCH v2 1/2] Re: x", "[v3] aw: x", "[PATCH] x", "re x"])
    expect([other, isReplySubject(other)]).toEqual([other, false]);
});

test("so does a forward, if brackets follow", () => {
  for (const forward of ["Fwd: [PATCH] x", "[net] WG: [PATCH 1/2] x", "Re: Fwd: Re: [x] y"])
    expect([forward, isForwardSubject(forward)]).toEqual([forward, true]);
  for (const other of ["Fwd: hello", "[PATCH] fwd: [x] y", "[RFC v2] tr: [x] y", "[PATCH] x"])
    expect([other, isForwardSubject(other)]).toEqual([other, false]);
});

test("version 1 may be named, or meant", () => {
  expect(subjectNumber("[PATCH v1] x")).toMatchObject({ version: 1, hasVersion: true });
  expect(subjectNumber("[PATCH] x")).toMatchObject({ version: 1, hasVersion: false });
});
