import { spawn } from "node:child_process";
import { startSmtp } from "./smtp.ts";

export interface Sent {
  readonly status: number;
  /** stdout and stderr. */
  readonly said: string;
  /** As the server got them, in order of arrival. */
  readonly mails: Buffer[];
}

/** Stock git send-email, through a real SMTP server on this machine. */
export async function sendEmail(
  args: readonly string[],
  options: {
    readonly cwd: string;
    readonly env: Record<string, string>;
    /** Words for git itself. */
    readonly own?: readonly string[];
  },
): Promise<Sent> {
  const server = await startSmtp();
  try {
    const words = [
      options.own ?? [],
      ["send-email", "--quiet", "--confirm=never", "--suppress-cc=all", "--to=list@example.org"],
      ["--smtp-server=127.0.0.1", `--smtp-server-port=${server.port}`, "--smtp-domain=localhost"],
      args,
    ].flat();
    const child = spawn("git", words, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const status = await new Promise<number>((resolve) =>
      child.on("close", (code) => resolve(code ?? -1)),
    );
    return { status, said, mails: server.mails.map(({ bytes }) => bytes) };
  } finally {
    await server.stop();
  }
}
