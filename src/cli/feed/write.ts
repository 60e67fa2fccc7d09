/** `patchsig feed init`, `add` and `publish`. */

import { addSources } from "../../app/feed/add-files.ts";
import { describeFeed, planDescription } from "../../app/feed/describe.ts";
import { initFeed } from "../../app/feed/init.ts";
import { publishFeed, pushFeed } from "../../app/feed/publish.ts";
import { signerAddress } from "../../app/sign/signing.ts";
import { PatchsigError } from "../../errors.ts";
import { FEED_KINDS } from "../../feed/description.ts";
import { addressFlaw, harmless } from "../../feed/url.ts";
import { command } from "../../options/command.ts";
import { flag, repeated, required, several, value } from "../../options/kinds.ts";
import { count } from "../../primitives/words.ts";
import { ours } from "../../report/escape.ts";
import { passwordOptions } from "../../terminal/password.ts";
import { out, say } from "../../terminal/terminal.ts";
import { type SignerSettings, userSigner } from "../signer.ts";

const folder = required("the feed's folder");

export const initCommand = command({
  usage: "init <folder>",
  describe: "make a feed, or change what it says of itself",
  words: { folder },
  options: {
    name: value("what it is called (default: the folder)"),
    url: repeated("where others will find it"),
    kinds: value(`what is in it, with commas between: ${FEED_KINDS.join(", ")}`),
  },
  async run({ folder, name, url, kinds }) {
    const made = await initFeed(
      folder,
      { name, urls: url, kinds: kinds?.split(","), by: addressOrNone() },
      say,
    );
    out(ours`${made.name}: a feed in ${folder}`);
    say("all that is added becomes public for good, with the addresses in From, To and Cc");
  },
});

function addressOrNone(): string {
  try {
    return signerAddress();
  } catch (error) {
    if (error instanceof PatchsigError) return "";
    throw error;
  }
}

export const addCommand = command({
  usage: "add <folder> [source..]",
  describe: "add mails that went to public lists",
  words: {
    folder,
    source: several("files, mboxes, maildirs, or - for stdin", "-"),
  },
  options: {},
  async run({ folder, source }) {
    const { added, already } = await addSources(folder, source, say);
    const known = already.length === 0 ? "" : `; ${already.length} were there`;
    out(ours`added ${count(added.length, "mail")}${known}`);
  },
});

export const publishCommand = command({
  usage: "publish <folder>",
  describe: "make it readable from any web server, and push it",
  words: { folder },
  options: {
    push: value("push each epoch N to this address with .N behind it"),
    describe: flag("sign what the feed says of itself, monthly and for each epoch"),
    key: value("the secret key file, or ssh:NAME of one in ssh-agent (default: patchsig.key)"),
    ...passwordOptions,
  },
  async run({ folder, push, describe, ...key }) {
    const flaw = push === undefined ? null : addressFlaw(push);
    if (flaw !== null)
      throw new PatchsigError("usage", `--push ${harmless(push!)}: ${flaw}`, {
        hint: "git's credential helper keeps passwords",
      });
    if (describe) await describeIfDue(folder, key);
    const epochs = await publishFeed(folder, say);
    if (push !== undefined) await pushFeed(folder, push, say);
    out(ours`${folder}: ${count(epochs, "epoch")}, ready to be served`);
  },
});

async function describeIfDue(folder: string, settings: SignerSettings): Promise<void> {
  const said = await planDescription(folder);
  if (said === null) return;
  const signer = await userSigner(settings);
  try {
    await describeFeed(folder, said, signer, say);
    say(`${said.name}: described, as ${said.by}`);
  } finally {
    signer.wipe();
  }
}
