// Started by outbox-run.test.ts: one run over an outbox, which may end itself by SIGKILL in the
// middle of a letter. It runs the built program.
const built = (name) => import(new URL(`../../../dist/src/${name}.js`, import.meta.url).href);
const { drain } = await built("app/send/outbox-run");
const { smtpTransport } = await built("send/smtp");
const { openDatabase } = await built("store/database");
const { openOutbox } = await built("store/outbox");

const { file, schema, server, now, step } = JSON.parse(process.argv[2]);

const dieAt = (here) => {
  if (here === step) process.kill(process.pid, "SIGKILL");
};
const connect = async () => {
  const transport = smtpTransport(server, { password: null, onLogin: async () => undefined });
  const send = async (letter, onCommit) => {
    dieAt("before sending");
    const outcome = await transport.send(letter, () => {
      dieAt("before the end");
      onCommit();
      dieAt("at the end");
    });
    dieAt("after the answer");
    return outcome;
  };
  return { ...transport, send };
};

const { db } = openDatabase(schema, { file });
await drain(openOutbox(db, { ordered: false, explained: (work) => work() }), connect, {
  now: () => now,
  allowed: () => "send",
  wasSent: async () => null,
  stop: new AbortController().signal,
});
db.close();
