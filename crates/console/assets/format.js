// Numbers, sizes and times as people read them.

const number = new Intl.NumberFormat("en");

export const count = (value) => number.format(value);

export function size(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let at = 0;
  let value = bytes;
  while (value >= 1024 && at < units.length - 1) { value /= 1024; at += 1; }
  return at === 0 ? `${bytes} B` : `${value.toFixed(value < 10 ? 1 : 0)} ${units[at]}`;
}

/** A point in time, to the second, in the time of the reader. */
export function time(text) {
  const at = new Date(text);
  const two = (value) => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** How long ago something was. */
export function ago(text, now = Date.now()) {
  const seconds = Math.max(0, Math.round((now - new Date(text).getTime()) / 1000));
  return seconds < 2 ? "just now" : `${span(seconds)} ago`;
}

/** A number of seconds as its two largest units. */
export function span(seconds) {
  const units = [["d", 86400], ["h", 3600], ["m", 60], ["s", 1]];
  const parts = [];
  let rest = Math.floor(seconds);
  for (const [unit, length] of units) {
    const whole = Math.floor(rest / length);
    if (whole > 0 || parts.length > 0) parts.push([whole, unit]);
    rest %= length;
  }
  const shown = parts.slice(0, 2).filter(([whole]) => whole > 0);
  return shown.length === 0 ? "0 s" : shown.map(([whole, unit]) => `${whole} ${unit}`).join(" ");
}

/** Reads a span as the server writes it: bare seconds, or parts such as 1h30m. Returns seconds, or nothing. */
export function seconds(text) {
  if (/^\d+$/.test(text)) return Number(text);
  const lengths = { ns: 1e-9, us: 1e-6, "µs": 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600, d: 86400 };
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)/g)];
  if (parts.length === 0) return undefined;
  return parts.reduce((sum, [, value, unit]) => sum + Number(value) * lengths[unit], 0);
}
