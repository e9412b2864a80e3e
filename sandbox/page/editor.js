// A text box whose truth lies in script.
//
// What the box holds is `text`; what the screen shows is drawn from it, one block per line. Only real input changes it:
// keys, inserted text, composition, paste. Whoever writes into the DOM from outside changes a picture: the text stays
// as it was, and the next real input draws over what they wrote. How it is drawn differs from build to build.

import { build, say, switchOf } from "./bootstrap.js";
import { h } from "./dom.js";
import { DRAWINGS } from "./lines.js";

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

export class Editor {
  /** `onChange` hears of every change; `onKey` sees a key first and returns true to keep it. */
  constructor({ testid, label = say("Post text"), placeholder, onChange, onKey = () => false }) {
    this._drawing = DRAWINGS[build("editor")];
    this.text = "";
    this.selection = { start: 0, end: 0 };
    this.typedLast = false;
    this._composing = null;
    this._onChange = onChange;
    this._onKey = onKey;
    this._contents = this._drawing.contents();
    this.box = h(
      "div",
      {
        class: `editor-box ${this._drawing.boxClass}`,
        contenteditable: "true",
        role: "textbox",
        "aria-label": label,
        "aria-multiline": "true",
        spellcheck: "true",
        tabindex: "0",
        testid,
      },
      this._contents,
    );
    this._placeholder = h("div", { class: `placeholder ${this._drawing.placeholderClass}`, "aria-hidden": "true" }, placeholder);
    const container = h("div", { class: this._drawing.rootClass, testid: `${testid}RichTextInputContainer` });
    container.append(this._placeholder, h("div", { class: this._drawing.containerClass }, this.box));
    this.element = h("div", { class: "editor", testid: `${testid}_label` }, container);
    this._listen();
    this._draw();
  }

  focus() {
    this.box.focus();
    this._showSelection();
  }

  /** Take input, or take none for the time being. */
  set takesInput(takes) {
    this.box.setAttribute("contenteditable", String(takes));
    if (takes) this.box.removeAttribute("aria-disabled");
    else this.box.setAttribute("aria-disabled", "true");
  }

  /** The accessible name of the box. */
  set label(label) {
    this.box.setAttribute("aria-label", label);
  }

  /** Replace everything, as the page itself does: after a draft is opened, after a picture was attached. */
  setText(text) {
    this._become(text, text.length);
  }

  /** Put text in place of a part of the text. */
  replace(start, end, text) {
    this._become(this.text.slice(0, start) + text + this.text.slice(end), start + text.length);
  }

  _listen() {
    this.box.addEventListener("keydown", (event) => {
      if (this._onKey(event)) event.preventDefault();
    });
    this.box.addEventListener("beforeinput", (event) => this._onBeforeInput(event));
    this.box.addEventListener("compositionstart", () => {
      this._composing = this._selectionOnScreen();
    });
    this.box.addEventListener("compositionend", (event) => this._endComposition(event));
    this.box.addEventListener("paste", (event) => this._onPaste(event));
    this.box.addEventListener("drop", (event) => event.preventDefault());
    this.box.addEventListener("focus", () => this.element.classList.add("focused"));
    this.box.addEventListener("blur", () => this.element.classList.remove("focused"));
  }

  _onBeforeInput(event) {
    if (this._composing) return; // cannot be prevented; the end of the composition brings the text
    event.preventDefault();
    const { start, end } = this._selectionOnScreen();
    if (event.inputType === "insertText" || event.inputType === "insertReplacementText") {
      this._insert(start, end, event.data ?? event.dataTransfer?.getData("text/plain") ?? "");
    } else if (event.inputType === "insertParagraph" || event.inputType === "insertLineBreak") {
      this._insert(start, end, "\n");
    } else if (event.inputType.startsWith("delete")) {
      this._delete(event, start, end);
    }
  }

  _endComposition(event) {
    const { start, end } = this._composing;
    this._composing = null;
    this._insert(start, end, event.data ?? "");
  }

  _onPaste(event) {
    event.preventDefault();
    const { start, end } = this._selectionOnScreen();
    this._insert(start, end, event.clipboardData?.getData("text/plain") ?? "");
  }

