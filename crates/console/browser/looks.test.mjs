// Every page at the width of a desk and of a phone, in light and dark; and the pictures of the README.

import assert from "node:assert/strict";
import { pictures, scene } from "./world.mjs";

for (const [name, viewport] of [["desktop", { width: 1200, height: 800 }], ["phone", { width: 390, height: 844 }]]) {
  scene(`pages fit a ${name}, in light and dark`, async (world, page) => {
    const kv = await world.kvm.create("shop", { history: 5, description: "Settings of the shop" });
    await world.kvm.create("sessions", { ttl: 3_600_000 });
    for (const port of [80, 443, 8443]) await kv.put("web.tls.config", JSON.stringify({ host: "shop.example", port, ciphers: ["TLS_AES_128_GCM_SHA256"] }));
    for (const key of ["web.host", "web.port", "db.primary.host", "db.primary.port", "mail/from", "features.dark-mode"]) await kv.put(key, "on");
    for (const scheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme: scheme });
      for (const [page_, hash] of [["buckets", ""], ["bucket", "#/b/shop"], ["entry", "#/b/shop/k/web.tls.config"], ["live", "#/b/shop/live"], ["server", "#/server"]]) {
        await world.open(hash);
        if (page_ === "entry") await page.locator(".diff").waitFor();
        if (page_ === "live") { await page.getByText("live", { exact: true }).waitFor(); await kv.put("web.port", "8443"); await page.locator(".live li").first().waitFor(); }
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.ok(wider <= 0, `${page_} is ${wider} pixels too wide`);
        // Everything that can be used has a name.
        const nameless = await page.$$eval("a, button, input, select, textarea", (all) => all.filter((each) =>
          !each.textContent.trim() && !each.getAttribute("aria-label") && !each.title && !each.placeholder && !each.labels?.length).map((each) => each.outerHTML));
        assert.deepEqual(nameless, []);
        await world.picture(`${page_}-${name}-${scheme}`);
      }
    }
  }, { viewport });
}

/** A shop's settings, as the README shows them. */
async function shop(world) {
  const kv = await world.kvm.create("shop", { history: 5, description: "Settings of the shop", markerTTL: 60_000 });
  await world.kvm.create("sessions", { ttl: 3_600_000, storage: "memory", description: "Who is logged in" });
  await world.kvm.create("flags", { description: "Features that are on" });
  for (const port of [80, 443, 8443]) await kv.put("web.tls.config", JSON.stringify({ host: "shop.example", port, ciphers: ["TLS_AES_128_GCM_SHA256"] }));
  for (const [key, value] of [["web.host", "0.0.0.0"], ["web.port", "8080"], ["db.primary.host", "db1.internal"], ["db.primary.port", "5432"], ["db.replica.host", "db2.internal"], ["mail.from", "shop@shop.example"], ["features.dark-mode", "on"]]) await kv.put(key, value);
  for (let at = 0; at < 40; at += 1) world.client.publish(`$KV.sessions.user${at}`, JSON.stringify({ since: at }));
  await world.client.flush();
  return kv;
}

if (pictures) {
  scene("pictures of a desk for the README", async (world, page) => {
    const kv = await shop(world);
    await world.open("#/b/shop/k/web.tls.config");
    await page.locator(".diff").waitFor();
    await page.setViewportSize({ width: 1100, height: 880 });
    await world.picture("console-entry", pictures);
    await page.setViewportSize({ width: 1100, height: 560 });
    await page.emulateMedia({ colorScheme: "dark" });
    await world.open("#/b/shop/live");
    await page.getByText("live", { exact: true }).waitFor();
    for (let at = 0; at < 12; at += 1) await kv.put(`orders.${1000 + at}`, JSON.stringify({ state: at % 3 ? "paid" : "open", items: at }));
    await page.locator(".live li", { hasText: "orders.1011" }).waitFor();
    await world.picture("console-live", pictures);
  }, { viewport: { width: 1100, height: 640 } });
  scene("a picture of a phone for the README", async (world, page) => {
    await shop(world);
    await world.open("#/b/shop/k/web.tls.config");
    await page.locator(".diff").waitFor();
    await world.picture("console-phone", pictures);
  }, { viewport: { width: 390, height: 640 } });
}
