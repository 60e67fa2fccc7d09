#!/usr/bin/env node
if (process.features.require_module && process.versions.modules < 137)
  require("../dist/bundle/cli/start.js").load("main.js").main(process.argv.slice(2));
else require("./unsupported.js");
