// The dialog in which posts and replies are written, over whatever page was open before.

import { after, build, say, switchOf } from "./bootstrap.js";
import { Composer } from "./composer.js";
import { h, wordButton } from "./dom.js";
import { drafts, dropDraft, keepDraft } from "./drafts.js";
import { confirm, openDialog, openSheet } from "./layers.js";
import { sheetOf } from "./sheets.js";
import { quotedPost } from "./tweet.js";

/** Open the dialog. `onClosed` hears when it is gone, and whether something was sent. */
export function openComposer({ replyTo = null, text = "", onClosed }) {
  if (switchOf("no_composer")) return openNothing(onClosed);
  const composer = new Composer({ place: "dialog", replyTo, text, onDone: (sent) => close(sent) });
  const context = composer.replyTo && build("reply") !== "aria" ? [quotedPost(composer.replyTo)] : [];
  const body = h("div", { class: "dialog-body" }, ...context);
  const dialog = openDialog({
    label: composer.name,
    header: [...unsentButton(composer), ...composer.inHeader],
    content: [body],
    onCloseClick: () => askAndClose(composer, close),
  });
  composer.onContextLost = () => {
    context.forEach((one) => one.remove());
    dialog.rename(composer.name);
  };
  function close(sent = false) {
    composer.leave();
    dialog.close();
    onClosed(sent);
  }
  showWhenReady(body, composer);
  sheetOf("open")?.show();
  return { close };
}

async function showWhenReady(body, composer) {
  const wait = switchOf("slow_composer")?.seconds ?? 0;
  if (wait > 0) await after(wait);
  body.append(composer.element);
  composer.comeToLife();
}

function openNothing(onClosed) {
  const spinner = h("div", { class: "spinner", role: "progressbar", "aria-label": say("Loading") });
  const dialog = openDialog({
    label: say("Write a post"),
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
    title: say("Save post?"),
    text: say("You can save this to send later from your drafts."),
    yes: "Save",
    no: "Discard",
    drawings: ["draft", "trash"],
  });
  if (keep) keepDraft(composer.texts.join("\n\n"));
  close();
}

function unsentButton(composer) {
  if (drafts().length === 0 && !switchOf("leftover_draft")) return [];
  return [wordButton("Drafts", "draft", { class: "text-button", testid: "unsentButton", on: { click: () => chooseDraft(composer) } })];
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
  const title = say("Drafts");
  const sheet = openSheet({ testid: "unsentSheet", label: title, content: [h("h2", {}, title), ...rows] });
}
