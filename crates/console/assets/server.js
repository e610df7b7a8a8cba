// The server: health, what it holds, who is connected.

import * as api from "./api.js";
import { fill, h } from "./dom.js";
import { count, size, span } from "./format.js";

export async function serverPage() {
  const shown = h("div", {});
  const draw = async () => fill(shown, view(await api.server()));
  await draw();
  const timer = setInterval(() => draw().catch(() => {}), 2000);
  return { content: [h("h1", {}, "Server"), shown], title: "Server", stop: () => clearInterval(timer) };
}

function view({ healthy, damages, watches, syncs, server }) {
  const fact = (name, value) => value !== undefined && value !== null && [h("dt", {}, name), h("dd", {}, value)];
  return [
    server?.errors?.map((error) => h("p", { class: "notice failed", role: "alert" }, error)),
    healthy === undefined ? h("p", { class: "notice" }, "The place does not tell here whether data is damaged.")
      : healthy ? h("p", { class: "notice good" }, "Nothing is known to be damaged.")
      : h("div", { class: "notice failed", role: "alert" }, h("strong", {}, "Damaged data"), h("ul", {}, damages.map((text) => h("li", {}, text))),
        h("p", { class: "hint" }, "`jetkv check` names everything, `jetkv repair` gives up what cannot be read.")),
    server && h("dl", { class: "facts" },
      fact("Version", server.version), fact("NATS clients at", server.nats), fact("Store", server.store), fact("Durability", server.durability),
      fact("Up for", server.uptime_seconds !== undefined ? span(server.uptime_seconds) : undefined),
      fact("Memory", server.memory_bytes ? size(server.memory_bytes) : undefined), fact("Disk", server.disk_bytes !== undefined ? size(server.disk_bytes) : undefined),
      fact("Connections", server.connections !== undefined ? count(server.connections) : undefined),
      fact("Subscriptions", server.subscriptions !== undefined ? count(server.subscriptions) : undefined),
      fact("Watches through this page's port", watches !== undefined ? count(watches) : undefined),
      fact("Syncs", syncs ? count(syncs.count) : undefined),
      fact("A sync takes", syncs?.count ? `${milliseconds(syncs.mean)} on average${syncs.most ? `, 99 of 100 at most ${milliseconds(syncs.most)}` : ""}` : undefined),
      fact("Waiting to be sent", server.pending_bytes !== undefined ? size(server.pending_bytes) : undefined),
      fact("Slow consumers", server.slow_consumers !== undefined ? count(server.slow_consumers) : undefined)),
    server?.watches && table("Watches and other consumers", ["Stream", "Consumer", "Lag", "Waiting for acks"],
      server.watches.map((each) => [each.stream, each.name, count(each.pending), count(each.unacknowledged)])),
    server?.clients && table("Clients", ["Name", "Language", "Address", "Pending", "In", "Out"],
      server.clients.map((each) => [each.name || `cid ${each.id}`, `${each.lang} ${each.version}`, each.address, size(each.pending_bytes), count(each.in_messages), count(each.out_messages)])),
  ];
}

const milliseconds = (micros) => `${(micros / 1000).toFixed(micros < 10000 ? 2 : 0)} ms`;

function table(title, names, rows) {
  return [h("h2", {}, title), rows.length === 0 ? h("p", { class: "hint" }, "None.") : h("table", { class: "wide" },
    h("thead", {}, h("tr", {}, names.map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, at) => h("td", { "data-label": names[at] }, cell))))))];
}
