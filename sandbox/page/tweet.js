// One post as it is shown on timelines and on its own page.

import { switchOf } from "./bootstrap.js";
import { avatar, h, icon, link } from "./dom.js";
import { openMenu } from "./menu.js";
import { grave, pieces, replyingTo } from "./painting.js";

const EMOJI = /\p{RGI_Emoji}/gv;
const MINUTE = 60_000;

/** Read what the page needs out of a result of the network's shape. */
export function readPost(result) {
  const tweet = result.tweet ?? result;
  const account = tweet.core.user_results.result;
  const legacy = tweet.legacy;
  const original = legacy.retweeted_status_result?.result;
  const quoted = tweet.quoted_status_result?.result;
  return {
    id: tweet.rest_id,
    tweet,
    author: account.core?.screen_name ?? account.legacy.screen_name,
    name: account.core?.name ?? account.legacy.name,
    verified: account.is_blue_verified,
    // What a reply dialog shows of the post it answers.
    text: legacy.full_text,
    cut: Boolean(tweet.note_tweet),
    createdAt: new Date(legacy.created_at),
    replyingTo: replyingTo(tweet),
    photos: legacy.extended_entities?.media ?? [],
    card: tweet.card ?? null,
    quoted: quoted ?? null,
    counts: {
      reply: legacy.reply_count ?? 0,
      retweet: legacy.retweet_count ?? 0,
      like: legacy.favorite_count ?? 0,
      views: Number(tweet.views?.count ?? 0),
    },
    repostOf: original ? readPost(original) : null,
  };
}

/** What stands in place of a post that cannot be shown. It is no article. */
export function gravestone(text) {
  return h("div", { class: "grave" }, h("div", { class: "grave-box", dir: "auto" }, h("span", {}, text)));
}

/**
 * A post's article. `kind` is "timeline" or "focal"; `label` is what stands above it (`Pinned`, `x reposted`);
 * `onReply` hears when somebody wants to answer.
 */
export function article(post, { kind = "timeline", label = null, promoted = false, onReply = () => {} } = {}) {
  const shown = post.repostOf ?? post;
  const context = post.repostOf ? `${post.name} reposted` : label;
  const body = h(
    "article",
    { class: `tweet ${kind}`, role: "article", tabindex: "0", testid: "tweet", "aria-labelledby": `id-${shown.id}` },
    context && contextLine(context),
    h(
      "div",
      { class: "tweet-columns" },
      avatar(shown.author),
      h(
        "div",
        { class: "tweet-main" },
        nameLine(shown, { kind, promoted }),
        shown.replyingTo.length > 0 && replyLine(shown),
        kind === "timeline" && textOf(shown, kind),
        kind === "timeline" && photos(shown),
        kind === "timeline" && attached(shown),
        kind === "timeline" && actions(shown, onReply),
      ),
    ),
    kind === "focal" && focalBody(shown, onReply),
  );
  return promoted ? h("div", { testid: "placementTracking" }, body) : body;
}

/** The post that a reply dialog answers. */
export function quotedPost(post) {
  return h(
    "div",
    { class: "quoted" },
    avatar(post.author),
    h(
      "div",
      { class: "tweet-main" },
      h("div", { class: "name-line" }, h("strong", {}, post.name), h("span", { class: "quiet" }, `@${post.author}`)),
      h("div", { class: "tweet-text", dir: "auto" }, ...pieces(post.tweet).flatMap(drawn)),
    ),
  );
}

function contextLine(context) {
  const sign = context === "Pinned" ? "pin" : "retweet";
  return h("div", { class: "context-line" }, icon(sign), h("span", { testid: "socialContext" }, context));
}

function nameLine(post, { kind, promoted }) {
  const stamp = kind === "timeline" && !promoted && timeLink(post, ago(post.createdAt));
  return h(
    "div",
    { class: "name-line", testid: "User-Name", id: `id-${post.id}` },
    link(`/${post.author}`, { class: "name" }, h("span", {}, post.name), post.verified && icon("verified")),
    link(`/${post.author}`, { class: "quiet", tabindex: "-1" }, h("span", {}, `@${post.author}`)),
    stamp && h("span", { class: "quiet", "aria-hidden": "true" }, "·"),
    stamp,
    promoted && h("span", { class: "ad" }, "Ad"),
    menuButton(post),
  );
}

