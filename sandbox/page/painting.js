// What is painted of a post, read from the network's own data: pure, and the twin of `sandbox/painting.py`.

import { switchOf } from "./bootstrap.js";

const decoder = document.createElement("textarea");

function decoded(text) {
  decoder.innerHTML = text;
  return decoder.value;
}

const SIGNS = { user_mentions: "@", hashtags: "#", symbols: "$" };

const LISTS = ["urls", "user_mentions", "hashtags", "symbols"];

const isBlank = (text) => /^\s*$/u.test(text);

function entitiesOf(set) {
  return LISTS.flatMap((list) => (set?.[list] ?? []).map((one) => ({ list, ...one }))).sort(
    (one, other) => one.indices[0] - other.indices[0],
  );
}

/** A link in its pieces: what stands before and after the shown part is there too, of no size. */
function linkPiece(url) {
  const shown = url.display_url.replace(/…$/u, "");
  const at = (url.expanded_url ?? "").indexOf(shown);
  return {
    kind: "link",
    text: shown,
    before: at < 0 ? "" : url.expanded_url.slice(0, at),
    after: at < 0 ? "" : url.expanded_url.slice(at + shown.length),
    ellipsis: url.display_url.endsWith("…"),
    href: url.url,
  };
}

function piece(entity, wide) {
  if (entity.list === "urls") return linkPiece(entity);
  const plain = SIGNS[entity.list];
  const sign = wide ? { "@": "＠", "#": "＃" }[plain] ?? plain : plain;
  const word = entity.screen_name ?? entity.text;
  const href = entity.list === "user_mentions" ? `/${word}` : `/search?q=${encodeURIComponent(plain + word)}`;
  return { kind: "word", text: sign + word, href };
}

/** The stretch of a text that is painted, with its entities; the head that a reply was given is not part of it. */
function stretch(tweet, whole) {
  const legacy = tweet.legacy;
  if (!whole) {
    const [begins, ends] = legacy.display_text_range ?? [0, Array.from(legacy.full_text).length];
    return { signs: Array.from(legacy.full_text), begins, ends, entities: entitiesOf(legacy.entities), read: decoded };
  }
  const note = tweet.note_tweet.note_tweet_results.result;
  const signs = Array.from(note.text);
  const head = Array.from(legacy.full_text).slice(0, legacy.display_text_range?.[0] ?? 0).join("");
  const begins = note.text.startsWith(head) ? Array.from(head).length : 0;
  return { signs, begins, ends: signs.length, entities: entitiesOf(note.entity_set), read: (text) => text };
}

/** The link at the end that is shown as a quoted post or as a card, and so not painted. */
function redundant(found, tweet) {
  const last = found.entities.at(-1);
  if (!last || last.list !== "urls" || !isBlank(found.signs.slice(last.indices[1], found.ends).join(""))) return null;
  const shownOtherwise = [tweet.legacy.quoted_status_permalink?.url, tweet.card?.legacy?.url ?? tweet.card?.rest_id];
  return shownOtherwise.includes(last.url) || switchOf("card_only") ? last : null;
}

function saysNothing(tweet, hidden) {
  return (switchOf("card_only") && hidden !== null) || (switchOf("quote_only") && tweet.legacy.quoted_status_id_str);
}

const foreign = (text) => text.replace(/\p{L}+/gu, (word) => Array.from(word).reverse().join(""));

/** The pieces of a text as they are painted: `{ kind: "text" | "link" | "word", text, ... }`. */
export function pieces(tweet, { focal = false } = {}) {
  const whole = focal && Boolean(tweet.note_tweet);
  const found = stretch(tweet, whole);
  found.entities = found.entities.filter(({ indices }) => indices[0] >= found.begins && indices[1] <= found.ends);
  const hidden = redundant(found, tweet);
  if (saysNothing(tweet, hidden)) return [];
  const ends = hidden ? hidden.indices[0] : found.ends;
  const painted = [];
  let last = found.begins;
  const plain = (to) => {
    const text = found.read(found.signs.slice(last, to).join(""));
    if (text !== "") painted.push({ kind: "text", text: switchOf("translated") ? foreign(text) : text });
  };
  for (const entity of found.entities) {
    if (entity === hidden || entity.indices[0] < last) continue;
    plain(entity.indices[0]);
    painted.push(piece(entity, switchOf("wide_signs") !== null));
    last = entity.indices[1];
  }
  plain(ends);
  return hidden ? trimmedEnd(painted) : painted;
}

function trimmedEnd(painted) {
  const last = painted.at(-1);
  if (last?.kind !== "text") return painted;
  const text = last.text.replace(/\s+$/u, "");
  return text === "" ? painted.slice(0, -1) : [...painted.slice(0, -1), { ...last, text }];
}

/** Whom a reply is addressed to: the names at its head that are not painted. */
export function replyingTo(tweet) {
  const legacy = tweet.legacy;
  if (!legacy.in_reply_to_status_id_str) return [];
  const begins = legacy.display_text_range?.[0] ?? 0;
  const named = (legacy.entities?.user_mentions ?? []).filter((one) => one.indices[1] <= begins);
  const names = named.map((one) => one.screen_name);
  return names.length > 0 ? names : [legacy.in_reply_to_screen_name].filter(Boolean);
}

/** What stands where a post cannot be shown, or null where it can. */
export function grave(result) {
  if (!result || !Object.keys(result).length) return "This Post is unavailable.";
  if (result.__typename === "TweetTombstone") return result.tombstone.text.text;
  if (result.__typename === "TweetUnavailable") return "This Post is unavailable.";
  return null;
}
