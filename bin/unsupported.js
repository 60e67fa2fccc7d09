// What a node that cannot run the program prints instead, in words that every node understands. Before
// 20.19 and 22.12, require() loads no ES module; from 24.19 on, better-sqlite3 12 aborts, and its
// version 13, which does not, wants node 22.
process.stderr.write(
  "patchsig: node " + process.versions.node + " cannot run it\n" +
    "hint: node 20 from 20.19 on, or node 22 from 22.12 on\n"
);
process.exitCode = 3;
