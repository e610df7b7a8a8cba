// The frame of the suite: registers cases, runs them, prints one line for each.
import net from "node:net";
import { isDeepStrictEqual, inspect } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "@nats-io/transport-node";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";

const SIDE_BY_SIDE = 8;
const CASE_MS = 60_000;
const PATIENCE_MS = 20_000;
const cases = [];
const [url, door, ...parts] = process.argv.slice(2);
let number = 0;

/** Registers a case that runs beside others. */
export const add = (name, run) => cases.push({ name, run, alone: false });

/** Registers a case that runs alone, after all others. */
export const addAlone = (name, run) => cases.push({ name, run, alone: true });

/** What a case is given: a connection of its own, names that nobody else uses, and ways to make buckets. */
export class World {
  static async open() {
    const world = new World();
    world.nc = await connect({ servers: address(url) });
    world.js = jetstream(world.nc);
    world.jsm = await jetstreamManager(world.nc);
    world.kvm = new Kvm(world.nc);
    world.others = [];
    return world;
  }

  name(stem = "b") {
    return `${stem}_${process.pid}_${++number}`;
  }

  async bucket(options = {}) {
    return await this.kvm.create(this.name(), options);
  }

  /** Connects through the door; the client tries for ever to come back. */
  async far() {
    const nc = await connect({ servers: address(door), reconnectTimeWait: 50, reconnectJitter: 0, maxReconnectAttempts: -1 });
    this.others.push(nc);
    return nc;
  }

  /** Has the door cut all connections through it, or kill the server; resolves when that is done. */
  order(word) {
    const { hostname, port } = new URL(door);
    return new Promise((resolve, reject) => {
      const socket = net.connect(Number(port), hostname, () => socket.write(`${word}\n`));
      socket.on("data", () => {}).on("close", resolve).on("error", (fault) => fault.code === "ECONNRESET" || reject(fault));
    });
  }

  async close() {
    for (const nc of [...this.others, this.nc]) {
      await nc.close();
    }
  }
}

const address = (from) => from.replace("nats://", "");

class Wrong extends Error {}

export function equal(actual, expected, what = "") {
  if (!isDeepStrictEqual(actual, expected)) {
    throw new Wrong(`${what}expected ${inspect(expected)}, got ${inspect(actual)}`);
  }
}

export function check(holds, what) {
  if (!holds) {
    throw new Wrong(`not so: ${what}`);
  }
}

/** Checks that a promise is rejected with an error whose text, code or name holds `text`. */
export async function fails(promise, text) {
  let result;
  try {
    result = await promise;
  } catch (fault) {
    const said = `${fault.name} ${fault.message} ${fault.code ?? ""}`;
    return check(said.includes(text), `the error ${inspect(said)} holds ${inspect(text)}`);
  }
  throw new Wrong(`expected an error with ${inspect(text)}, got ${inspect(result)}`);
}

export async function eventually(what, probe) {
  for (const end = Date.now() + PATIENCE_MS; !(await probe()); await sleep(50)) {
    check(Date.now() < end, `in time: ${what}`);
  }
}

// An iterator of the client gives its reader once, so it is kept.
const readers = new WeakMap();

/** Reads from an iterator; what it does not give in time is an error. */
export async function take(iterator, count) {
  const reader = readers.get(iterator) ?? iterator[Symbol.asyncIterator]();
  readers.set(iterator, reader);
  const all = [];
  while (all.length < count) {
    const late = sleep(PATIENCE_MS, "late", { ref: false });
    const next = await Promise.race([reader.next(), late]);
    check(next !== "late", `${count} things come, not ${all.length}`);
    check(!next.done, `it goes on after ${all.length} things`);
    all.push(next.value);
  }
  return all;
}

/** Reads an iterator that ends by itself. */
export async function all(iterator) {
  const found = [];
  for await (const each of iterator) {
    found.push(each);
  }
  return found;
}

/** Writes an entry as `key=value@revision` or `key!DEL@revision`. */
export const text = (entry) =>
  entry.operation === "PUT" ? `${entry.key}=${entry.string()}@${entry.revision}` : `${entry.key}!${entry.operation}@${entry.revision}`;

async function runOne({ name, run }) {
  const began = Date.now();
  let world;
  try {
    world = await World.open();
    const late = sleep(CASE_MS, undefined, { ref: false }).then(() => {
      throw new Wrong("it does not end");
    });
    await Promise.race([run(world), late]);
  } catch (fault) {
    const place = /\/(\w+\.mjs:\d+)/.exec((fault.stack ?? "").split("\n").filter((line) => !line.includes("frame.mjs")).slice(1).join("\n"));
    console.log(`FAIL ${name}: ${fault.name} ${String(fault.message).replace(/\s+/g, " ")} (${place?.[1] ?? "?"})`);
    return false;
  } finally {
    await world?.close().catch(() => {});
  }
  console.log(`ok ${name}`);
  if (process.env.COMPAT_TIMES) {
    console.log(`# ${((Date.now() - began) / 1000).toFixed(2)} s ${name}`);
  }
  return true;
}

export async function main() {
  if (new Set(cases.map((each) => each.name)).size !== cases.length) {
    throw new Error("two cases have one name");
  }
  const chosen = cases.filter((each) => parts.length === 0 || parts.some((part) => each.name.includes(part)));
  const waiting = chosen.filter((each) => !each.alone);
  const results = [];
  const worker = async () => {
    for (let each = waiting.shift(); each; each = waiting.shift()) {
      results.push(await runOne(each));
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
  for (const each of chosen.filter((each) => each.alone)) {
    results.push(await runOne(each));
  }
  const failed = results.filter((well) => !well).length;
  console.log(`done: ${results.length - failed} ok, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}
