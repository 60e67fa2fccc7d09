/**
 * A real SMTP server with TLS and a login, behind a wire that breaks: what goes wrong next is planned by a
 * test. It knows which mails it took, and that is what counts.
 */

import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import type { Certificate } from "./certificate.ts";
import { refusal } from "./smtp.ts";

/** Where the server is; `answered`: after it has said that it took a mail. */
export const SERVER_STEPS = [
  "connect",
  "secure",
  "auth",
  "from",
  "to",
  "data",
  "answered",
] as const;
type ServerStep = (typeof SERVER_STEPS)[number];

/** What happens once, at the next chance. */
export interface Trouble {
  /** The server at a step: a code to answer, or it hangs up, or calls `onStep` and says nothing. */
  readonly at?:
    | undefined
    | {
        readonly step: ServerStep;
        readonly does: number | "hang up" | "silence";
        /** So many times all goes well there before. */
        readonly passes: number;
        /** At `data`: it has taken the mail all the same. */
        readonly taken: boolean;
      };
  /** The wire, once so many bytes have gone this way. */
  readonly wire?:
    | undefined
    | {
        readonly from: "client" | "server";
        readonly after: number;
        readonly does: "reset" | "end" | "silence" | "garbage";
      };
  /** The server's bytes come one by one. */
  readonly slow?: boolean;
  /** It knows no STARTTLS. */
  readonly plain?: boolean;
  /** Called when the server is silent, or has answered. */
  readonly onStep?: () => void;
}

export interface FaultySmtp {
  readonly port: (encryption: "tls" | "ssl") => number;
  /** Mails that the server has taken, in order. */
  readonly taken: Buffer[];
  readonly plan: (trouble: Trouble) => void;
  /** Waits until the server has seen all that a program said that has ended. */
  readonly calm: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export const USER = "alice";
export const PASSWORD = "s3cret-0f-alice";

// oxlint-disable-next-line max-lines-per-function -- a server and its wire share what is planned
export async function faultySmtp({ key, cert }: Certificate): Promise<FaultySmtp> {
  const taken: Buffer[] = [];
  let trouble: Trouble = {};
  const wires = new Set<Wire>();
  const hangUp = (): void => wires.forEach((wire) => wire.cut());

  /** Is it this time? */
  const isNext = (at: NonNullable<Trouble["at"]>): boolean => {
    trouble = { ...trouble, at: at.passes === 0 ? undefined : { ...at, passes: at.passes - 1 } };
    return at.passes === 0;
  };
  /** True if something goes wrong here, which it then does. */
  const goesWrong = (step: ServerStep, done: (error: Error) => void): boolean => {
    const { at, onStep } = trouble;
    if (at?.step !== step || !isNext(at)) return false;
    if (at.does === "hang up") hangUp();
    else if (at.does === "silence") onStep?.();
    else done(refusal(at.does, "trouble"));
    return true;
  };
  const options: SMTPServerOptions = {
    logger: false,
    closeTimeout: 20,
    key,
    cert,
    authMethods: ["PLAIN", "LOGIN", "CRAM-MD5"],
    onConnect: (_session, done) => void (goesWrong("connect", done) || done()),
    onSecure: (_socket, _session, done) => void (goesWrong("secure", done) || done()),
    onAuth: (auth, _session, done) => {
      if (goesWrong("auth", done)) return;
      const right =
        auth.method === "CRAM-MD5" ? auth.validatePassword(PASSWORD) : auth.password === PASSWORD;
      if (right && auth.username === USER) done(null, { user: USER });
      else done(refusal(535, "wrong password"));
    },
    onMailFrom: (_address, _session, done) => void (goesWrong("from", done) || done()),
    onRcptTo: (_address, _session, done) => void (goesWrong("to", done) || done()),
    onData: (stream, _session, done) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("error", () => undefined);
      stream.on("end", () => {
        const { at, onStep } = trouble;
        const refused = at?.step === "data" && at.passes === 0 && !at.taken;
        if (!refused) taken.push(Buffer.concat(chunks));
        if (goesWrong("data", done)) return;
        done();
        if (at?.step !== "answered" || !isNext(at)) return;
        // the answer is on its way by then
        setImmediate(() => onStep?.());
      });
    },
  };
  const servers = {
    tls: new SMTPServer(options),
    ssl: new SMTPServer({ ...options, secure: true }),
    plain: new SMTPServer({ ...options, disabledCommands: ["STARTTLS"] }),
  };
  for (const server of Object.values(servers)) {
    server.on("error", () => undefined);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  }
  const portOf = (name: keyof typeof servers): number =>
    (servers[name].server.address() as AddressInfo).port;

