// The dialog in which posts and replies are written, over whatever page was open before.

import { switchOf } from "./bootstrap.js";
import { Composer } from "./composer.js";
import { h } from "./dom.js";
import { drafts, dropDraft, keepDraft } from "./drafts.js";
import { confirm, openDialog, openSheet } from "./layers.js";
import { quotedPost } from "./tweet.js";

/** Open the dialog. `onClosed` hears when it is gone, and whether something was sent. */
export function openComposer({ replyTo = null, text = "", onClosed }) {
  if (switchOf("no_composer")) return openNothing(onClosed);
  const wait = switchOf("slow_composer")?.seconds ?? 0;
  const composer = new Composer({ place: "dialog", replyTo, text, onDone: (sent) => close(sent) });
  const context = composer.replyTo ? [quotedPost(composer.replyTo)] : [];
  composer.onContextLost = () => context.forEach((one) => one.remove());
  const body = h("div", { class: "dialog-body" }, ...context);
  const dialog = openDialog({
    label: "Write a post",
    header: unsentButton(composer),
    content: [body],
    onCloseClick: () => askAndClose(composer, close),
  });
  function close(sent = false) {
    dialog.close();
    onClosed(sent);
  }
  const show = () => {
    body.append(composer.element);
    composer.focus();
  };
  if (wait > 0) setTimeout(show, wait * 1000);
  else show();
  return { close };
}

function openNothing(onClosed) {
  const spinner = h("div", { class: "spinner", role: "progressbar", "aria-label": "Loading" });
  const dialog = openDialog({
    label: "Write a post",
    content: [spinner],
    onCloseClick: () => {
      dialog.close();
      onClosed(false);
    },
  });
  return dialog;
}

async function askAndClose(composer, close) {
  if (composer.isEmpty) {
    close();
    return;
  }
  const keep = await confirm({
    title: "Save post?",
    text: "You can save this to send later from your drafts.",
    yes: "Save",
    no: "Discard",
  });
  if (keep) keepDraft(composer.texts.join("\n\n"));
  close();
}

function unsentButton(composer) {
  if (drafts().length === 0 && !switchOf("leftover_draft")) return [];
  const button = h("button", { class: "text-button", type: "button", testid: "unsentButton" }, "Drafts");
  button.addEventListener("click", () => chooseDraft(composer));
  return [button];
}

function chooseDraft(composer) {
  const rows = drafts().map((text) => {
    const row = h("button", { class: "draft", type: "button", testid: "unsentTweet" }, text);
    row.addEventListener("click", () => {
      dropDraft(text);
      sheet.close();
      composer.open(text);
    });
    return row;
  });
  const sheet = openSheet({ testid: "unsentSheet", label: "Drafts", content: [h("h2", {}, "Drafts"), ...rows] });
}
