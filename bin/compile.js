// What npm runs after an installation: V8 keeps what it compiles of the program, and starts it faster.
// Without the bundle, in a fresh clone, there is nothing to do, nor for a node that cannot run it.
const { existsSync } = require("fs");
const { join } = require("path");

const compile = join(__dirname, "../dist/bundle/cli/compile.js");
if (process.features.require_module && process.versions.modules < 137 && existsSync(compile)) require(compile);