  _insert(start, end, raw) {
    const text = raw.replace(/\r\n?/g, "\n");
    const bulk = [...graphemes.segment(text)].length > 1;
    this.typedLast = !bulk;
    this.replace(start, end, lossy(text, bulk));
    this._addByItself();
  }

  _delete(event, start, end) {
    this.typedLast = true;
    if (start === end) ({ start, end } = this._targetOf(event, start));
    this.replace(start, end, "");
  }

  /** What a delete key means when nothing is selected. */
  _targetOf(event, caret) {
    const [range] = event.getTargetRanges();
    if (range && !range.collapsed && this._contents.contains(range.startContainer)) {
      const start = this._offsetOf(range.startContainer, range.startOffset);
      const end = this._offsetOf(range.endContainer, range.endOffset);
      if (start !== end) return { start, end };
    }
    if (event.inputType.endsWith("Forward")) {
      const [next] = graphemes.segment(this.text.slice(caret));
      return { start: caret, end: caret + (next?.segment.length ?? 0) };
    }
    const before = [...graphemes.segment(this.text.slice(0, caret))].at(-1);
    return { start: caret - (before?.segment.length ?? 0), end: caret };
  }

  _addByItself() {
    const addition = switchOf("autocomplete");
    if (!addition || this._hasAdded || this.text === "") return;
    this._hasAdded = true;
    this._become(`${this.text} ${addition.text ?? "@somebody_else "}`, this.text.length);
  }

  _become(text, caret) {
    this.text = text;
    this.selection = { start: caret, end: caret };
    this._draw();
    this._onChange();
  }

  // -- drawing, and reading the selection back

  _draw() {
    if (this._contents.parentNode !== this.box || this.box.childNodes.length !== 1) {
      this.box.replaceChildren(this._contents);
    }
    this._leaves = this._drawing.draw(this._contents, this.text.split("\n"));
    this._placeholder.hidden = this.text !== "";
    if (document.activeElement === this.box) this._showSelection();
  }

  _showSelection() {
    const [startNode, startAt] = this._pointAt(this.selection.start);
    const [endNode, endAt] = this._pointAt(this.selection.end);
    getSelection()?.setBaseAndExtent(startNode, startAt, endNode, endAt);
  }

  _pointAt(offset) {
    let left = offset;
    for (const leaf of this._leaves) {
      const inside = leaf.firstChild;
      const size = inside?.nodeType === Node.TEXT_NODE ? inside.length : 0;
      if (left <= size) return size > 0 ? [inside, left] : [leaf, 0];
      left -= size + 1;
    }
    return [this._contents, this._contents.childNodes.length];
  }

  _selectionOnScreen() {
    const selection = getSelection();
    if (!selection?.rangeCount || !this.box.contains(selection.anchorNode)) return this.selection;
    const anchor = this._offsetOf(selection.anchorNode, selection.anchorOffset);
    const focus = this._offsetOf(selection.focusNode, selection.focusOffset);
    return { start: Math.min(anchor, focus), end: Math.max(anchor, focus) };
  }

  _offsetOf(node, at) {
    if (node === this.box) return at === 0 ? 0 : this.text.length;
    const sizes = this.text.split("\n").map((line) => line.length);
    const startOf = (number) => sizes.slice(0, number).reduce((sum, size) => sum + size + 1, 0);
    const number = this._leaves.findIndex((leaf) => this._drawing.lineOf(leaf).contains(node));
    if (number >= 0) {
      const within = node.nodeType === Node.TEXT_NODE ? at : at === 0 ? 0 : sizes[number];
      return Math.min(startOf(number) + within, this.text.length);
    }
    if (!this._contents.contains(node)) return this.text.length; // somebody drew over our lines
    const point = this._drawing.between(this._leaves, node, at);
    return Math.min(startOf(point.number) + (point.atEnd ? sizes[point.number] : 0), this.text.length);
  }
}

function lossy(text, bulk) {
  const loss = switchOf("dropped_characters");
  if (!loss || (loss.bulk_only && !bulk)) return text;
  if (loss.characters) return text.split(loss.characters).join("");
  const every = loss.every ?? 5;
  return [...text].filter((_, index) => (index + 1) % every !== 0).join("");
}
