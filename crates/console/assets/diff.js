// The difference of two texts, line by line: what Myers' algorithm finds with the fewest changes.

const LINES_MAX = 4000;

/** Returns lines as [sign, text], where the sign is " ", "-" or "+"; nothing if the texts are too long. */
export function difference(before, after) {
  const [a, b] = [before.split("\n"), after.split("\n")];
  if (a.length + b.length > LINES_MAX) return undefined;
  const max = a.length + b.length;
  const reach = new Map([[1, 0]]);
  const trace = [];
  for (let d = 0; d <= max; d += 1) {
    trace.push(new Map(reach));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1));
      let x = down ? reach.get(k + 1) : reach.get(k - 1) + 1;
      let y = x - k;
      while (x < a.length && y < b.length && a[x] === b[y]) { x += 1; y += 1; }
      reach.set(k, x);
      if (x >= a.length && y >= b.length) return path(a, b, trace, d);
    }
  }
  return [];
}

function path(a, b, trace, distance) {
  const lines = [];
  let [x, y] = [a.length, b.length];
  for (let d = distance; d > 0; d -= 1) {
    const reach = trace[d];
    const k = x - y;
    const down = k === -d || (k !== d && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1));
    const before = down ? k + 1 : k - 1;
    // Where the run of equal lines begins, behind the one change of this step.
    const start = down ? reach.get(before) : reach.get(before) + 1;
    while (x > start) { x -= 1; y -= 1; lines.push([" ", a[x]]); }
    if (down) { y -= 1; lines.push(["+", b[y]]); } else { x -= 1; lines.push(["-", a[x]]); }
  }
  while (x > 0 && y > 0) { x -= 1; y -= 1; lines.push([" ", a[x]]); }
  return lines.reverse();
}
