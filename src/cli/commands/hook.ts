/**
 * `patchsig hook`: git send-email signs by itself. `hook run`, which git starts once a patch, has to
 * be quick: nothing of the rest is loaded for it.
 */

export const hookCommand = {
  async run(args: string[]): Promise<void> {
    const [action, ...rest] = args;
    if (action === "run") return (await import("../../app/sign/hook-run.ts")).runHook(rest);
    const { runCommand } = await import("../run-command.ts");
    await runCommand((await import("../hook-setup.ts")).setupCommand, "hook", args);
  },
};
