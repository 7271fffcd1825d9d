// A small picture of an item that is a button: click pins it, pointing at it shows it on the map.

/** @import { Picture } from "./overlay.js" */
/** @typedef {(item: number) => void} ForItem */
/** @typedef {{ pick: ForItem, point: ForItem }} TileActions */

import { element } from "../page/dom.js";

/**
 * @param {number} item
 * @param {Picture} image
 * @param {TileActions} actions
 */
export function itemTile(item, image, { pick, point }) {
  const canvas = element("canvas");
  draw(canvas, image);
  const name = `item ${item}`;
  const button = element("button", { type: "button", class: "zmap-tile", "aria-label": name }, canvas);
  button.dataset.item = String(item);
  button.addEventListener("click", () => pick(item));
  button.addEventListener("pointerenter", () => point(item));
  button.addEventListener("focus", () => point(item));
  return button;
}

/**
 * Make `canvas` show `image`, in its size.
 * @param {HTMLCanvasElement} canvas
 * @param {Picture} image
 */
export function draw(canvas, image) {
  if (canvas.width !== image.width || canvas.height !== image.height) {
    canvas.width = image.width;
    canvas.height = image.height;
  }
  const context = canvas.getContext("2d");
  if (image instanceof ImageData) context?.putImageData(image, 0, 0);
  else context?.drawImage(image, 0, 0);
}
