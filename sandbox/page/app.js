// The page's frame: which view belongs to an address, the navigation beside it, the dialog over it.

import { look } from "./api.js";
import { build, say, switchOf, veiled, viewer } from "./bootstrap.js";
import { openComposer } from "./compose.js";
import { limitOn } from "./composer.js";
import { avatar, face, h, icon, link } from "./dom.js";
import { maybeCover, question } from "./layers.js";
import { sheetOf } from "./sheets.js";
import { readInstructions } from "./timeline.js";
import * as views from "./views.js";

const root = document.getElementById("react-root");
const main = h("main", { class: "main", role: "main" });

let current = null;
let dialog = null;

const ROUTES = [
  [/^\/home\/?$/, () => views.home({ reply })],
  [/^\/compose\/(?:post|tweet)\/?$/, () => views.home({ reply, writes: behind() }), () => write({})],
  [/^\/intent\/(?:post|tweet)\/?$/, () => views.home({ reply, writes: behind() }), () => writeIntent()],
  [/^\/i\/flow\/login/, () => views.login()],
  [/^\/i\/flow\/consent/, () => views.consent()],
  [/^\/i\/flow\//, () => views.challenge()],
  [/^\/account\//, () => views.locked()],
  [/^\/i\/(?:web\/)?status\/(\d+)/, (id) => views.status({ id, reply })],
  [/^\/(\w+)\/status\/(\d+)/, (_, id) => views.status({ id, reply })],
  [/^\/(\w+)\/with_replies\/?$/, (handle) => views.profile({ handle, withReplies: true, reply })],
  [/^\/(\w+)\/?$/, (handle) => views.profile({ handle, withReplies: false, reply })],
];

/** Whether the page behind the dialog has a composer of its own in this build. */
function behind() {
  return build("behind") === "composer";
}

/** Show what belongs to the address. */
function show() {
  const path = location.pathname;
  const [pattern, make, over] = ROUTES.find(([one]) => one.test(path)) ?? [/.*/, views.nothing];
  dialog?.close();
  current?.close();
  current = make(...path.match(pattern).slice(1));
  document.body.classList.toggle("bare", Boolean(current.bare));
  document.querySelector(".strangers-bar")?.remove();
  if (!viewer && !veiled && !current.bare) root.append(strangersBar());
  main.replaceChildren(current.element);
  scrollTo(0, 0);
  over?.();
}

function go(path) {
  history.pushState({}, "", path);
  show();
}

// -- writing

async function writeIntent() {
  const query = new URLSearchParams(location.search);
  const id = query.get("in_reply_to");
  const replyTo = id ? await postWithId(id) : null;
  write({ text: query.get("text") ?? "", replyTo });
}

async function postWithId(id) {
  const answer = await look("TweetDetail", { focalTweetId: id });
  if (answer.failed) return null;
  return readInstructions(answer.instructions).items.find((item) => item.post.id === id)?.post ?? null;
}

/** Ask for news all the time, as the real page does: its network is never idle. */
function keepBusy() {
  setInterval(() => fetch("/i/api/2/badge_count.json").catch(() => {}), 400);
}

/** Open the dialog over the view that is there. Its address is only for show: what is replied to is not in it. */
function write({ replyTo = null, text = "" }) {
  const under = /^\/(compose|intent)\//.test(location.pathname) ? "/home" : location.pathname;
  if (!location.pathname.startsWith("/compose/")) history.pushState({ over: under }, "", "/compose/post");
  dialog = openComposer({
    replyTo,
    text,
    onClosed: (sent) => {
      dialog = null;
      history.replaceState({}, "", under);
      if (sent) current?.refresh?.();
    },
  });
}

function reply(post) {
  if (!viewer) return go("/i/flow/login");
  return limitOn(post)?.how === "sheet" ? explainLimit(post) : write({ replyTo: post });
}

function explainLimit(post) {
  const text = say("Only people {handle} mentioned can reply.", { handle: `@${post.author}` });
  return question({ title: say("Who can reply?"), text, yes: "Got it", closable: true });
}

// -- the frame

function navigation() {
  const entry = (path, sign, label, testid) => link(path, { class: "nav-entry", testid, "aria-label": say(label) }, icon(sign), h("span", {}, say(label)));
  const post = h("button", { class: "pill light wide", type: "button", testid: "SideNav_NewTweet_Button", "aria-label": say("Post") });
  face(post, "Post", "send");
  post.addEventListener("click", () => write({}));
  return h(
    "header",
    { class: "side", role: "banner" },
    h("h1", { class: "logo" }, link("/home", { "aria-label": "X" }, icon("close"))),
    h(
      "nav",
      { role: "navigation", "aria-label": say("Primary") },
      entry("/home", "home", "Home", "AppTabBar_Home_Link"),
      entry("/explore", "search", "Explore", "AppTabBar_Explore_Link"),
      entry("/notifications", "bell", "Notifications", "AppTabBar_Notifications_Link"),
      entry("/messages", "mail", "Messages", "AppTabBar_DirectMessage_Link"),
      entry(`/${viewer.handle}`, "person", "Profile", "AppTabBar_Profile_Link"),
    ),
    post,
    h("div", { class: "spacer" }),
    h(
      "button",
      { class: "account", type: "button", testid: "SideNav_AccountSwitcher_Button", "aria-label": say("Account menu") },
      avatar(viewer.handle, `UserAvatar-Container-${viewer.handle}`),
      h("span", {}, h("strong", {}, viewer.name), h("span", { class: "quiet" }, `@${viewer.handle}`)),
    ),
  );
}

function strangersBar() {
  return h(
    "div",
    { class: "strangers-bar", testid: "BottomBar" },
    h("strong", {}, say("Don’t miss what’s happening")),
    h("a", { class: "pill outline", href: "/i/flow/login", testid: "loginButton" }, say("Log in")),
    h("a", { class: "pill light", href: "/i/flow/signup", testid: "signupButton" }, say("Sign up")),
  );
}

function sidebar() {
  return h(
    "aside",
    { class: "aside", testid: "sidebarColumn" },
    h("div", { class: "search" }, icon("search"), h("input", { testid: "SearchBox_Search_Input", placeholder: say("Search"), "aria-label": say("Search query") })),
    h("section", { class: "box" }, h("h2", {}, say("What’s happening")), ...["Bread", "Slow evenings", "Small releases"].map(trend)),
  );
}

function trend(topic) {
  return h("div", { class: "trend", testid: "trend" }, h("span", { class: "quiet" }, say("Trending")), h("strong", {}, topic));
}

function followInternalLinks() {
  document.addEventListener("click", (event) => {
    const anchor = event.target.closest?.("a[data-internal]");
    if (!anchor || event.defaultPrevented || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    go(anchor.getAttribute("href"));
  });
  addEventListener("popstate", show);
}

function start() {
  root.append(h("div", { class: "frame" }, viewer ? navigation() : null, main, viewer ? sidebar() : null));
  followInternalLinks();
  show();
  maybeCover();
  if (!dialog) sheetOf("open")?.show();
  if (viewer) keepBusy();
  if (switchOf("page_error")) {
    setTimeout(() => {
      throw new Error("Minified error #185");
    });
  }
}

start();
