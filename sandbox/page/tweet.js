// One post as it is shown on timelines and on its own page.

import { avatar, h, icon, link } from "./dom.js";

const EMOJI = /\p{RGI_Emoji}/gv;
const MINUTE = 60_000;

const decoder = document.createElement("textarea");

function decoded(text) {
  decoder.innerHTML = text;
  return decoder.value;
}

/** Read what the page needs out of a result of the network's shape. */
export function readPost(result) {
  const tweet = result.tweet ?? result;
  const account = tweet.core.user_results.result;
  const legacy = tweet.legacy;
  const note = tweet.note_tweet?.note_tweet_results?.result;
  const original = legacy.retweeted_status_result?.result;
  return {
    id: tweet.rest_id,
    author: account.core.screen_name,
    name: account.core.name,
    verified: account.is_blue_verified,
    text: legacy.full_text,
    urls: legacy.entities?.urls ?? [],
    note: note && { text: note.text, urls: note.entity_set.urls },
    createdAt: new Date(legacy.created_at),
    replyingTo: legacy.in_reply_to_screen_name ?? null,
    photos: legacy.extended_entities?.media ?? [],
    counts: {
      reply: legacy.reply_count ?? 0,
      retweet: legacy.retweet_count ?? 0,
      like: legacy.favorite_count ?? 0,
      views: Number(tweet.views?.count ?? 0),
    },
    repostOf: original ? readPost(original) : null,
  };
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
        shown.replyingTo && replyingTo(shown.replyingTo),
        kind === "timeline" && textOf(shown, kind),
        kind === "timeline" && photos(shown),
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
      h("div", { class: "tweet-text", dir: "auto" }, ...pieces(post)),
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
    h("button", { class: "round caret", type: "button", testid: "caret", "aria-label": "More" }, icon("more")),
  );
}

function timeLink(post, text) {
  const path = `/${post.author}/status/${post.id}`;
  return link(path, { class: "quiet time", dir: "ltr" }, h("time", { datetime: post.createdAt.toISOString() }, text));
}

function replyingTo(handle) {
  return h("div", { class: "quiet replying" }, "Replying to ", link(`/${handle}`, {}, `@${handle}`));
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
    h("div", { class: "focal-time" }, timeLink(post, date), h("span", { class: "quiet" }, ` · ${number(post.counts.views)} Views`)),
    actions(post, onReply),
  );
}

// -- text

function textOf(post, kind) {
  const whole = kind === "focal" && post.note;
  const text = h(
    "div",
    { class: "tweet-text", testid: "tweetText", dir: "auto", lang: "en", id: `text-${post.id}-${kind}` },
    ...pieces(whole ? { text: post.note.text, urls: post.note.urls } : post),
  );
  if (!post.note || whole) return text;
  const more = link(
    `/${post.author}/status/${post.id}`,
    { class: "show-more", testid: "tweet-text-show-more-link" },
    "Show more",
  );
  return h("div", {}, text, more);
}

/** A text in pieces: plain stretches, links under their short names, emoji as pictures. */
function pieces({ text, urls }) {
  const found = [];
  let rest = text;
  for (const url of urls) {
    const at = rest.indexOf(url.url);
    if (at < 0) continue;
    found.push(...plain(rest.slice(0, at)), shortLink(url));
    rest = rest.slice(at + url.url.length);
  }
  return [...found, ...plain(rest)];
}

function shortLink(url) {
  return h("a", { href: url.url, rel: "noopener nofollow", target: "_blank", dir: "ltr", class: "text-link" }, url.display_url);
}

function plain(escaped) {
  const text = decoded(escaped);
  const found = [];
  let last = 0;
  for (const match of text.matchAll(EMOJI)) {
    found.push(...words(text.slice(last, match.index)), emoji(match[0]));
    last = match.index + match[0].length;
  }
  return [...found, ...words(text.slice(last))];
}

function words(text) {
  if (text === "") return [];
  return text.split(/((?<![\p{L}\p{N}_])[@#][\p{L}\p{N}_]+)/u).filter((word) => word !== "").map(word);
}

function word(text) {
  if (/^@[A-Za-z0-9_]+$/.test(text)) return link(`/${text.slice(1)}`, { class: "text-link" }, text);
  if (/^#./.test(text)) return link(`/search?q=${encodeURIComponent(text)}`, { class: "text-link" }, text);
  return h("span", {}, text);
}

function emoji(character) {
  const code = [...character].map((one) => one.codePointAt(0).toString(16)).join("-");
  return h("img", { class: "emoji", alt: character, title: character, src: `/emoji/${code}.svg`, draggable: "false" });
}

// -- below the text

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
