// Where posts are written: on the home page, under a post, and in the dialog.

import { ask, reportRejection } from "./api.js";
import { switchOf, viewer } from "./bootstrap.js";
import { avatar, h, icon, link, setEnabled } from "./dom.js";
import { Editor } from "./editor.js";
import { LIMIT, NOTE_LIMIT, weightedLength } from "./length.js";
import { Attachments } from "./media.js";
import { toastFailed, toastRefused, toastSent } from "./toast.js";
import { Typeahead } from "./typeahead.js";

const RING = 2 * Math.PI * 9;

/** One part of a thread: a text box, its list of suggestions, its pictures. */
class Part {
  constructor(number, placeholder, composer) {
    const suggestions = h("div", { class: "suggestions" });
    this.editor = new Editor({
      testid: `tweetTextarea_${number}`,
      placeholder,
      onChange: () => {
        this.typeahead?.update();
        composer.changed();
      },
      onKey: (event) => this.typeahead.key(event) || composer.key(event),
    });
    this.typeahead = new Typeahead(this.editor, suggestions);
    this.attachments = new Attachments(() => composer.changed());
    this.element = h(
      "div",
      { class: "part" },
      h("div", { class: "part-side" }, avatar(viewer.handle, "composerAvatar"), h("div", { class: "part-line" })),
      h("div", { class: "part-main" }, this.editor.element, suggestions, this.attachments.element),
    );
  }

  get isEmpty() {
    return this.editor.text.trim() === "" && this.attachments.isEmpty;
  }

  attach(files) {
    // The part is drawn anew with its pictures, and what was typed before is gone.
    this.editor.setText("");
    return this.attachments.add(files);
  }

  clear() {
    this.editor.setText("");
    this.attachments.clear();
  }
}

/**
 * A composer. `place` is "dialog" or "inline"; `replyTo` is the post that is answered, or null.
 * `onDone` hears when everything was sent, or when a thread ended half way.
 */
export class Composer {
  constructor({ place, replyTo = null, text = "", onDone = () => {} }) {
    this.place = place;
    this.replyTo = contextAtStart(replyTo);
    this._onDone = onDone;
    this._busy = false;
    this._parts = [];
    this._current = 0;
    this._partsHolder = h("div", { class: "parts" });
    this._makeFooter();
    this._context = h("div", { class: "reply-context" });
    this.element = h("div", { class: place === "dialog" ? "composer in-dialog" : "composer in-page" }, this._context, this._partsHolder, this._footer);
    this._drawContext();
    this.addPart();
    const draft = switchOf("leftover_draft");
    const leftover = draft && place === "dialog" ? (draft.text ?? "A thought from yesterday, never finished") : "";
    if (text || leftover) this._parts[0].editor.setText(text || leftover);
  }

  get isEmpty() {
    return this._parts.every((part) => part.isEmpty);
  }

  get texts() {
    return this._parts.map((part) => part.editor.text);
  }

  focus() {
    this._parts[this._current].editor.focus();
  }

  /** Put a draft in. */
  open(text) {
    this._parts[0].editor.setText(text);
    this.focus();
  }

  addPart() {
    const number = this._parts.length;
    const part = new Part(number, this._placeholderFor(number), this);
    part.editor.box.addEventListener("focus", () => {
      this._current = number;
    });
    this._parts.push(part);
    this._partsHolder.append(part.element);
    this._current = number;
    this.changed();
    return part;
  }

  /** Something in a part is different. */
  changed() {
    if (!this._submit || this._parts.length === 0) return;
    if (switchOf("reply_context_dropped")?.when === "typing" && !this.isEmpty) this._dropContext();
    this._submit.querySelector("span").textContent = this._label();
    const longest = Math.max(...this.texts.map(weightedLength));
    this._drawCounter(longest);
    setEnabled(this._submit, this._mayPost(longest));
    if (this._add) setEnabled(this._add, !this._parts.at(-1).isEmpty);
  }

