// What the colours mean: categories as buttons that switch their items grey, numbers as a bar.

import { element } from "../page/dom.js";
import { words } from "./card.js";
import { SCALE } from "./plot.js";

export class Legend {
  constructor(onChange) {
    this.root = element("div", { class: "zmap-legend" });
    this.onChange = onChange;
    this.hidden = new Set();
    this.key = null;
  }

  // colour: as for Plot.draw, with label and names; or null.
  show(colour) {
    const key = colour ? JSON.stringify([colour.label, colour.names, colour.low, colour.high]) : "";
    if (key === this.key) return;
    this.key = key;
    this.hidden.clear();
    this.colour = colour;
    this.render();
  }

  render() {
    const { colour } = this;
    if (!colour) this.root.replaceChildren();
    else if (colour.kind === "number") this.root.replaceChildren(title(colour), ...bar(colour));
    else this.root.replaceChildren(title(colour), ...this.categories(colour));
  }

  categories(colour) {
    const counts = new Array(colour.names.length).fill(0);
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

  toggle(place) {
    if (!this.hidden.delete(place)) this.hidden.add(place);
    this.changed();
  }

  isolate(place) {
    const others = this.colour.names.map((_, i) => i).filter((i) => i !== place);
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

function title(colour) {
  return element("span", { class: "zmap-legend-title" }, words(colour.label));
}

function bar({ low, high }) {
  const strip = element("span", { class: "zmap-scale" });
  strip.style.background = `linear-gradient(90deg, ${SCALE.join(",")})`;
  return [
    element("span", { class: "zmap-number" }, short(low)),
    strip,
    element("span", { class: "zmap-number" }, short(high)),
  ];
}

function short(value) {
  return String(Number(value.toPrecision(3)));
}
