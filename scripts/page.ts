/** Prints a page of the documentation of which every command was run. */

export const COLUMNS = 80;

/**
 * All that a login sets, and no more.
 *
 * @param bin the folder of the programs that the page starts
 */
export function loginOf(home: string, bin: string): Record<string, string> {
  return {
    HOME: home,
    PATH: `${bin}:${process.env["PATH"] ?? ""}`,
    LC_ALL: "C.UTF-8",
    TERM: "dumb",
    COLUMNS: String(COLUMNS),
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_PAGER: "cat",
  };
}

export interface Page {
  /** Words around what is shown, in Markdown. */
  readonly say: (text: string) => void;
  /** A command, and what it printed. Throws an Error if it is wider than a terminal. */
  readonly show: (command: string, printed: string) => void;
}

/** @param asShown puts names that last in place of this machine's folders */
export function pageOf(asShown: (text: string) => string): Page {
  return {
    say: (text) => void process.stdout.write(`${text.trim()}\n\n`),
    show(command, printed) {
      const lines = asShown(`$ ${command}\n${printed}`).trimEnd().split("\n");
      for (const line of lines) {
        // commands and links are whole lines, to be copied
        const isCommand = /^(?:\$|hint:| {8}.*: git patchsig| +(?:first|withdrawn):) |https:/.test(
          line,
        );
        const wide = line.trimEnd().length > COLUMNS && !isCommand;
        if (wide) throw new Error(`wider than ${COLUMNS} columns: ${line}`);
        process.stdout.write(line === "" ? "\n" : `    ${line.trimEnd()}\n`);
      }
      process.stdout.write("\n");
    },
  };
}
