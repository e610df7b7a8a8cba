// One bucket: its keys on the left, the chosen one on the right.

import * as api from "./api.js";
import { h } from "./dom.js";
import { bucketLink, deleteWithQuestion, editDialog, emptyWithQuestion } from "./buckets.js";
import { count, size } from "./format.js";
import { keyTree } from "./tree.js";
import { entryPane, newEntryDialog } from "./entry.js";

export const keyLink = (bucket, key) => `${bucketLink(bucket)}/k/${encodeURIComponent(key)}`;

export async function bucketPage(bucket, key) {
  const status = await api.bucket(bucket);
  const reload = () => dispatchEvent(new HashChangeEvent("hashchange"));
  const tree = keyTree(bucket, key);
  const pane = key === undefined ? overview(status) : await entryPane(bucket, key, { changed: () => tree.refresh() });
  const content = h("div", { class: "bucket" },
    h("div", { class: "bar" },
      h("h1", {}, h("a", { href: "#/" }, "Buckets"), " / ", key === undefined ? bucket : h("a", { href: bucketLink(bucket) }, bucket)),
      h("button", { class: "primary", onclick: () => newEntryDialog(bucket) }, "New key"),
      h("a", { class: "button", href: `${bucketLink(bucket)}/live` }, "Live"),
      h("details", { class: "menu" },
        h("summary", {}, "Bucket"),
        h("div", {},
          h("button", { onclick: () => editDialog(status, reload) }, "Edit"),
          h("button", { onclick: () => emptyWithQuestion(status, reload) }, "Empty"),
          h("button", { class: "danger", onclick: () => deleteWithQuestion(status) }, "Delete")))),
    h("div", { class: key === undefined ? "panes" : "panes chosen" }, tree.element, h("section", { class: "pane", "aria-label": "Entry" }, pane.content ?? pane)));
  return { content, title: key === undefined ? bucket : `${key} · ${bucket}`, stop: () => { tree.stop(); pane.stop?.(); } };
}

function overview(status) {
  const fact = (name, value) => [h("dt", {}, name), h("dd", {}, value)];
  return [
    h("h2", {}, "About this bucket"),
    status.description && h("p", {}, status.description),
    status.damages.length > 0 && h("div", { class: "notice failed", role: "alert" },
      h("strong", {}, "Damaged data"), h("ul", {}, status.damages.map((text) => h("li", {}, text))),
      h("p", { class: "hint" }, "Damaged keys give an error, never an old value. `jetkv check` and `jetkv repair` tell and mend.")),
    h("dl", { class: "facts" },
      fact("Keys", count(status.keys)), fact("Entries", count(status.values)), fact("Size", size(status.bytes)),
      fact("On disk", size(status.disk_bytes)),
      fact("History", `${status.history} revisions of each key`), fact("TTL", status.ttl ?? "none"),
      fact("Largest size", status.max_bytes ? size(status.max_bytes) : "unlimited"),
      fact("Largest value", status.max_value_size ? size(status.max_value_size) : "unlimited"),
      fact("Marker TTL", status.limit_marker_ttl ?? "none"),
      fact("Storage", `${status.storage}, ${status.replicas === 1 ? "one copy" : `${status.replicas} copies`}${status.compression ? ", compressed" : ""}`),
      fact("Durability", status.durability === "always" ? "on disk before a write is acknowledged" : status.durability),
      fact("Revisions", status.last_revision === 0 ? "none yet" : `${count(status.first_revision)} to ${count(status.last_revision)}`),
      Object.entries(status.metadata).map(([name, value]) => fact(name, value))),
    h("p", { class: "hint" }, "Choose a key on the left: arrows move, Enter opens, → and ← unfold and fold."),
  ];
}
