// Short messages at the bottom of the page. Each one is a new element, and goes by itself.

import { say } from "./bootstrap.js";
import { h, link } from "./dom.js";

const STAYS_MS = 6000;

const SOMETHING_WENT_WRONG = "Something went wrong, but don’t fret — let’s give it another shot.";

const REFUSALS = {
  32: "Could not authenticate you.",
  37: "Your account is suspended and is not permitted to perform this action.",
  64: "Your account is suspended and is not permitted to perform this action.",
  88: "Rate limit exceeded. Please slow down and try again later.",
  141: "Your account is suspended and is not permitted to perform this action.",
  185: "You are over the daily limit for sending posts.",
  186: "Your post is too long: it is over the character limit.",
  187: "Whoops! You already said that.",
  226:
    "This request looks like it might be automated. To protect our users from spam and other malicious activity, " +
    "we can't complete this action right now. Please try again later.",
  324: "Your media could not be attached.",
  326: "To protect our users, this account is temporarily locked.",
  344: "You are over the daily limit for sending posts.",
  366: "To take this action, please verify your e-mail address.",
  385: "You attempted to reply to a post that is deleted or not visible to you.",
  433: "The author restricted who can reply to this post.",
};

function show(...content) {
  const toast = h("div", { class: "toast", testid: "toast", role: "status" }, ...content);
  const holder = h("div", { class: "toast-holder", role: "alert", "aria-live": "assertive" }, toast);
  document.getElementById("layers").append(holder);
  setTimeout(() => holder.remove(), STAYS_MS);
}

/** Say that a post was sent, with the way to it where the id is known. */
export function toastSent(handle, id) {
  const view = id && link(`/${handle}/status/${id}`, { class: "toast-link" }, say("View"));
  show(h("span", {}, say("Your post was sent.")), view);
}

/** Say why an ask came to nothing. */
export function toastRefused(code) {
  show(h("span", {}, say(REFUSALS[code] ?? SOMETHING_WENT_WRONG)));
}

/** Say that nobody knows what happened. */
export function toastFailed() {
  show(h("span", {}, say(SOMETHING_WENT_WRONG)));
}

/** Say anything. */
export function toast(text) {
  show(h("span", {}, text));
}
