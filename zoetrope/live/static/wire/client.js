// The live socket: latest-wins, reconnects with backoff, notices when sockets are blocked.

import { isLocal } from "../page/dom.js";
import { VERSION, packRequest, readAnswer } from "./frames.js";

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;
const UNANSWERED_MS = 8_000;
const FAILURES_THAT_MEAN_BLOCKED = 3;
// Mice report up to 1000 moves a second; no screen shows more than this distance apart.
const CLOSEST_MS = 6;
// Beyond this the network, not the server, is what the hand waits for: ask for JPEG, which costs
// a millisecond more at both ends (benchmarks.live_pixels).
const SLOW_NETWORK_MS = 12;
const SLOW_NETWORK_ANSWERS = 12;

/**
 * One WebSocket to `/api/live`.
 *
 * Every channel has at most one request in flight; while it is, only the newest one waits. So
 * latency never piles up, whatever the speed of the hand.
 *
 * Handlers, all optional:
 *   onReady(codecs)            the server knows the codecs; `codecs[i]` has latentDim, height, ...
 *                              or `error`; ask for the first picture now
 *   onAnswer(answer, sent)     see readAnswer; `sent` = {parts, stamp, sentAt, receivedAt, channel}
 *   onRefusal(reason, code)    a request or message was refused
 *   onStatus(status)           "connecting" | "loading" | "ready" | "waiting" | "blocked"
 *   onTokenNeeded()            call setToken() when a new one is at hand
 */
export class LiveClient {
  /** @param {{token: string, codecs: {key: string, readouts?: string[]}[]}} options */
  constructor({ token, codecs, ...handlers }) {
    this.token = token;
    this.codecs = codecs;
    this.handlers = handlers;
    this.compact = false;
    this.channels = new Map();
    this.nextId = 1;
    this.failures = 0;
    this.everOpened = false;
    this.ready = false;
    this.closed = false;
    this.slowness = [];
    this.connect();
    this.watchdog = setInterval(() => this.checkAnswers(), 1000);
  }

  /** Ask for pictures; replaces what waits in this channel. `stamp`: when the hand moved, ms. */
  request(parts, { channel = 0, stamp = performance.now() } = {}) {
    const state = this.channel(channel);
    state.next = { parts, stamp, channel };
    if (!state.inFlight) this.send(state);
  }

  /** Whether nothing is under way or waiting in a channel. */
  idle(channel = 0) {
    const state = this.channel(channel);
    return !state.inFlight && !state.next;
  }

  /** Agree on other codecs; onReady follows. */
  configure(codecs) {
    if (JSON.stringify(codecs) === JSON.stringify(this.codecs)) return;
    this.codecs = codecs;
    this.reconfigure();
  }

  reconfigure() {
    this.ready = false;
    this.forgetRequests();
    if (this.socket?.readyState === WebSocket.OPEN) {
      this.tell("loading");
      this.sendText({ type: "codecs", codecs: this.codecs, compact: this.compact });
    }
  }

  /** A token from the page; after a refusal the next attempt uses it, at the pace of all others. */
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
    this.socket?.close();
  }

  // -----------------------------------------------------------------------------------------

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
  }

  onText(message) {
    if (message.type === "ready") {
      this.failures = 0;
      this.everOpened = true;
      this.ready = true;
      clearTimeout(this.renewal);
      this.renewal = setTimeout(() => this.renew(), 1000 * message.renewAfterS);
      this.renewAfterMs = 1000 * message.renewAfterS;
      this.tell("ready");
      this.handlers.onReady?.(message.codecs);
      for (const state of this.channels.values()) if (!state.inFlight) this.send(state);
    } else if (message.type === "token") {
      this.token = message.token;
    } else if (message.type === "error") {
      this.onError(message);
    }
  }

  onError({ id, reason, code }) {
    if (code === "token") this.expired = true;
    this.handlers.onRefusal?.(reason, code);
    for (const state of this.channels.values()) {
      if (state.inFlight?.id !== id) continue;
      state.inFlight = null;
      this.send(state);
    }
  }

  onFrame(buffer) {
    const receivedAt = performance.now();
    const answer = readAnswer(buffer);
    for (const state of this.channels.values()) {
      if (state.inFlight?.id !== answer.id) continue;
      const sent = { ...state.inFlight, receivedAt };
      state.inFlight = null;
      this.send(state); // before painting: the server works while we paint
      this.noticeSlowness(answer, sent);
      this.handlers.onAnswer?.(answer, sent);
      return;
    }
  }

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
      this.handlers.onTokenNeeded?.();
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

  renew() {
    if (!this.ready) return;
    this.sendText({ type: "renew" });
    this.renewal = setTimeout(() => this.renew(), this.renewAfterMs);
  }

  /** A server that stopped answering is left; reconnecting asks again. */
  checkAnswers() {
    const now = performance.now();
    for (const { inFlight } of this.channels.values()) {
      if (inFlight && now - inFlight.sentAt > UNANSWERED_MS) {
        this.socket.close();
        this.onClose(this.socket);
        return;
      }
    }
  }

  noticeSlowness({ timing }, { sentAt, receivedAt }) {
    if (this.compact) return;
    const server = (timing.queueUs + timing.decodeUs + timing.encodeUs) / 1000;
    this.slowness.push(receivedAt - sentAt - server);
    if (this.slowness.length < SLOW_NETWORK_ANSWERS) return;
    this.slowness.sort((a, b) => a - b);
    const median = this.slowness[this.slowness.length >> 1];
    this.slowness = [];
    if (median > SLOW_NETWORK_MS && !isLocal(this.socket.url)) {
      this.compact = true;
      this.reconfigure();
    }
  }

  channel(number) {
    if (!this.channels.has(number)) {
      this.channels.set(number, { inFlight: null, next: null, timer: null, lastMs: -Infinity });
    }
    return this.channels.get(number);
  }

  forgetRequests() {
    for (const state of this.channels.values()) state.inFlight = state.next = null;
  }

  send(state) {
    if (!this.ready || !state.next || state.timer) return;
    const wait = state.lastMs + CLOSEST_MS - performance.now();
    if (wait > 0) {
      state.timer = setTimeout(() => {
        state.timer = null;
        if (!state.inFlight) this.send(state);
      }, wait);
      return;
    }
    state.lastMs = performance.now();
    const id = this.nextId;
    this.nextId = (this.nextId % 0xffffffff) + 1;
    state.inFlight = { ...state.next, id, sentAt: performance.now() };
    state.next = null;
    this.socket.send(packRequest(id, state.inFlight.parts, state.inFlight.channel));
  }

  sendText(message) {
    this.socket.send(JSON.stringify(message));
  }

  tell(status) {
    this.handlers.onStatus?.(status);
  }
}
