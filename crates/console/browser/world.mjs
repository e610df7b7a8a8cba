// A server of our own with an empty store, a page of a browser, and a NATS client that changes data meanwhile.

import test, { after } from "node:test";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { connect } from "@nats-io/transport-node";
import { Kvm } from "@nats-io/kv";

export const program = process.env.JETKV;
const browserPath = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** Where everything that is looked at goes, and where the pictures of the README go; nowhere if nobody says so. */
const looks = process.env.JETKV_LOOKS;
export const pictures = process.env.JETKV_PICTURES;

const switches = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

let browser;
/** Closes the browser. */
export const close = async () => { await (await browser)?.close(); };
after(close);

/** A program that tells in its first line where it is. */
export async function start(...args) {
  const running = spawn(program, ["--json", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const started = { process: running, log: "" };
  running.stderr.on("data", (data) => { started.log += data; });
  const line = await new Promise((resolve, reject) => {
    let text = "";
    running.stdout.on("data", (data) => { text += data; if (text.includes("\n")) resolve(text.split("\n")[0]); });
    running.on("exit", (code) => reject(new Error(`${args.join(" ")} ended with ${code}: ${started.log}`)));
  });
  started.told = JSON.parse(line);
  started.stop = async () => {
    const ended = new Promise((resolve) => running.on("exit", resolve));
    running.kill("SIGTERM");
    return ended;
  };
  return started;
}

export class World {
  /** `before` may fill the store in `directory`; `args` are the server's, `credentials` those of the client and of the page. */
  static async start({ args = [], viewport = { width: 1200, height: 800 }, credentials, before } = {}) {
    const world = new World();
    world.directory = mkdtempSync(join(tmpdir(), "jetkv-browser-"));
    world.store = join(world.directory, "data");
    await before?.(world);
    world.server = await start("--store", world.store, "serve", "--port", "0", "--http-port", "0", ...args);
    world.nats = world.server.told.nats[0];
    world.http = world.server.told.monitoring[0];
    world.client = await connect({ servers: world.nats, ...(credentials ?? {}) });
    world.kvm = new Kvm(world.client);
    await world.newPage(viewport, credentials);
    return world;
  }

  async newPage(viewport, credentials) {
    browser ??= chromium.launch({ executablePath: browserPath, args: switches });
    this.context = await (await browser).newContext({ viewport, httpCredentials: credentials && { username: credentials.user, password: credentials.pass } });
    await this.context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: this.http }).catch(() => {});
    this.page = await this.context.newPage();
    this.faults = [];
    this.expected = [];
    this.page.on("pageerror", (error) => this.faults.push(String(error)));
    this.page.on("console", (message) => { if (message.type() === "error") this.faults.push(message.text()); });
    this.page.on("request", (request) => {
      const address = new URL(request.url());
      if (!["data:", "blob:"].includes(address.protocol) && address.origin !== this.http) this.faults.push(`asked ${request.url()}`);
    });
  }

  async open(hash = "") {
    await this.page.goto(`${this.http}/console/${hash}`);
    await this.page.waitForSelector("main h1, main h2, main .notice");
  }

  async picture(name, directory = looks) {
    if (!directory) return;
    mkdirSync(directory, { recursive: true });
    await this.page.screenshot({ path: join(directory, `${name}.png`) });
  }

  async stop() {
    await this.context.close();
    await this.client.close();
    await this.server.stop();
    rmSync(this.directory, { recursive: true });
    // Statuses that the console asked for and handled are shown by browsers as errors all the same.
    const faults = this.faults.filter((fault) => !this.expected.some((each) => fault.includes(each)));
    if (faults.length > 0) throw new Error(`faults on the page:\n${faults.join("\n")}`);
  }
}

/** Plays a scene in a world of its own, and stops it whatever happens. */
export function scene(name, run, options) {
  test(name, { timeout: 60000 }, async () => {
    const world = await World.start(options);
    let failed = true;
    try { await run(world, world.page); failed = false; } finally {
      if (failed) {
        await world.picture(`failed ${name}`);
        console.error(world.faults.join("\n"), world.server.log.slice(-2000));
        await world.stop().catch(() => {});
      }
    }
    await world.stop();
  });
}
