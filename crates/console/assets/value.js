// A value as text, JSON, hex or picture.

import { fill, h } from "./dom.js";
import { size } from "./format.js";

const SHOWN_BYTES_MAX = 256 * 1024;

const pictures = [["image/png", [0x89, 0x50, 0x4e, 0x47]], ["image/jpeg", [0xff, 0xd8, 0xff]], ["image/gif", [0x47, 0x49, 0x46, 0x38]], ["image/webp", [0x52, 0x49, 0x46, 0x46]]];

const pictureType = (bytes) => pictures.find(([, start]) => start.every((byte, at) => bytes[at] === byte))?.[0];

/** The text of bytes, or nothing if they are none. */
export function textOf(bytes) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(text) ? undefined : text;
  } catch { return undefined; }
}

/** JSON over several lines, or nothing if the text is none. */
export function prettyJson(text) {
  if (!/^\s*[[{]/.test(text ?? "")) return undefined;
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return undefined; }
}

export function valueView(bytes) {
  const text = textOf(bytes);
  const json = prettyJson(text);
  const picture = pictureType(bytes);
  const views = {};
  if (picture) views.Image = () => image(bytes, picture);
  if (json !== undefined) views.JSON = () => code(json);
  if (text !== undefined) views.Text = () => code(text);
  views.Hex = () => code(hex(bytes));
  const shown = h("div", { class: "value" });
  const buttons = Object.entries(views).map(([name, view]) => h("button", {
    type: "button", role: "tab", "aria-selected": "false", onclick: (event) => {
      for (const button of buttons) button.setAttribute("aria-selected", String(button === event.currentTarget));
      fill(shown, bytes.length === 0 && name !== "Hex" ? h("p", { class: "hint" }, "The value is empty.") : view());
    },
  }, name));
  buttons[0].click();
  return h("div", {},
    h("div", { class: "tabs", role: "tablist", "aria-label": "View of the value" }, buttons, h("span", { class: "count" }, size(bytes.length))), shown);
}

function code(text) {
  const cut = text.length > SHOWN_BYTES_MAX;
  return [h("pre", { tabindex: "0" }, cut ? text.slice(0, SHOWN_BYTES_MAX) : text), cut && h("p", { class: "hint" }, `The first ${size(SHOWN_BYTES_MAX)} are shown.`)];
}

function image(bytes, type) {
  const address = URL.createObjectURL(new Blob([bytes], { type }));
  return h("img", { src: address, alt: "The value as a picture", onload: () => URL.revokeObjectURL(address) });
}

/** Offset, bytes and characters, sixteen to a line. */
export function hex(bytes) {
  const lines = [];
  const end = Math.min(bytes.length, SHOWN_BYTES_MAX / 4);
  for (let at = 0; at < end; at += 16) {
    const part = [...bytes.subarray(at, at + 16)];
    const left = part.map((byte) => byte.toString(16).padStart(2, "0")).join(" ").padEnd(47);
    const right = part.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${at.toString(16).padStart(8, "0")}  ${left}  ${right}`);
  }
  if (end < bytes.length) lines.push(`… ${size(bytes.length - end)} more`);
  return lines.join("\n");
}
