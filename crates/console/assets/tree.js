// The keys of a bucket as a tree, or those that match a filter as a list. Only what is shown is asked for.

import * as api from "./api.js";
import { failure, fill, h } from "./dom.js";
import { count } from "./format.js";
import { keyLink } from "./bucket.js";

export function keyTree(bucket, chosen) {
  const rows = h("div", { class: "tree", role: "tree", "aria-label": `Keys of ${bucket}`, onkeydown: move });
  const filter = h("input", {
    type: "search", placeholder: "Filter: web.* or web.>", "aria-label": "Filter of keys", spellcheck: "false",
    value: sessionStorage.getItem(`filter ${bucket}`) ?? "", oninput: () => { clearTimeout(typing); typing = setTimeout(refresh, 250); },
  });
  let typing;
  const element = h("section", { class: "keys", "aria-label": "Keys" }, filter, rows);
  refresh();
  return { element, refresh, stop: () => clearTimeout(typing) };

  async function refresh() {
    const text = filter.value.trim();
    sessionStorage.setItem(`filter ${bucket}`, text);
    try {
      if (text !== "" && text !== ">") await list(rows, complete(text));
      else await branches(rows, "", 1);
      const first = rows.querySelector("[role=treeitem]");
      (rows.querySelector("[aria-selected=true]") ?? first)?.setAttribute("tabindex", "0");
      if (!first) fill(rows, h("p", { class: "hint" }, text ? "No key matches." : "There is no key yet."));
    } catch (error) {
      fill(rows, failure(error));
    }
  }

  /** A plain word finds what is at it and below it. */
  function complete(text) {
    return text.endsWith(".") ? `${text}>` : text;
  }

  async function list(into, pattern, after) {
    let found = await api.keys(bucket, pattern, after);
    if (after === undefined && found.keys.length === 0 && !/[*>]/.test(pattern)) found = await api.keys(bucket, `${pattern}.>`);
    if (after === undefined && found.keys.length === 0 && !/[*>]/.test(pattern) && await behind(into, pattern)) return;
    const items = found.keys.map((key) => item({ path: key.key, label: key.key, key, below: 0, depth: 1 }));
    const more = found.next && moreButton("More keys", () => list(into, pattern, found.next));
    if (after === undefined) fill(into, items, more); else into.append(...items, ...(more ? [more] : []));
  }

  /** Shows what follows a word that no key begins with as a token: in a long list it is the place to go on. */
  async function behind(into, word) {
    const dot = word.lastIndexOf(".");
    const [prefix, token] = [word.slice(0, Math.max(dot, 0)), word.slice(dot + 1)];
    const found = await api.level(bucket, prefix, token);
    if (!found.branches[0]?.token.startsWith(token)) return false;
    await place(into, prefix, 1, found, true);
    into.prepend(h("p", { class: "hint" }, `From ${found.branches[0].path} on:`));
    return true;
  }

  /** A button that presses itself when it is scrolled into view. */
  function moreButton(text, load) {
    const press = () => { seen.disconnect(); button.remove(); load().catch((error) => rows.append(failure(error))); };
    const button = h("button", { class: "more", onclick: press }, text);
    const seen = new IntersectionObserver((changes) => { if (changes.some((change) => change.isIntersecting)) press(); }, { root: rows });
    seen.observe(button);
    return button;
  }

  async function branches(into, prefix, depth, after) {
    await place(into, prefix, depth, await api.level(bucket, prefix, after), after === undefined);
  }

  /** Shows a page of a level, in the place of what is there or behind it. */
  async function place(into, prefix, depth, found, fresh) {
    const items = found.branches.map((branch) => item({ path: branch.path, label: branch.token, key: branch.key, below: branch.below, depth }));
    const more = found.next && moreButton("More", () => branches(into, prefix, depth, found.next));
    if (fresh) fill(into, items, more); else into.append(...items, ...(more ? [more] : []));
    // The way to the chosen key is open.
    const open = fresh && chosen && items.find((one) => one.dataset.below > 0 && chosen.startsWith(`${one.dataset.path}.`));
    if (open) await unfold(open);
  }

  function item({ path, label, key, below, depth }) {
    const gone = key !== undefined && key.operation !== "put";
    const row = h("div", { class: `row depth${Math.min(depth, 8)}` },
      below > 0 ? h("button", { class: "twist", tabindex: "-1", "aria-label": `Unfold ${path}`, onclick: () => toggle(box) }, "▸") : h("span", { class: "twist" }),
      key ? h("a", { href: keyLink(bucket, key.key), tabindex: "-1", class: gone ? "gone" : undefined, title: gone ? "deleted; its marker is kept" : undefined }, label)
        : h("span", { class: "prefix", onclick: () => toggle(box) }, label),
      below > 0 && h("span", { class: "count", title: `${count(below)} keys below` }, count(below)));
    const box = h("div", { role: "treeitem", tabindex: "-1", "aria-selected": String(key !== undefined && path === chosen) }, row);
    if (below > 0) box.setAttribute("aria-expanded", "false");
    Object.assign(box.dataset, { path, below: String(below), depth: String(depth), key: key ? path : "" });
    return box;
  }

  async function unfold(box) {
    box.setAttribute("aria-expanded", "true");
    const group = h("div", { role: "group" }, h("p", { class: "hint" }, "…"));
    box.append(group);
    try { await branches(group, box.dataset.path, Number(box.dataset.depth) + 1); } catch (error) { fill(group, failure(error)); }
  }

  function fold(box) {
    box.setAttribute("aria-expanded", "false");
    box.querySelector(":scope > [role=group]")?.remove();
  }

  function toggle(box) {
    if (box.getAttribute("aria-expanded") === "true") fold(box); else unfold(box);
  }

  function move(event) {
    const box = event.target.closest("[role=treeitem]");
    if (!box) return;
    const all = [...rows.querySelectorAll("[role=treeitem]")];
    const at = all.indexOf(box);
    const to = (target) => {
      if (!target) return;
      box.setAttribute("tabindex", "-1");
      target.setAttribute("tabindex", "0");
      target.focus();
    };
    const open = box.getAttribute("aria-expanded") === "true";
    const actions = {
      ArrowDown: () => to(all[at + 1]),
      ArrowUp: () => to(all[at - 1]),
      Home: () => to(all[0]),
      End: () => to(all.at(-1)),
      ArrowRight: () => { if (box.dataset.below > 0 && !open) unfold(box); else to(box.querySelector("[role=treeitem]")); },
      ArrowLeft: () => { if (open) fold(box); else to(box.parentElement.closest("[role=treeitem]")); },
      Enter: () => { if (box.dataset.key) location.hash = keyLink(bucket, box.dataset.key); else toggle(box); },
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }
}
