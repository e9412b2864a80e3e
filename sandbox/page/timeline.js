// A list of posts of any length, of which only what is near the screen exists.

import { look } from "./api.js";
import { inThisBuild } from "./articles.js";
import { say } from "./bootstrap.js";
import { h, link, wordButton } from "./dom.js";
import { grave } from "./painting.js";
import { article, gravestone, readPost } from "./tweet.js";

const GUESSED_HEIGHT = 130;
const SPARE_PIXELS = 260;
const FETCH_BEFORE_END = 4;

/**
 * Read entries into items `{ key, post, label, promoted }`, and the cursor of the next page. An item without a post
 * has an `element` instead, or `rest`: the cursor behind Show replies.
 */
export function readInstructions(instructions) {
  const items = [];
  let next = null;
  for (const instruction of instructions) {
    if (instruction.type === "TimelinePinEntry") items.push(...readEntry(instruction.entry, "Pinned"));
    for (const entry of instruction.entries ?? []) {
      if (entry.content.cursorType === "Bottom") next = entry.content.value;
      items.push(...readEntry(entry));
    }
    if (instruction.moduleItems) items.push(...readItems(instruction.moduleItems));
  }
  // The last page has nothing but cursors, which lead to itself.
  return { items, next: items.length === 0 ? null : next };
}

function readEntry(entry, label = null) {
  if (!entry.content.items) return readContent(label ? `${label}-${entry.entryId}` : entry.entryId, entry.content.itemContent, label);
  const items = readItems(entry.content.items);
  const all = entry.content.metadata?.conversationMetadata?.allTweetIds ?? [];
  const isWhole = items.length >= all.length || items.some((item) => item.rest);
  return isWhole ? items : [...items, threadLink(entry.entryId, items)];
}

function readItems(items) {
  return items.flatMap((one) => readContent(one.entryId, one.item.itemContent));
}

function readContent(key, content, label = null) {
  if (content?.cursorType === "ShowMore") return [{ key, post: { id: "" }, rest: content.value, says: content.displayTreatment.actionText }];
  if (!content?.tweet_results) return [];
  const result = content.tweet_results.result;
  const gone = grave(result);
  if (gone) return [{ key, post: { id: "" }, element: gravestone(gone) }];
  return [{ key, post: readPost(result), label, promoted: "promotedMetadata" in content }];
}

/** The way to the rest of a thread that a profile shows the beginning of. */
function threadLink(name, items) {
  const first = items.find((item) => item.post.id);
  const to = link(`/${first?.post.author}/status/${first?.post.id}`, { class: "thread-link" }, h("span", {}, say("Show this thread")));
  return { key: `${name}-thread`, post: { id: "" }, element: h("div", { class: "thread-line" }, to) };
}

export class Timeline {
  /** `arrange` may turn the items of the first page into others; `onReply` hears of a click on reply. */
  constructor({ operation, variables, label, empty, onReply, arrange = (items) => items }) {
    this._operation = operation;
    this._variables = variables;
    this._empty = empty;
    this._onReply = onReply;
    this._arrange = arrange;
    this._items = [];
    this._cells = new Map();
    this._heights = new Map();
    this._next = null;
    this._loading = false;
    this._space = h("div", { class: "timeline-space" });
    this.element = h("section", { class: "timeline", role: "region", "aria-label": label }, this._space);
    this._redraw = () => this._draw();
    addEventListener("scroll", this._redraw, { passive: true });
    addEventListener("resize", this._redraw);
  }

  /** Nobody looks any more. */
  close() {
    removeEventListener("scroll", this._redraw);
    removeEventListener("resize", this._redraw);
    this.element.remove();
  }

  /** Fetch the first page anew. */
  async load() {
    this._note(h("div", { class: "spinner", role: "progressbar", "aria-label": say("Loading") }));
    const answer = await look(this._operation, this._variables);
    this._items = [];
    this._dropCells();
    if (answer.failed) {
      this._note(this._complaint(answer.failed));
      return;
    }
    const { items, next } = readInstructions(answer.instructions);
    this._items = this._arrange(items);
    this._next = next;
    this._note(this._items.length === 0 ? this._emptyState() : null);
    this._draw();
  }

