/** Reads sections of the file MAINTAINERS in a repository's HEAD. */

import { PatchsigError } from "../../errors.ts";
import { runGit } from "../../git/run.ts";
import {
  filterOf,
  type MaintainedSection,
  parseMaintainers,
  type SectionFilter,
  sectionNamed,
} from "../../search/maintainers.ts";

const FILE = "MAINTAINERS";
const MAX_BYTES = 4 << 20;

/**
 * @param names titles of sections, as in `maintainers:"…"`
 * @param cwd a folder in the repository
 * @returns what each section looks for, by name
 * @throws PatchsigError "not-found": no such file, or no such section
 */
export async function readSections(
  names: readonly string[],
  cwd = process.cwd(),
): Promise<ReadonlyMap<string, SectionFilter>> {
  if (names.length === 0) return new Map();
  const found = await runGit(["cat-file", "blob", `HEAD:${FILE}`], {
    cwd,
    maxBytes: MAX_BYTES,
  });
  if (found.status !== 0)
    throw new PatchsigError("not-found", `there is no ${FILE} here`, {
      hint: "maintainers: reads that of HEAD, where you stand or in web's --repo",
    });
  const sections = parseMaintainers(found.stdout.toString("utf8"));
  const filters = new Map<string, SectionFilter>();
  for (const name of names) {
    const section = sectionNamed(sections, name);
    if (section === null)
      throw new PatchsigError("not-found", `${FILE} has no section "${name}", or several`, {
        hint: 'its title as it stands there: maintainers:"I2C SUBSYSTEM"',
      });
    const folders = await foldersAmong(section, cwd);
    filters.set(
      name,
      filterOf(section, (path) => folders.has(path)),
    );
  }
  return filters;
}

/** The patterns without wildcards that are folders in HEAD: get_maintainer.pl takes them with all that is below. */
async function foldersAmong(
  { files, excluded }: MaintainedSection,
  cwd: string,
): Promise<ReadonlySet<string>> {
  const plain = [...files, ...excluded].filter((one) => /^[^*?/][^*?]*[^*?/]$/.test(one));
  if (plain.length === 0) return new Set();
  const args = ["ls-tree", "-d", "-z", "--name-only", "--full-tree", "HEAD", "--", ...plain];
  const { status, stdout } = await runGit(args, { cwd });
  return new Set(status === 0 ? stdout.toString("utf8").split("\0") : []);
}
