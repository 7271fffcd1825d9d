// Clickable pictures. `mount` runs again with new data on every rerun and keeps the elements that
// have not changed, so that nothing flickers.

export function mount({ data, parentElement, setTriggerValue }) {
  let root = parentElement.querySelector(".gallery");
  if (!root) {
    const frame = document.createElement("div");
    root = document.createElement("div");
    root.className = "gallery";
    frame.append(root);
    parentElement.appendChild(frame);
  }
  root.parentElement.classList.toggle("under-slider", data.underSlider);
  drawCurves(root, data.curves);
  root.classList.toggle("under-slider", data.underSlider);
  root.classList.toggle("fill", data.fill);
  root.style.setProperty("--size", `${data.sizePx}px`);
  root.style.setProperty("--mark", data.colour || "transparent");
  const wanted = data.pictures.length;
  while (root.children.length > wanted) root.lastElementChild.remove();
  for (let index = 0; index < wanted; index += 1) {
    const figure = tile(root, index, data.clickable);
    paint(figure, data, index);
    const button = figure.querySelector(".tile");
    button.onclick = data.clickable ? () => setTriggerValue("picked", index) : null;
  }
}

function tile(root, index, clickable) {
  const kind = clickable ? "BUTTON" : "SPAN";
  const found = root.children[index];
  if (found && found.querySelector(".tile").tagName === kind) return found;
  const figure = document.createElement("figure");
  const frame = document.createElement(kind);
  frame.className = "tile";
  if (clickable) frame.type = "button";
  frame.appendChild(document.createElement("img"));
  const sign = document.createElement("span");
  sign.className = "sign";
  figure.append(sign, frame, document.createElement("figcaption"));
  if (found) found.replaceWith(figure);
  else root.appendChild(figure);
  return figure;
}

function paint(figure, data, index) {
  const image = figure.querySelector("img");
  if (image.src !== data.pictures[index]) image.src = data.pictures[index];
  image.alt = data.labels[index] || `picture ${index + 1}`;
  write(figure.querySelector(".sign"), data.between[index] || "");
  write(figure.querySelector("figcaption"), data.captions[index] || "");
  figure.classList.toggle("selected", data.selected === index);
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
  element.hidden = text === "";
}

const SVG = "http://www.w3.org/2000/svg";

/** Percentages as lines over the whole width; the dotted line is 50. */
function drawCurves(root, curves) {
  root.parentElement.querySelector(".curves")?.remove();
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

function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
