// @ts-check
// A decoder on the server: latest-wins, reconnects with backoff, notices when sockets are blocked.

import { isLocal } from "../page/dom.js";
import { VERSION, packRequest, readAnswer } from "./frames.js";
import { CODES } from "./parts.js";

/** @typedef {import("./decoder.js").CodecChoice} CodecChoice */
/** @typedef {import("./decoder.js").Codes} Codes */
/** @typedef {import("./decoder.js").Decoder} Decoder */
/** @typedef {import("./decoder.js").Events} Events */
/** @typedef {import("./decoder.js").Place} Place */
/** @typedef {import("./decoder.js").Sent} Sent */
/** @typedef {import("./parts.js").Part} Part */

/** @typedef {{parts: Part[], channel: number, operation: string, stamp: number, subject: unknown}} Wanted */
/** Asked for, and perhaps answered once. @typedef {Wanted & {id: number, sentAt: number, lastHeardAt: number, isAnswered: boolean}} UnderWay */

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;
const UNANSWERED_MS = 8_000;
const FAILURES_THAT_MEAN_BLOCKED = 3;
// Mice report up to 1000 moves a second; no screen shows more than this distance apart.
const CLOSEST_MS = 6;
// Beyond this the network, not the server, is what the user waits for: ask for JPEG, which costs
// a millisecond more at both ends (benchmarks.live_pixels).
const SLOW_NETWORK_MS = 12;
const SLOW_NETWORK_ANSWERS = 12;

/** One channel: what is under way, and the newest that waits. */
class Channel {
  /** @type {UnderWay | null} */
  inFlight = null;
  /** @type {Wanted | null} */
  next = null;
  /** @type {ReturnType<typeof setTimeout> | null} */
  timer = null;
  lastMs = -Infinity;

  /** Whether another request may be sent: an intermediate answer is enough for that. */
  get isFree() {
    return !this.inFlight || this.inFlight.isAnswered;
  }
}

/**
 * One WebSocket to `/api/live`; the methods are those of `Decoder`.
 * @implements {Decoder}
 */
export class SocketDecoder {
  /** @param {{token: string, codecs: CodecChoice[]} & Events} options */
  constructor({ token, codecs, ...events }) {
    this.token = token;
    this.codecs = codecs;
    /** @type {Events} */
    this.events = events;
    this.compact = false;
    /** @type {string[]} */
    this.operations = [];
    /** @type {Map<number, Channel>} */
    this.channels = new Map();
    this.nextId = 1;
    this.failures = 0;
    this.everOpened = false;
    this.expired = false;
    this.ready = false;
    this.closed = false;
    this.renewAfterMs = Infinity;
    this.maxRequestBytes = Infinity;
    /** @type {number[]} */
    this.slowness = [];
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.retry = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.renewal = undefined;
    this.socket = this.connect();
    this.watchdog = setInterval(() => this.checkAnswers(), 1000);
  }

  /**
   * @param {Codes[]} codes
   * @param {Place} [place]
   */
  decode(codes, place) {
    const parts = codes.map((part) => ({
      type: CODES,
      codec: part.codec,
      shape: [part.rows, part.codes.length / part.rows],
      values: part.codes,
    }));
    this.request("decode", parts, place);
  }

  /**
   * @param {string} operation
   * @param {Part[]} parts
   * @param {Place} [place]
   */
  request(operation, parts, { channel = 0, stamp = performance.now(), subject = null } = {}) {
    const state = this.channel(channel);
    state.next = { operation, parts, stamp, channel, subject };
    if (state.isFree) this.send(state);
  }

  /** @param {number} channel */
  cancel(channel) {
    const state = this.channel(channel);
    if (state.inFlight && this.ready) this.sendText({ type: "cancel", channel });
    state.inFlight = state.next = null;
  }

  idle(channel = 0) {
    const state = this.channel(channel);
    return !state.inFlight && !state.next;
  }

  /** @param {CodecChoice[]} codecs */
  open(codecs) {
    if (JSON.stringify(codecs) === JSON.stringify(this.codecs)) return;
    this.codecs = codecs;
    this.agreeAgain();
  }

  /**
   * A token from the page; after a refusal the next attempt uses it, at the pace of all others.
   * @param {string} token
   */
  setToken(token) {
    this.token = token;
    if (!this.expired) return;
    this.expired = false;
    this.connectLater();
  }

  close() {
    this.closed = true;
    clearInterval(this.watchdog);
    clearTimeout(this.retry);
    clearTimeout(this.renewal);
    this.socket.close();
  }

  // The connection --------------------------------------------------------------------------

