// Figures of the console and the door, by themselves, since they are worth something on a quiet machine only:
// JETKV=target/release/jetkv node target/peers/browser/figures.mjs [paint] [live] [gets], once `cargo xtask console` has made
// that directory.

import { readFileSync } from "node:fs";
import { connect as dial } from "node:net";
import { World, close } from "./world.mjs";

const KEYS = 1_000_000;
const say = (line) => process.stdout.write(`${line}\n`);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const parts = {
  paint: async () => {
    await firstPaint("flat", (at) => `key${String(at).padStart(7, "0")}`);
    await firstPaint("tree", (at) => `region${at % 10}.shop${at % 1000}.item${at}`);
  },
  live: liveView,
  gets: costOfGets,
};
const asked = process.argv.slice(2).filter((name) => name in parts);
const world = await World.start({ args: ["--sync", "os"] });
try {
  for (const part of asked.length > 0 ? asked : Object.keys(parts)) await parts[part]();
} finally {
  await world.stop().catch((error) => say(String(error)));
  await close();
}

/** How soon the page of a bucket shows its keys, from the beginning of the navigation. */
async function firstPaint(bucket, key) {
  const kv = await world.kvm.create(bucket);
  for (let at = 0; at < KEYS; at += 1) {
    world.client.publish(`$KV.${bucket}.${key(at)}`, "12345678");
    if (at % 20_000 === 0) await world.client.flush();
  }
  await world.client.flush();
  while ((await kv.status()).values < KEYS) await pause(200);
  await world.page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (!document.querySelector("[role=treeitem]")) return;
      observer.disconnect();
      requestAnimationFrame(() => requestAnimationFrame(() => { globalThis.shownAt = performance.now(); }));
    }).observe(document, { childList: true, subtree: true });
  });
  const times = [];
  for (let round = 0; round < 5; round += 1) {
    await world.page.goto("about:blank");
    await world.open(`#/b/${bucket}`);
    await world.page.waitForFunction(() => globalThis.shownAt);
    times.push(await world.page.evaluate(() => [performance.getEntriesByName("first-contentful-paint")[0]?.startTime, globalThis.shownAt]));
  }
  const list = (which) => times.map((each) => Math.round(each[which])).join(", ");
  say(`${bucket}, ${KEYS} keys: first contentful paint after ${list(0)} ms, keys shown after ${list(1)} ms; the first one builds the order`);
  // Deep in the list: a page behind a key in the middle.
  const began = performance.now();
  await (await fetch(`${world.http}/v1/kv/${bucket}?after=${key(KEYS / 2)}&limit=200`)).json();
  say(`${bucket}: a page of 200 keys from the middle after ${(performance.now() - began).toFixed(1)} ms`);
}

/** Whether the page goes on drawing, and answers its keyboard, while 5,000 changes a second come. */
async function liveView() {
  const [rate, seconds] = [5_000, 10];
  await world.kvm.create("live", { storage: "memory" });
  await world.open("#/b/live/live");
  await world.page.locator("main .pill.good").first().waitFor();
  await world.page.evaluate(() => {
    Object.assign(globalThis, { frames: [], tasks: [], inputs: [] });
    let before = performance.now();
    const frame = (now) => { globalThis.frames.push(now - before); before = now; requestAnimationFrame(frame); };
    requestAnimationFrame(frame);
    new PerformanceObserver((list) => globalThis.tasks.push(...list.getEntries().map((task) => task.duration))).observe({ type: "longtask" });
    addEventListener("keydown", (event) => globalThis.inputs.push(performance.now() - event.timeStamp), { capture: true });
  });
  const protocol = await world.context.newCDPSession(world.page);
  await protocol.send("Performance.enable", { timeDomain: "threadTicks" });
  const busy = async () => (await protocol.send("Performance.getMetrics")).metrics.find((each) => each.name === "TaskDuration").value;
  const busyBefore = await busy();
  const began = performance.now();
  const typing = (async () => {
    while (performance.now() - began < seconds * 1000) { await world.page.keyboard.press("Shift"); await pause(200); }
  })();
  for (let sent = 0; sent < rate * seconds;) {
    const due = Math.min(rate * seconds, Math.floor((performance.now() - began) * rate / 1000));
    for (; sent < due; sent += 1) world.client.publish(`$KV.live.sensor${sent % 500}`, `{"value":${sent}}`);
    await pause(5);
  }
  await world.client.flush();
  const shown = await world.page.waitForFunction((all) => document.getElementById("seen")?.textContent === `${all} in all`, (rate * seconds).toLocaleString("en"), { timeout: 20_000 });
  const took = (performance.now() - began) / 1000;
  await typing;
  const busyFor = await busy() - busyBefore;
  const [frames, tasks, inputs] = await world.page.evaluate(() => [globalThis.frames, globalThis.tasks, globalThis.inputs]);
  const sampled = await world.page.locator("#sampled").innerText();
  await shown.dispose();
  const middle = (list) => Math.round(list.sort((one, two) => one - two)[list.length >> 1] ?? 0);
  const most = (list) => Math.round(Math.max(0, ...list));
  say(`live view, ${rate} changes a second for ${seconds} s: all counted ${Math.round(took * 1000 - seconds * 1000)} ms after the last; says "${sampled}"`);
  say(`  processor time of the page's main thread ${(busyFor / took * 100).toFixed(0)} %; tasks above 50 ms: ${tasks.length}, longest ${most(tasks)} ms`);
  say(`  ${inputs.length} keys reached the page after ${middle(inputs)} ms, at most ${most(inputs)} ms; frames ${frames.length}, median ${middle(frames)} ms, longest ${most(frames)} ms`);
}

