#!/usr/bin/env node
if (!process.features.require_module) require("./too-old.js");
else require("../dist/bundle/cli/start.js").load("main.js").main(process.argv.slice(2));
