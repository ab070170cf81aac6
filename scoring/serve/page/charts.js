// SVG charts that fit the width of their container.

import { svg } from "./dom.js";

const waiting = []; // charts of a view that is not in the document yet

/** Draw into `holder` whenever its width changes; `draw` gets the width in pixels. */
export function fitted(holder, draw) {
  let width = 0;
  const fit = () => {
    const found = Math.round(holder.clientWidth);
    if (found && found !== width) draw((width = found));
  };
  waiting.push(fit);
  new ResizeObserver(fit).observe(holder);
}

/** Draw the waiting charts now, so that they can have the focus and the layout does not change. */
export function fitNow() {
  for (const fit of waiting.splice(0)) fit();
}

/** The mark of a verdict. Shape and colour differ: circle (reliable), diamond (borderline), square (too few). */
export function mark(verdict, x, y, size = 5) {
  if (verdict === "reliable") return svg("circle", { class: `mark ${verdict}`, cx: x, cy: y, r: size });
  const [a, b] = verdict === "borderline" ? [1.25 * size, 0] : [0.85 * size, 0.85 * size];
  const corners =
    verdict === "borderline"
      ? [[x, y - a], [x + a, y], [x, y + a], [x - a, y]]
      : [[x - a, y - b], [x + a, y - b], [x + a, y + b], [x - a, y + b]];
  return svg("polygon", { class: `mark ${verdict}`, points: corners.map((each) => each.join(",")).join(" ") });
}

/** The mark of a verdict for a legend. */
export function key(verdict) {
  return svg("svg", { class: "mark-key", viewBox: "0 0 16 16", "aria-hidden": "true" }, mark(verdict, 8, 8));
}

/** Round values from `low` to `high`; their distance is 1, 2 or 5 times a power of ten. */
export function ticks(low, high, wanted) {
  const rough = (high - low) / wanted || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((each) => each * power >= rough);
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + 1e-9; at += 1) found.push(at * step);
  return found;
}

/** Logarithmic ticks (10, 20, 50, 100, …) from `low` to `high`; `ticks` if there are fewer than two. */
export function logTicks(low, high, isNarrow) {
  const found = [];
  for (let power = 10 ** Math.floor(Math.log10(low)); power <= high; power *= 10) {
    for (const each of isNarrow ? [1] : [1, 2, 5]) {
      if (each * power >= low && each * power <= high) found.push(each * power);
    }
  }
  return found.length > 1 ? found : ticks(low, high, 3);
}

/** A chart of rates or AUCs by date with intervals; rows are {at, value, low, high, class, words}. */
export function overTime(rows, { low, high, format, formatDay, line, lineText, height = 190 }, width) {
  const box = { left: 52, right: 12, top: 14, bottom: 28 };
  const times = rows.map((row) => Date.parse(row.at));
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const x = (time) =>
    first === last
      ? (box.left + width - box.right) / 2
      : box.left + 14 + ((time - first) / (last - first)) * (width - box.left - box.right - 28);
  const y = (value) => box.top + ((high - value) / (high - low)) * (height - box.top - box.bottom);
  const known = rows.map((row, index) => ({ ...row, x: x(times[index]) })).filter((row) => row.value !== null);
  const drawn = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true" });
  for (const tick of ticks(low, high, 4)) {
    drawn.append(
      svg("line", { class: "grid", x1: box.left, x2: width - box.right, y1: y(tick), y2: y(tick) }),
      svg("text", { class: "tick", x: box.left - 8, y: y(tick) + 4, "text-anchor": "end" }, format(tick)),
    );
  }
  if (line !== undefined && line !== null) {
    drawn.append(svg("line", { class: "reference", x1: box.left, x2: width - box.right, y1: y(line), y2: y(line) }));
    const isHigh = y(line) < box.top + 12;
    drawn.append(
      svg("text", { class: "reference-text", x: width - box.right, y: y(line) + (isHigh ? 14 : -6), "text-anchor": "end" }, lineText),
    );
  }
  const main = known.filter((row) => row.class === "main");
  if (main.length > 1) {
    drawn.append(svg("polyline", { class: "curve", points: main.map((row) => `${row.x},${y(row.value)}`).join(" ") }));
  }
  for (const row of known) {
    if (row.low !== null) drawn.append(svg("line", { class: `whisker ${row.class}`, x1: row.x, x2: row.x, y1: y(row.low), y2: y(row.high) }));
    drawn.append(svg("circle", { class: `dot ${row.class}`, cx: row.x, cy: y(row.value), r: 4 }, svg("title", {}, row.words)));
  }
  const ends = first === last ? [[first, "middle"]] : [[first, "start"], [last, "end"]];
  for (const [time, anchor] of ends) {
    const at = anchor === "start" ? box.left : anchor === "end" ? width - box.right : x(time);
    drawn.append(svg("text", { class: "tick", x: at, y: height - 8, "text-anchor": anchor }, formatDay(new Date(time).toISOString().slice(0, 10))));
  }
  return drawn;
}
