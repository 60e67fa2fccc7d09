/**
 * The program as a few files instead of a hundred: reading modules one by one took as long as node
 * itself. Packages stay outside; what only one command needs is in a file of its own.
 */
export default {
  input: ["src/cli/main.ts", "src/cli/check-worker.ts"],
  platform: "node",
  external: /^[^./]/,
  output: {
    // as deep as dist/src/cli, so that package.json is found from both
    dir: "dist/bundle/cli",
    cleanDir: true,
    chunkFileNames: "[name].js",
  },
};
