// Clickable pictures. `mount` runs again with new data on every rerun and keeps the elements that
// have not changed, so that nothing flickers.

export function mount({ data, parentElement, setTriggerValue }) {
  let root = parentElement.querySelector(".gallery");
  if (!root) {
    root = document.createElement("div");
    root.className = "gallery";
    parentElement.appendChild(root);
  }
  root.classList.toggle("under-slider", data.underSlider);
  root.style.setProperty("--size", `${data.sizePx}px`);
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
