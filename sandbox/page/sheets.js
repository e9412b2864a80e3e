// Sheets that nobody asked for: when the page opens, while somebody writes, or between a click on Post and its request.

import { say, switchesOf } from "./bootstrap.js";
import { reportSheet } from "./api.js";
import { h, wordButton } from "./dom.js";
import { openSheet, question } from "./layers.js";

/**
 * What each sheet says. `goes_on` tells which answers let a post go on its way when the sheet came after the click; with
 * any other answer the composer is as it was.
 */
const SHEETS = {
  describe_pictures: {
    title: "Don’t forget to make your image accessible",
    text: "A description helps people who cannot see the image. You can add it now.",
    yes: "Add description",
    no: "Not this time",
    drawings: ["image", "close"],
    closable: true,
    goes_on: ["no"],
  },
  drop_draft: {
    title: "Delete draft?",
    text: "This can’t be undone, and what you wrote will be gone.",
    yes: "Delete",
    no: "Keep editing",
    drawings: ["trash", "draft"],
    goes_on: [],
  },
  premium: {
    title: "Write longer posts with Premium",
    text: "Subscribe to get verified and to reach more people.",
    yes: "Subscribe",
    no: "Maybe later",
    drawings: ["verified", "close"],
    closable: true,
    goes_on: [],
  },
  public: {
    title: "Your post will be public",
    text: "Everybody can see it and share it.",
    yes: "Got it",
    drawings: ["check"],
    closable: true,
    goes_on: ["yes"],
  },
  notifications: {
    title: "Turn on notifications",
    text: "Get the most out of X by staying up to date.",
    yes: "Turn on",
    no: "Not now",
    drawings: ["bell", "close"],
    closable: true,
    goes_on: [],
  },
  shortcuts: {
    title: "Keyboard shortcuts",
    text: "n: new post, j: next, k: previous",
    yes: "Done",
    drawings: ["check"],
    closable: true,
    goes_on: ["yes", "closed"],
  },
};

/** The sheet that today's weather has for a moment (`open`, `typing`, `click`), or null. Each comes `times` times a page. */
export function sheetOf(when) {
  const due = switchesOf("sheet").find((one) => one.when === when && left(one) > 0);
  return due ? { which: due.which, show: () => show(due) } : null;
}

const shown = new Map();

function left(sheet) {
  return sheet.times - (shown.get(sheet) ?? 0);
}

/** Show it; resolves to the answer, and whether a post goes on its way with it. */
async function show(sheet) {
  shown.set(sheet, (shown.get(sheet) ?? 0) + 1);
  if (sheet.which === "challenge") return challenge();
  const { goes_on: goesOn, title, text, ...rest } = SHEETS[sheet.which];
  const answer = await question({ title: say(title), text: say(text), takesFocus: true, ...rest });
  reportSheet({ sheet: sheet.which, answer });
  if (sheet.which === "premium" && answer === "yes") location.assign("/i/premium_sign_up");
  return { answer, goesOn: goesOn.includes(answer) };
}

/** The network asks for a person. Whoever closes this has not answered it, and the network hears of that. */
function challenge() {
  return new Promise((resolve) => {
    const start = wordButton("Start", "next", { class: "pill light", testid: "confirmationSheetConfirm", on: { click: () => location.assign("/account/access") } });
    const title = say("Verify that you are human");
    openSheet({
      testid: "challengeSheet",
      role: "alertdialog",
      label: title,
      takesFocus: true,
      content: [h("h2", {}, title), h("p", { class: "quiet" }, say("There is unusual activity on this account. Unlock it to go on.")), start],
      onClose: () => {
        reportSheet({ sheet: "challenge", answer: "dismissed" });
        resolve({ answer: "dismissed", goesOn: false });
      },
    });
  });
}