  async _loadMore() {
    if (this._loading || this._next === null) return;
    this._loading = true;
    const answer = await look(this._operation, { ...this._variables, cursor: this._next });
    this._loading = false;
    if (answer.failed) {
      this._next = null;
      return;
    }
    const { items, next } = readInstructions(answer.instructions);
    const known = new Set(this._items.map((item) => item.key));
    this._items.push(...items.filter((item) => !known.has(item.key)));
    this._next = next;
    this._draw();
  }

  // -- notes in place of posts

  _note(element) {
    this._noteShown?.remove();
    this._noteShown = element;
    if (element) this.element.append(element);
  }

  _complaint(failed) {
    if (failed === "login") {
      return h(
        "div",
        { class: "note" },
        h("h2", {}, say("Sign in to see more")),
        h("a", { class: "pill light", href: "/i/flow/login", testid: "loginButton" }, say("Log in")),
      );
    }
    if (failed === "missing") {
      return h("div", { class: "note", testid: "error-detail" }, h("span", {}, say("Hmm...this page doesn’t exist. Try searching for something else.")));
    }
    const retry = wordButton("Retry", "retweet", { class: "pill accent", on: { click: () => this.load() } });
    return h("div", { class: "note" }, h("span", {}, say("Something went wrong. Try reloading.")), retry);
  }

  _emptyState() {
    return h("div", { class: "note", testid: "emptyState" }, h("h2", {}, this._empty), h("span", { class: "quiet" }, say("When there are posts, they will show up here.")));
  }

  // -- drawing what is near the screen

  _draw() {
    if (!this.element.isConnected) return;
    this._place(this._range());
    // Cells have real heights only now; a second pass puts them right.
    this._place(this._range());
    if (this._last >= this._items.length - FETCH_BEFORE_END) this._loadMore();
  }

  _heightOf(item) {
    return this._heights.get(item.key) ?? GUESSED_HEIGHT;
  }

  /** The numbers of the first and last item near the screen. */
  _range() {
    const above = -this._space.getBoundingClientRect().top;
    let top = 0;
    let first = 0;
    while (first < this._items.length - 1 && top + this._heightOf(this._items[first]) < above) {
      top += this._heightOf(this._items[first]);
      first += 1;
    }
    let last = first;
    while (last < this._items.length - 1 && top < above + innerHeight + SPARE_PIXELS) {
      top += this._heightOf(this._items[last]);
      last += 1;
    }
    return { first: Math.max(0, first - 1), last };
  }

  _place({ first, last }) {
    this._first = first;
    this._last = last;
    const wanted = new Set(this._items.filter((item, n) => (n >= first && n <= last) || item.stays).map((i) => i.key));
    for (const [key, cell] of this._cells) {
      if (!wanted.has(key)) {
        cell.remove();
        this._cells.delete(key);
      }
    }
    let top = 0;
    let before = null;
    for (const item of this._items) {
      if (wanted.has(item.key)) {
        const cell = this._cellOf(item, before);
        cell.style.transform = `translateY(${top}px)`;
        this._heights.set(item.key, cell.offsetHeight || GUESSED_HEIGHT);
        before = cell;
      }
      top += this._heightOf(item);
    }
    this._space.style.minHeight = `${top}px`;
  }

  _cellOf(item, before) {
    const known = this._cells.get(item.key);
    if (known) return known;
    const content =
      item.element ??
      (item.rest && this._restButton(item)) ??
      inThisBuild(item.post, article(item.post, { kind: item.kind, label: item.label, promoted: item.promoted, onReply: this._onReply }));
    const cell = h("div", { class: "cell", testid: "cellInnerDiv" }, content);
    this._cells.set(item.key, cell);
    if (before) before.after(cell);
    else this._space.prepend(cell);
    return cell;
  }

  _restButton(item) {
    const fetch = async () => {
      const answer = await look(this._operation, { ...this._variables, cursor: item.rest });
      if (answer.failed) return;
      this._items.splice(this._items.indexOf(item), 1, ...readInstructions(answer.instructions).items);
      this._draw();
    };
    return h("button", { class: "thread-link", type: "button", on: { click: fetch } }, h("span", {}, say(item.says)));
  }

  _dropCells() {
    for (const cell of this._cells.values()) cell.remove();
    this._cells.clear();
    this._heights.clear();
    this._space.style.minHeight = "0";
  }
}
