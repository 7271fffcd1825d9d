// The colour of one item, where it is not plotly.js that paints it.

/** @import { MapColour } from "./legend.js" */

/**
 * Which of the category's colours an item has: those without one of their own share the last.
 * @param {MapColour} colour of categories
 * @param {number} place of the category
 */
export function shadeOf({ colours }, place) {
  return Math.min(place, colours.length - 1);
}

/**
 * As CSS; null where the item's value is unknown.
 * @param {MapColour | null} colour
 * @param {number} item
 * @param {string} plain where colour means nothing
 */
export function colourOf(colour, item, plain) {
  if (!colour) return plain;
  const value = colour.values[item];
  if (Number.isNaN(value)) return null;
  if (colour.kind === "category") return colour.colours[shadeOf(colour, value)];
  const { low, high, colours } = colour;
  const share = high > low ? Math.max(0, Math.min(1, (value - low) / (high - low))) : 0;
  const at = share * (colours.length - 1);
  const k = Math.min(Math.floor(at), colours.length - 2);
  return `color-mix(in srgb, ${colours[k + 1]} ${(100 * (at - k)).toFixed(1)}%, ${colours[k]})`;
}
