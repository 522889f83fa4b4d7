import { defineConfig } from "vitest/config";

// A timeout only ends what hangs: machines under load take many times as long.
export default defineConfig({ test: { testTimeout: 60_000 } });
