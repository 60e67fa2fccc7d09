/**
 * The program as a few files instead of a hundred: reading modules one by one took as long as node
 * itself. They are CommonJS, which node loads faster, and which V8 can keep compiled. Packages stay
 * outside; what only one command needs is in a file of its own.
 */
export default {
  input: ["src/cli/main.ts", "src/app/verify/check-worker.ts"],
  platform: "node",
  external: /^[^./]/,
  output: {
    format: "cjs",
    // as deep as dist/src/cli, so that package.json is found from both
    dir: "dist/bundle/cli",
    cleanDir: true,
    chunkFileNames: "[name].js",
  },
  plugins: [
    {
      name: "read-as-commonjs",
      generateBundle() {
        // the nearest package.json says how node reads them, and the package itself is "module"
        const source = `${JSON.stringify({ type: "commonjs" })}\n`;
        this.emitFile({ type: "asset", fileName: "package.json", source });
      },
    },
  ],
};
