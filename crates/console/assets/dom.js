// Elements are built from data, never from markup: what a key or a value says is always text.

/** Builds an element: h("a", {href, class, onclick}, child, …). Children are elements, texts, lists of both, or nothing. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "class") element.className = value;
    else if (key in element && typeof value !== "string") element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children) {
    if (child === undefined || child === null || child === false) continue;
    if (Array.isArray(child)) append(element, child);
    else element.append(child);
  }
}

/** Puts children in the place of all that an element holds. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

/** Tells something for a few seconds. */
export function toast(text, kind = "done") {
  const shown = h("div", { class: `toast ${kind}` }, text);
  document.getElementById("toasts").append(shown);
  setTimeout(() => shown.remove(), kind === "failed" ? 8000 : 3500);
}

/** Shows a failure where content was expected. */
export function failure(error) {
  return h("div", { class: "notice failed", role: "alert" },
    h("strong", {}, error.title ?? "Failed"), h("p", {}, error.message),
    error.hint && h("p", { class: "hint" }, error.hint));
}

/** Opens a dialog; `build` gets a function that closes it. */
export function dialog(title, build) {
  const box = h("dialog", { "aria-label": title, onclose: () => box.remove() });
  const close = () => box.close();
  box.append(h("h2", {}, title), build(close));
  document.body.append(box);
  box.showModal();
  return box;
}

/** Asks before something is done that cannot be undone; resolves to whether it was meant. */
export function confirm(title, text, action) {
  return new Promise((resolve) => {
    let answer = false;
    const box = dialog(title, (close) => h("form", { method: "dialog", onsubmit: () => { answer = true; } },
      h("p", {}, text),
      h("div", { class: "actions" },
        h("button", { type: "button", onclick: close }, "Cancel"),
        h("button", { class: "danger" }, action))));
    box.addEventListener("close", () => resolve(answer));
  });
}

/** A labelled field of a form. */
export function field(label, control, help) {
  return h("label", { class: "field" }, h("span", {}, label), control, help && h("small", {}, help));
}
