// The list that opens under an @, a # or a $. While it is open it keeps Enter and Tab for itself.

import { between, build, people, switchOf } from "./bootstrap.js";
import { avatar, h } from "./dom.js";

const TOPICS = ["news", "python", "photography", "monday", "bread"];
const UNFINISHED_WORD = /(?:^|\s)([@#＠＃$])([\p{L}\p{M}\p{N}_]+)$/u;

let made = 0;

export class Typeahead {
  constructor(editor, holder) {
    this._holder = holder;
    this._id = `typeaheadDropdownWrapped-${made++}`;
    this._list = null;
    this._layer = null;
    this._choices = [];
    this._chosen = 0;
    this._late = null;
    this.serve(editor);
    this._closeIfOutside = (event) => {
      if (!this._list.contains(event.target)) this.close();
    };
  }

  /** Work for this box. */
  serve(editor) {
    this._editor = editor;
    editor.box.setAttribute("aria-autocomplete", "list");
    editor.box.setAttribute("aria-controls", this._id);
  }

  get isOpen() {
    return this._list !== null;
  }

  /** Look at what stands before the caret, and open or close accordingly. */
  update() {
    clearTimeout(this._late);
    const before = this._editor.text.slice(0, this._editor.selection.start);
    const found = before.match(UNFINISHED_WORD);
    const late = switchOf("late_suggestions");
    if (!found || !late) {
      this._offer(before, found && choicesFor(found[1], found[2]));
      return;
    }
    this._offer(before, null);
    this._late = setTimeout(() => this._offer(before, longerThan(found[1], found[2])), (late.seconds || between(0.2, 2)) * 1000);
  }

  _offer(before, choices) {
    this._choices = choices ?? [];
    this._start = before.search(/\S+$/);
    this._chosen = 0;
    this._draw();
  }

  /** Whether this key was for the list. */
  key(event) {
    if (!this.isOpen) return false;
    if (event.key === "Escape") {
      event.stopPropagation();
      this.close();
    } else if (event.key === "Enter" || event.key === "Tab") {
      this._take(this._choices[this._chosen]);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const step = event.key === "ArrowDown" ? 1 : -1;
      this._chosen = (this._chosen + step + this._choices.length) % this._choices.length;
      this._draw();
    } else {
      return false;
    }
    return true;
  }

  close() {
    clearTimeout(this._late);
    this._choices = [];
    this._draw();
  }

  _take(choice) {
    this._editor.replace(this._start, this._editor.selection.start, `${choice.word} `);
    this._editor.focus();
    this.close();
  }

  _draw() {
    this._takeAway();
    if (this._choices.length === 0 || !this._editor.box.isConnected) return;
    this._list = h("div", { class: "typeahead", role: "listbox", id: this._id, testid: "Dropdown" }, ...this._choices.map((choice, number) => this._row(choice, number)));
    this._show();
  }

  _takeAway() {
    removeEventListener("pointerdown", this._closeIfOutside, { capture: true });
    this._list?.remove();
    this._layer?.remove();
    this._list = null;
    this._layer = null;
  }

  _show() {
    if (build("lists") === "inside") {
      this._holder.append(this._list);
      return;
    }
    const mask = build("lists") === "mask" && h("div", { class: "clear-mask", on: { click: () => this.close() } });
    this._layer = h("div", { class: "list-layer" }, mask, this._list);
    const { left, bottom } = this._editor.box.getBoundingClientRect();
    Object.assign(this._list.style, { position: "fixed", insetInlineStart: "auto", left: `${left}px`, top: `${bottom}px` });
    document.getElementById("layers").append(this._layer);
    addEventListener("pointerdown", this._closeIfOutside, { capture: true });
  }

  _row(choice, number) {
    return h(
      "button",
      {
        class: number === this._chosen ? "typeahead-row chosen" : "typeahead-row",
        type: "button",
        role: "option",
        testid: "typeaheadResult",
        "aria-selected": String(number === this._chosen),
        on: {
          mousedown: (event) => event.preventDefault(),
          click: () => this._take(choice),
        },
      },
      choice.handle && avatar(choice.handle, "typeaheadAvatar"),
      h("span", {}, choice.word),
    );
  }
}

function choicesFor(mark, start) {
  const begins = (word) => word.toLowerCase().startsWith(start.toLowerCase());
  if (mark === "#") return TOPICS.filter(begins).map((word) => ({ word: `#${word}` }));
  if (mark !== "@") return [];
  return people.filter((one) => begins(one.handle)).map((one) => ({ word: `@${one.handle}`, handle: one.handle }));
}

/** Suggestions for any word: none of them is the word itself, so that whoever takes one has changed the text. */
function longerThan(mark, start) {
  const known = choicesFor(mark, start).filter((one) => one.word.slice(1) !== start);
  return [...known, ...["_daily", "2026"].map((end) => ({ word: `${mark}${start}${end}` }))];
}