  key(event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      this._submit.click();
      return true;
    }
    return false;
  }

  _label() {
    if (this._parts.length > 1) return "Post all";
    return this.replyTo ? "Reply" : "Post";
  }

  _placeholderFor(number) {
    if (number > 0) return "Add another post";
    return this.replyTo ? "Post your reply" : "What’s happening?";
  }

  _mayPost(longest) {
    if (this._busy) return false;
    const off = switchOf("disabled_button");
    if (off && !(off.unless_typed && this._parts.every((part) => part.editor.typedLast))) return false;
    const ready = this._parts.every((part) => !part.isEmpty && part.attachments.isReady);
    return ready && longest <= (viewer.premium ? NOTE_LIMIT : LIMIT);
  }

  // -- what it looks like

  _makeFooter() {
    const file = h("input", {
      type: "file",
      testid: "fileInput",
      multiple: true,
      accept: "image/jpeg,image/png,image/webp,image/gif",
      tabindex: "-1",
      class: "file-input",
    });
    file.addEventListener("change", async () => {
      const files = [...file.files];
      file.value = "";
      await this._parts[this._current].attach(files);
    });
    const tool = (name, label, testid) =>
      h("button", { class: "round tool", type: "button", "aria-label": label, testid }, icon(name));
    const pick = tool("image", "Add photos or video", "mediaButton");
    pick.addEventListener("click", () => file.click());
    this._counter = h("div", { class: "counter", testid: "countdown-circle", role: "progressbar" });
    this._submit = h(
      "button",
      {
        class: "pill accent",
        type: "button",
        role: "button",
        testid: this.place === "dialog" ? "tweetButton" : "tweetButtonInline",
      },
      h("span", {}, "Post"),
    );
    this._submit.addEventListener("click", () => this._clicked());
    this._add = this.place === "dialog" ? tool("plus", "Add post", "addButton") : null;
    this._add?.addEventListener("click", () => this.addPart().editor.focus());
    this._footer = h(
      "div",
      { class: "composer-footer", testid: "toolBar" },
      h("nav", { class: "tools", role: "navigation" }, file, pick, tool("smile", "Add emoji", "emojiButton"), tool("calendar", "Schedule post", "scheduleOption")),
      this._counter,
      this._add,
      this._submit,
    );
  }

  _drawCounter(length) {
    const limit = viewer.premium ? NOTE_LIMIT : LIMIT;
    const left = limit - length;
    const share = Math.min(1, length / limit);
    this._counter.hidden = length === 0;
    this._counter.setAttribute("aria-valuenow", String(Math.round(share * 100)));
    this._counter.classList.toggle("near", left <= 20);
    this._counter.classList.toggle("over", left < 0);
    this._counter.style.setProperty("--dash", String(RING * share));
    this._counter.textContent = left <= 20 ? String(left) : "";
  }

  _drawContext() {
    this._context.replaceChildren(
      ...(this.replyTo
        ? [h("span", { class: "quiet" }, "Replying to "), link(`/${this.replyTo.author}`, {}, `@${this.replyTo.author}`)]
        : []),
    );
    this._context.hidden = !this.replyTo;
  }

  _dropContext() {
    this.replyTo = null;
    this._drawContext();
    this.onContextLost?.();
  }

  // -- sending

  _clicked() {
    if (switchOf("page_error")) {
      setTimeout(() => {
        throw new Error("Minified error #418");
      });
    }
    if (this._busy || switchOf("dead_button") || !this._mayPost(0)) return;
    if (switchOf("reply_context_dropped")?.when === "click") this._dropContext();
    this._send();
  }

  async _send() {
    this._busy = true;
    this.changed();
    const leave = switchOf("closes_after_click");
    if (leave) setTimeout(() => location.assign("/home"), leave.seconds * 1000);
    if (switchOf("click_twice")) this._askFor(this._parts[0], this.replyTo?.id ?? null);
    const answers = await this._askInOrder();
    this._busy = false;
    this._conclude(answers);
    this.changed();
  }

  /** One ask per part, each answering the one before; the first that fails ends it. */
  async _askInOrder() {
    const answers = [];
    let previous = this.replyTo?.id ?? null;
    for (const part of this._parts) {
      const answer = await this._askFor(part, previous);
      answers.push(answer);
      if (!("id" in answer) || answer.id === null) break;
      previous = answer.id;
    }
    return answers;
  }

  _askFor(part, replyTo) {
    const text = part.editor.text.replace(/\s+$/u, "");
    return ask({ text, replyTo, media: part.attachments.ids, isNote: viewer.premium && weightedLength(text) > LIMIT });
  }

  _conclude(answers) {
    const last = answers.at(-1);
    const succeeded = answers.length === this._parts.length && "id" in last;
    if (!succeeded) reportFailure(last);
    if (switchOf("silent_after_click")) return;
    this._say(succeeded, answers);
    const isThread = this._parts.length > 1;
    if ((succeeded || isThread) && !switchOf("keeps_text_after_success")) this._finish(succeeded);
  }

  _say(succeeded, answers) {
    const last = answers.at(-1);
    if (switchOf("toast_generic_error")) toastFailed();
    else if (succeeded) toastSent(viewer.handle, answers[0].id);
    else if ("refused" in last) toastRefused(last.refused);
    else toastFailed();
  }

  _finish(succeeded) {
    while (this._parts.length > 1) this._parts.pop().element.remove();
    this._current = 0;
    this._parts[0].clear();
    this._onDone(succeeded);
  }
}

function contextAtStart(replyTo) {
  return switchOf("reply_context_dropped")?.when === "open" ? null : replyTo;
}

function reportFailure(answer) {
  if ("refused" in answer) {
    reportRejection({ code: answer.refused, message: answer.message });
    if (answer.refused === 326) setTimeout(() => location.assign("/account/access"), 300);
  }
}
