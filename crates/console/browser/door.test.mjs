// The HTTP door as its OpenAPI document describes it, asked by a fuzzer that knows nothing else.

import test from "node:test";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { World } from "./world.mjs";

const here = dirname(fileURLToPath(import.meta.url));

test("no request that a fuzzer makes of the document is answered otherwise", { timeout: 300000 }, async () => {
  const world = await World.start({ args: ["--sync", "os"] });
  try {
    await world.kvm.create("app");
    const arguments_ = ["-m", "schemathesis.cli", "--config-file", join(here, "schemathesis.toml"), "run", `${world.http}/v1/openapi.json`,
      "--phases", "examples,coverage,fuzzing", "--max-examples", process.env.EXAMPLES ?? "20", "--request-timeout", "5", "--continue-on-failure"];
    const fuzzer = spawn("python3", arguments_, { cwd: world.directory, env: { ...process.env, PYTHONPATH: process.env.SCHEMATHESIS, NO_COLOR: "1" } });
    let printed = "";
    for (const stream of [fuzzer.stdout, fuzzer.stderr]) stream.on("data", (data) => { printed += data; });
    const code = await new Promise((resolve, reject) => { fuzzer.on("exit", resolve); fuzzer.on("error", reject); });
    assert.equal(code, 0, printed.slice(-6000));
  } finally { await world.stop(); }
});
