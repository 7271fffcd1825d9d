// A field for one large file, sent to the server's disk while a bar shows how far it is.
// `mount` runs again on every rerun and keeps the field, so that an upload under way goes on.

import { element } from "./dom.js";

/**
 * @typedef {object} UploadData
 * @property {string} label
 * @property {string[]} types endings that can be chosen
 * @property {string} address relative to the page
 * @property {number} maxBytes
 * @property {string} token
 * @property {number} renewals how often a new token was asked for
 * @property {string | null} used the upload that is no longer wanted here
 * @typedef {StreamlitComponent<UploadData>} Component
 */

// A token must last at least so long when an upload begins.
const SPARE_S = 20;
/** @type {WeakMap<Element, Field>} */
const fields = new WeakMap();

/** @param {Component} component */
export function mount(component) {
  const { parentElement } = component;
  const root = parentElement.querySelector(".upload") ?? element("div", { class: "upload" });
  if (!root.parentElement) parentElement.append(root);
  const field = fields.get(root) ?? new Field(root);
  fields.set(root, field);
  field.update(component);
}

class Field {
  /** @type {Component | undefined} */
  component;
  /** @type {XMLHttpRequest | undefined} */
  request;
  /** @type {File | undefined} waits for a token */
  waiting;
  /** @type {string | undefined} what the server calls the file that lies there */
  stored;

  /** @param {Element} root */
  constructor(root) {
    this.input = element("input", { type: "file", id: "file", "aria-describedby": "status" });
    this.label = element("label", { for: "file" });
    this.bar = element("progress", { max: 1, value: 0, "aria-label": "Uploaded" });
    const cancel = element("button", { type: "button" }, "Cancel");
    // beside the bar, not in the status: a screen reader would read out every step
    this.count = element("span", { class: "count" });
    this.row = element("div", { class: "row" }, this.bar, this.count, cancel);
    this.row.hidden = true;
    this.status = element("div", { class: "status", id: "status", role: "status" });
    root.replaceChildren(this.label, this.input, this.row, this.status);
    this.input.addEventListener("change", () => this.choose());
    cancel.addEventListener("click", () => {
      this.drop();
      this.say("Cancelled.");
      this.input.focus();
    });
  }

  /** @param {Component} component */
  update(component) {
    this.component = component;
    const { label, types, used } = component.data;
    this.label.textContent = label;
    this.input.accept = types.join(",");
    if (used !== null && used === this.stored) {
      this.drop();
      this.say("");
    }
    if (this.waiting && this.isTokenFresh()) this.send(this.waiting);
  }

  choose() {
    const file = this.input.files?.[0];
    const { types, maxBytes } = /** @type {Component} */ (this.component).data;
    this.stop();
    this.tell(null);
    if (!file) return;
    if (!types.some((ending) => file.name.toLowerCase().endsWith(ending)))
      this.say(`${file.name} cannot be added: choose a file ending in ${types.join(" or ")}.`);
    else if (file.size > maxBytes)
      this.say(`${file.name} has ${mebibytes(file.size)} MiB; at most ${mebibytes(maxBytes)}.`);
    else this.send(file);
  }

  /** @param {File} file */
  send(file) {
    const { component } = this;
    if (!component) return;
    if (!this.isTokenFresh()) {
      if (!this.waiting) component.setStateValue("renewals", component.data.renewals + 1);
      this.waiting = file;
      return;
    }
    this.waiting = undefined;
    const address = new URL(component.data.address, document.baseURI);
    address.searchParams.set("token", component.data.token);
    address.searchParams.set("name", file.name);
    const request = new XMLHttpRequest();
    this.request = request;
    request.open("POST", address);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = ({ loaded }) => this.show(file, loaded);
    request.onload = () => this.end(file, request);
    request.onerror = () => this.fail("The connection to the server was lost: choose it again.");
    this.row.hidden = false;
    this.say(`Uploading ${file.name}.`);
    this.show(file, 0);
    request.send(file);
  }

  isTokenFresh() {
    const token = this.component?.data.token ?? "";
    return Number(token.split(".")[0]) > Date.now() / 1000 + SPARE_S;
  }

  /**
   * @param {File} file
   * @param {number} n
   */
  show(file, n) {
    this.bar.value = file.size ? n / file.size : 1;
    this.count.textContent = `${mebibytes(n)} of ${mebibytes(file.size)} MiB`;
  }

  /**
   * @param {File} file
   * @param {XMLHttpRequest} request
   */
  end(file, request) {
    if (request.status !== 200) {
      this.fail(request.responseText || `The server refused it (${request.status}).`);
      return;
    }
    const { upload } = JSON.parse(request.responseText);
    this.stop();
    this.stored = upload;
    this.say(`${file.name}, ${mebibytes(file.size)} MiB: there.`);
    this.tell({ upload: this.stored, name: file.name });
  }

  /** @param {string} why */
  fail(why) {
    this.drop();
    this.say(why);
  }

  stop() {
    this.request?.abort();
    this.request = this.waiting = this.stored = undefined;
    this.row.hidden = true;
  }

  drop() {
    this.stop();
    this.input.value = "";
  }

  /** @param {object | null} file */
  tell(file) {
    this.component?.setStateValue("file", file);
  }

  /** @param {string} text */
  say(text) {
    this.status.textContent = text;
  }
}

/** @param {number} bytes */
function mebibytes(bytes) {
  return (bytes / 2 ** 20).toLocaleString("en", { maximumFractionDigits: 1 });
}
