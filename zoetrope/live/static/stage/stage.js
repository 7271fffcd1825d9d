// The stage: items of several codecs that follow the same controls.

import { openDecoder } from "../wire/decoder.js";
import { element, iconButton } from "../page/dom.js";
import { smoothButton } from "../page/enlarged.js";
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

/** @typedef {import("../wire/decoder.js").CodecDescription} CodecDescription */
/** @typedef {import("../wire/decoder.js").Sent} Sent */
/** @typedef {import("../wire/decoder.js").Status} Status */
/** @typedef {import("../wire/frames.js").Answer} Answer */
/** @typedef {import("./painters.js").AnswerPart} AnswerPart */
/** @typedef {import("./painters.js").Prepared} Prepared */
/** @typedef {import("./panels.js").Gauge} Gauge */
/** @typedef {import("./positions.js").Basis} Basis */
/** @typedef {import("./positions.js").BasisData} BasisData */
/** @typedef {import("./positions.js").Control} Control */
/** What is seen of a panel before a picture. @typedef {{caption: string, colour: string, gauges: Gauge[]}} Face */
/** @typedef {Face & BasisData & {codec: string}} PanelData */
/** What came with a rerun where the socket is blocked. @typedef {{codecs: CodecDescription[], frame: string}} Still */

/**
 * What `live/components/stage.py` sends.
 * @typedef {object} StageData
 * @property {string} token
 * @property {string} revision of the controls: another one puts them where they start
 * @property {number} picturePx
 * @property {PanelData[]} panels
 * @property {Control[]} controls
 * @property {[string, string] | null} pad ids of two controls
 * @property {string[]} buttons
 * @property {string | null} play id of the control that "play" moves
 * @property {{along: string[], n_frames: number} | null} strip
 * @property {Still | null} still
 */

const FEW_CONTROLS = 6;
/** @type {WeakMap<HTMLElement | ShadowRoot, Stage>} */
const stages = new WeakMap();

/**
 * Entry point of the v2 component: called at every rerun of the page with the same root.
 * @param {StreamlitComponent<StageData>} component
 */
export function mount(component) {
  const { parentElement: root } = component;
  let stage = stages.get(root);
  if (!stage) {
    stage = new Stage(component);
    stages.set(root, stage);
  }
  stage.update(component);
  // Streamlit also cleans up after a call that a newer one has overtaken: look before closing.
  return () => setTimeout(() => stage.closeIfGone());
}

class Stage {
  /** @type {Panel[]} */
  panels = [];
  /** @type {Basis[]} one a panel */
  bases = [];
  /** @type {Player | null} */
  player = null;
  /** @type {import("../wire/decoder.js").Decoder | null} */
  decoder = null;
  /** @type {Set<number>} panels whose codec cannot be decoded */
  refused = new Set();
  blocked = false;
  renewals = 0;
  faces = "";
  /** @type {Map<number, number>} id of the newest painted answer, by channel */
  newest = new Map();

  /** @param {StreamlitComponent<StageData>} component */
  constructor({ parentElement: root, data, setStateValue }) {
    this.root = root;
    this.host = root instanceof ShadowRoot ? root.host : root;
    this.setStateValue = setStateValue;
    this.data = data;
    this.isNew = true;
    this.panelArea = element("div", { class: "panels" });
    this.stripArea = element("div", { class: "strips" });
    this.controlArea = element("div", { class: "controls" });
    this.status = element("span", { class: "status", role: "status" });
    this.meter = new Meter();
    this.buttons = element("div", { class: "buttons" });
    const foot = element("div", { class: "foot" }, this.buttons, this.status, this.meter.element, smoothButton());
    this.element = element("div", { class: "stage" }, this.panelArea, this.controlArea, foot, this.stripArea);
    root.append(this.element);
    this.positions = this.newPositions(data.controls);
    this.strips = new Strips(this.stripArea, { ...data, strip: null }, this.positions, []);
  }

