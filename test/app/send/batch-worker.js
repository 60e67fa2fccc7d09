// Started by batch.test.ts, which kills it at every step: one batch, queued and sent. It runs the built
// program. Of mails in doubt it is told the truth: which ones the server has.
const built = (name) => import(new URL(`../../../dist/src/${name}.js`, import.meta.url).href);
const { sendBatch } = await built("app/send/batch");
const { smtpTransport } = await built("send/smtp");
const { SendStore } = await built("store/send-store");

const { file, server, now, batch, mails, arrived } = JSON.parse(process.argv[2]);

const store = new SendStore(file);
const [open] = store.open();
const letters = mails.map((mail) => ({ ...mail, bytes: Buffer.from(mail.bytes) }));
const id = open?.id ?? (arrived.length < mails.length ? store.add(batch, letters, now) : null);
if (id !== null) {
  const { ended } = await sendBatch(store, id, {
    connect: async () => smtpTransport(server, { password: null, onLogin: async () => undefined }),
    now: () => now,
    wasSent: async ({ messageId }) => arrived.includes(messageId),
    onOutcome: () => undefined,
    stop: new AbortController().signal,
  });
  if (ended) store.end(id, now);
}
store.close();
