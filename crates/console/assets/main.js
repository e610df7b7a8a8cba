// Pages by the part of the address behind "#", and what is around them.

import { failure, fill, h } from "./dom.js";
import * as api from "./api.js";
import * as theme from "./theme.js";
import { bucketsPage } from "./buckets.js";
import { bucketPage } from "./bucket.js";
import { livePage } from "./live.js";
import { serverPage } from "./server.js";

const pages = [
  [/^#?\/?$/, () => bucketsPage()],
  [/^#\/server$/, () => serverPage()],
  [/^#\/b\/([^/]+)\/live$/, (bucket) => livePage(bucket)],
  [/^#\/b\/([^/]+)(?:\/k\/(.+))?$/, (bucket, key) => bucketPage(bucket, key)],
];

// What a page left running is stopped when another one comes.
let leave = () => {};
let visit = 0;

async function show() {
  const main = document.getElementById("main");
  const address = location.hash;
  const mine = ++visit;
  leave();
  leave = () => {};
  for (const link of document.querySelectorAll("header nav a")) {
    const here = link.getAttribute("href") === "#/server" ? address === "#/server" : address !== "#/server";
    link.toggleAttribute("aria-current", here);
  }
  const [pattern, page] = pages.find(([pattern]) => pattern.test(address)) ?? [];
  if (page === undefined) {
    fill(main, h("p", { class: "notice failed" }, "There is no such page."), h("a", { href: "#/" }, "All buckets"));
    return;
  }
  try {
    const parts = address.match(pattern).slice(1).map((text) => text && decodeURIComponent(text));
    const { content, stop, title } = await page(...parts);
    if (mine !== visit) { stop?.(); return; }
    document.title = title ? `${title} · jetkv` : "jetkv";
    leave = stop ?? leave;
    fill(main, content);
    main.querySelector("[autofocus]")?.focus();
  } catch (error) {
    if (mine === visit) fill(main, failure(error), h("a", { href: "#/" }, "All buckets"));
  }
}

async function showHealth() {
  const health = document.getElementById("health");
  try {
    const told = await api.server();
    const bad = (text) => h("a", { class: "pill bad", href: "#/server" }, text);
    fill(health, told.healthy === false ? bad(`${told.damages.length} damaged`)
      : told.server?.errors?.length > 0 ? bad("in trouble")
      : told.healthy ? h("span", { class: "pill good" }, "healthy") : "");
  } catch (error) {
    fill(health, error.kind === "unavailable" ? h("span", { class: "pill bad" }, "offline") : "");
  }
}

// "/" goes to the filter, as in other programs.
addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.target.closest("input, textarea, select, dialog")) return;
  const filter = document.querySelector("main input[type=search]");
  if (filter) { event.preventDefault(); filter.focus(); filter.select(); }
});

theme.start(document.getElementById("theme"));
addEventListener("hashchange", show);
show();
showHealth();
setInterval(showHealth, 10000);
