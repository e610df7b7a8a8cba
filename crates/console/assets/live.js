// Changes as they come. It keeps up with any rate: what is too much to show is counted, and said.

import * as api from "./api.js";
import { fill, h } from "./dom.js";
import { bucketLink } from "./buckets.js";
import { keyLink } from "./bucket.js";
import { count, size, time } from "./format.js";

const LINES_MAX = 200;
const DRAW_MS = 250;

export async function livePage(bucket) {
  const list = h("ol", { class: "live", "aria-label": "Changes" });
  const told = h("p", { class: "meta", role: "status" });
  const filter = h("input", { type: "search", value: ">", "aria-label": "Filter of keys", spellcheck: "false", onchange: () => open() });
  const pause = h("button", { type: "button", "aria-pressed": "false", onclick: () => setPaused(!paused) }, "Pause");
  let [paused, events, seen, left, waiting, rates] = [false, undefined, 0, 0, [], []];
  let state = "connecting";

  function open() {
    events?.close();
    [seen, left, waiting, rates] = [0, 0, [], []];
    fill(list);
    state = "connecting";
    events = new EventSource(api.watchAddress(bucket, filter.value.trim() || ">", { updates: "true" }));
    events.addEventListener("open", () => { state = "live"; });
    events.addEventListener("error", () => { state = events.readyState === EventSource.CLOSED ? "refused: is the filter right?" : "coming back…"; });
    events.addEventListener("entry", (event) => take(event.data));
    events.addEventListener("problem", (event) => { state = JSON.parse(event.data).detail; });
    // What was said of the watch before is not true of this one.
    draw();
  }

  /** Keeps only what can be shown by the next drawing. */
  function take(data) {
    seen += 1;
    waiting.push(data);
    if (waiting.length > LINES_MAX) { waiting.shift(); left += 1; }
  }

  function draw() {
    rates.push(seen);
    if (rates.length > 5) rates.shift();
    const rate = rates.length < 2 ? 0 : (rates.at(-1) - rates[0]) / ((rates.length - 1) * DRAW_MS / 1000);
    if (!paused && waiting.length > 0) {
      list.prepend(...waiting.reverse().map((data) => line(JSON.parse(data))));
      waiting = [];
      while (list.childElementCount > LINES_MAX) list.lastElementChild.remove();
    }
    fill(told, h("span", { class: `pill ${state === "live" ? "good" : "warning"}` }, paused ? `paused, ${count(waiting.length)} waiting` : state),
      h("span", { id: "rate" }, `${count(Math.round(rate))} changes/s`), h("span", { id: "seen" }, `${count(seen)} in all`),
      left > 0 && h("span", { class: "pill warning", id: "sampled" }, `${count(left)} not shown: too many to read`));
  }

  function line(entry) {
    const text = entry.operation === "put" ? entry.value ?? `${size(api.bytesOf(entry).length)} of bytes` : entry.operation;
    return h("li", {}, h("time", { datetime: entry.created }, time(entry.created).slice(11)), h("span", { class: "pill" }, String(entry.revision)),
      h("a", { href: keyLink(bucket, entry.key), class: entry.operation === "put" ? undefined : "gone" }, entry.key),
      h("code", {}, text.length > 200 ? `${text.slice(0, 200)}…` : text));
  }

  function setPaused(on) {
    paused = on;
    pause.setAttribute("aria-pressed", String(on));
    pause.textContent = on ? "Go on" : "Pause";
  }

  await api.bucket(bucket);
  open();
  const timer = setInterval(draw, DRAW_MS);
  const content = [
    h("div", { class: "bar" },
      h("h1", {}, h("a", { href: "#/" }, "Buckets"), " / ", h("a", { href: bucketLink(bucket) }, bucket), " / live"), filter, pause,
      h("button", { type: "button", onclick: () => fill(list) }, "Clear")),
    told, list,
  ];
  return { content, title: `${bucket}, live`, stop: () => { clearInterval(timer); events.close(); } };
}
