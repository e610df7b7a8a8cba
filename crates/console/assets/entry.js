// One key: its value, its facts, and what can be done with it.

import * as api from "./api.js";
import { confirm, dialog, failure, field, fill, h, toast } from "./dom.js";
import { ago, seconds, size, span, time } from "./format.js";
import { keyLink } from "./bucket.js";
import { historyPane } from "./history.js";
import { prettyJson, textOf, valueView } from "./value.js";

export async function entryPane(bucket, key, { changed }) {
  const content = h("div", { class: "entry" });
  let shown;
  let timers = [];
  const stop = () => { timers.forEach(clearInterval); events.close(); };
  // Somebody else may write while it is looked at.
  const events = new EventSource(api.watchAddress(bucket, key, { updates: "true", values: "false" }));
  events.addEventListener("entry", (event) => {
    const entry = JSON.parse(event.data);
    if (shown && entry.revision > shown.revision) offer(entry);
  });
  const news = h("div", {});
  try { await load(); } catch (error) { events.close(); throw error; }
  return { content, stop };

  async function load() {
    timers.forEach(clearInterval);
    timers = [];
    fill(news);
    shown = await api.entry(bucket, key);
    fill(content, h("h2", { class: "key" }, key), news, facts(shown), actions(shown), body(shown), copies(bucket, key),
      historyPane(bucket, key, shown, reload));
  }

  async function reload() {
    await load().catch((error) => fill(content, failure(error)));
    changed();
  }

  function offer(entry) {
    const what = entry.operation === "put" ? "changed" : `deleted (${entry.operation})`;
    fill(news, h("div", { class: "notice warning", role: "status" }, `Revision ${entry.revision}: the key was ${what} just now. `,
      h("button", { type: "button", onclick: reload }, "Show it")));
  }

  function body(entry) {
    if (entry.operation !== "put") return h("p", { class: "notice" }, entry.operation === "delete" ? "The key is deleted; earlier revisions may be kept." : "The key is purged; its history is gone.");
    return valueView(api.bytesOf(entry));
  }

  function facts(entry) {
    const left = h("span", {});
    const ttl = entry.ttl !== undefined && entry.ttl !== "never" ? seconds(entry.ttl) : undefined;
    if (ttl !== undefined) {
      const tick = () => {
        const rest = (new Date(entry.created).getTime() + ttl * 1000 - Date.now()) / 1000;
        left.textContent = rest > 0 ? `expires in ${span(rest)}` : "expired";
      };
      tick();
      timers.push(setInterval(tick, 1000));
    }
    return h("p", { class: "meta" },
      h("span", { class: "pill" }, `revision ${entry.revision}`),
      h("span", { class: `pill ${entry.operation === "put" ? "good" : "bad"}` }, entry.operation),
      h("span", { title: entry.created }, `${time(entry.created)}, ${ago(entry.created)}`),
      entry.ttl && h("span", { class: "pill warning" }, `TTL ${entry.ttl}`), left,
      Object.entries(entry.headers ?? {}).flatMap(([name, values]) => values.map((value) => h("span", { class: "header" }, `${name}: ${value}`))));
  }

  function actions(entry) {
    const removeWith = async (purge) => {
      const sure = await confirm(purge ? `Purge ${key}?` : `Delete ${key}?`,
        purge ? "The value and all earlier revisions are removed; a marker stays." : "A marker is written; earlier revisions stay.", purge ? "Purge" : "Delete");
      if (!sure) return;
      try {
        await api.remove(bucket, key, { purge, revision: entry.revision });
        toast(purge ? "Purged." : "Deleted.");
        await reload();
      } catch (error) { conflict(error); }
    };
    return h("div", { class: "bar" },
      h("button", { class: "primary", onclick: () => edit(entry) }, entry.operation === "put" ? "Edit" : "Create again"),
      entry.operation === "put" && h("button", { onclick: () => removeWith(false) }, "Delete"),
      h("button", { class: "danger", onclick: () => removeWith(true) }, "Purge"));
  }

  function conflict(error) {
    if (error.kind !== "conflict") { toast(error.message, "failed"); return; }
    fill(news, h("div", { class: "notice failed", role: "alert" }, h("strong", {}, "Somebody was faster"), h("p", {}, error.message),
      h("button", { type: "button", onclick: reload }, "Show what is there now")));
  }

  function edit(entry) {
    const bytes = api.bytesOf(entry);
    const text = entry.operation === "put" ? textOf(bytes) : "";
    editor({
      title: `Edit ${key}`, bucket, key, text, bytes,
      headers: Object.fromEntries(Object.entries(entry.headers ?? {}).map(([name, values]) => [name, values[0]])),
      condition: { revision: entry.revision }, done: reload,
    });
  }
}

/** Asks for a key and a value that is not there yet. */
export function newEntryDialog(bucket) {
  editor({ title: "New key", bucket, text: "", condition: { create: true }, done: (key) => { location.hash = keyLink(bucket, key); } });
}

