// @ts-check
// The browser's side of live/wire/protocol.py: little-endian frames, layout in docs/formats.md.

import { bytesOfPart, readParts, writePart } from "./parts.js";

/** @typedef {import("./parts.js").Part} Part */
/** @typedef {import("./parts.js").AnswerPart} AnswerPart */
/** Microseconds of the server. @typedef {{queueUs: number, computeUs: number, packUs: number}} Timing */
/** @typedef {{id: number, isFinal: boolean, timing: Timing, parts: AnswerPart[]}} Answer */

export const VERSION = 2;

const MAGIC = 0x545a;
const REQUEST = 1;
const ANSWER = 2;
const REQUEST_HEADER = 12;
const ANSWER_HEADER = 24;

/**
 * @param {object} request
 * @param {number} request.id 0 .. 2**32 - 1, comes back in the answers
 * @param {Part[]} request.parts
 * @param {number} [request.channel] requests of one channel replace each other
 * @param {number} [request.operation] place in the server's list of operations
 * @returns {ArrayBuffer}
 */
export function packRequest({ id, parts, channel = 0, operation = 0 }) {
  const nBytes = parts.reduce((sum, part) => sum + bytesOfPart(part), REQUEST_HEADER);
  const view = new DataView(new ArrayBuffer(nBytes));
  view.setUint16(0, MAGIC, true);
  view.setUint8(2, VERSION);
  view.setUint8(3, REQUEST);
  view.setUint32(4, id, true);
  view.setUint16(8, parts.length, true);
  view.setUint8(10, channel);
  view.setUint8(11, operation);
  parts.reduce((offset, part) => writePart(view, offset, part), REQUEST_HEADER);
  return view.buffer;
}

/**
 * @param {ArrayBuffer} buffer
 * @returns {Answer}
 * @throws {Error} where the bytes are no answer of this version
 */
export function readAnswer(buffer) {
  const view = new DataView(buffer);
  if (
    buffer.byteLength < ANSWER_HEADER ||
    view.getUint16(0, true) !== MAGIC ||
    view.getUint8(2) !== VERSION ||
    view.getUint8(3) !== ANSWER
  ) {
    throw new Error("not a live answer of this version: reload the page");
  }
  const timing = {
    queueUs: view.getUint32(12, true),
    computeUs: view.getUint32(16, true),
    packUs: view.getUint32(20, true),
  };
  const parts = readParts(view, ANSWER_HEADER, view.getUint16(8, true));
  return { id: view.getUint32(4, true), isFinal: view.getUint8(10) === 1, timing, parts };
}
