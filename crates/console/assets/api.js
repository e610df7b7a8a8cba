// The HTTP door. Nothing else is asked of the server.

/** What the door refused, or the network. */
export class Problem extends Error {
  constructor(problem) {
    super(problem.detail ?? "The server did not answer.");
    Object.assign(this, { title: problem.title, kind: problem.kind, hint: problem.hint, status: problem.status, revision: problem.revision });
  }
}

async function ask(method, path, options = {}) {
  let response;
  try {
    response = await fetch(path, { method, cache: "no-store", ...options });
  } catch {
    throw new Problem({ title: "No answer", kind: "unavailable", detail: "The server cannot be reached." });
  }
  if (response.ok) return response;
  let problem = { title: response.statusText, status: response.status, detail: `HTTP status ${response.status}` };
  try { problem = await response.json(); } catch { /* no JSON: the status says it */ }
  throw new Problem(problem);
}

const json = async (response) => (await response).json();
const body = (value) => ({ headers: { "content-type": "application/json" }, body: JSON.stringify(value) });

/** Spells a part of a path; slashes in keys stay what they are. */
export const part = (text) => encodeURIComponent(text).replaceAll("%2F", "/");
export const keyPath = (bucket, key) => `/v1/kv/${part(bucket)}/${part(key)}`;
const bucketPath = (bucket) => `/v1/buckets/${part(bucket)}`;
const query = (fields) => {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
};

export const server = () => json(ask("GET", "/v1/server"));

let told;
/** What the server said of itself when it was first asked; nothing if it says nothing. */
export const about = () => told ??= server().then((answer) => answer.server ?? {}, () => ({}));
export const buckets = async () => (await json(ask("GET", "/v1/buckets"))).buckets;
export const bucket = (name) => json(ask("GET", bucketPath(name)));
export const createBucket = (config) => json(ask("POST", "/v1/buckets", body(config)));
export const editBucket = (name, change) => json(ask("PATCH", bucketPath(name), body(change)));
export const previewEdit = (name, change) => json(ask("PATCH", `${bucketPath(name)}?preview`, body(change)));
export const deleteBucket = (name) => ask("DELETE", bucketPath(name));
export const emptyBucket = (name) => json(ask("POST", `${bucketPath(name)}/empty`));
export const compactBucket = (name) => json(ask("POST", `${bucketPath(name)}/compact`));

export const level = (name, prefix, after) => json(ask("GET", `/v1/tree/${part(name)}${query({ prefix, after, limit: 200 })}`));
export const keys = (name, filter, after) => json(ask("GET", `/v1/kv/${part(name)}${query({ filter, after, limit: 200 })}`));
export const entry = (name, key, revision) => json(ask("GET", `${keyPath(name, key)}${query({ format: "json", revision })}`));
export const history = (name, key) => json(ask("GET", `${keyPath(name, key)}?history`));

/** Writes a value. `condition` is {create: true}, {revision: n} or nothing. */
export async function put(name, key, value, { condition = {}, ttl, headers = {} } = {}) {
  const all = { "content-type": "application/octet-stream" };
  for (const [field, text] of Object.entries(headers)) {
    all[field.toLowerCase() === "content-type" ? "content-type" : `kv-header-${field}`] = text;
  }
  if (condition.create) all["if-none-match"] = "*";
  if (condition.revision !== undefined) all["if-match"] = `"${condition.revision}"`;
  return json(ask("PUT", `${keyPath(name, key)}${query({ ttl })}`, { headers: all, body: value }));
}

export const remove = (name, key, { purge = false, revision } = {}) => json(ask(
  "DELETE", `${keyPath(name, key)}${purge ? "?purge" : ""}`,
  revision === undefined ? {} : { headers: { "if-match": `"${revision}"` } }));

/** The address of a watch, for an EventSource. */
export const watchAddress = (name, filter, fields = {}) => `/v1/kv/${part(name)}${query({ watch: "", filter, ...fields })}`;

/** The bytes of an entry's value. */
export function bytesOf(entry) {
  if (entry.value_base64 === undefined) return new TextEncoder().encode(entry.value ?? "");
  return Uint8Array.from(atob(entry.value_base64), (character) => character.charCodeAt(0));
}
