// The pages behind the addresses.

import { say, suspended, switchOf, viewer } from "./bootstrap.js";
import { Composer } from "./composer.js";
import { avatar, h, icon, link } from "./dom.js";
import { Timeline } from "./timeline.js";

/** A column with a heading. `close` is called when the page leaves it. */
function column(title, content, { back = true, close = () => {} } = {}) {
  const arrow = h("button", { class: "round", type: "button", testid: "app-bar-back", "aria-label": say("Back"), on: { click: () => history.back() } }, icon("back"));
  const element = h(
    "div",
    { class: "primary-column", testid: "primaryColumn" },
    h("div", { class: "heading" }, back && arrow, h("h2", { role: "heading" }, title)),
    suspended && h("div", { class: "banner", role: "alert" }, say("Your account is suspended and is not permitted to post.")),
    ...content,
  );
  return { element, close };
}

function inlineComposer(options) {
  if (switchOf("no_composer")) return null;
  return new Composer({ place: "inline", ...options });
}

/** A composer comes to life once it is on the page. */
function enliven(composer) {
  setTimeout(() => composer?.comeToLife());
}

export function home({ reply, writes = true }) {
  const timeline = new Timeline({ operation: "HomeTimeline", variables: { count: 20 }, label: say("Timeline: Your Home Timeline"), empty: say("Welcome!"), onReply: reply });
  const composer = writes ? inlineComposer({ onDone: () => timeline.load() }) : null;
  enliven(composer);
  timeline.load();
  const content = [composer?.element, timeline.element].filter(Boolean);
  return { ...column(say("For you"), content, { back: false, close: () => timeline.close() }), refresh: () => timeline.load() };
}

export function profile({ handle, withReplies, reply }) {
  const operation = withReplies ? "UserTweetsAndReplies" : "UserTweets";
  const timeline = new Timeline({
    operation,
    variables: { screen_name: handle, count: 20 },
    label: say("Timeline: {handle}’s posts", { handle }),
    empty: say("{handle} hasn’t posted", { handle: `@${handle}` }),
    onReply: reply,
  });
  timeline.load();
  const tab = (path, label, selected) => link(path, { class: selected ? "tab selected" : "tab", role: "tab", "aria-selected": String(selected) }, label);
  const head = h(
    "div",
    { class: "profile" },
    h("div", { class: "profile-banner" }),
    h("div", { class: "profile-face" }, avatar(handle, `UserAvatar-Container-${handle}`)),
    h("div", { class: "profile-name", testid: "UserName" }, h("strong", {}, handle.replace("_", " ")), h("span", { class: "quiet" }, `@${handle}`)),
    h("nav", { class: "tabs", role: "tablist" }, tab(`/${handle}`, say("Posts"), !withReplies), tab(`/${handle}/with_replies`, say("Replies"), withReplies)),
  );
  return { ...column(handle, [head, timeline.element], { close: () => timeline.close() }), refresh: () => timeline.load() };
}

export function status({ id, reply }) {
  let composer = null;
  const timeline = new Timeline({
    operation: "TweetDetail",
    variables: { focalTweetId: id },
    label: say("Timeline: Conversation"),
    empty: "",
    onReply: reply,
    arrange: (items) => {
      const focal = items.findIndex((item) => item.post.id === id);
      if (focal < 0) return items;
      items[focal].kind = "focal";
      if (!viewer) return items;
      if (!composer) enliven((composer = inlineComposer({ replyTo: items[focal].post, onDone: () => timeline.load() })));
      if (!composer) return items;
      const place = { key: "inline-reply", element: h("div", { class: "inline-reply", testid: "inline_reply_offscreen" }, composer.element), stays: true };
      return [...items.slice(0, focal + 1), place, ...items.slice(focal + 1)];
    },
  });
  timeline.load();
  return { ...column(say("Post|heading"), [timeline.element], { close: () => timeline.close() }), refresh: () => timeline.load() };
}

function card(title, ...content) {
  return { element: h("main", { class: "card", role: "main" }, h("div", { class: "logo" }, icon("close")), h("h1", {}, title), ...content), close: () => {}, bare: true };
}

export function login() {
  return card(
    say("Sign in to X"),
    h("input", { class: "field", testid: "ocfEnterTextTextInput", name: "text", autocomplete: "username", placeholder: say("Phone, email, or username") }),
    h("button", { class: "pill light", type: "button", testid: "ocfEnterTextNextButton" }, say("Next")),
    h("a", { class: "pill outline", href: "/i/flow/login", testid: "loginButton" }, say("Log in")),
  );
}

export function consent() {
  return card(
    say("Before you continue"),
    h("p", { class: "quiet" }, say("Review how your data is used. You need to agree before you can use your account.")),
    h("button", { class: "pill light", type: "button", testid: "ocfConsentButton" }, say("Continue")),
  );
}

export function challenge() {
  return card(
    say("Confirm your identity"),
    h("p", { class: "quiet", role: "alert" }, say("There was unusual activity on your account. To keep it safe, verify your phone number.")),
    h("input", { class: "field", testid: "ocfEnterTextTextInput", name: "challenge", placeholder: say("Phone number") }),
    h("button", { class: "pill light", type: "button", testid: "ocfEnterTextNextButton" }, say("Next")),
  );
}

export function locked() {
  return card(
    say("Your account has been locked."),
    h("p", { class: "quiet", role: "alert" }, say("What happened? Your account appears to have shown automated behavior. To unlock your account, you must complete the following: pass a captcha.")),
    h("button", { class: "pill light", type: "button" }, say("Start")),
  );
}

export function nothing() {
  return column("", [h("div", { class: "note", testid: "error-detail" }, h("span", {}, say("Hmm...this page doesn’t exist. Try searching for something else.")), link("/explore", { class: "pill accent" }, say("Search")))]);
}
