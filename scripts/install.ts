/**
 * make install, make uninstall: puts what the build made below a prefix, with the packages that it needs
 * when it runs, and takes it away again. Nothing is fetched.
 *
 * usage: node dist/scripts/install.js install|uninstall DESTDIR PREFIX ZSHDIR
 */

import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

const ROOT = join(import.meta.dirname, "..", "..");
const PROGRAMS = ["git-patchsig", "patchsig"];

/** Packages that only build others. */
const BUILDERS: ReadonlySet<string> = new Set(["prebuild-install"]);

/** What is in packages, and nothing that runs needs. */
const UNUSED: readonly RegExp[] = [
  /\/\.[^/]*$/,
  /\.(?:ts|map|html|md|sh)$/i,
  /^(?:.*\/)?node_modules\/(?:@[^/]*\/)?[^/]*\/(?:tests?|docs?|docsify|examples?|bench(?:marks?)?)$/,
  /^node_modules\/better-sqlite3\/(?:deps|src|binding\.gyp|build\/(?!Release(?:\/better_sqlite3\.node)?$))/,
];

interface Places {
  /** What stands before each place while a package is made; else "". */
  readonly stage: string;
  readonly prefix: string;
  /** Where zsh looks for completions, below the prefix. */
  readonly zsh: string;
}

/** Where what lies, below the prefix; what is there is ours alone. */
const OURS = {
  program: "lib/patchsig",
  documents: "share/doc/patchsig",
  bash: "share/bash-completion/completions",
  fish: "share/fish/vendor_completions.d",
  fishAtStart: "share/fish/vendor_conf.d",
  manual: "share/man",
} as const;

function install(places: Places): void {
  if (!existsSync(join(ROOT, "dist", "man"))) throw new Error("nothing is built: run make first");
  uninstall(places);
  const at = (...path: string[]): string => join(places.stage + places.prefix, ...path);
  const program = at(OURS.program);
  for (const name of ["package.json", "LICENSE", "bin", "dist/bundle", "templates", ...packages()])
    copy(name, join(program, name));
  for (const name of ["README.md", "CHANGELOG.md", "SECURITY.md", "docs", "contrib"])
    copy(name, at(OURS.documents, name));
  copy("dist/man", at(OURS.manual));
  copy("dist/completion/bash/git-patchsig", at(OURS.bash, "git-patchsig"));
  symlinkSync("git-patchsig", at(OURS.bash, "patchsig"));
  copy("dist/completion/zsh/_git-patchsig", at(places.zsh, "_git-patchsig"));
  copy("dist/completion/fish/patchsig.fish", at(OURS.fish, "patchsig.fish"));
  copy("dist/completion/fish/git-of-patchsig.fish", at(OURS.fishAtStart, "patchsig.fish"));
  for (const name of PROGRAMS) {
    mkdirSync(at("bin"), { recursive: true });
    writeFileSync(at("bin", name), wrapper(join(places.prefix, OURS.program, "bin", `${name}.js`)));
    chmodSync(at("bin", name), 0o755);
  }
  // whoever makes a package has this done where it is installed
  if (places.stage === "") spawnSync(process.execPath, [join(program, "bin", "compile.js")]);
}

function uninstall({ stage, prefix, zsh }: Places): void {
  const at = (...path: string[]): string => join(stage + prefix, ...path);
  const manual = ["man1", "man5"].flatMap((section) => {
    const folder = at(OURS.manual, section);
    const pages = existsSync(folder) ? readdirSync(folder) : [];
    const own = pages.filter((name) => /^(?:git-)?patchsig(?:-[\w-]+)?\.\d$/.test(name));
    return own.map((name) => join(folder, name));
  });
  const files = [
    at(OURS.program),
    at(OURS.documents),
    ...PROGRAMS.map((name) => at("bin", name)),
    ...PROGRAMS.map((name) => at(OURS.bash, name)),
    at(zsh, "_git-patchsig"),
    at(OURS.fish, "patchsig.fish"),
    at(OURS.fishAtStart, "patchsig.fish"),
    ...manual,
  ];
  for (const file of files) rmSync(file, { recursive: true, force: true });
}

/** A native module runs with the node that it was built for; another one of the same version does, too. */
function wrapper(program: string): string {
  const quoted = (path: string): string => `'${path.replaceAll("'", "'\\''")}'`;
  return `#!/bin/sh
node=${quoted(process.execPath)}
[ -x "$node" ] || node=$(command -v node) || {
	echo "patchsig: node is not there: $node" >&2
	exit 3
}
exec "$node" ${quoted(program)} "$@"
`;
}

/** Copies a file or folder of the project. */
function copy(name: string, target: string): void {
  if (!isWanted(name)) return;
  const source = join(ROOT, name);
  if (statSync(source).isDirectory()) {
    for (const each of readdirSync(source)) copy(join(name, each), join(target, each));
    return;
  }
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(source, target);
  chmodSync(target, name.startsWith("bin/") ? statSync(source).mode & 0o755 : 0o644);
}

function isWanted(name: string): boolean {
  if (name.startsWith("node_modules/"))
    // packages within a package are in the list themselves
    return !name.endsWith("/node_modules") && !UNUSED.some((pattern) => pattern.test(name));
  // a cache is of the node that made it; the pages are there as pages
  return !name.endsWith(".v8") && name !== "docs/manual";
}

type Locked = Readonly<
  Record<string, { readonly dependencies?: Readonly<Record<string, string>> }>
>;

/** The folders of all packages that run with the program, by the lock file. */
function packages(): Set<string> {
  const text = readFileSync(join(ROOT, "package-lock.json"), "utf8");
  const { packages: locked } = JSON.parse(text) as { readonly packages: Locked };
  const found = new Set<string>();
  const walk = (from: string): void => {
    for (const name of Object.keys(locked[from]?.dependencies ?? {})) {
      const path = lookUp(locked, name, from);
      if (BUILDERS.has(name) || found.has(path)) continue;
      found.add(path);
      walk(path);
    }
  };
  walk("");
  return found;
}

/** Where node finds a package: in the nearest node_modules. */
function lookUp(locked: Locked, name: string, from: string): string {
  const path = join(from, "node_modules", name);
  if (path in locked || from === "") return path;
  return lookUp(locked, name, from.slice(0, Math.max(0, from.lastIndexOf("/node_modules/"))));
}

// all may read it
process.umask(0o022);
const [action, stage = "", prefix = "", zsh = ""] = process.argv.slice(2);
const places = { stage, prefix, zsh };
if (action === "install") install(places);
else if (action === "uninstall") uninstall(places);
else process.exitCode = 2;
