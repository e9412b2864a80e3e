// What this build of the page makes of a post's article: its words in the page's language, never those of the post.

import { language, say } from "./bootstrap.js";
import { limitOn } from "./composer.js";
import { setEnabled } from "./dom.js";

/** The article of a post, as this build has it. */
export function inThisBuild(post, element) {
  if (language !== "en") translate(post, element);
  const reply = element.querySelector(".action.reply");
  if (reply && limitOn(post)?.how === "button") setEnabled(reply, false);
  return element;
}

function translate(post, element) {
  const shown = post.repostOf ?? post;
  each(element, ".context-line span", (one) => {
    one.textContent = one.textContent === "Pinned" ? say("Pinned") : say("{name} reposted", { name: post.name });
  });
  each(element, ".ad", (one) => (one.textContent = say("Ad")));
  each(element, ".show-more", (one) => (one.textContent = say("Show more")));
  each(element, ".replying", (one) => translateContext(one));
  each(element, ".caret", (one) => one.setAttribute("aria-label", say("More")));
  each(element, ".action", (one) => one.setAttribute("aria-label", actionName(one, shown)));
  each(element, ".focal-time > .quiet", (one) => (one.textContent = ` · ${say("{n} views", { n: String(shown.counts.views) })}`));
  each(element, "time", (one) => (one.textContent = dateOf(one)));
}

function each(element, selector, change) {
  for (const one of element.querySelectorAll(selector)) change(one);
}

const ACTIONS = { retweet: "Repost", like: "Like", bookmark: "Bookmark" };

function actionName(button, post) {
  const kind = Object.keys(ACTIONS).find((one) => button.classList.contains(one));
  if (kind) return say(ACTIONS[kind]);
  const counts = button.classList.contains("reply") ? ["{n} Replies. Reply", post.counts.reply] : ["{n} views", post.counts.views];
  return say(counts[0], { n: String(counts[1]) });
}

function translateContext(line) {
  // A reply to several people names them all, with words between.
  const names = [...line.childNodes].slice(1);
  if (names.length === 0) return;
  const [before, behind] = say("Replying to {handle}").split("{handle}");
  line.replaceChildren(before, ...names, behind);
}

function dateOf(time) {
  return new Intl.DateTimeFormat(language, { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" }).format(new Date(time.dateTime));
}
