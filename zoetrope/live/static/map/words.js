// Names and values of attributes as people read them.

/** @param {string} name */
export function words(name) {
  return name.replaceAll("_", " ");
}

/** @param {string | number | boolean | null} value */
export function valueWords(value) {
  if (value === null) return "unknown";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "number" ? String(Math.round(value * 1000) / 1000) : words(value);
}
