// The card beside the map: two pictures, a few numbers, the item's attributes, its neighbours.
// Every part has its place from the start; nothing moves when what is shown changes.

import { element } from "../page/dom.js";

export class Card {
  // labels: { left, right } captions of the two pictures.
  constructor(onPick, onPoint) {
    this.onPick = onPick;
    this.onPoint = onPoint;
    this.title = element("div", { class: "zmap-card-title", "aria-live": "polite" });
    this.left = picture();
    this.right = picture();
    this.doubt = element("div", { class: "zmap-doubt" });
    this.facts = element("dl", { class: "zmap-facts" });
    this.near = element("div", { class: "zmap-near" });
    this.root = element(
      "aside",
      { class: "zmap-card", "aria-label": "Item" },
      this.title,
      element("div", { class: "zmap-pair" }, this.left.figure, this.right.figure),
      this.doubt,
      this.facts,
      this.near,
    );
    this.empty();
  }

  empty() {
    this.title.textContent = "Point at the map";
    this.doubt.textContent = "";
    this.facts.replaceChildren();
    this.near.replaceChildren();
    this.left.clear();
    this.right.clear();
  }

  showTitle(text) {
    if (this.title.textContent !== text) this.title.textContent = text;
  }

  showFacts(values) {
    const rows = Object.entries(values).map(([name, value]) => [
      element("dt", {}, words(name)),
      element("dd", {}, shown(value)),
    ]);
    this.facts.replaceChildren(...rows.flat());
  }

  showDoubt(text) {
    if (this.doubt.textContent !== text) this.doubt.textContent = text;
  }

  // rows: [{ title, items, pictures }]
  showNeighbours(rows) {
    this.near.replaceChildren(
      ...rows.map(({ title, items, pictures }) =>
        element(
          "div",
          { class: "zmap-near-row" },
          element("div", { class: "zmap-caption" }, title),
          element("div", { class: "zmap-strip" }, ...tiles(items, pictures, this)),
        ),
      ),
    );
  }
}

function tiles(items, pictures, { onPick, onPoint }) {
  return items.map((item, i) => tile(item, pictures[i], onPick, onPoint));
}

// A small picture of an item that is a button: click pins it, pointing at it shows it on the map.
export function tile(item, image, onPick, onPoint) {
  const canvas = element("canvas", { width: image.width, height: image.height });
  canvas.getContext("2d").putImageData(image, 0, 0);
  const name = `item ${item}`;
  const button = element("button", { type: "button", class: "zmap-tile", "aria-label": name }, canvas);
  button.dataset.item = item;
  button.addEventListener("click", () => onPick(item));
  button.addEventListener("pointerenter", () => onPoint(item));
  button.addEventListener("focus", () => onPoint(item));
  return button;
}

function picture() {
  const canvas = element("canvas", { width: 1, height: 1, role: "img" });
  const caption = element("figcaption", { class: "zmap-caption" });
  const figure = element("figure", {}, canvas, caption);
  const context = canvas.getContext("2d");
  return {
    figure,
    canvas,
    clear() {
      context.clearRect(0, 0, canvas.width, canvas.height);
    },
    show(image) {
      if (canvas.width !== image.width || canvas.height !== image.height) {
        canvas.width = image.width;
        canvas.height = image.height;
      }
      if (image instanceof ImageData) context.putImageData(image, 0, 0);
      else context.drawImage(image, 0, 0);
    },
    get text() {
      return caption.textContent;
    },
    label(text, colour = "") {
      if (caption.textContent !== text) caption.textContent = text;
      caption.style.color = colour;
      canvas.setAttribute("aria-label", text);
    },
  };
}

export function words(name) {
  return name.replaceAll("_", " ");
}

function shown(value) {
  if (value === null) return "unknown";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "number" ? String(Math.round(value * 1000) / 1000) : words(String(value));
}
