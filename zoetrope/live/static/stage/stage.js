// The stage: items of several codecs that follow the same controls.

import { openDecoder } from "../wire/decoder.js";
import { element, iconButton } from "../page/dom.js";
import { readAnswer } from "../wire/frames.js";
import { unpackBytes } from "../wire/packing.js";
import { Positions, basisOf } from "./positions.js";
import { Meter } from "./meter.js";
import { xyPad } from "./pad.js";
import { prepareAll } from "./painters.js";
import { Panel } from "./panels.js";
import { Player } from "./player.js";
import { sliderRow } from "./slider.js";
import { Strips } from "./strips.js";

const FEW_CONTROLS = 6;
const stages = new WeakMap();

/** Entry point of the v2 component: called at every rerun of the page with the same root. */
export function mount(component) {
  const { parentElement: root } = component;
  let stage = stages.get(root);
  if (!stage) {
    stage = new Stage(root);
    stages.set(root, stage);
  }
  stage.update(component);
  // Streamlit also cleans up after a call that a newer one has overtaken: look before closing.
  return () => setTimeout(() => stage.closeIfGone());
}

class Stage {
  constructor(root) {
    this.root = root;
    this.host = root.host ?? root;
    this.panelArea = element("div", { class: "panels" });
    this.stripArea = element("div", { class: "strips" });
    this.controlArea = element("div", { class: "controls" });
    this.status = element("span", { class: "status", role: "status" });
    this.meter = new Meter();
    this.buttons = element("div", { class: "buttons" });
    const foot = element("div", { class: "foot" }, this.buttons, this.status, this.meter.element);
    this.element = element("div", { class: "stage" }, this.panelArea, this.controlArea, foot, this.stripArea);
    root.append(this.element);
    this.seen = {};
    this.newest = new Map(); // id of the newest painted answer, by channel
  }

  update({ data, setStateValue }) {
    this.setStateValue = setStateValue;
    const previous = this.data;
    this.data = data;
    this.element.style.setProperty("--picture", `${data.picturePx}px`);
    const changed = (...names) => names.some((name) => !previous || differ(previous[name], data[name]));
    const faces = data.panels.map(({ caption, colour, gauges }) => ({ caption, colour, gauges }));
    if (differ(this.seen.faces, faces)) this.buildPanels(faces);
    if (changed("revision")) this.positions = this.newPositions(data.controls);
    if (changed("revision", "pad", "buttons", "play")) this.buildControls();
    if (changed("panels", "revision", "strip")) {
      this.bases = data.panels.map(basisOf);
      this.strips = new Strips(this.stripArea, data, this.positions, this.bases);
    }
    this.connect();
    if (data.still && this.blocked) this.paintStill(data.still);
    else if (changed("panels", "revision", "strip")) this.ask(performance.now());
  }

  newPositions(controls) {
    const positions = new Positions(controls);
    positions.onMove = (stamp) => {
      if (this.player?.playing && positions.active !== this.player.index) this.player.stop();
      this.ask(stamp);
    };
    positions.onRelease = () => this.commit();
    return positions;
  }

  buildPanels(faces) {
    this.seen.faces = faces;
    this.panels = faces.map((face) => new Panel(face));
    for (const panel of this.panels) panel.tell("");
    this.panelArea.replaceChildren(...this.panels.map((panel) => panel.element));
  }

  buildControls() {
    const { controls, pad, buttons, play } = this.data;
    this.player?.stop();
    this.positions.views.length = 0;
    const rows = controls.map((_, index) => sliderRow(this.positions, index));
    const bank = element("div", { class: "bank" }, ...rows);
    this.element.classList.toggle("many", controls.length > FEW_CONTROLS);
    const extra = pad ? [xyPad(this.positions, this.positions.index(pad[0]), this.positions.index(pad[1]))] : [];
    this.controlArea.replaceChildren(...extra, bank);
    this.controlArea.classList.toggle("with-pad", extra.length > 0);
    this.player = controls.length && buttons.includes("play") ? new Player(this.positions, play) : null;
    const act = (action) => () => {
      this.player?.stop();
      action();
      this.commit();
    };
    const made = this.player ? [...this.player.elements] : [];
    if (buttons.includes("reset")) {
      made.push(iconButton("Reset all", "reset", act(() => this.positions.resetAll())));
    }
    if (buttons.includes("random")) {
      made.push(iconButton("Random", "random", act(() => this.positions.randomise())));
    }
    this.buttons.replaceChildren(...(controls.length ? made : []));
  }

  // Asking -----------------------------------------------------------------------------------

  connect() {
    const { token, panels } = this.data;
    const codecs = panels.map(({ codec, gauges }) => ({ key: codec, gauges: gauges.map(({ name }) => name) }));
    if (this.decoder) {
      this.decoder.setToken(token);
      this.decoder.open(codecs);
      return;
    }
    this.decoder = openDecoder({
      token,
      codecs,
      onReady: (known) => this.onReady(known),
      onAnswer: (answer, sent) => this.onAnswer(answer, sent),
      onRefusal: (reason, code) => code !== "token" && this.tell(reason, "refused"),
      onStatus: (status) => this.onStatus(status),
      onTokenNeeded: () => {
        this.renewals = (this.renewals ?? 0) + 1; // the page echoes it: else equal data is not sent
        this.commit();
      },
    });
  }

