// Numbers, dates and words in readable form.

const NARROW = "\u202f"; // a narrow no-break space

/** 12,205. */
export function count(number) {
  return number === null || number === undefined ? "–" : Math.round(number).toLocaleString("en");
}

/** 34.6 %. */
export function percent(share, digits = 1) {
  return share === null || share === undefined ? "–" : `${(100 * share).toFixed(digits)}${NARROW}%`;
}

/** 34.6 % to 41.0 %. */
export function between(low, high, digits = 1) {
  return `${percent(low, digits)} to ${percent(high, digits)}`;
}

/** 0.811. */
export function figure(value, digits = 3) {
  return value === null || value === undefined ? "–" : value.toFixed(digits).replace("-", "−");
}

/** +0.7 points. */
export function points(difference) {
  const sign = difference > 0 ? "+" : "";
  return `${sign}${figure(100 * difference, 1)} points`;
}

/** 6 November 2025. */
export function day(text) {
  if (!text) return "–";
  return new Date(`${text}T00:00:00Z`).toLocaleDateString("en-GB", { dateStyle: "long", timeZone: "UTC" });
}

/** 6 Nov 2025. */
export function shortDay(text) {
  return new Date(`${text}T00:00:00Z`).toLocaleDateString("en-GB", { dateStyle: "medium", timeZone: "UTC" });
}

/** 6 November 2025 at 14:31, in the reader's time zone. */
export function moment(text) {
  return new Date(text).toLocaleString("en-GB", { dateStyle: "long", timeStyle: "short" });
}

/** customers. */
export function plural(noun) {
  return noun.endsWith("y") ? `${noun.slice(0, -1)}ies` : `${noun}s`;
}

/** gradient boosting, Gradient boosting. */
export const spaced = (name) => (name ?? "").replaceAll("_", " ");
export const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);
