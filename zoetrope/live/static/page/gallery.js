// Clickable pictures. `mount` runs again with new data on every rerun and keeps the elements that
// have not changed, so that nothing flickers.

import { element } from "./dom.js";

/**
 * @typedef {object} GalleryData
 * @property {string[]} pictures addresses
 * @property {string[]} captions
 * @property {string[]} labels read out by screen readers
 * @property {string[]} between signs before the pictures
 * @property {number | null} selected
 * @property {boolean} clickable
 * @property {boolean} underSlider
 * @property {boolean} fill
 * @property {number} sizePx
 * @property {string} colour
 * @property {Curve[]} curves
 * @typedef {{ label: string, colour: string, percent: number[] }} Curve
 */

/** @param {StreamlitComponent<GalleryData>} component */
export function mount({ data, parentElement, setTriggerValue }) {
  /** @type {HTMLElement} */
  const root = parentElement.querySelector(".gallery") ?? element("div", { class: "gallery" });
  if (!root.parentElement) parentElement.append(element("div", {}, root));
  root.parentElement?.classList.toggle("under-slider", data.underSlider);
  drawCurves(root, data.curves);
  root.classList.toggle("under-slider", data.underSlider);
  root.classList.toggle("fill", data.fill);
  root.style.setProperty("--size", `${data.sizePx}px`);
  root.style.setProperty("--mark", data.colour || "transparent");
  const wanted = data.pictures.length;
  while (root.children.length > wanted) root.lastElementChild?.remove();
  for (let index = 0; index < wanted; index += 1) {
    const figure = tile(root, index, data.clickable);
    paint(figure, data, index);
    const button = figure.querySelector("button");
    if (button) button.onclick = () => setTriggerValue("picked", index);
  }
}

/**
 * @param {HTMLElement} root
 * @param {number} index
 * @param {boolean} clickable
 */
function tile(root, index, clickable) {
  const kind = clickable ? "button" : "span";
  const there = root.children[index];
  if (there?.querySelector(`${kind}.tile`)) return there;
  const frame = element(kind, { class: "tile" }, element("img"));
  if (frame instanceof HTMLButtonElement) frame.type = "button";
  const sign = element("span", { class: "sign" });
  const figure = element("figure", {}, sign, frame, element("figcaption"));
  if (there) there.replaceWith(figure);
  else root.append(figure);
  return figure;
}

/**
 * @param {Element} figure
 * @param {GalleryData} data
 * @param {number} index
 */
function paint(figure, data, index) {
  const image = figure.querySelector("img");
  if (image && image.src !== data.pictures[index]) image.src = data.pictures[index];
  if (image) image.alt = data.labels[index] || `picture ${index + 1}`;
  write(figure.querySelector(".sign"), data.between[index] || "");
  write(figure.querySelector("figcaption"), data.captions[index] || "");
  figure.classList.toggle("selected", data.selected === index);
}

/**
 * @param {HTMLElement | null} place
 * @param {string} text
 */
function write(place, text) {
  if (!place) return;
  if (place.textContent !== text) place.textContent = text;
  place.hidden = text === "";
}

const SVG = "http://www.w3.org/2000/svg";

/**
 * Percentages as lines over the whole width; the dotted line is 50.
 * @param {HTMLElement} root
 * @param {Curve[]} curves
 */
function drawCurves(root, curves) {
  root.parentElement?.querySelector(".curves")?.remove();
  if (curves.length === 0) return;
  const drawing = shape("svg", { class: "curves", viewBox: "0 0 100 100", role: "img" });
  drawing.setAttribute("preserveAspectRatio", "none");
  drawing.setAttribute("aria-label", curves.map(({ label }) => label).join("; "));
  drawing.append(shape("line", { x1: 0, x2: 100, y1: 50, y2: 50 }));
  for (const { colour, percent } of curves) {
    const last = Math.max(percent.length - 1, 1);
    const points = percent.map((y, i) => `${((i / last) * 100).toFixed(2)},${(100 - y).toFixed(1)}`);
    drawing.append(shape("polyline", { points: points.join(" "), stroke: colour }));
  }
  root.before(drawing);
}

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 */
function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}
