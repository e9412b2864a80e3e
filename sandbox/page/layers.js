// What lies over the page: dialogs, sheets, and whatever covers the Post button on a bad day.

import { build, say, switchOf } from "./bootstrap.js";
import { h, icon, wordButton } from "./dom.js";

const layers = document.getElementById("layers");

/** The dialogs that are open, the topmost last: some builds open their sheets inside them. */
const open = [];

function maskOf(testid) {
  return h("div", { class: "mask", testid });
}

function closeButton(testid, onClick) {
  return h("button", { class: "round", type: "button", testid, "aria-label": say("Close"), on: { click: onClick } }, icon("close"));
}

// -- dialogs

/** Open a dialog over the page. Its close button and Escape only call `onCloseClick`: that may have questions. */
export function openDialog({ label, header = [], content, onCloseClick }) {
  const bar = h("div", { class: "dialog-header" }, closeButton("app-bar-close", () => onCloseClick()), h("div", { class: "spacer" }), ...header);
  const { element, parts } = BUILDS[build("dialog")]({ label, bar, content });
  layers.append(...parts);
  open.push(element);
  element.sandboxName = "dialog";
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) onCloseClick();
  });
  return { element, header: bar, close: () => closeDialog(element, parts), rename: (name) => rename(element, name) };
}

function closeDialog(element, parts) {
  open.splice(open.indexOf(element), 1);
  for (const one of parts) one.remove();
}

function rename(element, name) {
  const heading = element.querySelector("#modal-header");
  if (heading) heading.textContent = name;
  else if (element.hasAttribute("role")) element.setAttribute("aria-label", name);
}

const BUILDS = {
  nested: ({ label, bar, content }) => {
    const element = h("div", { class: "dialog", role: "dialog", "aria-modal": "true", "aria-label": label }, bar, ...content);
    return { element, parts: [h("div", { class: "layer" }, maskOf("mask"), element)] };
  },
  deep: ({ label, bar, content }) => {
    const heading = h("h2", { id: "modal-header", class: "unseen", role: "heading", "aria-level": "2" }, label);
    const inner = h("div", { class: "dialog" }, h("div", {}, h("div", { class: "r-1" }, heading, bar)), h("div", {}, h("div", {}, ...content)));
    const element = h("div", { role: "dialog", "aria-modal": "true", "aria-labelledby": "modal-header" }, h("div", {}, inner));
    return { element, parts: [h("div", { class: "layer" }, h("div", {}, h("div", {}, maskOf("mask"))), h("div", { role: "group" }, h("div", { tabindex: "-1" }, element)))] };
  },
  flat: ({ label, bar, content }) => {
    const element = h("div", { class: "layer flat", role: "dialog", "aria-modal": "true", "aria-label": label }, maskOf("mask"), bar, ...content);
    return { element, parts: [element] };
  },
  loose: ({ bar, content }) => {
    const mask = maskOf("mask");
    mask.classList.add("loose");
    const element = h("div", { class: "dialog loose" }, bar, ...content);
    return { element, parts: [mask, element] };
  },
};

// -- sheets

/** Put a sheet where this build has them; returns how to take it away. */
function place(sheet, testid) {
  const masked = build("sheets") !== "bare";
  const holder = h("div", { class: masked ? "layer over" : "layer over bare-layer" }, masked && maskOf(testid), sheet);
  const inside = build("sheets") === "inside" && open.length > 0;
  (inside ? open.at(-1) : layers).append(holder);
  // A key that a sheet takes must not reach the dialog that it was opened in.
  holder.addEventListener("keydown", (event) => event.stopPropagation());
  return () => holder.remove();
}

/** Open a small sheet in the middle of the page. `closable` ones have a button for it, and Escape. */
export function openSheet({ testid, label, content, role = "dialog", mask = "sheet-mask", closable = true, closeTestid = "SheetClose", takesFocus = false, onClose = () => {} }) {
  const shut = () => {
    close();
    onClose();
  };
  const button = closable && closeButton(closeTestid, shut);
  const sheet = h("div", { class: "sheet", role, "aria-modal": build("sheets") === "bare" ? null : "true", "aria-label": label, tabindex: "-1", testid }, button, ...content);
  const close = place(sheet, mask);
  sheet.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && closable) shut();
  });
  if (takesFocus) sheet.focus();
  return { element: sheet, close };
}

/**
 * Ask a question; resolves to "yes", "no" or, where there is a way round it, "closed".
 * The first answer is the one that the page would like to hear.
 */
export function question({ title, text, yes, no = null, closable = false, takesFocus = false, drawings = ["check", "close"] }) {
  return new Promise((resolve) => {
    const choose = (answer) => () => {
      sheet.close();
      resolve(answer);
    };
    const primary = wordButton(yes, drawings[0], { class: "pill light", testid: "confirmationSheetConfirm", on: { click: choose("yes") } });
    const secondary = no && wordButton(no, drawings[1], { class: "pill outline", testid: "confirmationSheetCancel", on: { click: choose("no") } });
    const sheet = openSheet({
      testid: "confirmationSheetDialog",
      role: "alertdialog",
      label: title,
      mask: "mask",
      closable,
      takesFocus,
      onClose: () => resolve("closed"),
      content: [h("h2", {}, title), h("p", { class: "quiet" }, text), primary, secondary].filter(Boolean),
    });
  });
}

/** Ask a question with two answers; resolves to true for the first, false for the second. */
export async function confirm(asked) {
  return (await question(asked)) === "yes";
}

// -- covers

/** Cover the whole page, if today's weather says so. */
export function maybeCover() {
  const cover = switchOf("overlay");
  if (!cover) return;
  const accept = wordButton("Accept all cookies", "check", { class: "pill light" });
  const banner = h(
    "div",
    { class: "cookie-banner" },
    h("p", {}, say("Did someone say … cookies? We use them to keep this page in one piece.")),
    cover.dismissable && accept,
  );
  const one = h("div", { class: "cover", testid: "twc-cc-mask" }, banner);
  accept.addEventListener("click", () => one.remove());
  layers.append(one);
}

/** Have something slip over an element in the moment in which a pointer reaches it. */
export function coverWhenReached(element, { seconds, times }) {
  let left = times ?? Infinity;
  element.addEventListener("pointerover", () => {
    if (left <= 0) return;
    left -= 1;
    const card = h("div", { class: "hover-card", testid: "HoverCard" });
    Object.assign(card.style, around(element.getBoundingClientRect()));
    layers.append(card);
    if (seconds > 0) setTimeout(() => card.remove(), seconds * 1000);
  });
}

function around({ left, top, width, height }) {
  return { left: `${left - 40}px`, top: `${top - 40}px`, width: `${width + 80}px`, height: `${height + 80}px` };
}
