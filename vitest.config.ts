import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    // Tests take milliseconds; a machine that stalls may take a hundred times that, and is not at fault.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    teardownTimeout: 60_000,
    expect: { poll: { timeout: 60_000 } },
    maxConcurrency: 12,
    coverage: {
      provider: "v8",
      include: ["src/tracker/**/*.ts", "src/events/**/*.ts"],
      reporter: ["text-summary"],
      thresholds: { branches: 100 },
    },
  },
});