function menuButton(post) {
  const button = h(
    "button",
    { class: "round caret", type: "button", testid: "caret", "aria-label": "More", "aria-haspopup": "menu", on: { click: () => openMenu(post, button) } },
    icon("more"),
  );
  return button;
}

function timeLink(post, text) {
  const path = `/${post.author}/status/${post.id}`;
  return link(path, { class: "quiet time", dir: "ltr" }, h("time", { datetime: post.createdAt.toISOString() }, text));
}

/** Whom a reply answers. A part of one's own thread says nothing of the kind. */
function replyLine(post) {
  if (post.replyingTo.every((handle) => handle === post.author)) return null;
  const names = post.replyingTo.flatMap((handle, n) => {
    const gap = n === 0 ? "" : n === post.replyingTo.length - 1 ? " and " : ", ";
    return [gap, link(`/${handle}`, {}, `@${handle}`)];
  });
  return h("div", { class: "quiet replying" }, "Replying to ", ...names);
}

function focalBody(post, onReply) {
  const date = post.createdAt.toLocaleString("en-US", {
    hour: "numeric",
    minute: "2-digit",
    year: "numeric",
    month: "short",
    day: "numeric",
  });
  return h(
    "div",
    {},
    textOf(post, "focal"),
    photos(post),
    attached(post),
    h("div", { class: "focal-time" }, timeLink(post, date), h("span", { class: "quiet" }, ` · ${number(post.counts.views)} Views`)),
    actions(post, onReply),
  );
}

// -- text

/** The text, and Show more where it was cut; nothing at all where nothing is left to paint. */
function textOf(post, kind) {
  const painted = pieces(post.tweet, { focal: kind === "focal" });
  const shortened = post.cut && kind !== "focal";
  if (painted.length === 0 && !shortened) return null;
  const text = textBox(painted, { id: `text-${post.id}-${kind}`, lang: switchOf("translated") ? "de" : "en" });
  const more = shortened && link(`/${post.author}/status/${post.id}`, { class: "show-more", testid: "tweet-text-show-more-link" }, "Show more");
  const origin = switchOf("translated") && h("div", { class: "quiet" }, h("span", {}, "Translated from English by Grok"), " ", h("button", { type: "button", class: "show-original" }, "Show original"));
  return h("div", {}, origin, text, more);
}

function textBox(painted, properties) {
  return h("div", { class: "tweet-text", testid: "tweetText", dir: "auto", ...properties }, ...painted.flatMap(drawn));
}

function drawn(piece) {
  if (piece.kind === "link") return [shortLink(piece)];
  if (piece.kind === "word") return [link(piece.href, { class: "text-link" }, piece.text)];
  return plain(piece.text);
}

/** A link as the page shows it: the scheme and what was cut are in the document, of no size. */
function shortLink({ text, before, after, ellipsis, href }) {
  const unseen = (part) => part && h("span", { "aria-hidden": "true", class: "of-no-size" }, part);
  return h(
    "a",
    { href, rel: "noopener noreferrer nofollow", target: "_blank", role: "link", dir: "ltr", class: "text-link" },
    unseen(before),
    text,
    unseen(after),
    ellipsis && h("span", { "aria-hidden": "true" }, "…"),
  );
}

function plain(text) {
  const found = [];
  let last = 0;
  const run = (part) => part !== "" && found.push(h("span", {}, part));
  for (const match of text.matchAll(EMOJI)) {
    run(text.slice(last, match.index));
    found.push(emoji(match[0]));
    last = match.index + match[0].length;
  }
  run(text.slice(last));
  return found;
}

function emoji(character) {
  const code = [...character].map((one) => one.codePointAt(0).toString(16)).join("-");
  return h("img", { class: "emoji", alt: character, title: character, src: `/emoji/${code}.svg`, draggable: "false" });
}

// -- below the text

