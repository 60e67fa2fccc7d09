/** A feed is written, followed and found whatever the user's git is set to, and in whatever language it speaks. */

import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { addToFeed } from "../../../src/app/feed/add.ts";
import { followFeed } from "../../../src/app/feed/follow.ts";
import { followedFeed } from "../../../src/app/feed/followed.ts";
import { collectFeed, mirrorFeed } from "../../../src/app/feed/keep.ts";
import { initFeed } from "../../../src/app/feed/init.ts";
import { publishFeed, pushFeed } from "../../../src/app/feed/publish.ts";
import { updateFeed } from "../../../src/app/feed/update.ts";
import { serveFolder, servePython } from "../../support/feed-server.ts";
import { newFolder } from "../../support/folders.ts";
import { newShelf, type Shelf } from "../search/index.ts";
import { result } from "../search/results.ts";

const reporter = { say: () => {}, sayError: () => {}, progress: null };
const quiet = (): void => {};

let place: string;
let shelf: Shelf;

beforeEach(() => {
  place = newFolder();
  for (const name of ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "HOME"]) vi.stubEnv(name, newFolder());
  onTestFinished(() => void vi.unstubAllEnvs());
  shelf = newShelf(newFolder());
});

/** With names of SHA-1, as feeds have, whatever git's default is. */
function bare(name: string): string {
  execFileSync("git", ["init", "-q", "--bare", "--object-format=sha1", name], { cwd: place });
  return join(place, name);
}

async function changes(): Promise<string> {
  const { changed, withheld } = await updateFeed(followedFeed("ci"), reporter);
  return `${changed.join()}|${withheld.join()}`;
}

test.each([
  ["init.defaultBranch", "main"],
  ["init.defaultObjectFormat", "sha256"],
  ["safe.bareRepository", "explicit"],
  ["core.hooksPath", "/nonexistent"],
  ["diff.orderFile", "/nonexistent"],
  ["i18n.logOutputEncoding", "UTF-16"],
  ["log.showSignature", "true"],
  ["fetch.fsckObjects", "true"],
  ["transfer.hideRefs", "refs/patchsig"],
  ["protocol.version", "0"],
])("with %s=%s", async (setting, value) => {
  vi.stubEnv("GIT_CONFIG_COUNT", "1");
  vi.stubEnv("GIT_CONFIG_KEY_0", setting);
  vi.stubEnv("GIT_CONFIG_VALUE_0", value);
  const written = join(place, "written");
  await initFeed(written, { by: "a@example.org" }, quiet);
  bare("ci.0");
  const other = Buffer.from(
    "From: a@x\nDate: 1 Jan 2026 00:00 +0000\nSubject: \u00fc\nMessage-ID: <b@x>\n\nb\n",
  );
  for (const bytes of [result(), other])
    await addToFeed(written, [{ bytes, source: "x", record: true }]);
  await publishFeed(written, quiet);
  await pushFeed(written, join(place, "ci"), quiet);
  await followFeed({ url: `file://${place}/ci`, headersOnly: false, keys: [] }, reporter);
  await shelf.update(["feed:ci"]);
  expect(await shelf.find("d:1970..")).toHaveLength(2);
  expect(await changes()).toBe("|");
});

test.each(["C.UTF-8", "de_DE.UTF-8"])("an epoch may be empty, in %s", async (language) => {
  // git is translated by LANGUAGE if the locale is not C; where its translations are not installed, it speaks English
  vi.stubEnv("LANGUAGE", language.slice(0, 2));
  const served = join(place, "ci");
  mkdirSync(join(served, "git"), { recursive: true });
  bare("ci/git/0.git");
  await followFeed({ url: `file://${served}`, headersOnly: false, keys: [] }, reporter);
  expect(await changes()).toBe("|");
  await initFeed(join(place, "full"), { by: "a@example.org" }, quiet);
  await addToFeed(join(place, "full"), [{ bytes: result(), source: "x", record: true }]);
  renameSync(join(served, "git", "0.git"), join(served, "git", "1.git"));
  renameSync(join(place, "full", "git", "0.git"), join(served, "git", "0.git"));
  expect(await changes()).toBe("0|");
  // what is done with what is here
  expect(await mirrorFeed("ci", join(place, "mirror"), quiet)).toBe(2);
  expect(await collectFeed("ci", "1.day", quiet)).toBe(0);
  // once there was something, empty is as good as gone
  renameSync(join(served, "git", "0.git"), join(place, "0.git"));
  bare("ci/git/0.git");
  expect(await changes()).toBe("|0");
});

test.each(["smart", "dumb"])(
  "object names of another length are no hindrance: %s",
  async (kind) => {
    const epoch = bare("other/git/0.git");
    rmSync(epoch, { recursive: true });
    execFileSync("git", ["init", "-q", "--bare", "--object-format=sha256", epoch]);
    execFileSync("git", ["symbolic-ref", "HEAD", "refs/heads/master"], { cwd: epoch });
    writeFileSync(join(place, "other", "inbox.lock"), "");
    await addToFeed(join(place, "other"), [{ bytes: result(), source: "x", record: true }]);
    await publishFeed(join(place, "other"), quiet);
    const server = await (kind === "dumb" ? servePython(place) : serveFolder(place, "filter"));
    onTestFinished(server.stop);
    await followFeed(
      { url: `${server.url}/other`, name: "ci", headersOnly: false, keys: [] },
      reporter,
    );
    expect(followedFeed("ci").heads[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(await mirrorFeed("ci", join(place, "mirror"), quiet)).toBe(1);
    // a feed of ours has the names that all readers know
    vi.stubEnv("GIT_DEFAULT_HASH", "sha256");
    await initFeed(join(place, "own"), { by: "a@example.org" }, quiet);
    await addToFeed(join(place, "own"), [{ bytes: result(), source: "x", record: true }]);
    const cwd = join(place, "own", "git", "0.git");
    expect(execFileSync("git", ["rev-parse", "master"], { cwd })).toHaveLength(41);
  },
);

test("a feed has the branch that its HEAD names, as public-inbox makes it with init.defaultBranch", async () => {
  const written = join(place, "ci");
  await initFeed(written, { by: "a@example.org" }, quiet);
  const cwd = join(written, "git", "0.git");
  const head = (name: string): void =>
    void execFileSync("git", ["symbolic-ref", "HEAD", `refs/heads/${name}`], { cwd });
  head("main");
  const add = (run: number): Promise<unknown> =>
    addToFeed(written, [{ bytes: result({ run }), source: "x", record: true }]);
  await add(1);
  await followFeed({ url: written, headersOnly: false, keys: [] }, reporter);
  await add(2);
  bare("pushed.0");
  await pushFeed(written, join(place, "pushed"), quiet);
  expect(await changes()).toBe("0|");
  const refs = ["for-each-ref", "--format=%(refname)"];
  for (const at of [cwd, join(place, "pushed.0")])
    expect(execFileSync("git", refs, { cwd: at }).toString()).toBe("refs/heads/main\n");
  const name = execFileSync("git", ["rev-parse", "HEAD"], { cwd }).toString().trim();
  execFileSync("git", ["update-ref", "--no-deref", "HEAD", name], { cwd });
  await expect(add(3)).rejects.toMatchObject({ message: `${cwd}: its HEAD names no branch` });
});
