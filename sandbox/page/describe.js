// Where descriptions of pictures are written: in a sheet, in a dialog, or in a field below the pictures.

import { describe } from "./api.js";
import { build, say } from "./bootstrap.js";
import { face, h, icon, setEnabled, wordButton } from "./dom.js";
import { openSheet } from "./layers.js";

/**
 * Open the editor of these pictures' descriptions, at one of them. `holder` is where a field in the page goes;
 * `onSaved` hears of every description that was kept, `onClosed` of the end.
 */
export function openDescriptions({ pictures, at, holder, onSaved, onClosed }) {
  const kind = build("describe");
  const editor = new Descriptions({ pictures, at, onSaved, waitsForInput: kind !== "sheet", afterSave: () => kind === "sheet" && end() });
  const shell = kind === "inline" ? inline(holder, editor, () => end()) : overThePage(kind, editor, () => onClosed());
  function end() {
    shell.close();
    onClosed();
  }
  editor.input.focus();
  return { close: end };
}

function overThePage(kind, editor, onClose) {
  const title = say("Edit image description");
  return openSheet({
    testid: "altTextSheet",
    label: title,
    onClose,
    closeTestid: kind === "modal" ? "app-bar-close" : "SheetClose",
    content: [h("h2", {}, title), editor.way, editor.picture, editor.input, editor.save].filter(Boolean),
  });
}

function inline(holder, editor, onDone) {
  const done = wordButton("Done", "close", { class: "pill outline", on: { click: onDone } });
  const element = h("div", { class: "describe-inline" }, editor.picture, editor.input, h("div", { class: "row" }, editor.way, editor.save, done));
  holder.append(element);
  return { close: () => element.remove() };
}

/** The field, its button, and the way from picture to picture. */
class Descriptions {
  constructor({ pictures, at, onSaved, waitsForInput, afterSave }) {
    this._pictures = pictures;
    this._at = at;
    this._onSaved = onSaved;
    this._waitsForInput = waitsForInput;
    this._afterSave = afterSave;
    this.picture = h("img", { class: "alt-picture", alt: "" });
    this.input = h("textarea", {
      class: "alt-text",
      testid: "altTextInput",
      name: "altTextInput",
      "aria-label": say("Description"),
      placeholder: say("Description"),
      maxlength: "1000",
      rows: build("describe") === "inline" ? "2" : "4",
      on: { input: () => this._typed() },
    });
    this.save = wordButton("Save", "check", { class: "pill dark", testid: "altTextSave", on: { click: () => this._save() } });
    this.way = pictures.length > 1 ? this._makeWay() : null;
    this._show();
  }

  _makeWay() {
    const step = (label, drawing, by) =>
      h("button", { class: "round step", type: "button", "aria-label": say(label), on: { click: () => this._go(by) } }, icon(drawing));
    this._back = step("Previous", "previous", -1);
    this._forth = step("Next", "next", 1);
    return h("div", { class: "row" }, this._back, this._forth);
  }

  _go(by) {
    this._at += by;
    this._show();
    this.input.focus();
  }

  _show() {
    const picture = this._pictures[this._at];
    this.picture.setAttribute("src", picture.url);
    this.input.value = picture.alt;
    face(this.save, "Save", "check");
    setEnabled(this.save, !this._waitsForInput);
    if (!this.way) return;
    setEnabled(this._back, this._at > 0);
    setEnabled(this._forth, this._at < this._pictures.length - 1);
  }

  _typed() {
    face(this.save, "Save", "check");
    setEnabled(this.save, true);
  }

  async _save() {
    const picture = this._pictures[this._at];
    picture.alt = this.input.value.trim();
    await describe(picture.id, picture.alt);
    if (this._waitsForInput) {
      face(this.save, "Saved", "check");
      setEnabled(this.save, false);
    }
    this._onSaved();
    this._afterSave();
  }
}
