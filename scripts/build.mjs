// Builds dist/ from src/: TypeScript by tsc, then the files that tsc leaves behind (SQL).
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, globSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
rmSync(join(root, "dist"), { recursive: true, force: true });
const tsc = spawnSync(
  process.execPath,
  [join(root, "node_modules/typescript/bin/tsc"), "-p", join(root, "tsconfig.build.json")],
  { stdio: "inherit" },
);
if (tsc.status !== 0) process.exit(tsc.status ?? 1);
for (const file of globSync("src/**/*.sql", { cwd: root })) {
  const to = join(root, "dist", file.slice("src/".length));
  mkdirSync(dirname(to), { recursive: true });
  cpSync(join(root, file), to);
}
chmodSync(join(root, "dist/main.js"), 0o755);
