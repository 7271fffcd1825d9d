// Names and values of attributes as people read them.

/** @param {string} name */
export function words(name) {
  return name.replaceAll("_", " ");
}

/** @param {string | number | boolean | null} value */
export function valueWords(value) {
  if (value === null) return "unknown";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "number" ? numberWords(value) : words(value);
}

/**
 * Three decimals; of what is smaller than 1 three digits, so that no number becomes 0.
 * @param {number} value
 */
function numberWords(value) {
  return String(Math.abs(value) < 1 ? Number(value.toPrecision(3)) : Math.round(value * 1000) / 1000);
}
