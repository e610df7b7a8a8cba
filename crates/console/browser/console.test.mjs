// The console as a person uses it, on a real server, while NATS clients change data.

import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scene, start } from "./world.mjs";

scene("a new user creates a bucket, writes a key, and sees it changed by a client", async (world, page) => {
  await world.open();
  await page.getByText("There is no bucket yet").waitFor();
  await page.getByRole("button", { name: "Create bucket" }).click();
  await page.getByLabel("Name").fill("config");
  await page.getByLabel("History").fill("5");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await page.getByRole("heading", { name: /config/ }).waitFor();
  await page.getByRole("button", { name: "New key" }).click();
  await page.locator("dialog input[name=key]").fill("web.port");
  await page.getByRole("textbox", { name: "Value" }).fill("8080");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await page.locator(".value pre", { hasText: "8080" }).waitFor();
  const kv = await world.kvm.open("config");
  assert.equal((await kv.get("web.port")).string(), "8080");
  const watcher = await kv.watch({ include: "updates" });
  await kv.put("web.port", "9090");
  await page.getByText("Revision 2: the key was changed just now.").waitFor();
  await page.getByRole("button", { name: "Show it" }).click();
  await page.locator(".value pre", { hasText: "9090" }).waitFor();
  await page.locator(".timeline li").nth(1).waitFor();
  assert.equal(await page.locator(".timeline li").count(), 2);
  for await (const entry of watcher) { assert.equal(entry.string(), "9090"); break; }
});

scene("a bucket is edited after a preview, emptied and deleted", async (world, page) => {
  const kv = await world.kvm.create("app", { history: 5 });
  for (let at = 0; at < 4; at += 1) await kv.put("a", String(at));
  await world.open("#/b/app");
  const menu = async (name) => { await page.locator(".menu summary").click(); await page.locator(".menu").getByRole("button", { name }).click(); };
  await menu("Edit");
  await page.getByLabel("History").fill("1");
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByText("3 entries go because of the shorter history.").waitFor();
  assert.equal((await kv.status()).values, 4);
  await page.getByRole("button", { name: "Apply" }).click();
  await page.getByText("1 revisions of each key").waitFor();
  assert.equal((await kv.status()).values, 1);
  await menu("Empty");
  await page.getByRole("button", { name: "Empty it" }).click();
  await page.getByText("1 entries were removed.").waitFor();
  await menu("Delete");
  await page.getByRole("button", { name: "Delete it" }).click();
  await page.getByText("There is no bucket yet").waitFor();
});

scene("keys are a tree with counts that the keyboard walks, and a filter finds them", async (world, page) => {
  const kv = await world.kvm.create("app");
  for (const key of ["db.port", "web", "web.host", "web.tls.cert", "web.tls.key"]) await kv.put(key, "1");
  await world.open("#/b/app");
  const item = (path) => page.locator(`[role=treeitem][data-path="${path}"]`);
  await item("web").locator(".count").first().waitFor();
  assert.equal(await item("web").locator(":scope > .row .count").innerText(), "3");
  await item("db").focus();
  for (const key of ["ArrowDown", "ArrowRight"]) await page.keyboard.press(key);
  await item("web.tls").waitFor();
  for (const key of ["ArrowRight", "ArrowDown", "ArrowRight"]) await page.keyboard.press(key);
  await item("web.tls.key").waitFor();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "web.tls.cert" }).waitFor();
  // The way to the chosen key is open on its own page.
  await item("web.tls.cert").waitFor();
  await page.getByRole("searchbox", { name: "Filter of keys" }).fill("*.port");
  await item("db.port").waitFor();
  assert.equal(await page.locator("[role=treeitem]").count(), 1);
  await page.getByRole("searchbox", { name: "Filter of keys" }).fill("nothing.>");
  await page.getByText("No key matches.").waitFor();
});

