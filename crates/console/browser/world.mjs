// A server of our own with an empty store, a browser, and a NATS client that changes data meanwhile.

import { spawn, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { connect } from "@nats-io/transport-node";
import { Kvm } from "@nats-io/kv";

const program = process.env.JETKV;
const browserPath = process.env.CHROMIUM ?? "/usr/bin/chromium";
export const pictures = process.env.PICTURES;

const switches = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export class World {
  static async start({ args = [], viewport = { width: 1200, height: 800 }, credentials } = {}) {
    const world = new World();
    world.directory = mkdtempSync(join(tmpdir(), "jetkv-browser-"));
    world.store = join(world.directory, "data");
    world.process = spawn(program, ["--json", "--store", world.store, "serve", "--port", "0", "--http-port", "0", ...args], { stdio: ["ignore", "pipe", "pipe"] });
    world.log = "";
    world.process.stderr.on("data", (data) => { world.log += data; });
    const line = await new Promise((resolve, reject) => {
      let text = "";
      world.process.stdout.on("data", (data) => { text += data; if (text.includes("\n")) resolve(text.split("\n")[0]); });
      world.process.on("exit", (code) => reject(new Error(`the server ended with ${code}: ${world.log}`)));
    });
    const told = JSON.parse(line);
    world.nats = told.nats[0];
    world.http = told.monitoring[0];
    world.client = await connect({ servers: world.nats, ...(credentials ?? {}) });
    world.kvm = new Kvm(world.client);
    world.browser = await chromium.launch({ executablePath: browserPath, args: switches });
    const context = await world.browser.newContext({ viewport, httpCredentials: credentials && { username: credentials.user, password: credentials.pass } });
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: world.http }).catch(() => {});
    world.page = await context.newPage();
    world.faults = [];
    world.expected = [];
    world.page.on("pageerror", (error) => world.faults.push(String(error)));
    world.page.on("console", (message) => { if (message.type() === "error") world.faults.push(message.text()); });
    world.page.on("request", (request) => {
      const address = new URL(request.url());
      if (!["data:", "blob:"].includes(address.protocol) && address.origin !== world.http) world.faults.push(`asked ${request.url()}`);
    });
    return world;
  }

  /** A command of the program on the running server's store, for what no NATS client does. */
  command(...args) {
    return execFileSync(program, ["--server", this.nats, ...args], { encoding: "utf8" });
  }

  async open(hash = "") {
    await this.page.goto(`${this.http}/console/${hash}`);
    await this.page.waitForSelector("main h1, main h2, main .notice");
  }

  async picture(name) {
    if (pictures) await this.page.screenshot({ path: join(pictures, `${name}.png`) });
  }

  async stop() {
    await this.browser.close();
    await this.client.close();
    const ended = new Promise((resolve) => this.process.on("exit", resolve));
    this.process.kill("SIGTERM");
    await ended;
    rmSync(this.directory, { recursive: true });
    // Statuses that the console asked for and handled are shown by browsers as errors all the same.
    const faults = this.faults.filter((fault) => !this.expected.some((each) => fault.includes(each)));
    if (faults.length > 0) throw new Error(`faults on the page:\n${faults.join("\n")}`);
  }
}
