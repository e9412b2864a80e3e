// What lies over the page: dialogs, sheets, and whatever covers the Post button on a bad day.

import { switchOf } from "./bootstrap.js";
import { h, icon } from "./dom.js";

const layers = document.getElementById("layers");

function layer(testid, ...content) {
  const one = h("div", { class: "layer" }, h("div", { class: "mask", testid }), ...content);
  layers.append(one);
  return one;
}

/** Open a dialog over the page. Its close button and Escape only call `onCloseClick`: that may have questions. */
export function openDialog({ label, header = [], content, onCloseClick }) {
  const close = h(
    "button",
    { class: "round", type: "button", testid: "app-bar-close", "aria-label": "Close", on: { click: () => onCloseClick() } },
    icon("close"),
  );
  const dialog = h(
    "div",
    { class: "dialog", role: "dialog", "aria-modal": "true", "aria-label": label },
    h("div", { class: "dialog-header" }, close, h("div", { class: "spacer" }), ...header),
    ...content,
  );
  const one = layer("mask", dialog);
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) onCloseClick();
  });
  return { element: dialog, close: () => one.remove() };
}

/** Open a small sheet in the middle of the page. */
export function openSheet({ testid, label, content }) {
  const one = layer("sheet-mask");
  const close = () => one.remove();
  one.append(
    h(
      "div",
      { class: "sheet", role: "dialog", "aria-modal": "true", "aria-label": label, testid },
      h(
        "button",
        { class: "round", type: "button", testid: "SheetClose", "aria-label": "Close", on: { click: close } },
        icon("close"),
      ),
      ...content,
    ),
  );
  return { close };
}

/** Ask a question with two answers; resolves to true for the first, false for the second. */
export function confirm({ title, text, yes, no }) {
  return new Promise((resolve) => {
    const one = layer("mask");
    const answer = (value) => {
      one.remove();
      resolve(value);
    };
    one.append(
      h(
        "div",
        { class: "sheet", role: "alertdialog", "aria-modal": "true", testid: "confirmationSheetDialog" },
        h("h2", {}, title),
        h("p", { class: "quiet" }, text),
        h(
          "button",
          { class: "pill light", type: "button", testid: "confirmationSheetConfirm", on: { click: () => answer(true) } },
          yes,
        ),
        h(
          "button",
          { class: "pill outline", type: "button", testid: "confirmationSheetCancel", on: { click: () => answer(false) } },
          no,
        ),
      ),
    );
  });
}

/** Cover the whole page, if today's weather says so. */
export function maybeCover() {
  const cover = switchOf("overlay");
  if (!cover) return;
  const accept = h("button", { class: "pill light", type: "button" }, "Accept all cookies");
  const banner = h(
    "div",
    { class: "cookie-banner" },
    h("p", {}, "Did someone say … cookies? We use them to keep this page in one piece."),
    cover.dismissable && accept,
  );
  const one = h("div", { class: "cover", testid: "twc-cc-mask" }, banner);
  accept.addEventListener("click", () => one.remove());
  layers.append(one);
}
