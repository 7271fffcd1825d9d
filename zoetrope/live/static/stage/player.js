// Play: one control walks through its range by itself.

import { element, iconButton, setIcon } from "../page/dom.js";

const WALK_S = 3; // through the whole range at speed 1
const SPEEDS = [0.25, 0.5, 1, 2, 4];

/** @typedef {import("./positions.js").Positions} Positions */

/** Play / pause, ping-pong or loop, speed. */
export class Player {
  /**
   * @param {Positions} positions
   * @param {string | null} controlId what moves; the one last touched if null
   */
  constructor(positions, controlId) {
    this.positions = positions;
    this.fixed = controlId === null ? -1 : positions.index(controlId);
    this.pingPong = true;
    this.speed = 1;
    this.frame = 0;
    this.index = 0;
    this.forwards = true;
    /** @type {number | null} */
    this.last = null;
    this.button = iconButton("Play", "play", () => this.toggle());
    this.mode = iconButton("Back and forth", "pingPong", () => this.toggleMode());
    this.mode.setAttribute("aria-pressed", "true");
    this.select = element("select", { class: "speed", "aria-label": "Speed", title: "Speed" });
    for (const speed of SPEEDS) {
      const option = element("option", { value: speed }, `${speed}×`);
      option.selected = speed === this.speed;
      this.select.append(option);
    }
    this.select.addEventListener("change", () => (this.speed = Number(this.select.value)));
    this.elements = [this.button, this.mode, this.select];
  }

  get playing() {
    return this.frame !== 0;
  }

  toggle() {
    if (this.playing) {
      this.stop();
      this.positions.release();
    } else {
      this.start();
    }
  }

  toggleMode() {
    this.pingPong = !this.pingPong;
    this.mode.setAttribute("aria-pressed", String(this.pingPong));
  }

  start() {
    this.index = this.fixed >= 0 ? this.fixed : this.positions.active;
    this.forwards = true;
    this.last = null;
    this.frame = requestAnimationFrame((now) => this.walk(now));
    this.showState("Pause", "pause");
  }

  /** Stop where it is; the caller decides whether that is a release. */
  stop() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.showState("Play", "play");
  }

  /** @param {number} now */
  walk(now) {
    const { low, high } = this.positions.controls[this.index];
    const seconds = this.last === null ? 0 : Math.min(0.1, (now - this.last) / 1000);
    this.last = now;
    const distance = (seconds * this.speed * (high - low)) / WALK_S;
    let value = this.positions.values[this.index] + (this.forwards ? distance : -distance);
    if (value >= high && this.pingPong) this.forwards = false;
    else if (value >= high) value = low + (value - high);
    if (value <= low && !this.forwards) this.forwards = true;
    this.positions.set(this.index, value, now);
    this.frame = requestAnimationFrame((next) => this.walk(next));
  }

  /**
   * @param {string} name
   * @param {import("../page/dom.js").Icon} icon
   */
  showState(name, icon) {
    setIcon(this.button, icon);
    this.button.setAttribute("aria-label", name);
    this.button.title = name;
  }
}
