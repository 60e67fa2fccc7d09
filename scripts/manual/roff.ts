/** man(7), as groff and mandoc read it, from plain texts and from the Markdown of our documents. */

const WIDTH = 78;

const SPECIAL: Readonly<Record<string, string>> = {
  "\\": "\\e",
  "~": "\\(ti",
  "^": "\\(ha",
  "`": "\\(ga",
};

/** Text of which nothing means anything to roff. A `-` may break a line, and is no minus. */
export function plain(text: string): string {
  return text
    .replaceAll("…", "...")
    .replace(/[\\~^`]/g, (sign) => SPECIAL[sign]!)
    .replace(/[^\0-\x7f]/gu, (sign) => {
      const code = sign.codePointAt(0)!.toString(16).toUpperCase();
      return `\\[u${code.padStart(4, "0")}]`;
    });
}

/** What is typed: a `-` and a quote are copied as they are. */
export function typed(text: string): string {
  return plain(text).replaceAll("-", "\\-").replaceAll("'", "\\(aq");
}

export const bold = (text: string): string => `\\fB${typed(text)}\\fR`;
export const italic = (text: string): string => `\\fI${typed(text)}\\fR`;

/** Text with Markdown's `code`, *emphasis* and links: the address of a link is left out. */
function inline(text: string): string {
  return text
    .replace(/\[([^\]]+)\]\([^)]*\)/g, "$1")
    .split(/(`[^`]+`|\*[^*\s][^*]*\*)/)
    .map((part) =>
      part.startsWith("`")
        ? bold(part.slice(1, -1))
        : /^\*.+\*$/.test(part)
          ? italic(part.slice(1, -1))
          : plain(part).replace(/--(?=\w)/g, "\\-\\-"),
    )
    .join("");
}

/** Lines of one paragraph, each sentence beginning a line, as roff wants it. */
export function paragraph(text: string): string[] {
  const sentences = inline(text.trim().replace(/\s+/g, " ")).split(
    /(?<=[a-z\])][.:?!]) (?=[A-Z\\])/,
  );
  return sentences.flatMap(fill).map(guarded);
}

/** A line that begins with a full stop or a quote would be a request. */
function guarded(line: string): string {
  return /^[.']/.test(line) ? `\\&${line}` : line;
}

function fill(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < WIDTH)
      lines[lines.length - 1] += ` ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** An entry of a list: what it is about, and the text. */
export function entry(tag: string, text: string): string[] {
  return [".TP", tag, ...(text === "" ? ["\\&"] : paragraph(text))];
}

/** Lines as they are. */
function verbatim(lines: readonly string[]): string[] {
  return [".RS 4", ".EX", ...lines.map((line) => guarded(typed(line)) || "\\&"), ".EE", ".RE"];
}

/**
 * A part of a Markdown page: headings, paragraphs, lists, tables and indented code.
 *
 * @param markdown what stands on its own between two empty lines is one of these
 */
export function fromMarkdown(markdown: string): string[] {
  const out: string[] = [];
  // an empty line within code belongs to it
  const joined = markdown.trim().replace(/(?<=^ {4}.*)\n\n(?= {4})/gm, "\n    \n");
  for (const block of joined.split(/\n{2,}/)) {
    const lines = block.split("\n");
    const [first = ""] = lines;
    const follows = out.length > 0 && !/^\.S[HS]/.test(out.at(-1)!);
    const heading = /^#+ (.*)/.exec(first)?.[1];
    if (heading !== undefined) out.push(`.SH ${plain(heading).toUpperCase()}`);
    else if (first.startsWith("|")) out.push(...table(lines));
    else if (first.startsWith("- ")) out.push(...bullets(block));
    else if (first.startsWith("    "))
      out.push(...(follows ? [".PP"] : []), ...verbatim(lines.map((line) => line.slice(4))));
    else out.push(...(follows ? [".PP"] : []), ...paragraph(block));
  }
  return out;
}

function bullets(block: string): string[] {
  return block
    .slice(2)
    .split(/\n- /)
    .flatMap((item) => [".IP \\(bu 2", ...paragraph(item)]);
}

/** A row is an entry: its first cell, what its middle cells say, the last one as text. */
function table(lines: readonly string[]): string[] {
  const [head = [], , ...rows] = lines.map((line) =>
    line.replace(/^\| *| *\|$/g, "").split(/ *(?<!\\)\| */),
  );
  return rows.flatMap(([tag = "", ...cells]) => {
    const text = cells.pop() ?? "";
    const more = cells.map((cell, i) => `${head[i + 1]}: ${cell}`).join("; ");
    return [...entry(inline(tag), text), ...(more === "" ? [] : [".br", ...paragraph(more)])];
  });
}