/** Processor time of the server for each get, over the wire and through the door. */
async function costOfGets() {
  const kv = await world.kvm.create("gets");
  const keys = Array.from({ length: 1000 }, (_, at) => `k${at}`);
  const value = `${"x".repeat(124)}END!`;
  for (const key of keys) await kv.put(key, value);
  const wire = {
    at: new URL(world.nats.replace("nats:", "http:")),
    // Each connection has an inbox of its own, as clients do.
    hello: (who) => `CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\nSUB _INBOX.${who}.> 1\r\n`,
    request: (key, number, who) => `PUB $JS.API.DIRECT.GET.KV_gets.$KV.gets.${key} _INBOX.${who}.${number} 0\r\n\r\n`,
  };
  const door = { at: new URL(world.http), hello: () => "", request: (key) => `GET /v1/kv/gets/${key} HTTP/1.1\r\nHost: localhost\r\n\r\n` };
  for (const [pattern, connections, inFlight, total] of [["1 connection, 100 in flight", 1, 100, 300_000], ["50 connections, 1 in flight each", 50, 1, 200_000]]) {
    const cost = {};
    for (const [name, way] of [["wire", wire], ["door", door], ["wire", wire], ["door", door], ["wire", wire], ["door", door]]) {
      const before = processorTime();
      await Promise.all(Array.from({ length: connections }, (_, who) => ask(way, keys, inFlight, total / connections, who)));
      (cost[name] ??= []).push((processorTime() - before) / total * 1e6);
    }
    const median = (list) => list.sort((one, two) => one - two)[list.length >> 1];
    const [over, through] = [median(cost.wire), median(cost.door)];
    say(`get, ${pattern}: server CPU ${over.toFixed(2)} µs over the wire, ${through.toFixed(2)} µs through the door, ratio ${(through / over).toFixed(2)}`);
  }
}

/** Sends `total` requests on one connection, `inFlight` at a time, and waits for as many values. */
function ask(way, keys, inFlight, total, who) {
  return new Promise((resolve, reject) => {
    const socket = dial({ host: way.at.hostname, port: Number(way.at.port), noDelay: true });
    let [sent, came, rest] = [0, 0, Buffer.alloc(0)];
    const send = (count) => {
      let text = "";
      for (const end = Math.min(total, sent + count); sent < end; sent += 1) text += way.request(keys[sent % keys.length], sent, who);
      if (text) socket.write(text);
    };
    socket.on("connect", () => { socket.write(way.hello(who)); send(inFlight); });
    socket.on("error", reject);
    socket.on("data", (data) => {
      const bytes = rest.length > 0 ? Buffer.concat([rest, data]) : data;
      let count = 0;
      for (let at = bytes.indexOf("END!"); at >= 0; at = bytes.indexOf("END!", at + 4)) { count += 1; rest = bytes.subarray(at + 4); }
      if (count === 0) rest = bytes;
      rest = Buffer.from(rest.subarray(Math.max(0, rest.length - 3)));
      came += count;
      if (came >= total) { socket.destroy(); resolve(); } else send(count);
    });
  });
}

/** Seconds of user and system time that the server has used. */
function processorTime() {
  const fields = readFileSync(`/proc/${world.server.process.pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
