// Stage and hand: pictures of several codecs that follow one hand.

import { LiveClient } from "../wire/client.js";
import { element, iconButton } from "../page/dom.js";
import { readAnswer } from "../wire/frames.js";
import { unpackBytes } from "../wire/packing.js";
import { Hand, basisOf } from "./hand.js";
import { Meter } from "./meter.js";
import { xyPad } from "./pad.js";
import { Panel, imagesOf } from "./panels.js";
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
    this.handArea = element("div", { class: "hand" });
    this.status = element("span", { class: "status", role: "status" });
    this.meter = new Meter();
    this.buttons = element("div", { class: "buttons" });
    const foot = element("div", { class: "foot" }, this.buttons, this.status, this.meter.element);
    this.element = element("div", { class: "stage" }, this.panelArea, this.handArea, foot, this.stripArea);
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
    const faces = data.panels.map(({ caption, colour, readouts }) => ({ caption, colour, readouts }));
    if (differ(this.seen.faces, faces)) this.buildPanels(faces);
    if (changed("revision")) this.hand = this.newHand(data.controls);
    if (changed("revision", "pad", "buttons", "play")) this.buildHand();
    if (changed("panels", "revision", "strip")) {
      this.bases = data.panels.map(basisOf);
      this.strips = new Strips(this.stripArea, data, this.hand, this.bases);
    }
    this.connect();
    if (data.still && this.blocked) this.paintStill(data.still);
    else if (changed("panels", "revision", "strip")) this.ask(performance.now());
  }

  newHand(controls) {
    const hand = new Hand(controls);
    hand.onMove = (stamp) => {
      if (this.player?.playing && hand.active !== this.player.index) this.player.stop();
      this.ask(stamp);
    };
    hand.onRelease = () => this.commit();
    return hand;
  }

  buildPanels(faces) {
    this.seen.faces = faces;
    this.panels = faces.map((face) => new Panel(face));
    for (const panel of this.panels) panel.tell("");
    this.panelArea.replaceChildren(...this.panels.map((panel) => panel.element));
  }

  buildHand() {
    const { controls, pad, buttons, play } = this.data;
    this.player?.stop();
    this.hand.views.length = 0;
    const rows = controls.map((_, index) => sliderRow(this.hand, index));
    const bank = element("div", { class: "bank" }, ...rows);
    this.element.classList.toggle("many", controls.length > FEW_CONTROLS);
    const extra = pad ? [xyPad(this.hand, this.hand.index(pad[0]), this.hand.index(pad[1]))] : [];
    this.handArea.replaceChildren(...extra, bank);
    this.handArea.classList.toggle("with-pad", extra.length > 0);
    this.player = controls.length && buttons.includes("play") ? new Player(this.hand, play) : null;
    const act = (action) => () => {
      this.player?.stop();
      action();
      this.commit();
    };
    const made = this.player ? [...this.player.elements] : [];
    if (buttons.includes("reset")) {
      made.push(iconButton("Reset all", "reset", act(() => this.hand.resetAll())));
    }
    if (buttons.includes("random")) {
      made.push(iconButton("Random", "random", act(() => this.hand.randomise())));
    }
    this.buttons.replaceChildren(...(controls.length ? made : []));
  }

  // Asking -----------------------------------------------------------------------------------

  connect() {
    const { token, panels } = this.data;
    const codecs = panels.map(({ codec, readouts }) => ({ key: codec, readouts: readouts.map((r) => r.name) }));
    if (this.client) {
      this.client.setToken(token);
      this.client.configure(codecs);
      return;
    }
    this.client = new LiveClient({
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
      basis.code(this.hand.values, codes);
      return { codec, rows: 1, codes };
    });
    const usable = parts.filter(({ codec }) => !this.refused?.has(codec));
    if (usable.length) this.client.request(usable, { stamp });
    this.strips.touch(this.client);
  }

  onReady(known) {
    this.blocked = false;
    this.refused = new Set();
    known.forEach(({ error, latentDim }, codec) => {
      const wrong = error ?? this.wrongDimension(codec, latentDim);
      if (!wrong) return;
      this.refused.add(codec);
      this.panels[codec].tell(wrong);
    });
    this.strips.refused = this.refused;
    this.ask(performance.now());
  }

  wrongDimension(codec, latentDim) {
    const { latentDim: given } = this.bases[codec];
    return given === latentDim ? null : `The page gives codes of ${given} numbers; this checkpoint has ${latentDim}.`;
  }

  // Painting ---------------------------------------------------------------------------------

  onAnswer(answer, sent) {
    if (this.status.dataset.kind === "refused") this.tell("");
    const images = imagesOf(answer.parts);
    const paint = (ready) => {
      if (answer.id < (this.newest.get(sent.channel) ?? 0)) return; // unpacked slower than a newer one
      this.newest.set(sent.channel, answer.id);
      if (sent.channel === 0) this.paint(answer, ready, sent);
      else this.strips.paint(answer, ready);
      this.strips.touch(this.client, false);
    };
    if (images instanceof Promise) images.then(paint);
    else paint(images);
  }

  paint({ parts, timing }, images, sent) {
    parts.forEach((part, i) => this.panels[part.codec].paint(part, images[i]));
    this.strips.place();
    requestAnimationFrame(() => {
      const now = performance.now();
      const stages = shares(timing, sent, now);
      this.meter.add(now - sent.stamp, stages);
      const detail = { latencyMs: now - sent.stamp, stages, stamp: sent.stamp };
      this.host.dispatchEvent(new CustomEvent("zoetrope-painted", { detail, bubbles: true, composed: true }));
    });
  }

  /** The picture that came with the rerun, where the socket is blocked. */
  async paintStill(base64) {
    const { parts } = readAnswer(unpackBytes(base64).buffer);
    const images = await imagesOf(parts);
    parts.forEach((part, i) => this.panels[part.codec].paint(part, images[i]));
  }

  // Telling ----------------------------------------------------------------------------------

  commit() {
    const values = Object.fromEntries(this.hand.controls.map(({ id }, i) => [id, rounded(this.hand.values[i])]));
    const { blocked = false, renewals = 0 } = this;
    this.setStateValue("hand", { revision: this.data.revision, values, blocked, renewals });
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
    this.client.close();
    stages.delete(this.root);
    this.element.remove();
  }
}

/** Where the time from the hand to the picture went, milliseconds. */
function shares({ queueUs, decodeUs, encodeUs }, { stamp, sentAt, receivedAt }, painted) {
  const server = (queueUs + decodeUs + encodeUs) / 1000;
  return {
    wait: sentAt - stamp,
    socket: Math.max(0, receivedAt - sentAt - server),
    queue: queueUs / 1000,
    decode: decodeUs / 1000,
    pack: encodeUs / 1000,
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
