// What the colours mean: categories as buttons that switch their items grey, numbers as a bar.

import { element } from "../page/dom.js";
import { words } from "./words.js";

/**
 * What the points' colours mean.
 * @typedef {object} MapColour
 * @property {string} label
 * @property {string} url
 * @property {"category" | "number"} kind
 * @property {string[]} names of the categories
 * @property {string[]} colours of the categories; for numbers the scale
 * @property {number} low
 * @property {number} high
 * @property {Float32Array} values one an item, NaN where unknown: a number, or a category's place
 */

export class Legend {
  /** @param {() => void} onChange */
  constructor(onChange) {
    this.root = element("div", { class: "zmap-legend" });
    this.onChange = onChange;
    /** @type {Set<number>} categories switched off */
    this.hidden = new Set();
    this.key = "";
    /** @type {MapColour | null} */
    this.colour = null;
  }

  /**
   * Whether an item's category is switched off.
   * @param {number} item
   */
  hides(item) {
    const { colour } = this;
    return colour?.kind === "category" && this.hidden.has(colour.values[item]);
  }

  /** @param {MapColour | null} colour */
  show(colour) {
    const key = colour ? JSON.stringify([colour.label, colour.names, colour.low, colour.high]) : "";
    this.colour = colour;
    if (key === this.key) return;
    this.key = key;
    this.hidden.clear();
    this.render();
  }

  render() {
    const { colour } = this;
    if (!colour) this.root.replaceChildren();
    else if (colour.kind === "number") this.root.replaceChildren(title(colour), ...bar(colour));
    else this.root.replaceChildren(title(colour), ...this.categories(colour));
  }

  /** @param {MapColour} colour */
  categories(colour) {
    const counts = Array.from(colour.names, () => 0);
    for (const value of colour.values) if (!Number.isNaN(value)) counts[value] += 1;
    return colour.names.map((name, place) => {
      const swatch = element("span", { class: "zmap-swatch" });
      swatch.style.background = colour.colours[place];
      const n = counts[place].toLocaleString("en");
      const button = element(
        "button",
        {
          type: "button",
          class: "zmap-category",
          "aria-pressed": String(!this.hidden.has(place)),
          title: `${n} items. Click: show or grey. Double click: this one alone.`,
        },
        swatch,
        words(name),
      );
      button.addEventListener("click", () => this.toggle(place));
      button.addEventListener("dblclick", () => this.isolate(place));
      return button;
    });
  }

  /** @param {number} place */
  toggle(place) {
    if (!this.hidden.delete(place)) this.hidden.add(place);
    this.changed();
  }

  /** @param {number} place */
  isolate(place) {
    const names = this.colour?.names ?? [];
    const others = names.map((_, i) => i).filter((i) => i !== place);
    const alone = !this.hidden.has(place) && others.every((i) => this.hidden.has(i));
    this.hidden = new Set(alone ? [] : others);
    this.changed();
  }

  changed() {
    this.root.querySelectorAll("button").forEach((button, place) => {
      button.setAttribute("aria-pressed", String(!this.hidden.has(place)));
    });
    this.onChange();
  }
}

/** @param {MapColour} colour */
function title(colour) {
  return element("span", { class: "zmap-legend-title" }, words(colour.label));
}

/** @param {MapColour} colour */
function bar({ low, high, colours }) {
  const strip = element("span", { class: "zmap-scale" });
  strip.style.background = `linear-gradient(90deg, ${colours.join(",")})`;
  return [
    element("span", { class: "zmap-number" }, short(low)),
    strip,
    element("span", { class: "zmap-number" }, short(high)),
  ];
}

/** @param {number} value */
function short(value) {
  return String(Number(value.toPrecision(3)));
}
