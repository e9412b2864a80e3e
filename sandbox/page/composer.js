// Where posts are written: on the home page, under a post, and in the dialog.

import { ask, reportRejection } from "./api.js";
import { after, between, build, say, sayAround, switchOf, viewer } from "./bootstrap.js";
import { avatar, face, h, icon, link, setEnabled, wordButton } from "./dom.js";
import { Editor } from "./editor.js";
import { coverWhenReached } from "./layers.js";
import { LIMIT, NOTE_LIMIT, weightedLength } from "./length.js";
import { Attachments } from "./media.js";
import { sheetOf } from "./sheets.js";
import { toastFailed, toastRefused, toastSent } from "./toast.js";
import { Typeahead } from "./typeahead.js";

const RING = 2 * Math.PI * 9;

/** One part of a thread: a text box, its list of suggestions, its pictures. */
class Part {
  constructor(number, composer) {
    this._number = number;
    this._composer = composer;
    const suggestions = h("div", { class: "suggestions" });
    this.editor = this._makeEditor();
    this.typeahead = new Typeahead(this.editor, suggestions);
    this.attachments = new Attachments(() => composer.changed());
    this.main = h("div", { class: "part-main" }, this.editor.element, suggestions, this.attachments.element);
    this.element = h(
      "div",
      { class: "part" },
      h("div", { class: "part-side" }, avatar(viewer.handle, "composerAvatar"), h("div", { class: "part-line" })),
      this.main,
    );
  }

  _makeEditor() {
    const composer = this._composer;
    const editor = new Editor({
      testid: `tweetTextarea_${this._number}`,
      label: composer.boxLabel(this._number),
      placeholder: composer.placeholder(this._number),
      onChange: () => {
        this.typeahead?.update();
        composer.changed();
      },
      onKey: (event) => this.typeahead.key(event) || composer.key(event),
    });
    editor.box.addEventListener("focus", () => composer.activate(this._number));
    return editor;
  }

  /** A new box in place of the one that was there, as when a page is drawn again with what it knows by then: nothing. */
  replaceBox() {
    const hadFocus = document.activeElement === this.editor.box;
    const old = this.editor;
    this.editor = this._makeEditor();
    this.typeahead.close();
    this.typeahead.serve(this.editor);
    old.element.replaceWith(this.editor.element);
    if (hadFocus) this.editor.focus();
    this._composer.changed();
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

/** How a composer comes to life in this build, once it is on the page. */
const LIVES = {
  at_once: async (composer) => composer.start(),
  late: async (composer) => {
    composer.hideControls();
    composer.showSkeleton();
    await after(between(0.2, 0.9));
    composer.showBoxes();
    composer.start();
    await after(between(0.1, 0.6));
    composer.showControls();
  },
  inert: async (composer) => {
    composer.takesInput = false;
    await after(between(0.4, 1.2));
    composer.takesInput = true;
    composer.start();
  },
  replaced: async (composer) => {
    composer.start();
    await after(between(0.3, 0.8));
    composer.replaceBox();
  },
};

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
    this._inert = false;
    this._controlsShown = true;
    this._timesDrawnAnew = 0;
    this._parts = [];
    this._current = 0;
    this._partsHolder = h("div", { class: "parts" });
    this._makeControls();
    this._context = h("div", { class: "reply-context" });
    this.element = h("div", { class: place === "dialog" ? "composer in-dialog" : "composer in-page" }, this._context, this._partsHolder, this._footer);
    this.element.sandboxName = "composer";
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

  /** What the composer is called, for whoever cannot see it. */
  get name() {
    return this._namesParent ? say("Reply to {handle}", { handle: `@${this.replyTo.author}` }) : say("Write a post");
  }

  get _namesParent() {
    return this.replyTo !== null && build("reply") === "aria";
  }

  /** What a build of this kind puts into the dialog's header. */
  get inHeader() {
    return this._header ? [this._header] : [];
  }

  boxLabel(number) {
    return this._namesParent && number === 0 ? this.name : say("Post text");
  }

  placeholder(number) {
    if (number > 0) return say("Add another post");
    return say(this.replyTo ? "Post your reply" : "What’s happening?");
  }

  focus() {
    this._parts[this._current].editor.focus();
  }

  /** Put a draft in. */
  open(text) {
    this._parts[0].editor.setText(text);
    this.focus();
  }

  /** Nobody writes here any more. */
  leave() {
    for (const part of this._parts) part.typeahead.close();
  }

  addPart() {
    const number = this._parts.length;
    const part = new Part(number, this);
    this._parts.push(part);
    this._partsHolder.append(part.element);
    this._current = number;
    this._placeControls();
    this.changed();
    return part;
  }

  /** The caret is in this part now. */
  activate(number) {
    if (number === this._current) return;
    this._current = number;
    this._placeControls();
  }

  /** Something in a part is different. */
  changed() {
    if (!this._submit || this._parts.length === 0) return;
    if (!this.isEmpty) {
      sheetOf("typing")?.show();
      if (switchOf("reply_context_dropped")?.when === "typing") this._dropContext();
    }
    this._nameSubmit(this._label());
    const longest = Math.max(...this.texts.map(weightedLength));
    this._drawCounter(longest);
    setEnabled(this._submit, this._mayPost(longest));
    if (this._add) setEnabled(this._add, !this._inert && !this._parts.at(-1).isEmpty);
  }

  key(event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      this._submit.click();
      return true;
    }
    return false;
  }

