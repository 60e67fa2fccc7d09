/** The pages of `web`: the first one after the start, lists at many mails, and what the server holds. */

import { latestWorks } from "../../src/app/desk/works.ts";
import { IndexStore } from "../../src/store/index-store.ts";
import type { Row } from "../bench.ts";
import { writeInbox } from "../inbox.ts";
import { WebServer } from "../pages.ts";
import { megabytes, number } from "../report.ts";
import type { Workplace } from "../run.ts";

/** Patchwork 3.1.3 on SQLite, with 1,000 mails of the same kind. */
const PATCHWORK = "Patchwork: 61 to 230 ms";
const FIRST = 1_000;
const ROUNDS = 20;
const LISTS = [
  ["/", "the morning page"],
  ["/series", "a page of series"],
  ["/list", "the list's months"],
] as const;

export const webRow: Row = async (bench, report) => {
  const mailsOf = function* (count: number): Generator<Buffer> {
    for (const { signed } of bench.stream(count)) yield signed;
  };
  const fresh = bench.workplace("web-first");
  writeInbox(fresh.path("inbox"), mailsOf(FIRST));
  const server = await WebServer.start(fresh, fresh.path("inbox"));
  const first = await server.first("/");
  server.stop();
  report({
    row: "web",
    what: `the first page after the start, ${number(FIRST)} new mails`,
    value: first,
    unit: "s",
    goal: { atMost: 2 },
    raw: ["they are indexed meanwhile"],
  });

  const place = bench.workplace("web");
  const { inbox, full } = bench.settings;
  const source = inbox ?? place.path("inbox");
  if (inbox === null) writeInbox(source, mailsOf(full ? 100_000 : 10_000));
  const pages = await WebServer.start(place, source);
  try {
    const slowest = await pages.indexed("/");
    const { mails, statements } = lookedAt(place);
    report({
      row: "web",
      what: `the slowest morning page while ${number(mails)} mails are indexed`,
      value: slowest,
      unit: "s",
      raw: ["a process of its own reads them"],
    });
    for (const [path, name] of LISTS)
      report({
        row: "web",
        what: `${name}, ${number(mails)} mails`,
        value: await pages.time(path, ROUNDS),
        unit: "s",
        goal: { atMost: 0.05 },
        raw: [PATCHWORK],
      });
    report({
      row: "web",
      what: "SQL statements of a list of series",
      value: statements,
      unit: "",
      goal: { atMost: 10 },
      raw: ["counted in this process; test/web/tests.test.ts counts those of whole pages"],
    });
    report({
      row: "web",
      what: "its peak memory, with these pages",
      value: megabytes(pages.peak()),
      unit: "MB",
      goal: { atMost: 150 },
      raw: [],
    });
  } finally {
    pages.stop();
  }
};

/** How many mails there are, and the statements that the lists of series make. */
function lookedAt(place: Workplace): { readonly mails: number; readonly statements: number } {
  const index = new IndexStore(place.path("cache", "patchsig", "index.db"), true);
  const statement = Object.getPrototypeOf(index.db.prepare("select 1")) as Record<
    string,
    (...args: unknown[]) => unknown
  >;
  const { mails } = index.counts();
  let statements = 0;
  const real = ["all", "get", "iterate"].map((name) => [name, statement[name]!] as const);
  for (const [name, run] of real)
    statement[name] = function counted(this: unknown, ...args: unknown[]): unknown {
      statements++;
      return run.apply(this, args);
    };
  latestWorks(index, [], 500);
  for (const [name, run] of real) statement[name] = run;
  index.close();
  return { mails, statements };
}
