#!/usr/bin/env node
/** Process edge: the Node that we need, argv → cli, exit codes, last-chance handlers. */
const needed = [24, 15] as const;
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  console.error(
    `Offhook needs Node ${needed.join(".")} or newer, this is ${process.versions.node}. ` +
      "In a checkout, node_modules/.bin/node is one: node_modules/.bin/node dist/main.js",
  );
  process.exitCode = 2;
} else {
  // `offhook check | head` closes our output early: nobody reads on, so there is nothing left to do.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });
  // Whatever was taken in is in the store: ending at once loses nothing, going on might.
  process.on("uncaughtException", (error) => {
    console.error("error: Offhook met a fault of its own and ends. Please report what follows.");
    console.error(error);
    process.exit(1);
  });
  // Imported late, as an older Node could not even read it.
  const { runCli } = await import("./cli/program.ts");
  process.exitCode = await runCli(process.argv, { env: process.env, cwd: process.cwd() });
}
