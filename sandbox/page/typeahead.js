// The list that opens under an @ or a #. While it is open it keeps Enter and Tab for itself.

import { people } from "./bootstrap.js";
import { avatar, h } from "./dom.js";

const TOPICS = ["news", "python", "photography", "monday", "bread"];
const UNFINISHED_WORD = /(?:^|\s)([@#])([\p{L}\p{N}_]+)$/u;

export class Typeahead {
  constructor(editor, holder) {
    this._editor = editor;
    this._holder = holder;
    this._list = null;
    this._choices = [];
    this._chosen = 0;
  }

  get isOpen() {
    return this._list !== null;
  }

  /** Look at what stands before the caret, and open or close accordingly. */
  update() {
    const before = this._editor.text.slice(0, this._editor.selection.start);
    const found = before.match(UNFINISHED_WORD);
    this._choices = found ? choicesFor(found[1], found[2]) : [];
    this._start = found ? before.length - found[2].length - 1 : 0;
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
    this._choices = [];
    this._draw();
  }

  _take(choice) {
    this._editor.replace(this._start, this._editor.selection.start, `${choice.word} `);
    this._editor.focus();
    this.close();
  }

  _draw() {
    this._list?.remove();
    this._list = null;
    if (this._choices.length === 0) return;
    const rows = this._choices.map((choice, number) =>
      h(
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
      ),
    );
    this._list = h("div", { class: "typeahead", role: "listbox", testid: "Dropdown" }, ...rows);
    this._holder.append(this._list);
  }
}

function choicesFor(mark, start) {
  const begins = (word) => word.toLowerCase().startsWith(start.toLowerCase());
  if (mark === "#") return TOPICS.filter(begins).map((word) => ({ word: `#${word}` }));
  return people.filter((one) => begins(one.handle)).map((one) => ({ word: `@${one.handle}`, handle: one.handle }));
}
