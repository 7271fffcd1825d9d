// One slider: mouse, touch and pen (pointer events), wheel, keyboard, typed numbers.

import { element } from "../page/dom.js";
import { format } from "./positions.js";

const SETTLED_MS = 250;
let count = 0;

/** Build the row of control `index`: label, slider, number. */
export function sliderRow(positions, index) {
  const control = positions.controls[index];
  const labelId = `label-${(count += 1)}`;
  const label = element("span", { class: "label", id: labelId, title: control.label }, control.label);
  const slider = element(
    "div",
    {
      class: "slider",
      role: "slider",
      tabindex: 0,
      "aria-labelledby": labelId,
      "aria-valuemin": control.low,
      "aria-valuemax": control.high,
      "data-control": control.id,
    },
    element("div", { class: "rail" }),
    element("div", { class: "fill" }),
    element("div", { class: "thumb" }),
  );
  const number = element("input", {
    class: "number",
    type: "text",
    inputmode: "decimal",
    autocomplete: "off",
    "aria-label": `${control.label}, number`,
  });
  const row = element("div", { class: "row" }, label, slider, number);
  positions.views.push((moved) => moved === index && show(positions, index, slider, number));
  show(positions, index, slider, number);
  followPointer(positions, index, slider);
  followKeys(positions, index, slider);
  followWheel(positions, index, slider);
  followTyping(positions, index, number);
  label.addEventListener("dblclick", () => resetOne(positions, index));
  return row;
}

function show(positions, index, slider, number) {
  const control = positions.controls[index];
  const value = positions.values[index];
  const text = format(value, control);
  const place = (x) => (x - control.low) / (control.high - control.low);
  const at = place(value);
  const from = place(Math.min(Math.max(0, control.low), control.high));
  slider.style.setProperty("--at", at);
  slider.style.setProperty("--from", Math.min(at, from));
  slider.style.setProperty("--length", Math.abs(at - from));
  slider.setAttribute("aria-valuenow", Number(value.toPrecision(6)));
  slider.setAttribute("aria-valuetext", text);
  if (number.getRootNode().activeElement !== number || number.dataset.typing !== "1") {
    number.value = text;
  }
}

function resetOne(positions, index) {
  positions.toDefault(index);
  positions.release();
}

function followPointer(positions, index, slider) {
  const { low, high } = positions.controls[index];
  let rail = null; // {left, width, grip} while dragged
  const move = (event) => {
    if (!rail) return;
    const at = (event.clientX - rail.grip - rail.left) / rail.width;
    positions.set(index, low + at * (high - low), event.timeStamp);
  };
  slider.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    slider.setPointerCapture(event.pointerId);
    const { left, width } = slider.querySelector(".rail").getBoundingClientRect();
    const thumb = left + ((positions.values[index] - low) / (high - low)) * width;
    const distance = event.clientX - thumb;
    rail = { left, width, grip: Math.abs(distance) <= 10 ? distance : 0 }; // a grabbed thumb stays
    slider.classList.add("dragged");
    move(event);
  });
  // Raw updates come at once; ordinary moves wait for the next frame of the screen.
  slider.addEventListener("pointerrawupdate", move);
  slider.addEventListener("pointermove", move);
  const end = () => {
    if (!rail) return;
    rail = null;
    slider.classList.remove("dragged");
    positions.release();
  };
  slider.addEventListener("pointerup", end);
  slider.addEventListener("pointercancel", end);
  slider.addEventListener("lostpointercapture", end);
  slider.addEventListener("dblclick", () => resetOne(positions, index));
}

/** Value change of a key in steps, or the place it jumps to; null for other keys. */
function meaning(key, { shiftKey }) {
  const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 };
  if (key in steps) return { steps: steps[key] * (shiftKey ? 10 : 1) };
  if (key === "Home" || key === "End") return { end: key };
  if (key === "Delete" || key === "Backspace") return { reset: true };
  return null;
}

function followKeys(positions, index, slider) {
  let settled = null;
  slider.addEventListener("keydown", (event) => {
    const meant = event.altKey || event.ctrlKey || event.metaKey ? null : meaning(event.key, event);
    if (!meant) return;
    event.preventDefault();
    const { low, high } = positions.controls[index];
    clearTimeout(settled);
    settled = null;
    if (meant.steps) positions.step(index, meant.steps, event.timeStamp);
    else if (meant.reset) positions.toDefault(index, event.timeStamp);
    else positions.set(index, meant.end === "Home" ? low : high, event.timeStamp);
  });
  slider.addEventListener("keyup", (event) => {
    if (!meaning(event.key, event)) return;
    clearTimeout(settled);
    settled = setTimeout(() => positions.release(), SETTLED_MS);
  });
}

/** The wheel moves a slider that has the focus; elsewhere it scrolls the page. */
function followWheel(positions, index, slider) {
  let settled = null;
  slider.addEventListener(
    "wheel",
    (event) => {
      if (slider.getRootNode().activeElement !== slider) return;
      event.preventDefault();
      const towards = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : -event.deltaY;
      if (towards === 0) return;
      positions.step(index, Math.sign(towards), event.timeStamp);
      clearTimeout(settled);
      settled = setTimeout(() => positions.release(), SETTLED_MS);
    },
    { passive: false },
  );
}

function followTyping(positions, index, number) {
  const control = positions.controls[index];
  const restore = () => {
    number.dataset.typing = "0";
    number.value = format(positions.values[index], control);
  };
  const take = () => {
    if (number.dataset.typing !== "1") return;
    const text = number.value.trim().replace("−", "-").replace(",", ".");
    const typed = text === "" ? NaN : Number(text);
    number.dataset.typing = "0";
    if (Number.isFinite(typed) && positions.set(index, typed)) positions.release();
    restore();
  };
  number.addEventListener("focus", () => number.select());
  number.addEventListener("input", () => (number.dataset.typing = "1"));
  number.addEventListener("blur", take);
  number.addEventListener("keydown", (event) => {
    event.stopPropagation(); // Streamlit's own shortcuts
    if (event.key === "Enter") take();
    if (event.key === "Escape") restore();
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      event.preventDefault();
      number.dataset.typing = "0";
      positions.step(index, event.key === "ArrowUp" ? 1 : -1, event.timeStamp);
    }
  });
  number.addEventListener("keyup", (event) => {
    if (event.key === "ArrowUp" || event.key === "ArrowDown") positions.release();
  });
}