  connect() {
    clearTimeout(this.retry);
    const address = new URL("api/live", document.baseURI);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    address.search = address.hash = "";
    if (this.failures === 0) this.tell("connecting");
    const socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.tell("loading");
      const { token, codecs, compact } = this;
      this.sendText({ type: "hello", version: VERSION, token, codecs, compact });
    };
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") this.onText(JSON.parse(data));
      else this.onFrame(data);
    };
    socket.onclose = () => this.onClose(socket);
    this.socket = socket;
    return socket;
  }

  agreeAgain() {
    this.ready = false;
    for (const state of this.channels.values()) state.inFlight = state.next = null;
    if (this.socket.readyState !== WebSocket.OPEN) return;
    this.tell("loading");
    this.sendText({ type: "codecs", codecs: this.codecs, compact: this.compact });
  }

  /** @param {WebSocket} socket */
  onClose(socket) {
    if (this.closed || socket !== this.socket) return;
    this.ready = false;
    clearTimeout(this.renewal);
    for (const state of this.channels.values()) {
      state.next ??= state.inFlight; // ask again after the break
      state.inFlight = null;
    }
    this.failures += 1;
    if (this.expired) {
      this.events.onTokenNeeded?.();
      return;
    }
    const blocked = !this.everOpened && this.failures >= FAILURES_THAT_MEAN_BLOCKED;
    this.tell(blocked ? "blocked" : "waiting");
    this.connectLater();
  }

  connectLater() {
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.max(0, this.failures - 1));
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.connect(), wait * (0.75 + 0.5 * Math.random()));
  }

  /** A server that stopped answering is left; reconnecting asks again. */
  checkAnswers() {
    const now = performance.now();
    for (const { inFlight } of this.channels.values()) {
      if (inFlight && now - inFlight.lastHeardAt > UNANSWERED_MS) {
        this.socket.close();
        this.onClose(this.socket);
        return;
      }
    }
  }

  renew() {
    if (!this.ready) return;
    this.sendText({ type: "renew" });
    this.renewal = setTimeout(() => this.renew(), this.renewAfterMs);
  }

  // What comes ------------------------------------------------------------------------------

  /** @param {any} message JSON of the server */
  onText(message) {
    if (message.type === "ready") this.onReady(message);
    else if (message.type === "token") this.token = message.token;
    else if (message.type === "error") this.onError(message);
  }

  /** @param {{codecs: import("./decoder.js").CodecDescription[], operations: string[], renewAfterS: number, maxRequestBytes: number}} message */
  onReady({ codecs, operations, renewAfterS, maxRequestBytes }) {
    this.failures = 0;
    this.everOpened = true;
    this.ready = true;
    this.operations = operations;
    this.renewAfterMs = 1000 * renewAfterS;
    this.maxRequestBytes = maxRequestBytes;
    clearTimeout(this.renewal);
    this.renewal = setTimeout(() => this.renew(), this.renewAfterMs);
    this.tell("ready");
    this.events.onReady?.(codecs);
    for (const state of this.channels.values()) if (state.isFree) this.send(state);
  }

  /** @param {{id: number, reason: string, code: string}} message */
  onError({ id, reason, code }) {
    if (code === "token") this.expired = true;
    this.events.onRefusal?.(reason, code);
    for (const state of this.channels.values()) {
      if (state.inFlight?.id !== id) continue;
      state.inFlight = null;
      this.send(state);
    }
  }

  /** @param {ArrayBuffer} buffer */
  onFrame(buffer) {
    const receivedAt = performance.now();
    const answer = readAnswer(buffer);
    for (const state of this.channels.values()) {
      const { inFlight } = state;
      if (inFlight?.id !== answer.id) continue;
      inFlight.isAnswered = true;
      inFlight.lastHeardAt = receivedAt;
      if (answer.isFinal) state.inFlight = null;
      this.send(state); // before painting: the server works while we paint
      const sent = { ...inFlight, receivedAt };
      if (inFlight.operation === "decode") this.noticeSlowness(answer, sent);
      this.events.onAnswer?.(answer, sent);
      return;
    }
  }

  /**
   * @param {import("./frames.js").Answer} answer
   * @param {Sent} sent
   */
  noticeSlowness({ timing }, { sentAt, receivedAt }) {
    if (this.compact) return;
    const server = (timing.queueUs + timing.computeUs + timing.packUs) / 1000;
    this.slowness.push(receivedAt - sentAt - server);
    if (this.slowness.length < SLOW_NETWORK_ANSWERS) return;
    this.slowness.sort((a, b) => a - b);
    const median = this.slowness[this.slowness.length >> 1];
    this.slowness = [];
    if (median > SLOW_NETWORK_MS && !isLocal(this.socket.url)) {
      this.compact = true;
      this.agreeAgain();
    }
  }

  // What goes -------------------------------------------------------------------------------

  /** @param {number} number */
  channel(number) {
    const known = this.channels.get(number);
    if (known) return known;
    const made = new Channel();
    this.channels.set(number, made);
    return made;
  }

  /** @param {Channel} state */
  send(state) {
    if (!this.ready || !state.next || state.timer) return;
    const wait = state.lastMs + CLOSEST_MS - performance.now();
    if (wait > 0) {
      state.timer = setTimeout(() => {
        state.timer = null;
        if (state.isFree) this.send(state);
      }, wait);
      return;
    }
    const now = performance.now();
    const id = this.nextId;
    this.nextId = (this.nextId % 0xffffffff) + 1;
    state.lastMs = now;
    state.inFlight = { ...state.next, id, sentAt: now, lastHeardAt: now, isAnswered: false };
    state.next = null;
    const { operation, parts, channel } = state.inFlight;
    const frame = packRequest({ id, parts, channel, operation: this.operations.indexOf(operation) });
    if (frame.byteLength <= this.maxRequestBytes) this.socket.send(frame);
    else this.refuseTooLong(state, frame.byteLength);
  }

  /**
   * The server would close the socket unread, and the same request would be sent again and again.
   * @param {Channel} state
   * @param {number} nBytes
   */
  refuseTooLong(state, nBytes) {
    state.inFlight = null;
    const most = this.maxRequestBytes.toLocaleString("en");
    const reason = `The request has ${nBytes.toLocaleString("en")} bytes; ${most} are allowed.`;
    this.events.onRefusal?.(reason, "frame");
  }

  /** @param {object} message */
  sendText(message) {
    this.socket.send(JSON.stringify(message));
  }

  /** @param {import("./decoder.js").Status} status */
  tell(status) {
    this.events.onStatus?.(status);
  }
}