  /** @param {StreamlitComponent<StageData>} component */
  update({ data, setStateValue }) {
    this.setStateValue = setStateValue;
    const previous = this.isNew ? null : this.data;
    this.data = data;
    this.isNew = false;
    this.element.style.setProperty("--picture", `${data.picturePx}px`);
    /** @param {(keyof StageData)[]} names */
    const changed = (...names) => names.some((name) => !previous || differ(previous[name], data[name]));
    this.buildPanels(data.panels.map(({ caption, colour, gauges }) => ({ caption, colour, gauges })));
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

  /** @param {Control[]} controls */
  newPositions(controls) {
    const positions = new Positions(controls);
    positions.onMove = (stamp) => {
      if (this.player?.playing && positions.active !== this.player.index) this.player.stop();
      this.ask(stamp);
    };
    positions.onRelease = () => this.commit();
    return positions;
  }

  /** @param {Face[]} faces */
  buildPanels(faces) {
    const described = JSON.stringify(faces);
    if (described === this.faces) return;
    this.faces = described;
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
    const act = (/** @type {() => void} */ action) => () => {
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
      onRefusal: (reason, code) => {
        if (code !== "token") this.tell(reason, "refused");
      },
      onStatus: (status) => this.onStatus(status),
      onTokenNeeded: () => {
        this.renewals += 1; // the page echoes it: else equal data is not sent
        this.commit();
      },
    });
  }

  /** @param {number} stamp when the user did what is answered, ms */
  ask(stamp) {
    const { decoder } = this;
    if (this.blocked || !decoder) return;
    const parts = this.bases.map((basis, codec) => {
      const codes = new Float32Array(basis.latentDim);
      basis.code(this.positions.values, codes);
      return { codec, rows: 1, codes };
    });
    const usable = parts.filter(({ codec }) => !this.refused.has(codec));
    if (usable.length) decoder.decode(usable, { stamp });
    this.strips.touch(decoder);
  }

  /** @param {CodecDescription[]} known */
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

  /** @param {CodecDescription[]} known */
  takeItems(known) {
    known.forEach(({ item }, codec) => item && this.panels[codec].take(item));
  }

  /**
   * @param {number} codec
   * @param {number | undefined} latentDim
   */
  wrongDimension(codec, latentDim) {
    const { latentDim: given } = this.bases[codec];
    return given === latentDim ? null : `The page gives codes of ${given} numbers; this checkpoint has ${latentDim}.`;
  }

  // Painting ---------------------------------------------------------------------------------

  /**
   * @param {Answer} answer
   * @param {Sent} sent
   */
  onAnswer(answer, sent) {
    if (this.status.dataset.kind === "refused") this.tell("");
    const prepared = this.prepare(answer.parts);
    /** @param {Prepared[]} ready */
    const paint = (ready) => {
      if (answer.id < (this.newest.get(sent.channel) ?? 0)) return; // unpacked slower than a newer one
      this.newest.set(sent.channel, answer.id);
      if (sent.channel === 0) this.paint(answer, ready, sent);
      else this.strips.paint(answer, ready, this.panels);
      if (this.decoder) this.strips.touch(this.decoder, false);
    };
    if (prepared instanceof Promise) prepared.then(paint);
    else paint(prepared);
  }

  /** @param {AnswerPart[]} parts */
  prepare(parts) {
    return prepareAll(parts, (codec) => /** @type {import("./painters.js").Painter} */ (this.panels[codec].painter));
  }

  /**
   * @param {Answer} answer
   * @param {Prepared[]} prepared
   * @param {Sent} sent
   */
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

  /**
   * Codecs as in onReady, and an answer.
   * @param {Still} still
   */
  async paintStill({ codecs, frame }) {
    this.takeItems(codecs);
    const { parts } = readAnswer(unpackBytes(frame).buffer);
    const prepared = await this.prepare(parts);
    parts.forEach((part, i) => this.panels[part.codec].paint(part, prepared[i]));
  }

  // Telling ----------------------------------------------------------------------------------

  commit() {
    const values = Object.fromEntries(this.positions.controls.map(({ id }, i) => [id, rounded(this.positions.values[i])]));
    const { blocked, renewals } = this;
    this.setStateValue("positions", { revision: this.data.revision, values, blocked, renewals });
  }

  /** @param {Status} status */
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

  /** @param {string} text */
  tell(text, kind = "") {
    this.status.textContent = text;
    this.status.dataset.kind = kind;
  }

  closeIfGone() {
    if (this.host.isConnected) return;
    this.player?.stop();
    this.strips.close();
    this.decoder?.close();
    stages.delete(this.root);
    this.element.remove();
  }
}

/**
 * Where the time from the input to the picture went, milliseconds.
 * @param {Answer["timing"]} timing
 * @param {Sent} sent
 * @param {number} painted
 */
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

/**
 * Short enough for an address, finer than a pixel of any slider.
 * @param {number} value
 */
function rounded(value) {
  return Number(value.toPrecision(5));
}

/**
 * @param {unknown} a
 * @param {unknown} b
 */
function differ(a, b) {
  return JSON.stringify(a) !== JSON.stringify(b);
}
