// What npm runs after an installation: V8 keeps what it compiles of the program, and starts it faster.
// Without the bundle, in a fresh clone, there is nothing to do.
const { existsSync } = require("node:fs");
const { join } = require("node:path");

const compile = join(__dirname, "../dist/bundle/cli/compile.js");
if (existsSync(compile)) require(compile);
