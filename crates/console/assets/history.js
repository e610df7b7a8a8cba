// The revisions of a key as a timeline, the difference of two of them, and the way back.

import * as api from "./api.js";
import { failure, fill, h, toast } from "./dom.js";
import { ago, size, time } from "./format.js";
import { difference } from "./diff.js";
import { prettyJson, textOf } from "./value.js";

export function historyPane(bucket, key, now, changed) {
  const shown = h("div", {}, h("p", { class: "hint" }, "…"));
  const pane = h("section", { class: "history", "aria-label": "History" }, h("h3", {}, "History"), shown);
  api.history(bucket, key).then(({ entries, truncated }) => {
    fill(shown, truncated && h("p", { class: "hint" }, "Older revisions are left out: they are too large for one answer."), timeline(entries.reverse()));
  }).catch((error) => fill(shown, error.status === 404 ? h("p", { class: "hint" }, "No revision is kept.") : failure(error)));
  return pane;

  function timeline(entries) {
    const compared = h("div", {});
    let [to, from] = [entries[0], entries[1] ?? entries[0]];
    const choose = (name, entry) => h("input", {
      type: "radio", name, "aria-label": `${name === "from" ? "Compare from" : "Compare to"} revision ${entry.revision}`,
      checked: entry === (name === "from" ? from : to),
      onchange: () => { if (name === "from") from = entry; else to = entry; compare(); },
    });
    const compare = () => fill(compared, from === to ? h("p", { class: "hint" }, "Choose two revisions to see what changed.") : comparison(from, to));
    const row = (entry) => h("li", { class: entry.revision === now.revision ? "now" : undefined },
      choose("from", entry), choose("to", entry),
      h("span", { class: "pill" }, String(entry.revision)),
      h("span", { class: entry.operation === "put" ? "" : "gone" }, entry.operation),
      h("time", { datetime: entry.created, title: time(entry.created) }, ago(entry.created)),
      h("span", { class: "count" }, size(api.bytesOf(entry).length)),
      entry.operation === "put" && entry.revision !== now.revision && h("button", { type: "button", class: "small", onclick: () => revert(entry) }, "Revert to this"));
    compare();
    return [h("p", { class: "hint compare", "aria-hidden": "true" }, h("span", {}, "from"), h("span", {}, "to")),
      h("ol", { class: "timeline" }, entries.map(row)), compared];
  }

  async function revert(entry) {
    try {
      const headers = Object.fromEntries(Object.entries(entry.headers ?? {}).map(([name, values]) => [name, values[0]]));
      const { revision } = await api.put(bucket, key, api.bytesOf(entry), { condition: { revision: now.revision }, headers });
      toast(`Revision ${revision} has the value of ${entry.revision} again.`);
      changed();
    } catch (error) { toast(error.message, "failed"); }
  }
}

function comparison(from, to) {
  const text = (entry) => {
    const plain = entry.operation === "put" ? textOf(api.bytesOf(entry)) : "";
    return prettyJson(plain) ?? plain;
  };
  const [before, after] = [text(from), text(to)];
  const title = h("h4", {}, `From revision ${from.revision} to ${to.revision}`);
  if (before === undefined || after === undefined) return [title, h("p", { class: "hint" }, `${size(api.bytesOf(from).length)} and ${size(api.bytesOf(to).length)} that are no text.`)];
  const lines = difference(before, after);
  if (lines === undefined) return [title, h("p", { class: "hint" }, "The values are too long to compare here.")];
  const names = { "+": "added", "-": "removed", " ": "same" };
  return [title, h("pre", { class: "diff", tabindex: "0" }, lines.map(([sign, line]) => h("span", { class: names[sign] }, `${sign} ${line}\n`)))];
}
