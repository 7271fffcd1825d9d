// One of the two pictures of the card, with its caption. Both keep their places, and say of what
// they are: `data-of`, and `data-stale` while the card speaks of something else.

/** @import { Picture } from "./overlay.js" */

import { element } from "../page/dom.js";
import { draw } from "./item_tile.js";

export class CaptionedPicture {
  constructor() {
    this.canvas = element("canvas", { width: 1, height: 1, role: "img" });
    this.caption = element("figcaption", { class: "zmap-caption" });
    this.figure = element("figure", {}, this.canvas, this.caption);
  }

  clear() {
    this.is("");
    this.canvas.getContext("2d")?.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  /**
   * @param {Picture} image
   * @param {string} of
   */
  show(image, of) {
    draw(this.canvas, image);
    this.is(of);
  }

  /** @param {string} of what the picture shows */
  is(of) {
    this.figure.dataset.of = of;
  }

  /** @param {string} of what it ought to show; faint until it does */
  expect(of) {
    this.figure.toggleAttribute("data-stale", this.figure.dataset.of !== of);
  }

  get text() {
    return this.caption.textContent ?? "";
  }

  /** @param {string} text */
  label(text, colour = "") {
    if (this.caption.textContent !== text) this.caption.textContent = text;
    this.caption.style.color = colour;
    this.canvas.setAttribute("aria-label", text);
  }
}
