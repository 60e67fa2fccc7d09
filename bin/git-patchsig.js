#!/usr/bin/env node
require("../dist/bundle/cli/start.js").load("main.js").main(process.argv.slice(2));