  ask(stamp) {
    if (this.blocked) return;
    const parts = this.bases.map((basis, codec) => {
      const codes = new Float32Array(basis.latentDim);
      basis.code(this.positions.values, codes);
      return { codec, rows: 1, codes };
    });
    const usable = parts.filter(({ codec }) => !this.refused?.has(codec));
    if (usable.length) this.decoder.decode(usable, { stamp });
    this.strips.touch(this.decoder);
  }

  onReady(known) {
    this.blocked = false;
    this.refused = new Set();
    this.takeItems(known);
    known.forEach(({ error, latentDim }, codec) => {
      const wrong = error ?? this.wrongDimension(codec, latentDim);
      if (!wrong) return;
      this.refused.add(codec);
      this.panels[codec].tell(wrong);
    });
    this.strips.refused = this.refused;
    this.ask(performance.now());
  }

  takeItems(known) {
    known.forEach(({ item }, codec) => item && this.panels[codec].take(item));
  }

  wrongDimension(codec, latentDim) {
    const { latentDim: given } = this.bases[codec];
    return given === latentDim ? null : `The page gives codes of ${given} numbers; this checkpoint has ${latentDim}.`;
  }

  // Painting ---------------------------------------------------------------------------------

  onAnswer(answer, sent) {
    if (this.status.dataset.kind === "refused") this.tell("");
    const prepared = this.prepare(answer.parts);
    const paint = (ready) => {
      if (answer.id < (this.newest.get(sent.channel) ?? 0)) return; // unpacked slower than a newer one
      this.newest.set(sent.channel, answer.id);
      if (sent.channel === 0) this.paint(answer, ready, sent);
      else this.strips.paint(answer, ready, this.panels);
      this.strips.touch(this.decoder, false);
    };
    if (prepared instanceof Promise) prepared.then(paint);
    else paint(prepared);
  }

  prepare(parts) {
    return prepareAll(parts, (codec) => this.panels[codec].painter);
  }

  paint({ parts, timing }, prepared, sent) {
    parts.forEach((part, i) => this.panels[part.codec].paint(part, prepared[i]));
    this.strips.place();
    requestAnimationFrame(() => {
      const now = performance.now();
      const spent = shares(timing, sent, now);
      this.meter.add(now - sent.stamp, spent);
      const detail = { latencyMs: now - sent.stamp, stages: spent, stamp: sent.stamp };
      this.host.dispatchEvent(new CustomEvent("zoetrope-painted", { detail, bubbles: true, composed: true }));
    });
  }

  /** What came with the rerun, where the socket is blocked: codecs as in onReady, and an answer. */
  async paintStill({ codecs, frame }) {
    this.takeItems(codecs);
    const { parts } = readAnswer(unpackBytes(frame).buffer);
    const prepared = await this.prepare(parts);
    parts.forEach((part, i) => this.panels[part.codec].paint(part, prepared[i]));
  }

  // Telling ----------------------------------------------------------------------------------

  commit() {
    const values = Object.fromEntries(this.positions.controls.map(({ id }, i) => [id, rounded(this.positions.values[i])]));
    const { blocked = false, renewals = 0 } = this;
    this.setStateValue("positions", { revision: this.data.revision, values, blocked, renewals });
  }

  onStatus(status) {
    const texts = {
      connecting: "",
      loading: "loading the model…",
      ready: "",
      waiting: "connection lost: reconnecting…",
      blocked: "live socket blocked: the picture follows when you let go",
    };
    this.tell(texts[status], status);
    if (status === "blocked" && !this.blocked) {
      this.blocked = true;
      this.commit(); // once: asks the page for a picture by rerun
    }
  }

  tell(text, kind = "") {
    this.status.textContent = text;
    this.status.dataset.kind = kind;
  }

  closeIfGone() {
    if (this.host.isConnected) return;
    this.player?.stop();
    this.strips.close();
    this.decoder.close();
    stages.delete(this.root);
    this.element.remove();
  }
}

/** Where the time from the input to the picture went, milliseconds. */
function shares({ queueUs, computeUs, packUs }, { stamp, sentAt, receivedAt }, painted) {
  const server = (queueUs + computeUs + packUs) / 1000;
  return {
    wait: sentAt - stamp,
    socket: Math.max(0, receivedAt - sentAt - server),
    queue: queueUs / 1000,
    decode: computeUs / 1000,
    pack: packUs / 1000,
    paint: painted - receivedAt,
  };
}

/** Short enough for an address, finer than a pixel of any slider. */
function rounded(value) {
  return Number(value.toPrecision(5));
}

function differ(a, b) {
  return JSON.stringify(a) !== JSON.stringify(b);
}