  // -- coming to life

  /** To be called once the composer is on the page. */
  async comeToLife() {
    await LIVES[build("hydration")](this);
    // For the tests of this page only: a person sees that nothing moves any more.
    this.element.sandboxAlive = true;
  }

  start() {
    if (this.place === "dialog") this.focus();
  }

  showSkeleton() {
    const bars = [h("div", { class: "bar" }), h("div", { class: "bar short" })];
    this.element.replaceChildren(h("div", { class: "skeleton", "aria-busy": "true", role: "progressbar", "aria-label": say("Loading") }, ...bars));
  }

  showBoxes() {
    this.element.replaceChildren(this._context, this._partsHolder);
  }

  hideControls() {
    this._controlsShown = false;
    this._placeControls();
  }

  showControls() {
    this._controlsShown = true;
    this._placeControls();
  }

  replaceBox() {
    this._parts[0].replaceBox();
  }

  set takesInput(takes) {
    this._inert = !takes;
    for (const part of this._parts) part.editor.takesInput = takes;
    for (const control of this._footer.querySelectorAll("button, .as-button")) setEnabled(control, takes);
    this._file.toggleAttribute("disabled", !takes);
    this.changed();
  }

  _nameSubmit(label) {
    if (label === this._labelShown) return;
    this._labelShown = label;
    face(this._submit, label, "send");
  }

  _label() {
    if (this._parts.length > 1) return "Post all";
    return this.replyTo ? "Reply" : "Post";
  }

  _mayPost(longest) {
    if (this._busy || this._inert || this._limited) return false;
    const off = switchOf("disabled_button");
    if (off && !(off.unless_typed && this._parts.every((part) => part.editor.typedLast))) return false;
    const ready = this._parts.every((part) => !part.isEmpty && part.attachments.isReady);
    return ready && longest <= (viewer.premium ? NOTE_LIMIT : LIMIT);
  }

  // -- what it looks like

  _makeControls() {
    this._counter = h("div", { class: "counter", testid: "countdown-circle", role: "progressbar" });
    this._submit = wordButton("Post", "send", {
      class: "pill accent",
      role: "button",
      testid: this.place === "dialog" ? "tweetButton" : "tweetButtonInline",
      on: { click: () => this._clicked() },
    });
    const cover = switchOf("covered_at_click");
    if (cover) coverWhenReached(this._submit, cover);
    this._add = this.place === "dialog" ? tool("plus", "Add post", "addButton", () => this._drawAnew("add") || this.addPart().editor.focus()) : null;
    this._tools = this._makeTools();
    this._footer = h("div", { class: "composer-footer", testid: "toolBar" });
    this._header = build("tools") === "split" && this.place === "dialog" ? h("div", { class: "row" }) : null;
    const pieces = [this._tools, this._counter, this._add, this._submit].filter(Boolean);
    this._pieces = build("tools") === "reversed" ? pieces.reverse() : pieces;
  }