/** A quoted post, or a card. */
function attached(post) {
  if (post.quoted) return quoteBox(post.quoted);
  return post.card?.legacy ? cardBox(post.card.legacy) : null;
}

/** A post inside a post: much like an article, but no link in it leads anywhere by itself. */
function quoteBox(result) {
  const gone = grave(result);
  if (gone) return h("div", { class: "quote-box" }, h("span", {}, gone));
  const post = readPost(result);
  const painted = pieces(post.tweet);
  return h(
    "div",
    { class: "quote", "aria-labelledby": `quote-${post.id}` },
    h("div", { class: "of-no-size", id: `quote-${post.id}` }, h("span", {}, "Quote")),
    h(
      "div",
      { class: "quote-box", role: "link", tabindex: "0" },
      h(
        "div",
        { class: "name-line" },
        avatar(post.author),
        h(
          "div",
          { testid: "User-Name" },
          h("div", { class: "name" }, h("span", {}, post.name)),
          h("div", { class: "quiet" }, h("span", {}, `@${post.author}`)),
          h("div", { class: "quiet", "aria-hidden": "true" }, "·"),
          h("div", { class: "quiet" }, h("time", { datetime: post.createdAt.toISOString() }, ago(post.createdAt))),
        ),
      ),
      painted.length > 0 && textBox(painted, { lang: "en" }),
      post.cut && h("button", { type: "button", class: "show-more", testid: "tweet-text-show-more-link" }, "Show more"),
      photos(post),
    ),
  );
}

function cardBox(legacy) {
  const said = Object.fromEntries(legacy.binding_values.map(({ key, value }) => [key, value.string_value]));
  return h(
    "div",
    { class: "card-box", testid: "card.wrapper" },
    h(
      "a",
      { href: legacy.url, rel: "noopener noreferrer nofollow", target: "_blank", role: "link", class: "card-link" },
      h("div", { testid: "card.layoutSmall.detail" }, h("div", {}, h("span", {}, said.domain)), h("div", {}, h("span", {}, said.title))),
    ),
  );
}

function photos(post) {
  if (post.photos.length === 0) return null;
  const tiles = post.photos.map((photo, index) =>
    link(
      `/${post.author}/status/${post.id}/photo/${index + 1}`,
      { class: "photo" },
      h(
        "div",
        { testid: "tweetPhoto", "aria-label": photo.ext_alt_text ?? "Image" },
        h("img", { src: photo.media_url_https, alt: photo.ext_alt_text ?? "Image", draggable: "false" }),
      ),
    ),
  );
  return h("div", { class: `photos of-${tiles.length}` }, ...tiles);
}

function actions(post, onReply) {
  const action = (testid, sign, label, count, onClick) =>
    h(
      "button",
      { class: `action ${testid}`, type: "button", testid, "aria-label": label, on: { click: onClick } },
      icon(sign),
      h("span", {}, count > 0 ? number(count) : ""),
    );
  const nothing = (event) => event.stopPropagation();
  return h(
    "div",
    { class: "actions", role: "group" },
    action("reply", "reply", `${post.counts.reply} Replies. Reply`, post.counts.reply, (event) => {
      event.stopPropagation();
      onReply(post);
    }),
    action("retweet", "retweet", "Repost", post.counts.retweet, nothing),
    action("like", "like", "Like", post.counts.like, nothing),
    link(
      `/${post.author}/status/${post.id}/analytics`,
      { class: "action views", testid: "analyticsButton", "aria-label": `${post.counts.views} views` },
      icon("views"),
      h("span", {}, number(post.counts.views)),
    ),
    action("bookmark", "bookmark", "Bookmark", 0, nothing),
  );
}

function number(value) {
  return value < 1000 ? String(value) : `${(value / 1000).toFixed(1)}K`;
}

function ago(date) {
  const minutes = Math.floor((Date.now() - date.getTime()) / MINUTE);
  if (minutes < 1) return "now";
  if (minutes < 60) return `${minutes}m`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h`;
  return date.toLocaleDateString("en-US", { month: "short", day: "numeric" });
}