scene("a long list comes in pages, and a beginning of a key leads into it", async (world, page) => {
  const kv = await world.kvm.create("app", { storage: "memory" });
  const key = (at) => `key${String(at).padStart(4, "0")}`;
  for (let at = 0; at < 1000; at += 1) world.client.publish(`$KV.app.${key(at)}`, "x");
  await kv.put("one.more", "x");
  await world.open("#/b/app");
  const item = (path) => page.locator(`[role=treeitem][data-path="${path}"]`);
  await item(key(0)).waitFor();
  assert.ok(await page.locator("[role=treeitem]").count() < 1000);
  // The next pages come by themselves when their place is in view.
  for (const at of [199, 399, 599, 799, 999]) await item(key(at)).scrollIntoViewIfNeeded();
  await item("one").waitFor();
  await page.locator("body").press("/");
  await page.keyboard.type("key05");
  await page.getByText("From key0500 on:").waitFor();
  assert.equal(await page.locator("[role=treeitem]").first().getAttribute("data-path"), "key0500");
});

scene("values show as text, JSON, hex and picture", async (world, page) => {
  const kv = await world.kvm.create("app");
  await kv.put("json", '{"a":[1,2]}');
  await kv.put("bytes", new Uint8Array([0, 1, 255]));
  await kv.put("picture", Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64"));
  await world.open("#/b/app/k/json");
  await page.locator(".value pre").filter({ hasText: '"a": [' }).waitFor();
  await page.getByRole("tab", { name: "Hex" }).click();
  await page.locator(".value pre", { hasText: "00000000  7b 22 61" }).waitFor();
  await world.open("#/b/app/k/bytes");
  await page.locator(".value pre", { hasText: "00 01 ff" }).waitFor();
  assert.equal(await page.getByRole("tab", { name: "Text" }).count(), 0);
  await world.open("#/b/app/k/picture");
  await page.locator(".value img").waitFor();
  await page.waitForFunction(() => document.querySelector(".value img").naturalWidth === 1);
});

scene("a conflict shows both sides, and nothing is overwritten unseen", async (world, page) => {
  world.expected.push("412");
  const kv = await world.kvm.create("app", { history: 5 });
  await kv.put("k", "first");
  await world.open("#/b/app/k/k");
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await page.getByRole("textbox", { name: "Value" }).fill("mine");
  await kv.put("k", "theirs");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("expected 1, found 2").waitFor();
  await page.locator(".clash pre", { hasText: "theirs" }).waitFor();
  assert.equal((await kv.get("k")).string(), "theirs");
  await page.getByRole("button", { name: "Write mine over it" }).click();
  await page.locator(".value pre", { hasText: "mine" }).waitFor();
  assert.equal((await kv.get("k")).revision, 3);
});

scene("history is a timeline with differences, and a revision comes back", async (world, page) => {
  const kv = await world.kvm.create("app", { history: 5 });
  for (const port of [80, 8080]) await kv.put("web", JSON.stringify({ host: "a", port }));
  await kv.delete("web");
  await world.open("#/b/app/k/web");
  await page.locator(".timeline li").nth(2).waitFor();
  assert.equal(await page.locator(".timeline li").count(), 3);
  await page.getByRole("radio", { name: "Compare to revision 2" }).check();
  await page.getByRole("radio", { name: "Compare from revision 1" }).check();
  await page.locator(".diff .removed", { hasText: '"port": 80' }).waitFor();
  await page.locator(".diff .added", { hasText: '"port": 8080' }).waitFor();
  await page.locator(".timeline li").filter({ hasText: "put" }).first().getByRole("button", { name: "Revert to this" }).click();
  await page.getByText("Revision 4 has the value of 2 again.").waitFor();
  assert.equal((await kv.get("web")).json().port, 8080);
});

scene("a key is deleted, purged, and created again", async (world, page) => {
  const kv = await world.kvm.create("app", { history: 5 });
  await kv.put("k", "1");
  await world.open("#/b/app/k/k");
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.locator("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByText("The key is deleted").waitFor();
  await page.getByRole("button", { name: "Create again" }).click();
  await page.getByRole("textbox", { name: "Value" }).fill("2");
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator(".value pre", { hasText: "2" }).waitFor();
  await page.getByRole("button", { name: "Purge", exact: true }).click();
  await page.locator("dialog").getByRole("button", { name: "Purge" }).click();
  await page.getByText("its history is gone").waitFor();
  assert.equal((await kv.get("k")).operation, "PURGE");
});

scene("a key gets a time to live that counts down, and headers", async (world, page) => {
  const kv = await world.kvm.create("app", { markerTTL: 60_000 });
  await world.open("#/b/app");
  await page.getByRole("button", { name: "New key" }).click();
  await page.locator("dialog input[name=key]").fill("k");
  await page.getByRole("textbox", { name: "Value" }).fill("x");
  await page.getByLabel("TTL").fill("1h");
  await page.getByLabel("Headers").fill("author anna");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await page.getByText("is no header").waitFor();
  await page.getByLabel("Headers").fill("author: anna");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await page.getByText(/expires in 59 m/).waitFor();
  await page.getByText("author: anna").waitFor();
  const put = await fetch(`${world.http}/v1/kv/app/k?format=json`);
  assert.deepEqual((await put.json()).headers, { author: ["anna"] });
  // Headers stay when the value is edited.
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await page.getByRole("textbox", { name: "Value" }).fill("y");
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator(".value pre", { hasText: "y" }).waitFor();
  await page.getByText("author: anna").waitFor();
  assert.equal((await kv.get("k")).string(), "y");
});

scene("what can be copied works", async (world, page) => {
  const kv = await world.kvm.create("app");
  await kv.put("a/b.c=1", "x");
  await world.open("#/b/app/k/a%2Fb.c%3D1");
  const copied = async (name, begin) => {
    await page.getByRole("button", { name, exact: true }).click();
    // What was copied before may still be told: wait for what this button copies.
    await page.getByText(`Copied: ${begin}`).last().waitFor();
    return page.evaluate(() => navigator.clipboard.readText());
  };
  assert.equal(await (await fetch((await copied("curl", "curl ")).match(/'(.*)'/)[1])).text(), "x");
  const at = world.nats.replace("nats://", "");
  assert.equal(await copied("jetkv", "jetkv "), `jetkv --server nats://${at} get app 'a/b.c=1'`);
  assert.equal(await copied("nats", "nats "), `nats --server nats://${at} kv get app 'a/b.c=1'`);
  assert.ok((await copied("Rust", "let js")).includes(`JetStream::at("nats://${at}")`));
});

scene("light and dark change by a button, and stay", async (world, page) => {
  await world.open("");
  const back = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const theme = page.getByRole("button", { name: "Theme" });
  await theme.click();
  assert.equal(await theme.getAttribute("aria-label"), "Theme: light");
  const light = await back();
  await theme.click();
  assert.notEqual(await back(), light);
  await world.open("#/server");
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
});

scene("markup in keys and values stays text", async (world, page) => {
  const kv = await world.kvm.create("app");
  const evil = '<img src=x onerror="window.owned = true"><script>window.owned = true</script>';
  await kv.put("evil", evil);
  // Clients that check nothing can store such a key.
  world.client.publish("$KV.app.<img/src=x/onerror=alert(1)>", evil);
  await world.client.flush();
  await world.open("#/b/app/k/evil");
  await page.locator(".value pre", { hasText: "onerror" }).waitFor();
  await world.open("#/b/app/live");
  await kv.put("evil", evil);
  await page.locator(".live li code", { hasText: "onerror" }).waitFor();
  assert.equal(await page.evaluate(() => window.owned), undefined);
});

scene("the live view keeps up with any rate, says what it leaves out, and pauses", async (world, page) => {
  const kv = await world.kvm.create("app", { storage: "memory" });
  await world.open("#/b/app/live");
  await page.getByText("live", { exact: true }).waitFor();
  const total = 5000;
  for (let at = 0; at < total; at += 1) world.client.publish(`$KV.app.k${at % 50}`, String(at));
  await world.client.flush();
  await page.waitForFunction((all) => document.getElementById("seen")?.textContent === `${all} in all`, total.toLocaleString("en"));
  await page.locator("#sampled", { hasText: "not shown" }).waitFor();
  await page.locator(".live li code", { hasText: /^4999$/ }).waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  await kv.put("paused", "p");
  await page.getByText("paused, 1 waiting").waitFor();
  assert.equal(await page.locator(".live a", { hasText: "paused" }).count(), 0);
  await page.getByRole("button", { name: "Go on" }).click();
  await page.locator(".live a", { hasText: "paused" }).waitFor();
  await page.getByRole("searchbox", { name: "Filter of keys" }).fill("only.*");
  await page.keyboard.press("Enter");
  await page.getByText("live", { exact: true }).waitFor();
  await kv.put("other", "1");
  await kv.put("only.this", "1");
  await page.locator(".live a", { hasText: "only.this" }).waitFor();
  assert.equal(await page.locator(".live li").count(), 1);
});

scene("the server page shows who is connected, what watches lag behind, and how long syncs take", async (world, page) => {
  const kv = await world.kvm.create("app");
  for (let at = 0; at < 30; at += 1) await kv.put(`k${at}`, "x");
  // A consumer that nobody pulls from is behind by everything.
  const jsm = await (await import("@nats-io/jetstream")).jetstreamManager(world.client);
  await jsm.consumers.add("KV_app", { name: "idle", deliver_policy: "all", ack_policy: "explicit" });
  await world.open("#/server");
  await page.getByText("Nothing is known to be damaged.").waitFor();
  await page.getByText("every write is on disk before it is acknowledged").waitFor();
  await page.locator("table", { hasText: "nats.js" }).waitFor();
  const idle = page.locator("tr", { hasText: "idle" });
  assert.equal(await idle.locator("td[data-label=Lag]").innerText(), "30");
  const fact = (name) => page.locator("dt", { hasText: name }).locator("xpath=following-sibling::dd[1]").innerText();
  assert.match(await fact("Memory"), /MiB/);
  assert.match(await fact("Disk"), /KiB/);
  assert.equal(await fact("Connections"), "1");
  assert.match(await fact("A sync takes"), /^[\d.]+ ms on average, 99 of 100 at most [\d.]+ ms$/);
});

/** Flips a bit of the value that says `text` in the files of a store. */
function spoil(directory, text) {
  for (const file of readdirSync(directory, { recursive: true, withFileTypes: true }).filter((each) => each.isFile())) {
    const path = join(file.parentPath ?? file.path, file.name);
    const bytes = readFileSync(path);
    const at = bytes.indexOf(text);
    if (at < 0) continue;
    bytes[at] ^= 1;
    writeFileSync(path, bytes);
    return;
  }
  throw new Error(`no file holds ${text}`);
}

scene("damage is named, and what is damaged is never shown as something else", async (world, page) => {
  world.expected.push("500");
  await world.open("");
  await page.locator("tr", { hasText: "app" }).getByText("damaged").waitFor();
  await world.open("#/server");
  await page.locator(".notice.failed li", { hasText: "bad" }).waitFor();
  await page.locator("#health", { hasText: "1 damaged" }).waitFor();
  // Nothing else is wrong.
  assert.equal(await page.locator(".notice.failed").count(), 1);
  await world.open("#/b/app/k/good");
  await page.locator(".value pre", { hasText: "intact" }).waitFor();
  await world.open("#/b/app/k/bad");
  await page.getByRole("alert").first().waitFor();
  assert.equal(await page.locator(".value").count(), 0);
}, {
  before: async (world) => {
    const server = await start("--store", world.store, "serve", "--port", "0", "--http-port", "0");
    const put = (path, body, method = "PUT") => fetch(server.told.monitoring[0] + path, { method, body, headers: { "content-type": path.includes("buckets") ? "application/json" : "text/plain" } });
    await put("/v1/buckets", '{"bucket":"app"}', "POST");
    await put("/v1/kv/app/bad", "this will be spoiled");
    await put("/v1/kv/app/good", "intact");
    await server.stop();
    spoil(world.store, "this will be spoiled");
  },
});

scene("users of the server log in, and see what they may", async (world, page) => {
  const kv = await world.kvm.create("app");
  await kv.put("alice.k", "1");
  await world.open("#/b/app/k/alice.k");
  await page.locator(".value pre", { hasText: "1" }).waitFor();
  assert.equal((await fetch(`${world.http}/v1/kv/app/alice.k`)).status, 401);
}, { args: ["--user", "alice", "--pass", "secret"], credentials: { user: "alice", pass: "secret" } });

scene("the console alone shows a store that a server holds", async (world, page) => {
  const kv = await world.kvm.create("app", { history: 3 });
  await kv.put("web.port", "80");
  const alone = await start("--store", world.store, "console", "--http-port", "0");
  try {
    assert.equal(alone.told.embedded, false);
    world.http = new URL(alone.told.console).origin;
    await world.open("#/b/app/k/web.port");
    await page.locator(".value pre", { hasText: "80" }).waitFor();
    await kv.put("web.port", "8080");
    await page.getByText("Revision 2: the key was changed just now.").waitFor();
    await world.open("#/server");
    await page.getByText("does not tell here whether data is damaged").waitFor();
  } finally { assert.equal(await alone.stop(), 0); }
});
