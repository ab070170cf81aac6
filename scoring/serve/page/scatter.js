// A scatter plot of size and rate: one point per micro-segment, with its interval as a line.

import { logTicks, mark, ticks } from "./charts.js";
import { svg } from "./dom.js";
import { between, count, percent } from "./words.js";

let last = ""; // the id of the point that had the focus last, for the next drawing

const RANK = { too_few: 0, borderline: 1, reliable: 2 };

/** The label of a point for screen readers. */
export function label(row) {
  const verdict = row.verdict.replace("_", " ");
  return `${row.segment_name}: ${count(row.customers)} customers, ${percent(row.rate)}, interval ${between(row.wilson_low, row.wilson_high)}, ${verdict}`;
}

/**
 * The plot. `open` is called with a segment's id; `tip` with a row and its position, or with null.
 * The Tab key reaches one point, arrow keys move to the others, Enter opens a point.
 */
export function scatter(rows, { width, everyone, chosen, open, tip }) {
  const isNarrow = width < 560;
  const height = isNarrow ? 340 : Math.min(470, Math.round(0.56 * width));
  const box = { left: isNarrow ? 44 : 56, right: 14, top: 16, bottom: 50 };
  const sizes = rows.map((row) => row.customers);
  const [least, most] = [Math.min(...sizes) * 0.9, Math.max(...sizes) * 1.12];
  const highest = Math.min(1, Math.max(0.05, everyone?.wilson_high ?? 0, ...rows.map((row) => row.wilson_high)) * 1.03);
  const span = Math.log(most / least) || 1;
  const x = (size) => box.left + (Math.log(size / least) / span) * (width - box.left - box.right);
  const y = (rate) => box.top + (1 - rate / highest) * (height - box.top - box.bottom);
  const drawn = svg("svg", {
    class: "scatter", viewBox: `0 0 ${width} ${height}`, width, height, role: "group",
    "aria-label": `Micro-segments by size and rate, ${rows.length} points`, "aria-describedby": "scatter-help",
  });

  for (const tick of ticks(0, highest, 5)) {
    drawn.append(
      svg("line", { class: "grid", x1: box.left, x2: width - box.right, y1: y(tick), y2: y(tick) }),
      svg("text", { class: "tick", x: box.left - 8, y: y(tick) + 4, "text-anchor": "end", "aria-hidden": "true" }, percent(tick, 0)),
    );
  }
  for (const tick of logTicks(least, most, isNarrow)) {
    drawn.append(
      svg("line", { class: "grid", x1: x(tick), x2: x(tick), y1: height - box.bottom, y2: height - box.bottom + 5 }),
      svg("text", { class: "tick", x: x(tick), y: height - box.bottom + 19, "text-anchor": "middle", "aria-hidden": "true" }, count(tick)),
    );
  }
  drawn.append(
    svg("text", { class: "axis-title", x: width - box.right, y: height - 8, "text-anchor": "end", "aria-hidden": "true" }, "customers (logarithmic)"),
    svg("line", { class: "base", x1: box.left, x2: width - box.right, y1: height - box.bottom, y2: height - box.bottom }),
  );
  if (everyone) {
    drawn.append(
      svg("line", { class: "reference", x1: box.left, x2: width - box.right, y1: y(everyone.rate), y2: y(everyone.rate) }),
      svg("text", { class: "reference-text", x: width - box.right, y: y(everyone.rate) - 6, "text-anchor": "end", "aria-hidden": "true" }, `everyone ${percent(everyone.rate)}`),
    );
  }

  const ordered = [...rows].sort((a, b) => a.customers - b.customers || a.rate - b.rate);
  const stop =
    ordered.find((row) => row.segment_id === chosen) ?? ordered.find((row) => row.segment_id === last) ?? ordered.at(-1);
  const groups = new Map();
  // The reliable points are drawn last, on top of the others.
  for (const row of [...ordered].sort((a, b) => RANK[a.verdict] - RANK[b.verdict])) {
    const at = [x(row.customers), y(row.rate)];
    const isChosen = row.segment_id === chosen;
    const group = svg(
      "g",
      {
        class: `point ${row.verdict}${isChosen ? " chosen" : ""}`, id: `point-${row.segment_id}`, role: "button",
        tabindex: row === stop ? 0 : -1,
        "aria-label": label(row), "aria-expanded": String(isChosen),
        on: {
          click: () => open(row.segment_id),
          keydown: (event) => move(event, row),
          pointerenter: () => tip(row, at),
          pointerleave: () => tip(null),
          focus: () => {
            last = row.segment_id;
            tip(row, at);
          },
          blur: () => tip(null),
        },
      },
      svg("line", { class: "whisker", x1: at[0], x2: at[0], y1: y(row.wilson_low), y2: y(row.wilson_high) }),
      svg("circle", { class: "target", cx: at[0], cy: at[1], r: 12 }),
      mark(row.verdict, ...at, isChosen ? 7 : 5),
    );
    groups.set(row, group);
    drawn.append(group);
  }

  function move(event, row) {
    const byRate = [...ordered].sort((a, b) => a.rate - b.rate);
    const steps = { ArrowRight: [ordered, 1], ArrowLeft: [ordered, -1], ArrowUp: [byRate, 1], ArrowDown: [byRate, -1] };
    let next = null;
    if (event.key === "Enter" || event.key === " ") open(row.segment_id);
    else if (event.key === "Home") next = ordered[0];
    else if (event.key === "End") next = ordered.at(-1);
    else if (event.key in steps) {
      const [order, step] = steps[event.key];
      next = order[order.indexOf(row) + step] ?? row;
    } else return;
    event.preventDefault();
    if (!next) return;
    groups.get(row).setAttribute("tabindex", "-1");
    groups.get(next).setAttribute("tabindex", "0");
    groups.get(next).focus();
  }
  return drawn;
}
