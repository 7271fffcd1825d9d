// What the colours mean: categories as buttons that switch their items grey, numbers as a bar.

import { shadeOf } from "./colours.js";
import { element } from "../page/dom.js";
import { words } from "./words.js";

/**
 * What the points' colours mean.
 * @typedef {object} MapColour
 * @property {string} label
 * @property {string} url
 * @property {"category" | "number"} kind
 * @property {string[]} names of the categories
 * @property {string[]} colours of the categories, the last shared by those that are left; for
 *   numbers the scale
 * @property {number} low
 * @property {number} high
 * @property {Float32Array} values one an item, NaN where unknown: a number, or a category's place
 */

/** Categories from which on they are searched. */
const MANY = 13;
/** Buttons drawn at once; more are found by searching. */
const MOST_DRAWN = 200;

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
    /** @type {number[]} items of each category */
    this.counts = [];
    this.search = element("input", { class: "zmap-search", type: "search" });
    this.search.addEventListener("input", () => this.drawCategories());
    this.list = element("div", { class: "zmap-categories" });
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
    this.search.value = "";
    this.render();
  }

  render() {
    const { colour } = this;
    if (!colour) this.root.replaceChildren();
    else if (colour.kind === "number") this.root.replaceChildren(title(colour), ...bar(colour));
    else this.renderCategories(colour);
  }

  /** @param {MapColour} colour */
  renderCategories(colour) {
    this.counts = Array.from(colour.names, () => 0);
    for (const value of colour.values) if (!Number.isNaN(value)) this.counts[value] += 1;
    const n = colour.names.length.toLocaleString("en");
    this.search.placeholder = `Search ${n} names`;
    this.search.setAttribute("aria-label", `Search the names of ${words(colour.label)}`);
    const isMany = colour.names.length >= MANY;
    this.root.replaceChildren(title(colour), ...(isMany ? [this.search] : []), this.list);
    this.drawCategories();
  }

  /** The categories whose names hold what is searched; many are drawn by falling count. */
  drawCategories() {
    const { colour, counts } = this;
    if (!colour) return;
    const wanted = this.search.value.trim().toLowerCase();
    const places = colour.names
      .map((_, place) => place)
      .filter((place) => words(colour.names[place]).toLowerCase().includes(wanted));
    if (colour.names.length >= MANY) places.sort((a, b) => counts[b] - counts[a]);
    const buttons = places.slice(0, MOST_DRAWN).map((place) => this.category(colour, place));
    const nLeft = places.length - buttons.length;
    const left = nLeft ? [`and ${nLeft.toLocaleString("en")} more: search for them`] : [];
    this.list.replaceChildren(...buttons, ...(places.length ? left : ["No such name."]));
  }

  /**
   * @param {MapColour} colour
   * @param {number} place
   */
  category(colour, place) {
    const swatch = element("span", { class: "zmap-swatch" });
    swatch.style.background = colour.colours[shadeOf(colour, place)];
    const n = this.counts[place].toLocaleString("en");
    const name = words(colour.names[place]);
    const button = element(
      "button",
      {
        type: "button",
        class: "zmap-category",
        "aria-pressed": String(!this.hidden.has(place)),
        title: `${name}: ${n} items. Click: show or grey. Double click: this one alone.`,
      },
      swatch,
      element("span", { class: "zmap-name" }, name),
      element("span", { class: "zmap-number" }, n),
    );
    button.dataset.place = String(place);
    button.addEventListener("click", () => this.toggle(place));
    button.addEventListener("dblclick", () => this.isolate(place));
    return button;
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
    this.list.querySelectorAll("button").forEach((button) => {
      button.setAttribute("aria-pressed", String(!this.hidden.has(Number(button.dataset.place))));
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
