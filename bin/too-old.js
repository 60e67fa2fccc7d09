// What a node that cannot load the program prints instead, in words that every node understands.
process.stderr.write(
  "patchsig: node " + process.versions.node + " is too old\n" +
    "hint: node 20.19 or newer; of node 22, 22.12 or newer\n"
);
process.exitCode = 3;
