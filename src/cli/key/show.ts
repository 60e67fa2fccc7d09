/** `patchsig key show`. */

import { type KeyReport, reportOf } from "../../app/keys/report.ts";
import { keyChoiceOf } from "../../app/settings.ts";
import { escapeJson, ours, type SafeText } from "../../report/escape.ts";
import { command } from "../../options/command.ts";
import { passwordOptions, passwordSource } from "../../terminal/password.ts";
import { out, say } from "../../terminal/terminal.ts";
import { KEY_OPTION } from "./common.ts";
import { JSON_OPTION } from "../json.ts";
import { optional } from "../../options/kinds.ts";

export const showCommand = command({
  usage: "show [file]",
  describe: "show the public key, its ID and its file",
  words: {
    file: optional("a secret or public key file, or ssh:NAME of a key in ssh-agent"),
  },
  options: {
    ...KEY_OPTION,
    ...passwordOptions,
    json: JSON_OPTION,
  },
  async run(args) {
    const askPassword = passwordSource(args).ask;
    const report = await reportOf(keyChoiceOf(args.file ?? args.key), { askPassword, say });
    out(args.json ? escapeJson(report) : linesOf(report));
  },
});

function linesOf(report: KeyReport): SafeText[] {
  const { publicKey, keyId, path, publicPath, agent } = report;
  const rows: [string, string | null][] = [
    ["key ID", keyId],
    ["secret key", path && `${path} (${stateOf(report)})`],
    ["public key", publicPath],
    ["ssh-agent", agent && `${agent.fingerprint} ${agent.comment}`],
  ];
  return [
    ours`${publicKey}`,
    ...rows.flatMap(([name, value]) => (value === null ? [] : ours`${name.padEnd(12)}${value}`)),
  ];
}

function stateOf({ encrypted, unlocked }: KeyReport): string {
  if (encrypted !== true) return "not encrypted";
  return unlocked === true ? "encrypted, unlocked in ssh-agent" : "encrypted, locked";
}
