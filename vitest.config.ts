import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxConcurrency: 12,
    coverage: {
      provider: "v8",
      include: ["src/tracker/**/*.ts", "src/events/**/*.ts"],
      reporter: ["text-summary"],
      thresholds: { branches: 100 },
    },
  },
});
