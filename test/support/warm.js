/**
 * A process that has loaded the program, and runs one command line after the other, each as in a process of
 * its own: with the environment, the folder and the modules' state of a start. The first argument is the
 * bundle's folder. A request is a line of JSON in the FIFO that the second one names; the exit status goes as a
 * line to the third. stdin is the file that the fourth names, output goes where stdout and stderr of this
 * process go to.
 */

import { closeSync, createReadStream, openSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [, , BUNDLE, requests, answers, input] = process.argv;
// in this order, for the other side waits for it
const lines = createInterface(createReadStream("", { fd: openSync(requests, "r") }));
const answer = openSync(answers, "w");

const outside = createRequire(join(BUNDLE, "start.js"));
const { load, loaded } = outside("./start.js");

/** As V8 compiled it, with what it learned of it since. */
function scriptOf(name) {
  const find = () => loaded.find(({ cache }) => cache === join(BUNDLE, `${name}.v8`))?.script;
  if (find() === undefined) load(name);
  return find();
}

/** The program anew: no module remembers anything of an earlier command. */
function freshProgram() {
  const modules = new Map();
  function required(name) {
    if (!name.startsWith("./")) return outside(name);
    const file = name.slice(2);
    if (!modules.has(file)) {
      const module = { exports: {} };
      modules.set(file, module);
      const wrapper = scriptOf(file).runInThisContext();
      wrapper(module.exports, required, module, join(BUNDLE, file), BUNDLE);
    }
    return modules.get(file).exports;
  }
  return required("./main.js");
}

function setEnvironment(env) {
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
}

/** Calls what waits for the end of the process, and takes all listeners away. */
function endOfProcess(status) {
  for (const listener of process.listeners("exit")) if (listener !== onExit) listener(status);
  for (const event of process.eventNames())
    for (const listener of process.listeners(event))
      if (listener !== onExit && !OWN.has(listener)) process.removeListener(event, listener);
}

/** From its first byte on. What is opened next gets the least number that is free. */
function openStdin() {
  closeSync(0);
  openSync(input);
}

const say = (words) => writeSync(answer, `${words}\n`);
// by a command: the other side starts another process
const onExit = (status) => say(`${status} ended`);
const OWN = new Set(process.eventNames().flatMap((event) => process.listeners(event)));
process.on("exit", onExit);

for await (const line of lines) {
  const { args, cwd, env } = JSON.parse(line);
  setEnvironment(env);
  process.chdir(cwd);
  process.exitCode = 0;
  openStdin();
  await freshProgram().main(args);
  const status = process.exitCode;
  endOfProcess(status);
  process.exitCode = 0;
  say(status);
}
process.removeListener("exit", onExit);