  _makeTools() {
    this._file = h("input", {
      type: "file",
      testid: "fileInput",
      multiple: true,
      accept: "image/jpeg,image/png,image/webp,image/gif",
      tabindex: "-1",
      class: "file-input",
    });
    const file = this._file;
    file.addEventListener("change", async () => {
      const files = [...file.files];
      file.value = "";
      await this._parts[this._current].attach(files);
    });
    const tools = [
      file,
      tool("image", "Add photos or video", "mediaButton", () => file.click()),
      tool("smile", "Add emoji", "emojiButton"),
      tool("calendar", "Schedule post", "scheduleOption"),
    ];
    return h("nav", { class: "tools", role: "navigation" }, ...(build("tools") === "reversed" ? tools.reverse() : tools));
  }

  /** Put the controls where this build has them: at the end, or in the part that has the caret. */
  _placeControls() {
    const part = this._parts[this._current];
    if (build("controls") === "active") this._renewTools();
    const shown = this._controlsShown ? this._pieces : [];
    const inHeader = this._header ? shown.filter((one) => one === this._add || one === this._submit) : [];
    this._header?.replaceChildren(...inHeader);
    this._footer.replaceChildren(...shown.filter((one) => !inHeader.includes(one)));
    for (const one of this._parts) one.attachments.active = one === part;
    const holder = build("controls") === "active" && this._parts.length > 1 ? part.main : this.element;
    if (!this._controlsShown) this._footer.remove();
    else if (this._footer.parentNode !== holder) holder.append(this._footer);
  }

  /** The tools of another part are other tools: nobody who holds on to the old ones reaches this part with them. */
  _renewTools() {
    const old = this._tools;
    this._tools = this._makeTools();
    this._pieces = this._pieces.map((one) => (one === old ? this._tools : one));
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
    const limit = this.place === "dialog" ? limitOn(this.replyTo) : null;
    this._limited = limit?.how === "dialog";
    const lines = this.replyTo ? CONTEXTS[build("reply")](this.replyTo.author) : [];
    const notice = this._limited && h("div", { class: "notice", role: "status" }, say("You can’t reply to this conversation."));
    this._context.replaceChildren(...[...lines, notice].filter(Boolean));
    this._context.hidden = this._context.childNodes.length === 0;
  }

  _dropContext() {
    this.replyTo = null;
    this._drawContext();
    if (this._parts[0]) this._parts[0].editor.label = this.boxLabel(0);
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
    this._drawAnew("click");
    this._askThenSend();
  }

  /** Replace the first box, if today's weather has it so for this moment; whether it had. */
  _drawAnew(how) {
    const due = switchOf("redrawn");
    if (due?.how !== how || this._timesDrawnAnew >= due.times) return false;
    this._timesDrawnAnew += 1;
    this.replaceBox();
    return true;
  }

  /** Whatever sheet comes between the click and the request has the say whether there is a request. */
  async _askThenSend() {
    const sheet = sheetOf("click");
    const undescribed = this._parts.find((part) => part.attachments.lacksDescription);
    if (sheet && (sheet.which !== "describe_pictures" || undescribed)) {
      const answered = sheet.show();
      this._drawAnew("sheet");
      const { answer, goesOn } = await answered;
      if (sheet.which === "describe_pictures" && answer === "yes") undescribed.attachments.describe();
      if (sheet.which === "drop_draft" && answer === "yes") this._finish(false);
      if (!goesOn) return;
    }
    await this._send();
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
    this._placeControls();
    this._parts[0].clear();
    this._onDone(succeeded);
  }
}

/** What a build shows of whom a composer answers. */
const CONTEXTS = {
  links: (author) => sayAround("Replying to {handle}", { handle: link(`/${author}`, {}, `@${author}`) }).map((piece) => (typeof piece === "string" ? h("span", { class: "quiet" }, piece) : piece)),
  button: (author) => [h("button", { class: "text-button plain", type: "button" }, say("Replying to {handle}", { handle: `@${author}` }))],
  parent: () => [],
  aria: () => [],
};

function tool(name, label, testid, onClick = () => {}) {
  return h("button", { class: "round tool", type: "button", "aria-label": say(label), testid, on: { click: onClick } }, icon(name));
}

/** Today's limit on who may answer a post, or null. */
export function limitOn(post) {
  const limit = switchOf("replies_limited");
  return limit && post && (!limit.of || limit.of === post.id) ? limit : null;
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
