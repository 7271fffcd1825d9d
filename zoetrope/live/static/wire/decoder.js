// @ts-check
// What stage and map know of a decoder: codes in, items out, wherever it runs.

import { SocketDecoder } from "./socket.js";

/** @typedef {import("./parts.js").Part} Part */
/** @typedef {import("./frames.js").Answer} Answer */

/** A codec that is wanted, and numbers beside each of its items. @typedef {{key: string, gauges?: string[]}} CodecChoice */

/**
 * What is known of an agreed codec; `item` is what its painter has to know (`ItemKind.wire_part`).
 * @typedef {{key: string, latentDim?: number, item?: import("../stage/painters.js").ItemDescription, error?: string}} CodecDescription
 */

/** Codes for one codec, row after row. @typedef {{codec: number, rows: number, codes: Float32Array}} Codes */

/**
 * What was asked; times in ms. `stamp`: when the user did what is answered. `subject`: what it is
 * about, as the asker put it.
 * @typedef {{parts: Part[], channel: number, operation: string, stamp: number, subject: unknown, sentAt: number, receivedAt: number}} Sent
 */

/** @typedef {"connecting" | "loading" | "ready" | "waiting" | "blocked"} Status */

/**
 * @typedef {object} Events all optional
 * @property {(codecs: CodecDescription[]) => void} [onReady] codecs are agreed on: ask for the first items now
 * @property {(answer: Answer, sent: Sent) => void} [onAnswer] only a long operation's last answer `isFinal`
 * @property {(reason: string, code: string) => void} [onRefusal]
 * @property {(status: Status) => void} [onStatus]
 * @property {() => void} [onTokenNeeded] call setToken() when a new one is at hand
 */

/** Where a request waits, when it was meant, and what comes back with its answers. @typedef {{channel?: number, stamp?: number, subject?: unknown}} Place */

/**
 * Every channel has one request under way; while it has no answer, only the newest one waits. So
 * latency never piles up, whatever the speed of the user. A request whose first answer was not the
 * last is ended by the next one of its channel, or by `cancel`.
 * @typedef {object} Decoder
 * @property {boolean} ready whether requests are answered now
 * @property {string} token opens the page's other addresses; renewed while the decoder is open
 * @property {(codecs: CodecChoice[]) => void} open agree on other codecs; onReady follows
 * @property {(codes: Codes[], place?: Place) => void} decode items of codes, of all panels at once
 * @property {(operation: string, parts: Part[], place?: Place) => void} request any operation of the server
 * @property {(channel: number) => void} cancel end what waits or is under way
 * @property {(channel?: number) => boolean} idle whether nothing is
 * @property {(token: string) => void} setToken
 * @property {() => void} close
 */

/**
 * @param {{token: string, codecs: CodecChoice[]} & Events} options
 * @returns {Decoder}
 */
export function openDecoder(options) {
  return new SocketDecoder(options);
}
