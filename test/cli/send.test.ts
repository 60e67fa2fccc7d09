/** The command itself, with a real SMTP server: from a branch to people's inboxes. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { patchsig, records, type Run } from "../support/cli.ts";
import { problems, schemaOf } from "../support/json-schema.ts";
import { commit, commitsSince, git, temporaryFolder } from "../support/repo.ts";
import { refusal } from "../support/smtp.ts";
import { submitter } from "../support/submitter.ts";

function mboxOf(mails: readonly { readonly bytes: Buffer }[]): Buffer {
  const from = Buffer.from("From x Thu Jan  1 00:00:00 2026\n");
  return Buffer.concat(mails.flatMap(({ bytes }) => [from, bytes, Buffer.from("\n")]));
}

describe("send", () => {
  test("a branch arrives in order, verifies, and am gives the branch again", async () => {
    const { server, home, cwd, origin, cover, send } = await submitter();
    const options = ["--to", "list@example.org", "--cc", "Bób <bob@example.org>", "--cover", cover];
    const run = await send(...options, "--yes");
    expect(run.stderr).toContain("v1 of topic: 3 of 3 mails sent\n");
    expect(run.status).toBe(0);
    // as git send-email does it, authors get a copy
    expect(server.mails.map(({ recipients }) => recipients)).toEqual(
      Array.from({ length: 3 }, () => ["list@example.org", "bob@example.org", "alice@example.org"]),
    );
    const input = mboxOf(server.mails);
    const verified = records(patchsig(["verify", "--json", "--dry-run", "-"], { home, input }));
    expect(verified.filter(({ type }) => type === "series")).toMatchObject([
      { complete: true, sealed: true, verdict: "pass", base: { status: "present" } },
    ]);
    const other = temporaryFolder();
    git(other, ["clone", "-q", origin, "."]);
    expect(patchsig(["am", "-"], { cwd: other, home, input }).status).toBe(0);
    expect(commitsSince(other, "origin/main")).toEqual(commitsSince(cwd, "origin/main"));
  });

  test("the next version numbers itself, and goes to the same people", async () => {
    const { server, cwd, cover, send } = await submitter();
    await send("--to", "list@example.org", "--cover", cover, "--yes");
    git(cwd, ["commit", "-q", "--amend", "-m", "a: four"]);
    const run = await send("--thread", "first", "--yes");
    expect(run.status).toBe(0);
    const [first, , , cover2] = server.mails.map(({ bytes }) => bytes.toString());
    expect(cover2).toContain("Subject: [PATCH v2 0/2] counting further\r\n");
    const id = /^Message-ID: (.*)\r$/m.exec(first!)?.[1];
    expect(cover2).toContain(`In-Reply-To: ${id}\r\n`);
    expect(server.mails[3]!.recipients).toEqual(["list@example.org", "alice@example.org"]);
  });

  test("what speaks against it is said, and can be allowed", async () => {
    const { server, cwd, send } = await submitter();
    commit(cwd, "fixup! a: two", { a: "4\n" });
    const run = await send("--to", "list@example.org", "--no-cover", "--yes");
    expect(run).toMatchObject({ status: 1, stdout: "" });
    expect(run.stderr).toContain("not sent: a commit is not finished: fixup! a: two\n");
    expect(server.mails).toEqual([]);
    expect(
      (await send("--to", "list@example.org", "--no-cover", "--yes", "--allow", "unfinished"))
        .status,
    ).toBe(0);
  });

  test("wrong usage sends nothing", async () => {
    const { server, send } = await submitter();
    const rows: readonly (readonly [string, string])[] = [
      ["--to list@example.org --no-cover", "nobody can be asked"],
      ["--no-cover --yes", "nobody is to get it"],
      ["--status --cancel", "exclude each other"],
      ["--allow nothing --yes", "no such check"],
      ["-v x --yes", "no version"],
      ["--thread deep --yes", "--thread is one of"],
      ["nothing --yes", "no branch or commit here is named nothing"],
      ["--from-pr origin x --yes", "the number of a pull request"],
      ["topic..topic --yes", "there are no commits in topic..topic\n"],
      ["main --yes", "main adds nothing to its upstream\nhint: git commit; or name a range"],
    ];
    const runs = await Promise.all(rows.map(([options]) => send(...options.split(" "))));
    for (const [i, [options, words]] of rows.entries()) {
      expect(runs[i]!.status, options).toBe(2);
      expect(runs[i]!.stderr, options).toContain(words);
    }
    expect(server.mails).toEqual([]);
  });

  test("a dry run shows it, and -o writes it; neither sends", async () => {
    const { server, home, send } = await submitter();
    const folder = join(home, "out");
    const options = ["--to", "list@example.org", "--no-cover"];
    const dry = await send(...options, "--dry-run");
    expect(dry.status).toBe(0);
    expect(dry.stdout).toContain("\n  to            list@example.org  (--to)\n");
    const rehearsed = await send(...options, "--rehearse");
    expect(rehearsed.stdout).toContain("all of it would survive broken servers, too\n");
    expect((await send(...options, "-o", folder)).status).toBe(0);
    expect(readdirSync(folder)).toEqual(["0001.patch", "0002.patch"]);
    expect(readFileSync(join(folder, "0002.patch"), "utf8")).toContain("\nTo: list@example.org\n");
    expect(server.mails).toEqual([]);
  });

  test("a preview goes to one's own address alone, and is not remembered", async () => {
    const { server, cwd, home, send } = await submitter();
    expect(
      (await send("--to", "list@example.org", "--no-cover", "--reflect", "--yes")).status,
    ).toBe(0);
    expect(server.mails.map(({ recipients }) => recipients.join())).toEqual(
      Array.from({ length: 2 }, () => server.mails[0]!.sender),
    );
    expect(patchsig(["series", "show"], { cwd, home }).status).toBe(3);
  });
});

describe("--json", () => {
  const schema = schemaOf("send");
  function recordsOf(run: Run): Record<string, unknown>[] {
    const found = records(run);
    for (const record of found)
      expect(problems(record, schema), JSON.stringify(record)).toEqual([]);
    return found;
  }

  test("what would be sent, what was, and what still waits", async () => {
    let down = true;
    const { server, home, cwd, send } = await submitter(({ bytes }) =>
      down && bytes.includes("[PATCH 2/2]") ? refusal(451, "not now") : null,
    );
    const options = ["--json", "--to", "List <list@example.org>", "--no-cover"];
    const dry = recordsOf(await send(...options, "--dry-run"));
    const why = { field: "to", name: "List", address: "list@example.org", why: "--to" };
    expect(dry).toMatchObject([
      { type: "mail", place: 1, subject: "[PATCH 1/2] a: two", state: "planned", file: null },
      { place: 2, recipients: ["list@example.org", "alice@example.org"], why: [why, {}] },
      { type: "send", branch: "topic", version: 1, state: "planned", mails: 2, sent: 0 },
    ]);
    const written = recordsOf(await send(...options, "-o", join(home, "out")));
    expect(written[0]).toMatchObject({ file: join(home, "out", "0001.patch") });
    // nobody is asked
    expect((await send(...options)).status).toBe(2);
    expect(server.mails).toEqual([]);
    const first = await send(...options, "--yes");
    expect(first.status).toBe(3);
    expect(recordsOf(first)).toMatchObject([
      { state: "sent", said: expect.stringMatching(/^250 /) },
      { state: "queued", said: "451 not now" },
      { type: "send", state: "waiting", sent: 1, through: expect.stringContaining("127.0.0.1") },
    ]);
    const status = recordsOf(await send("--status", "--json"));
    expect(status).toMatchObject([{ state: "sent", why: null }, {}, { state: "waiting" }]);
    down = false;
    const second = recordsOf(await send("--continue", "--json"));
    expect(second).toMatchObject([{}, { state: "sent" }, { state: "ended", sent: 2, base: null }]);
    git(cwd, ["commit", "-q", "--amend", "-m", "fixup! a: three"]);
    const refused = await send("--json", "--no-cover", "--yes");
    expect([refused.status, recordsOf(refused)]).toMatchObject([
      1,
      [{ state: "refused", objections: [{ check: "unfinished" }] }],
    ]);
  });
});

describe("who gets it", () => {
  test("settings, options and trailers, of the cover letter too; nobody sees who gets blind copies", async () => {
    const { server, cwd, cover, send } = await submitter();
    writeFileSync(
      cover,
      "counting further\n\nOne is not enough.\n\nCc: Ünï <uni@example.org> # why\n",
    );
    for (const [key, value] of [
      ["sendemail.to", "list@example.org, second@example.org"],
      ["sendemail.suppressCc", "cc"],
      ["format.to", "Fö <format@example.org>"],
      ["format.cc", "nobody@example.org"],
      ["format.headers", "Bcc: hidden@example.org"],
    ] as const)
      git(cwd, ["config", "--add", key, value]);
    const run = await send("--bcc", "blind@example.org", "--cover", cover, "--yes");
    expect(run.status).toBe(0);
    expect(run.stdout).toMatch(/cc +Ünï <uni@example.org> {2}\(Cc; 0\/2\)/);
    const [first, second] = server.mails;
    const always = ["list@example.org", "second@example.org", "format@example.org"];
    const own = first!.sender;
    expect(first!.recipients).toEqual([
      ...always,
      own,
      "uni@example.org",
      "blind@example.org",
      "hidden@example.org",
    ]);
    expect(second!.recipients).toEqual([...always, own, "blind@example.org", "hidden@example.org"]);
    const [header = ""] = first!.bytes.toString().split("\r\n\r\n");
    expect(header).toContain("\r\nCc: ");
    expect(header).toContain("=?UTF-8?q?=C3=9Cn=C3=AF?= <uni@example.org>");
    expect(header).not.toMatch(/bcc|blind|hidden|nobody/i);
  });

  test("--no-to forgets, --to takes its place; a line end makes no second line", async () => {
    const { server, cwd, home, send } = await submitter();
    await send("--to", "a@example.org", "--no-cover", "--yes");
    git(cwd, ["commit", "-q", "--amend", "-m", "a: four"]);
    const to = "b@example.org\nbase: x,C <c@example.org>";
    expect((await send("--no-to", "--to", to, "--no-cover", "--yes")).status).toBe(2);
    const names = "b@example.org\nC <c@example.org>";
    expect((await send("--no-to", "--to", names, "--no-cover", "--yes")).status).toBe(0);
    expect(server.mails.at(-1)!.recipients.slice(0, 2)).toEqual(["b@example.org", "c@example.org"]);
    expect(server.mails.at(-1)!.recipients).not.toContain("a@example.org");
    const [known] = records(patchsig(["series", "show", "--json"], { cwd, home }));
    expect(known).toMatchObject({ settings: { to: ["b@example.org", "C <c@example.org>"] } });
  });

  test("the project's people and prefix, from the base; its programs do not run unasked", async () => {
    const { server, origin, cwd, send } = await submitter();
    commit(origin, "people", {
      ".patchsig":
        '[send]\n\tto = list@example.org\n\tprefix = net-next\n\tccCmd = "touch ran; echo x@example.org"\n',
    });
    git(cwd, ["fetch", "-q"]);
    git(cwd, ["rebase", "-q", "origin/main"]);
    // what the branch itself says does not count
    commit(cwd, "people", { ".patchsig": "[send]\n\tto = mine@example.org\n" });
    git(cwd, ["config", "sendemail.confirm", "never"]);
    // it has to be seen, whatever the user has said
    expect((await send("--no-cover")).stderr).toContain("nobody can be asked");
    const run = await send("--no-cover", "--yes");
    expect(run.stdout).toContain("list@example.org  (.patchsig of this project)");
    expect(run.stderr).toContain(
      "not run: touch ran; echo x@example.org, which .patchsig of this project names\n",
    );
    expect(readdirSync(cwd)).not.toContain("ran");
    expect(server.mails[0]!.recipients).toEqual(["list@example.org", server.mails[0]!.sender]);
    expect(server.mails[0]!.bytes.toString()).toContain("Subject: [net-next PATCH 1/3] a: two");
    git(cwd, ["commit", "-q", "--amend", "-m", "a: four"]);
    const without = await send("--no-project", "--to", "b@example.org", "--no-cover");
    expect(without.status).toBe(0);
    expect(server.mails.at(-1)!.recipients[0]).toBe("b@example.org");
  });

  test("one whom the server refuses can be left out", async () => {
    const { server, send } = await submitter(({ recipients }) =>
      recipients.includes("gone@example.org")
        ? refusal(550, "gone@example.org: no such user")
        : null,
    );
    const options = ["--to", "list@example.org", "--cc", "gone@example.org", "--no-cover"];
    const first = await send(...options, "--yes");
    expect(first.stderr).toContain(
      "hint: git patchsig send --continue --drop gone@example.org leaves that recipient out\n",
    );
    expect(first.stderr).not.toContain("list@example.org leaves");
    expect((await send("--drop", "gone@example.org")).status).toBe(2);
    const second = await send("--continue", "--drop", "gone@example.org");
    expect([second.status, second.stderr]).toEqual([0, "v1 of topic: 2 of 2 mails sent\n"]);
    expect(server.mails.slice(1).map(({ recipients }) => recipients[0])).toEqual([
      "list@example.org",
      "list@example.org",
    ]);
  });
});

describe("where the server refuses in the middle", () => {
  test("the rest waits, and --continue goes on", async () => {
    let down = true;
    const { server, send } = await submitter(({ bytes }) =>
      down && bytes.includes("[PATCH 2/2]") ? refusal(451, "not now") : null,
    );
    const first = await send("--to", "list@example.org", "--no-cover", "--yes");
    expect(first.status).toBe(3);
    expect(first.stderr).toContain("v1 of topic: 1 of 2 mails sent");
    expect((await send("--status")).stdout).toMatch(
      /^topic v1 {2}sent .*\n(?: {4}.*\n)?topic v1 {2}queued .*\n {4}.*not now\n$/,
    );
    expect((await send("--yes", "--no-cover")).stderr).toContain("v1 of topic is still being sent");
    down = false;
    expect((await send("--continue")).status).toBe(0);
    expect(
      server.mails.map(({ bytes }) => /^Subject: (.*)\r$/m.exec(bytes.toString())?.[1]),
    ).toEqual(["[PATCH 1/2] a: two", "[PATCH 2/2] a: three", "[PATCH 2/2] a: three"]);
    expect((await send("--status")).stderr).toBe("nothing waits\n");
  });

  test("--cancel takes the rest back; what has left is remembered as the version", async () => {
    const { cwd, home, send } = await submitter(({ bytes }) =>
      bytes.includes("[PATCH 2/2]") ? refusal(550, "no") : null,
    );
    await send("--to", "list@example.org", "--no-cover", "--yes");
    const cancelled = await send("--cancel");
    expect([cancelled.stderr, cancelled.status]).toEqual(["v1 of topic: 1 of 2 mails sent\n", 1]);
    const [known] = records(patchsig(["series", "show", "--json"], { cwd, home }));
    expect(known).toMatchObject({ settings: { version: 2 }, sent: [{ version: 1 }] });
    expect((await send("--continue")).status).toBe(3);
  });
});