/** Reads lines of "name: value". */
function headersOf(text) {
  const headers = {};
  for (const line of text.split("\n").map((each) => each.trim()).filter(Boolean)) {
    const [, name, value] = line.match(/^([A-Za-z0-9!#$%&'*+.^_`|~-]+)\s*:\s*(.*)$/) ?? [];
    if (name === undefined) throw new api.Problem({ title: "Headers", kind: "invalid", detail: `"${line}" is no header: name: value` });
    headers[name] = value;
  }
  return headers;
}

/** The form that writes. A conflict shows both sides, and the choice is the user's. */
function editor({ title, bucket, key, text, bytes, headers = {}, condition, done }) {
  const name = key === undefined && h("input", { name: "key", required: true, autofocus: true, spellcheck: "false", placeholder: "web.port" });
  const value = h("textarea", { name: "value", rows: "12", spellcheck: "false", "aria-label": "Value", autofocus: key !== undefined });
  value.value = text ?? "";
  const file = h("input", { type: "file", "aria-label": "Value from a file" });
  const ttl = h("input", { name: "ttl", placeholder: "as the bucket says; or 90s, 1h30m, never" });
  const kind = h("input", { name: "type", value: headers["Content-Type"] ?? "", placeholder: "application/json" });
  const others = Object.entries(headers).filter(([name]) => name !== "Content-Type");
  const lines = h("textarea", { name: "headers", "aria-label": "Headers", rows: "2", spellcheck: "false", placeholder: "author: anna" });
  lines.value = others.map(([name, text]) => `${name}: ${text}`).join("\n");
  const told = h("div", {});
  const json = h("button", { type: "button", onclick: () => { const pretty = prettyJson(value.value); if (pretty) value.value = pretty; else toast("That is no JSON.", "failed"); } }, "Format JSON");
  let now = condition;
  dialog(title, (close) => {
    const write = async () => {
      const at = key ?? name.value;
      const content = file.files.length > 0 ? new Uint8Array(await file.files[0].arrayBuffer()) : value.value;
      try {
        const kept = headersOf(lines.value);
        if (kind.value.trim()) kept["Content-Type"] = kind.value.trim();
        const { revision } = await api.put(bucket, at, content, { condition: now, ttl: ttl.value.trim() || undefined, headers: kept });
        close();
        toast(`${at} is at revision ${revision}.`);
        done(at);
      } catch (error) {
        fill(told, failure(error));
        if (error.kind === "conflict") await clash(at, error);
      }
    };
    const clash = async (at, error) => {
      const theirs = await api.entry(bucket, at).catch(() => undefined);
      const content = theirs && theirs.operation === "put" ? textOf(api.bytesOf(theirs)) ?? `${size(api.bytesOf(theirs).length)} that are no text` : "(no value)";
      told.append(h("div", { class: "clash" },
        h("p", {}, "What is there now:"), h("pre", {}, content),
        h("div", { class: "actions" },
          h("button", { type: "button", onclick: () => { value.value = content; now = { revision: theirs?.revision ?? 0 }; fill(told); } }, "Take theirs into the form"),
          h("button", { type: "button", class: "danger", onclick: () => { now = { revision: error.revision ?? theirs?.revision ?? 0 }; write(); } }, "Write mine over it"))));
    };
    return h("form", { onsubmit: (event) => { event.preventDefault(); write(); } },
      name && field("Key", name, "Tokens of A-Z a-z 0-9 - / _ = with dots between them"),
      text === undefined && h("p", { class: "notice warning" }, `The value (${size(bytes.length)}) is no text: choose a file, or type a new one.`),
      h("label", { class: "field" }, h("span", {}, "Value"), value), h("div", { class: "bar" }, json, file),
      field("TTL", ttl), field("Media type", kind), field("Headers", lines, "Stored with the value, one on each line."), told,
      h("div", { class: "actions" }, h("button", { type: "button", onclick: close }, "Cancel"),
        h("button", { class: "primary" }, condition.create ? "Create" : "Save")));
  });
}

/** The same as commands and programs, such as work at the place that is shown. */
function copies(bucket, key) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const place = async () => {
    const { nats, store, place } = await api.about();
    if (nats) return { url: `nats://${nats}`, flag: nats === "127.0.0.1:4222" ? "" : ` --server nats://${nats}` };
    if (place === "remote") return { url: store, flag: ` --server ${store}` };
    return { url: store ?? "jetkv-data", flag: store ? ` --store ${quoted(store)}` : "" };
  };
  const texts = {
    jetkv: async () => `jetkv${(await place()).flag} get ${bucket} ${quoted(key)}`,
    nats: async () => `nats${(await place()).flag} kv get ${bucket} ${quoted(key)}`,
    curl: async () => `curl ${quoted(location.origin + api.keyPath(bucket, key))}`,
    Rust: async () => `let js = jetkv::JetStream::at(${JSON.stringify((await place()).url)}).await?;
let entry = js.key_value(${JSON.stringify(bucket)}).await?.get(${JSON.stringify(key)}).await?;`,
  };
  const copy = async (name) => {
    const text = await texts[name]();
    try { await navigator.clipboard.writeText(text); toast(`Copied: ${text}`); } catch { toast(text); }
  };
  return h("div", { class: "bar copies" }, h("span", {}, "Copy as"),
    Object.keys(texts).map((name) => h("button", { type: "button", onclick: () => copy(name) }, name)));
}
