/**
 * The program as a few files instead of a hundred: reading modules one by one took as long as node
 * itself. They are CommonJS, which node loads faster, and whose compiled form V8 can keep (start.ts).
 * What two commands need is in one file, what one needs or what is loaded late is in a file of its
 * own, most packages stay outside.
 */

import { resolve } from "node:path";

/** In ASCII V8 keeps a text in half the memory; and nobody is misled by letters that look alike. */
const ascii = {
  name: "ascii",
  // at the very end: minifying prints letters as they are
  generateBundle(_, bundle) {
    for (const chunk of Object.values(bundle))
      chunk.code = chunk.code?.replace(
        /[^\0-\x7f]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
      );
  },
};

/** Parts of node that take long to load, and that only some runs need, are loaded by their first use. */
const late = {
  name: "late",
  renderChunk(code) {
    for (const part of ["child_process", "net", "os", "stream", "tty", "worker_threads", "zlib"]) {
      const its = `node_${part}`;
      code = code
        .replace(`let ${its} = require("node:${part}");\n`, "")
        .replaceAll(`${its}.`, `(require("node:${part}")).`);
      if (code.includes(its)) this.error(`${part} is used as a whole somewhere`);
    }
    return code;
  },
};

/** Packages that are within, and what their licence wants there. */
const WITHIN = {
  // ES modules only: for its few functions node would load all that these need
  "@noble/hashes": "Copyright (c) 2022 Paul Miller (https://paulmillr.com)",
  // a dozen small files, of which package.json fixes the version that its native part has
  "better-sqlite3": "Copyright (c) 2017 Joshua Wise",
};
const banner = ({ moduleIds }) =>
  Object.entries(WITHIN)
    .filter(([name]) => moduleIds.some((id) => id.includes(`/node_modules/${name}/`)))
    .map(([name, by]) => `/*! in part ${name}: MIT License, ${by} */`)
    .join("\n");

/** Scripts of threads and other processes, by name. */
const SCRIPTS = {
  "check-worker": "src/app/verify/check-worker.ts",
  "facts-worker": "src/app/search/facts-worker.ts",
  "prover-worker": "src/app/record/prover-worker.ts",
  "postgres-worker": "src/store/postgres/postgres-worker.ts",
  "details-process": "src/app/desk/details-process.ts",
  "update-process": "src/app/search/update-process.ts",
};

/** They are loaded as the program is: with V8's code cache. */
const startScripts = {
  name: "start-scripts",
  generateBundle() {
    for (const name of Object.keys(SCRIPTS)) {
      const source = `require("./start.js").load("${loadedAs(name)}.js");\n`;
      this.emitFile({ type: "asset", fileName: `${name}.js`, source });
    }
  },
};

function loadedAs(name) {
  return `${name}.script`;
}

/** The nearest package.json says how node reads a file, and the package's own says "module". */
const readAsCommonjs = {
  name: "read-as-commonjs",
  generateBundle() {
    const source = `${JSON.stringify({ type: "commonjs" })}\n`;
    this.emitFile({ type: "asset", fileName: "package.json", source });
  },
};

/** @returns whether what these modules import has a module in it */
function neededBy(...roots) {
  const needed = new Set(roots.map((root) => resolve(root)));
  return (id, bundle) => {
    // the set grows while it is gone through
    for (const one of needed) importsOf(one, bundle).forEach((other) => needed.add(other));
    return needed.has(id);
  };
}

const importsOf = (id, bundle) => bundle.getModuleInfo(id)?.importedIds ?? [];

const inMain = neededBy("src/cli/main.ts");
const toRead = neededBy("src/app/hook/run.ts", "src/app/sign/own-key.ts");
const toSign = neededBy(
  ...["hook/record-base.ts", "sign/signer.ts", "sign/signing.ts"].map((name) => `src/app/${name}`),
);
const toWrite = neededBy("src/cli/commands/format-patch.ts");
const toVerify = neededBy("src/cli/commands/verify.ts");
const toApply = neededBy("src/cli/commands/am.ts");

/**
 * What is shared, by what needs it, so that a start loads little that it does not need: every command; the
 * hook on a signed mail, which reads it and checks its signature; the hook when it signs; format-patch; verify; am;
 * all else.
 * The first group that takes a module has it.
 * Packages are loaded when they are needed, so what imports one is in no file that all need.
 */
const GROUPS = [
  { name: "sqlite", test: /\/node_modules\/better-sqlite3\//, minShareCount: 1 },
  group("everywhere", inMain),
  group("reading", toRead),
  group(
    "settings",
    (...module) => toVerify(...module) && (toSign(...module) || toWrite(...module)),
  ),
  group("signing", toSign),
  group("writing", toWrite),
  group("verifying", toVerify),
  group("applying", toApply),
  group("shared", () => true),
];

function group(debugName, takes) {
  const name = (id, bundle) => {
    if (importsOf(id, bundle).some((other) => /^(?!node:)[^./]/.test(other))) return null;
    return takes(id, bundle) ? debugName : null;
  };
  return { name, debugName, minShareCount: 2 };
}

const common = {
  platform: "node",
  external: /^(?!@noble\/|better-sqlite3$)[^./]/,
};

/** As deep as dist/src/cli, so that package.json is found from both. */
const output = {
  dir: "dist/bundle/cli",
  format: "cjs",
  chunkFileNames: "[name].js",
};

export default [
  {
    ...common,
    input: {
      main: "src/cli/main.ts",
      ...Object.fromEntries(Object.entries(SCRIPTS).map(([name, file]) => [loadedAs(name), file])),
    },
    preserveEntrySignatures: "allow-extension",
    output: {
      ...output,
      banner,
      cleanDir: true,
      // V8's cache does not know who may import: a script that was read from it cannot
      dynamicImportInCjs: false,
      codeSplitting: {
        includeDependenciesRecursively: false,
        groups: GROUPS.map((one, i) => ({ ...one, priority: GROUPS.length - i })),
      },
    },
    plugins: [late, ascii, readAsCommonjs, startScripts],
  },
  {
    ...common,
    input: ["src/start/start.ts", "src/start/compile.ts"],
    output,
    plugins: [ascii],
  },
  {
    // the library (src/index.ts) starts nothing when it is loaded, so what has no use is left out
    ...common,
    input: { index: "src/index.ts" },
    treeshake: { moduleSideEffects: false },
    output: { dir: "dist/lib", banner, cleanDir: true, format: "esm", chunkFileNames: "[name].js" },
  },
];
