/** What the options of `send` say of its mails, and how the user is asked. */

import { type MadeMails, makeMails, type MakeWishes, REFLECT } from "../../app/send/make.ts";
import type { SendPlan } from "../../app/send/plan.ts";
import type { Repository } from "../../git/repository.ts";
import { ours } from "../../report/escape.ts";
import { editFiles } from "../../terminal/editor.ts";
import type { PasswordSettings } from "../../terminal/password.ts";
import { askYesOrNo, canAsk } from "../../terminal/questions.ts";
import { say } from "../../terminal/terminal.ts";
import { userSigner } from "../signer.ts";

export interface MakeArguments extends PasswordSettings {
  readonly key?: string | undefined;
  readonly rehearse: boolean;
  readonly chainReplyTo?: boolean | undefined;
  readonly annotate?: boolean | undefined;
  readonly noValidate?: boolean | undefined;
  readonly reflect: boolean;
  readonly previewTo?: string | undefined;
  readonly identity?: string | undefined;
  readonly bcc?: string[] | undefined;
  readonly noTo?: boolean | undefined;
  readonly noCc?: boolean | undefined;
  readonly noBcc?: boolean | undefined;
  readonly toCmd?: string | undefined;
  readonly ccCmd?: string | undefined;
  readonly headerCmd?: string | undefined;
  readonly suppressCc?: string[] | undefined;
}

export function makeAsked(
  repository: Repository,
  plan: SendPlan,
  args: MakeArguments,
): Promise<MadeMails> {
  return makeMails(repository, plan, wishesIn(args), {
    say,
    signer: () => userSigner(args),
    mayRun: async (command, file) =>
      canAsk() && askYesOrNo(ours`${file} of this project wants to run "${command}". run it?`),
    edit: editFiles,
  });
}

function wishesIn(args: MakeArguments): MakeWishes {
  const none = [args.noTo && "to", args.noCc && "cc", args.noBcc && "bcc"] as const;
  return {
    identity: args.identity ?? null,
    address: {
      bcc: args.bcc ?? [],
      no: new Set(none.flatMap((field) => (field === undefined || field === false ? [] : [field]))),
      toCmd: args.toCmd ?? null,
      ccCmd: args.ccCmd ?? null,
      headerCmd: args.headerCmd ?? null,
      suppress: args.suppressCc ?? [],
    },
    only: args.reflect ? REFLECT : (args.previewTo ?? null),
    chainReplyTo: args.chainReplyTo ?? null,
    annotate: args.annotate ?? null,
    validate: args.noValidate === true ? false : null,
    rehearse: args.rehearse,
  };
}
