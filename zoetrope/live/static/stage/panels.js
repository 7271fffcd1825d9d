// Pictures of the stage: one canvas a panel, all painted in the same frame of the screen.

import { element } from "../page/dom.js";
import { toImage } from "../wire/frames.js";

/** A figure: canvas, caption in the codec's colour, read-outs. */
export class Panel {
  constructor({ caption, colour, readouts }) {
    this.canvas = element("canvas", { class: "picture", role: "img", "aria-label": caption, width: 64, height: 64 });
    this.context = this.canvas.getContext("2d", { alpha: false, desynchronized: false });
    this.note = element("p", { class: "note", hidden: "" });
    this.numbers = readouts.map((readout) => ({ readout, value: element("b", {}, "–") }));
    const texts = this.numbers.map(({ readout, value }) =>
      element("span", { class: "readout" }, `${readout.label} `, value),
    );
    this.element = element(
      "figure",
      { class: "panel", style: `--codec: ${colour}` },
      element("div", { class: "frame" }, this.canvas, this.note),
      element("figcaption", {}, element("span", { class: "name" }, caption), ...texts),
    );
  }

  /** Say why there is no picture; null takes the words away. */
  tell(text) {
    this.note.textContent = text ?? "";
    this.note.hidden = text === null;
    this.element.classList.toggle("empty", text !== null);
  }

  paint(part, image) {
    fit(this.canvas, part.width, part.height);
    draw(this.context, image);
    if (!this.note.hidden) this.tell(null);
    this.numbers.forEach(({ readout, value }, i) => {
      const number = part.readouts[i];
      value.textContent = Number.isFinite(number) ? `${number.toFixed(readout.digits)}${readout.unit}` : "–";
    });
  }
}

/** A row of small pictures that walks one control; a mark shows where the hand is. */
export class StripRow {
  constructor(label, colour, nFrames, onPick) {
    this.canvas = element("canvas", { class: "picture", role: "img", "aria-label": label, width: nFrames, height: 1 });
    this.context = this.canvas.getContext("2d", { alpha: false });
    this.element = element(
      "div",
      { class: "strip", style: `--codec: ${colour}` },
      this.canvas,
      element("div", { class: "mark" }),
    );
    this.element.addEventListener("click", (event) => {
      const { left, width } = this.canvas.getBoundingClientRect();
      const frame = Math.floor(((event.clientX - left) / width) * nFrames);
      onPick(Math.min(Math.max(frame, 0), nFrames - 1) / (nFrames - 1));
    });
  }

  place(at) {
    this.element.style.setProperty("--at", at);
  }

  /** `image` has the frames one below another; here they stand side by side. */
  paint({ rows, width, height }, image) {
    fit(this.canvas, rows * width, height);
    for (let row = 0; row < rows; row++) {
      if (image instanceof ImageData) {
        this.context.putImageData(image, row * width, -row * height, 0, row * height, width, height);
      } else {
        this.context.drawImage(image, 0, row * height, width, height, row * width, 0, width, height);
      }
    }
  }
}

/**
 * Images of all parts of an answer: at once where pixels are raw, else a promise.
 * Whoever paints does so in one go, so that panels never show different hand positions.
 */
export function imagesOf(parts) {
  const images = parts.map(toImage);
  return images.every((image) => image instanceof ImageData) ? images : Promise.all(images);
}

function fit(canvas, width, height) {
  if (canvas.width === width && canvas.height === height) return;
  canvas.width = width;
  canvas.height = height;
  canvas.style.aspectRatio = `${width} / ${height}`;
}

function draw(context, image) {
  if (image instanceof ImageData) context.putImageData(image, 0, 0);
  else context.drawImage(image, 0, 0);
}
