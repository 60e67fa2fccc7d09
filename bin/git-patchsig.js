#!/usr/bin/env node
require("../dist/bundle/cli/main.js").main(process.argv.slice(2));
