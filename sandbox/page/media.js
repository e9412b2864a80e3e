// Pictures in the composer: chosen, uploaded, shown, described.

import { describe, upload } from "./api.js";
import { h, icon } from "./dom.js";
import { openSheet } from "./layers.js";
import { toast } from "./toast.js";

const MOST = 4;

export class Attachments {
  constructor(onChange) {
    this._onChange = onChange;
    this._pictures = [];
    this.element = h("div", { class: "attachments", testid: "attachments" });
    this.element.hidden = true;
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

  async _upload(picture) {
    try {
      picture.id = await upload(picture.file);
    } catch {
      this._pictures = this._pictures.filter((one) => one !== picture);
      toast("Some of your media failed to upload.");
    }
    this._draw();
  }

  _draw() {
    this.element.hidden = this.isEmpty;
    this.element.replaceChildren(...this._pictures.map((picture) => this._card(picture)));
    this._onChange();
  }

  _card(picture) {
    const described = picture.alt !== "";
    return h(
      "div",
      { class: "attachment", role: "group", "aria-label": "Media" },
      h("img", { src: picture.url, alt: picture.alt || "Image", draggable: "false" }),
      picture.id === null && h("div", { class: "uploading", role: "progressbar", "aria-label": "Uploading" }),
      h(
        "button",
        { class: "round remove", type: "button", "aria-label": "Remove media", on: { click: () => this._remove(picture) } },
        icon("close"),
      ),
      h(
        "button",
        {
          class: "describe",
          type: "button",
          testid: "altTextLabel",
          "aria-label": described ? "Edit description" : "Add description",
          disabled: picture.id === null,
          on: { click: () => this._describe(picture) },
        },
        described ? "ALT" : "+ALT",
      ),
    );
  }

  _remove(picture) {
    this._pictures = this._pictures.filter((one) => one !== picture);
    this._draw();
  }

  _describe(picture) {
    const input = h("textarea", {
      class: "alt-text",
      testid: "altTextInput",
      name: "altTextInput",
      "aria-label": "Description",
      placeholder: "Description",
      maxlength: "1000",
      rows: "4",
    });
    input.value = picture.alt;
    const save = h("button", { class: "pill dark", type: "button", testid: "altTextSave" }, "Save");
    const sheet = openSheet({
      testid: "altTextSheet",
      label: "Edit image description",
      content: [h("h2", {}, "Edit image description"), h("img", { class: "alt-picture", src: picture.url, alt: "" }), input, save],
    });
    save.addEventListener("click", async () => {
      picture.alt = input.value.trim();
      await describe(picture.id, picture.alt);
      sheet.close();
      this._draw();
    });
    input.focus();
  }
}
