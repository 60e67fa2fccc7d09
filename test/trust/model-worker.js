// Started by model.test.ts: one of the two processes, on the built program (`npm run build` first).
import { closeSync, openSync, readSync, writeSync } from "node:fs";

const load = (name) => import(new URL(`../../dist/src/${name}.js`, import.meta.url).href);
const { openTrustStore, TrustStore } = await load("store/trust-store");
const { connectPostgres } = await load("store/postgres/trust-postgres");
const { createTrustJudge } = await load("app/verify/judging");
const { DEFAULT_POLICY } = await load("verify/policy");

const [name, own, ...pipes] = process.argv.slice(2);
const [told, says] = [openSync(pipes[0], "r"), openSync(pipes[1], "w")];
// a place of test/store/backends.ts
const store =
  name === own
    ? openTrustStore({ file: own })
    : new TrustStore(
        () => connectPostgres({ url: name, connectMs: 300_000, busyMs: 300_000 }),
        false,
      );

function verify(mails, asked, at) {
  const policies = { general: { ...DEFAULT_POLICY, ...asked }, overrides: [] };
  const session = createTrustJudge(store, { policies, dryRun: false, at });
  const found = mails.map((evidence) => ({ source: "x", evidence, payload: null }));
  const { members } = session.judge(found);
  return members.map(({ result: { trust, verdict } }) => ({ trust, verdict }));
}

function lose(...args) {
  try {
    store.transaction(() => {
      verify(...args);
      throw new RangeError("killed");
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
}

const commands = { verify, lose };
const revive = (_, value) => (value?.type === "Buffer" ? Buffer.from(value.data) : value);

function answer(line) {
  const { method, args } = JSON.parse(line, revive);
  try {
    const value = commands[method]?.(...args) ?? store[method]?.(...args) ?? null;
    return { value };
  } catch (error) {
    return { code: error.code ?? String(error), why: `${error.message} (${error.cause?.stack})` };
  }
}

let rest = "";
const some = Buffer.alloc(1 << 16);
for (let read = readSync(told, some); read > 0; read = readSync(told, some)) {
  rest += some.toString("latin1", 0, read);
  for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
    const line = rest.slice(0, end);
    rest = rest.slice(end + 1);
    writeSync(says, `${JSON.stringify(answer(line))}\n`);
  }
}
store.close();
closeSync(told);
