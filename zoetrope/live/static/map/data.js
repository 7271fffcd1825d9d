// What the map fetches and what it sends: columns, codes, pictures, groups.

import { isLocal } from "../page/dom.js";

const kept = new Map(); // address without token -> promise of a Float32Array

function address(path, token) {
  const url = new URL(path, document.baseURI);
  url.searchParams.set("token", token);
  return url.href;
}

async function bytes(path, token, signal) {
  const answer = await fetch(address(path, token), { signal });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.arrayBuffer();
}

// A column, fetched once a page; the oldest are let go.
export function floats(path, token) {
  if (!kept.has(path)) {
    const column = bytes(path, token).then((buffer) => new Float32Array(buffer));
    column.catch(() => kept.delete(path));
    kept.set(path, column);
    if (kept.size > 12) kept.delete(kept.keys().next().value);
  }
  return kept.get(path);
}

export async function freshFloats(path, token) {
  return new Float32Array(await bytes(path, token));
}

export async function json(path, token, signal) {
  return JSON.parse(new TextDecoder().decode(await bytes(path, token, signal)));
}

// Pictures of items as ImageData; the ones seen last are kept.
export class Pictures {
  constructor(path, most = 1500) {
    this.path = path;
    this.most = most;
    this.seen = new Map();
  }

  has(item, px = 0) {
    return this.seen.has(`${item}/${px}`);
  }

  get(item, px = 0) {
    return this.seen.get(`${item}/${px}`);
  }

  // Pictures of `items`, in order; `px` > 0 scales down.
  async load(items, token, px = 0, signal = undefined) {
    const missing = items.filter((item) => !this.has(item, px));
    for (let first = 0; first < missing.length; first += 300) {
      const part = missing.slice(first, first + 300);
      const size = px ? `&px=${px}` : "";
      const buffer = await bytes(`${this.path}?items=${part.join(",")}${size}`, token, signal);
      unpack(buffer).forEach((picture, i) => this.seen.set(`${part[i]}/${px}`, picture));
    }
    const found = items.map((item) => this.get(item, px));
    while (this.seen.size > this.most) this.seen.delete(this.seen.keys().next().value);
    return found;
  }
}

function unpack(buffer) {
  const [n, height, width, channels] = new Uint32Array(buffer, 0, 4);
  const size = height * width * channels;
  const pictures = [];
  for (let i = 0; i < n; i += 1) {
    pictures.push(toImage(new Uint8Array(buffer, 16 + i * size, size), width, height, channels));
  }
  return pictures;
}

// Grey or RGB bytes as ImageData.
export function toImage(pixels, width, height, channels) {
  const image = new ImageData(width, height);
  for (let p = 0; p < width * height; p += 1) {
    for (let c = 0; c < 3; c += 1) {
      image.data[4 * p + c] = pixels[channels === 1 ? p : channels * p + c];
    }
    image.data[4 * p + 3] = 255;
  }
  return image;
}

// Codes: all of them in one go where they are few enough, else row by row. Where no network lies
// between, many are few enough too; rows are asked for until they have come.
export class Codes {
  // source: { url, latentDim, nItems, whole, wholeNearby }
  constructor(source, token) {
    this.source = source;
    this.token = token;
    this.rows = new Map();
    this.matrix = null;
    if (source.whole || (source.wholeNearby && isLocal(document.baseURI))) {
      this.ready = floats(source.url, token).then((matrix) => {
        this.matrix = matrix;
      });
      this.ready.catch(() => {});
    }
  }

  // The code of an item, or null if it is not here yet.
  now(item) {
    const d = this.source.latentDim;
    if (this.matrix) return this.matrix.subarray(item * d, (item + 1) * d);
    return this.rows.get(item) || null;
  }

  async load(items) {
    if (this.source.whole) await this.ready;
    const missing = items.filter((item) => !this.now(item));
    if (missing.length) {
      const found = await freshFloats(`${this.source.url}?items=${missing.join(",")}`, this.token);
      const d = this.source.latentDim;
      if (this.rows.size > 20000) {
        const kept = items.map((item) => [item, this.now(item)]).filter(([, code]) => code);
        this.rows = new Map(kept);
      }
      missing.forEach((item, i) => this.rows.set(item, found.subarray(i * d, (i + 1) * d)));
    }
    return items.map((item) => this.now(item));
  }
}

// A group travels as one bit an item, base64: 20,000 items are 3.3 KB, a million 167 KB.
export function packBits(mask) {
  const packed = new Uint8Array(Math.ceil(mask.length / 8));
  for (let i = 0; i < mask.length; i += 1) if (mask[i]) packed[i >> 3] |= 1 << (i & 7);
  let text = "";
  for (let i = 0; i < packed.length; i += 8192) {
    text += String.fromCharCode(...packed.subarray(i, i + 8192));
  }
  return btoa(text);
}

export function unpackBits(text, n) {
  const packed = atob(text);
  const mask = new Uint8Array(n);
  for (let i = 0; i < n; i += 1) mask[i] = (packed.charCodeAt(i >> 3) >> (i & 7)) & 1;
  return mask;
}

export function count(mask) {
  let n = 0;
  for (let i = 0; i < mask.length; i += 1) n += mask[i];
  return n;
}

export function indices(mask, most = Infinity) {
  const found = [];
  for (let i = 0; i < mask.length && found.length < most; i += 1) if (mask[i]) found.push(i);
  return found;
}
