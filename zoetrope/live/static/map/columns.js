// What the map fetches: columns of numbers, and JSON about one item.

/** @type {Map<string, Promise<Float32Array>>} address without token -> column */
const columns = new Map();
const MOST_COLUMNS = 12;
const TOO_MANY = 429;
const MOST_TRIES = 5;
const USUAL_WAIT_S = 1;

/**
 * @param {string} path
 * @param {string} token
 */
function address(path, token) {
  const url = new URL(path, document.baseURI);
  url.searchParams.set("token", token);
  return url.href;
}

/**
 * Where the server is busy, it is asked again when it says so.
 * @param {string} path
 * @param {string} token
 * @returns {Promise<ArrayBuffer>} rejected with the server's reason
 */
export async function bytes(path, token, triesLeft = MOST_TRIES) {
  const answer = await fetch(address(path, token));
  if (answer.ok) return answer.arrayBuffer();
  const reason = await answer.text();
  if (answer.status !== TOO_MANY || triesLeft <= 1) throw new Error(reason);
  const waitS = Number(answer.headers.get("Retry-After")) || USUAL_WAIT_S;
  // Not all tabs that were refused at once come back at once.
  const waitMs = 1000 * waitS * (1 + Math.random() / 2);
  await new Promise((resolve) => setTimeout(resolve, waitMs));
  return bytes(path, token, triesLeft - 1);
}

/**
 * A column, fetched once a page; the oldest are let go.
 * @param {string} path
 * @param {string} token
 */
export function floats(path, token) {
  const before = columns.get(path);
  if (before) return before;
  const column = freshFloats(path, token);
  column.catch(() => columns.delete(path));
  columns.set(path, column);
  const [oldest] = columns.keys();
  if (columns.size > MOST_COLUMNS) columns.delete(oldest);
  return column;
}

/**
 * @param {string} path
 * @param {string} token
 */
export async function freshFloats(path, token) {
  return new Float32Array(await bytes(path, token));
}

/**
 * @param {string} path
 * @param {string} token
 */
export async function json(path, token) {
  return JSON.parse(new TextDecoder().decode(await bytes(path, token)));
}
