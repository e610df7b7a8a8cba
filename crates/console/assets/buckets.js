// All buckets, and the forms to create and change one.

import * as api from "./api.js";
import { confirm, dialog, failure, field, fill, h, toast } from "./dom.js";
import { ago, count, size } from "./format.js";

export async function bucketsPage() {
  const list = h("div", {});
  const reload = async () => fill(list, table(await api.buckets(), reload));
  await reload();
  const content = [
    h("div", { class: "bar" },
      h("h1", {}, "Buckets"),
      h("button", { class: "primary", onclick: () => createDialog() }, "Create bucket")),
    list,
  ];
  const timer = setInterval(() => reload().catch(() => {}), 5000);
  return { content, title: "Buckets", stop: () => clearInterval(timer) };
}

export const bucketLink = (name) => `#/b/${encodeURIComponent(name)}`;

function table(buckets) {
  if (buckets.length === 0) {
    return h("div", { class: "notice" },
      h("p", {}, "There is no bucket yet. Create one here, or by any NATS client:"),
      h("pre", {}, "nats kv add config"));
  }
  const row = (bucket) => h("tr", {},
    h("th", { scope: "row" }, h("a", { href: bucketLink(bucket.bucket) }, bucket.bucket),
      bucket.damages.length > 0 && h("span", { class: "pill bad" }, "damaged"),
      bucket.description && h("small", {}, bucket.description)),
    h("td", { class: "number", "data-label": "Keys" }, count(bucket.keys)),
    h("td", { class: "number", "data-label": "Entries" }, count(bucket.values)),
    h("td", { class: "number", "data-label": "Size" }, size(bucket.bytes),
      bucket.max_bytes && h("progress", { max: String(bucket.max_bytes), value: String(Math.min(bucket.bytes, bucket.max_bytes)), title: `of ${size(bucket.max_bytes)}` })),
    h("td", { class: "number", "data-label": "History" }, String(bucket.history)),
    h("td", { "data-label": "TTL" }, bucket.ttl ?? "none"),
    h("td", { "data-label": "Last write" }, bucket.last_update ? ago(bucket.last_update) : "never"));
  return h("table", { class: "wide" },
    h("thead", {}, h("tr", {}, ["Bucket", "Keys", "Entries", "Size", "History", "TTL", "Last write"].map(
      (name, at) => h("th", { scope: "col", class: at > 0 && at < 5 ? "number" : undefined }, name)))),
    h("tbody", {}, buckets.map(row)));
}

/** The fields of a configuration; `read` returns those that differ from what was shown. */
function configForm(config, isNew) {
  const text = (name, attributes = {}) => h("input", { name, value: config[name] === undefined ? "" : String(config[name]), ...attributes });
  const controls = {
    description: text("description"),
    history: text("history", { type: "number", min: "1", max: "64" }),
    ttl: text("ttl", { placeholder: "none, or 90s, 1h30m, 2d" }),
    max_bytes: text("max_bytes", { type: "number", min: "0", placeholder: "unlimited" }),
    max_value_size: text("max_value_size", { type: "number", min: "0", placeholder: "unlimited" }),
    limit_marker_ttl: text("limit_marker_ttl", { placeholder: "none; needed for keys with a TTL" }),
    compression: h("input", { type: "checkbox", name: "compression", checked: Boolean(config.compression) }),
  };
  const help = {
    history: "Revisions kept of each key, 1 to 64.",
    ttl: "How long entries live.",
    max_bytes: "Writes beyond it are refused.",
    limit_marker_ttl: "Lets keys have a TTL of their own, and leaves a marker for so long when one expires.",
  };
  const labels = { description: "Description", history: "History", ttl: "TTL", max_bytes: "Largest size in bytes", max_value_size: "Largest value in bytes", limit_marker_ttl: "Marker TTL", compression: "Compress values" };
  const fields = Object.entries(controls).map(([name, control]) => field(labels[name], control, help[name]));
  let storage;
  if (isNew) {
    storage = h("select", { name: "storage" }, h("option", { value: "file" }, "file"), h("option", { value: "memory" }, "memory"));
    fields.push(field("Storage", storage, "Memory is gone with the process. It never changes."));
  }
  const read = () => {
    const change = {};
    for (const [name, control] of Object.entries(controls)) {
      const before = config[name] ?? (name === "compression" ? false : "");
      const now = control.type === "checkbox" ? control.checked : control.value.trim();
      if (String(before) === String(now)) continue;
      if (control.type === "number") change[name] = now === "" ? null : Number(now);
      else if (name === "ttl" || name === "limit_marker_ttl") change[name] = now === "" ? null : now;
      else change[name] = now;
    }
    if (storage && storage.value !== "file") change.storage = storage.value;
    return change;
  };
  return { fields, read };
}

