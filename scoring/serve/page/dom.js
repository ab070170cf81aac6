// Create elements without parsing HTML, so that text from data is never interpreted as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element. `on` has its listeners, the other options are attributes; null and false are left out. */
export function el(name, options = {}, ...children) {
  return filled(document.createElement(name), options, children);
}

/** An SVG element, with the same options. */
export function svg(name, options = {}, ...children) {
  return filled(document.createElementNS(SVG, name), options, children);
}

function filled(element, options, children) {
  const { on = {}, ...attributes } = options;
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const [event, listener] of Object.entries(on)) element.addEventListener(event, listener);
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A table that scrolls horizontally; `columns` are {title, cell, class}, `cell` gives the content for a row. */
export function table(caption, columns, rows, options = {}) {
  const head = columns.map((column) =>
    el("th", { scope: "col", class: column.class, "aria-sort": column.sorted }, column.head ?? column.title),
  );
  const body = rows.map((row) =>
    el(
      "tr",
      { class: options.rowClass?.(row) },
      columns.map((column, index) =>
        el(index ? "td" : "th", { class: column.class, scope: index ? null : "row" }, column.cell(row)),
      ),
    ),
  );
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    el(
      "table",
      { class: options.class },
      el("caption", { class: options.captionClass }, caption),
      el("thead", {}, el("tr", {}, head)),
      el("tbody", {}, body),
    ),
  );
}

/** An interval and its value on a scale from 0 to `most`. */
export function range(low, value, high, most) {
  const share = (x) => 100 * Math.min(1, x / most);
  return svg(
    "svg",
    { class: "range", viewBox: "0 0 100 12", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("line", { class: "axis", x1: 0, x2: 100, y1: 6, y2: 6 }),
    svg("rect", { class: "span", x: share(low), width: Math.max(0.5, share(high) - share(low)), y: 4, height: 4 }),
    svg("rect", { class: "middle", x: share(value) - 0.8, width: 1.6, y: 1, height: 10 }),
  );
}

/** A section with a title (h2) and its content. */
export function section(title, ...children) {
  const id = `h-${title.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
  return el("section", { "aria-labelledby": id }, el("h2", { id }, title), children);
}
