// Pictures in the composer: chosen, uploaded, shown, described.

import { upload } from "./api.js";
import { build, say } from "./bootstrap.js";
import { openDescriptions } from "./describe.js";
import { h, icon } from "./dom.js";
import { toast } from "./toast.js";

const MOST = 4;

export class Attachments {
  constructor(onChange) {
    this._onChange = onChange;
    this._pictures = [];
    this._editor = null;
    this._active = true;
    this._grid = h("div", { class: "attachments", testid: "attachments" });
    this._below = h("div", { class: "below-attachments" });
    this.element = h("div", {}, this._grid, this._below);
    this._grid.hidden = true;
  }

  get ids() {
    return this._pictures.map((picture) => picture.id);
  }

  get isEmpty() {
    return this._pictures.length === 0;
  }

  /** Whether every picture has arrived at the server. */
  get isReady() {
    return this._pictures.every((picture) => picture.id !== null);
  }

  /** Whether somebody could be reminded to describe a picture. */
  get lacksDescription() {
    return this._pictures.some((picture) => picture.alt === "");
  }

  /** In some builds only the part that has the caret shows the controls of its pictures. */
  set active(active) {
    if (build("controls") !== "active" || active === this._active) return;
    this._active = active;
    this._draw();
  }

  /** Take files in; each is shown at once and counts when it is uploaded. */
  async add(files) {
    const room = MOST - this._pictures.length;
    const added = [...files].slice(0, room).map((file) => ({ file, id: null, alt: "", url: URL.createObjectURL(file) }));
    this._pictures.push(...added);
    this._draw();
    for (const picture of added) await this._upload(picture);
  }

  clear() {
    this._pictures = [];
    this._draw();
  }

  /** Open whatever descriptions are written in, at one of the pictures. */
  describe(number = 0) {
    this._editor?.close();
    const pictures = build("media") === "carousel" ? this._pictures : [this._pictures[number]];
    this._editor = openDescriptions({
      pictures,
      at: build("media") === "carousel" ? number : 0,
      holder: this._below,
      onSaved: () => this._draw(),
      onClosed: () => {
        this._editor = null;
      },
    });
  }

  async _upload(picture) {
    try {
      picture.id = await upload(picture.file);
    } catch {
      this._pictures = this._pictures.filter((one) => one !== picture);
      toast(say("Some of your media failed to upload."));
    }
    this._draw();
  }

  _draw() {
    if (this.isEmpty) this._editor?.close();
    this._grid.hidden = this.isEmpty;
    this._grid.replaceChildren(...this._pictures.map((picture, number) => this._card(picture, number)));
    this._below.querySelector(".describe-all")?.remove();
    if (build("media") === "carousel" && !this.isEmpty && this._active) this._below.prepend(this._controlOfAll());
    this._onChange();
  }

  _card(picture, number) {
    return h(
      "div",
      { class: "attachment", role: "group", "aria-label": say("Media") },
      h("img", { src: picture.url, alt: picture.alt || say("Image"), draggable: "false" }),
      picture.id === null && h("div", { class: "uploading", role: "progressbar", "aria-label": say("Uploading") }),
      this._active &&
        h(
          "button",
          { class: "round remove", type: "button", "aria-label": say("Remove media"), on: { click: () => this._remove(picture) } },
          icon("close"),
        ),
      this._active && build("media") === "each" && this._controlOf(picture, number),
    );
  }

  _controlOf(picture, number) {
    const described = picture.alt !== "";
    return h(
      "button",
      {
        class: "describe",
        type: "button",
        testid: "altTextLabel",
        "aria-label": say(described ? "Edit description" : "Add description"),
        disabled: picture.id === null,
        on: { click: () => this.describe(number) },
      },
      described ? "ALT" : "+ALT",
    );
  }

  _controlOfAll() {
    const words = this.lacksDescription ? "Add descriptions" : "Edit descriptions";
    return h(
      "button",
      {
        class: "describe-all",
        type: "button",
        testid: "altTextLabel",
        "aria-label": say(words),
        disabled: !this.isReady,
        on: { click: () => this.describe() },
      },
      icon("image"),
      build("faces") === "words" && h("span", {}, say(words)),
    );
  }

  _remove(picture) {
    this._pictures = this._pictures.filter((one) => one !== picture);
    this._draw();
  }
}