  const openWire = (client: Socket, name: "tls" | "ssl"): void => {
    const wire = new Wire(client, portOf(trouble.plain === true ? "plain" : name), () => {
      const mine = trouble;
      return {
        ...mine,
        broken: () => {
          trouble = { ...trouble, wire: undefined };
          if (mine.wire?.does === "silence") mine.onStep?.();
        },
      };
    });
    wires.add(wire);
    void wire.ended.then(() => wires.delete(wire));
  };
  const fronts: Record<"tls" | "ssl", Server> = {
    tls: createServer({ noDelay: true }, (client) => openWire(client, "tls")),
    ssl: createServer({ noDelay: true }, (client) => openWire(client, "ssl")),
  };
  for (const front of Object.values(fronts))
    await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));

  const calm = async (): Promise<void> => {
    for (const wire of wires) wire.unlessSilent();
    await Promise.all([...wires].map(({ ended }) => ended));
  };
  return {
    port: (encryption) => (fronts[encryption].address() as AddressInfo).port,
    taken,
    plan: (next) => (trouble = next),
    calm,
    stop: async () => {
      hangUp();
      for (const front of Object.values(fronts)) front.close();
      for (const server of Object.values(servers))
        await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

type Now = () => Trouble & { readonly broken: () => void };

/** Carries bytes between a client and the server, as long as nothing is planned. */
class Wire {
  readonly ended: Promise<void>;
  readonly #client: Socket;
  readonly #server: Socket;
  #silent = false;

  constructor(client: Socket, port: number, now: Now) {
    this.#client = client;
    this.#server = connect({ port, host: "127.0.0.1", noDelay: true });
    for (const socket of [client, this.#server]) socket.on("error", () => undefined);
    this.#carry("client", client, this.#server, now);
    this.#carry("server", this.#server, client, now);
    // what a client that has ended said before reaches the server all the same
    client.on("close", () => this.#server.end());
    this.#server.on("close", () => client.destroy());
    this.ended = new Promise((resolve) => this.#server.on("close", () => resolve()));
  }

  cut(): void {
    this.#client.resetAndDestroy();
    this.#server.end();
  }

  /** A silent one would stay open for ever. */
  unlessSilent(): void {
    if (this.#silent) this.cut();
  }

  #carry(side: "client" | "server", from: Socket, to: Socket, now: Now): void {
    let passed = 0;
    const give = async (bytes: Buffer, slow: boolean): Promise<void> => {
      const pieces = slow ? Array.from(bytes, (byte) => Buffer.from([byte])) : [bytes];
      for (const piece of pieces) {
        if (to.writable) to.write(piece);
        if (slow) await new Promise((resolve) => setImmediate(resolve));
      }
    };
    let last = Promise.resolve();
    from.on("data", (bytes: Buffer) => {
      if (this.#silent) return;
      const { wire, slow = false, broken } = now();
      const isSlow = slow && side === "server";
      const left = wire?.from === side ? wire.after - passed : Infinity;
      passed += bytes.length;
      last = last.then(() => give(bytes.subarray(0, Math.max(0, left)), isSlow));
      if (bytes.length < left) return;
      broken();
      last = last.then(() => this.#break(wire!.does, bytes.subarray(Math.max(0, left)), to));
    });
    from.on("end", () => (last = last.then(() => void to.end())));
  }

  #break(does: NonNullable<Trouble["wire"]>["does"], rest: Buffer, to: Socket): void {
    if (does === "silence") this.#silent = true;
    else if (does === "garbage") to.write(rest.map((byte) => byte ^ 0x55));
    else if (does === "reset") this.cut();
    else {
      this.#client.end();
      this.#server.end();
    }
  }
}
