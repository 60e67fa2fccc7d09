/** Signers whose key ssh-agent holds. Apart from signer.ts, which can often do without an agent. */

import { type Selected, selectKey } from "../../agent/select.ts";
import { SshAgent, sshAgentOf } from "../../agent/ssh-agent.ts";
import type { PublicKey } from "../../minisign/public-key.ts";
import type { OpenSigner } from "./signer.ts";
import type { Reporter } from "../reporter.ts";

type Say = Reporter["say"];

/** The agent of the environment; that it is waited for is said. PatchsigError "no-agent". */
export function userAgent(say: Say): SshAgent {
  return sshAgentOf(process.env, waiting(say));
}

function waiting(say: Say): () => void {
  return () => say("waiting for the ssh-agent: it may have asked you for something");
}

/** The key in ssh-agent that a selector means. PatchsigError: "no-agent", "agent-failed", "no-key". */
export async function agentKey(selector: string, say: Say): Promise<Selected> {
  const agent = userAgent(say);
  try {
    return selectKey(await agent.listIdentities(), selector);
  } finally {
    agent.close();
  }
}

/** A signer for it. */
export async function agentSigner(selector: string, say: Say): Promise<OpenSigner> {
  const agent = userAgent(say);
  try {
    return signerOf(agent, selectKey(await agent.listIdentities(), selector).publicKey);
  } catch (error) {
    agent.close();
    throw error;
  }
}

/**
 * A signer for this key if the agent at `socket` holds it. Null if not, for whatever reason: an
 * agent that is gone is no reason not to ask for a password.
 */
export async function signerIfHeld(
  socket: string,
  publicKey: PublicKey,
  say: Say,
): Promise<OpenSigner | null> {
  const agent = new SshAgent(socket, waiting(say));
  try {
    const { keys } = await agent.listIdentities();
    if (keys.some((key) => key.point.equals(publicKey.point))) return signerOf(agent, publicKey);
  } catch {
    // as if it held nothing
  }
  agent.close();
  return null;
}

function signerOf(agent: SshAgent, publicKey: PublicKey): OpenSigner {
  return {
    publicKey,
    signBytes: (message) => agent.sign(publicKey.point, message),
    wipe: () => agent.close(),
  };
}