function createDialog() {
  const name = h("input", { name: "bucket", required: true, pattern: "[A-Za-z0-9_\\-]+", autofocus: true, title: "A-Z, a-z, 0-9, - and _" });
  const { fields, read } = configForm({ history: 1 }, true);
  const told = h("div", {});
  dialog("Create bucket", (close) => h("form", {
    onsubmit: async (event) => {
      event.preventDefault();
      try {
        const created = await api.createBucket({ bucket: name.value, ...read() });
        close();
        toast(`Bucket ${created.bucket} is there.`);
        location.hash = bucketLink(created.bucket);
      } catch (error) { fill(told, failure(error)); }
    },
  },
  field("Name", name, "A-Z, a-z, 0-9, - and _"), fields, told,
  h("div", { class: "actions" },
    h("button", { type: "button", onclick: close }, "Cancel"), h("button", { class: "primary" }, "Create"))));
}

/** Changes a bucket, after showing what that would remove. */
export function editDialog(status, changed) {
  const { fields, read } = configForm(status, false);
  const told = h("div", {});
  let previewed;
  const button = h("button", { class: "primary" }, "Preview");
  const forget = () => { previewed = undefined; button.textContent = "Preview"; fill(told); };
  dialog(`Edit ${status.bucket}`, (close) => h("form", {
    oninput: forget,
    onsubmit: async (event) => {
      event.preventDefault();
      const change = read();
      try {
        if (previewed !== JSON.stringify(change)) {
          fill(told, preview(await api.previewEdit(status.bucket, change)));
          previewed = JSON.stringify(change);
          button.textContent = "Apply";
          return;
        }
        await api.editBucket(status.bucket, change);
        close();
        toast(`Bucket ${status.bucket} was changed.`);
        changed();
      } catch (error) { fill(told, failure(error)); }
    },
  }, fields, told,
  h("div", { class: "actions" }, h("button", { type: "button", onclick: close }, "Cancel"), button)));
}

function preview(told) {
  const lines = [];
  if (told.by_history > 0) lines.push(`${count(told.by_history)} entries go because of the shorter history.`);
  if (told.by_age > 0) lines.push(`${count(told.by_age)} entries go because they are older than the new TTL.`);
  if (told.bytes_over > 0) lines.push(`The bucket is ${size(told.bytes_over)} over the new size: writes are refused until there is room.`);
  if (lines.length === 0) return h("p", { class: "notice good" }, "This removes nothing.");
  return h("div", { class: "notice warning", role: "alert" }, lines.map((line) => h("p", {}, line)),
    h("p", {}, `The bucket has ${count(told.values)} entries of ${count(told.keys)} keys.`));
}

export async function emptyWithQuestion(status, changed) {
  const sure = await confirm(`Empty ${status.bucket}?`, `All ${count(status.values)} entries of ${count(status.keys)} keys are removed for good. Watchers are not told.`, "Empty it");
  if (!sure) return;
  try {
    const { removed } = await api.emptyBucket(status.bucket);
    toast(`${count(removed)} entries were removed.`);
    changed();
  } catch (error) { toast(error.message, "failed"); }
}

export async function deleteWithQuestion(status) {
  const sure = await confirm(`Delete ${status.bucket}?`, `The bucket goes with all ${count(status.values)} entries of ${count(status.keys)} keys, for good.`, "Delete it");
  if (!sure) return;
  try {
    await api.deleteBucket(status.bucket);
    toast(`Bucket ${status.bucket} is gone.`);
    location.hash = "#/";
  } catch (error) { toast(error.message, "failed"); }
}
