// The page's requests. Every answer becomes a plain value; nothing here throws.

import { queryIds, switchOf } from "./bootstrap.js";
import { sendBy } from "./sending.js";

const FEATURES = { longform_notetweets_consumption_enabled: true, responsive_web_edit_tweet_api_enabled: true };

const ROOTS = { CreateTweet: "create_tweet", CreateNoteTweet: "notetweet_create" };

function cookie(name) {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

function headers() {
  return { "x-csrf-token": cookie("ct0"), "x-twitter-active-user": "yes", authorization: "Bearer sandbox" };
}

/** Look at a timeline: `{ instructions }`, or `{ failed: "error" | "login" | "missing" }`. */
export async function look(operation, variables) {
  const query = new URLSearchParams({
    variables: JSON.stringify(variables),
    features: JSON.stringify(FEATURES),
    t: String(Date.now()),
  });
  try {
    const answer = await fetch(`/i/api/graphql/${queryIds[operation]}/${operation}?${query}`, { headers: headers() });
    if (answer.status === 401) return { failed: "login" };
    if (!answer.ok) return { failed: "error" };
    return readInstructions(await answer.json());
  } catch {
    return { failed: "error" };
  }
}

/** Change something about a post that is there; whether it was done. */
export async function change(operation, variables) {
  const id = queryIds[operation] ?? operation.toLowerCase();
  try {
    const answer = await fetch(`/i/api/graphql/${id}/${operation}`, {
      method: "POST",
      headers: { ...headers(), "content-type": "application/json" },
      body: JSON.stringify({ variables, queryId: id }),
    });
    return answer.ok && !(await answer.json()).errors;
  } catch {
    return false;
  }
}

function readInstructions(body) {
  const data = body.data ?? {};
  const instructions =
    data.user?.result?.timeline?.timeline?.instructions ??
    data.home?.home_timeline_urt?.instructions ??
    data.threaded_conversation_with_injections_v2?.instructions;
  return instructions ? { instructions } : { failed: "missing" };
}

/**
 * Ask for a post. The answer is one of
 * `{ id }` (id may be null where the shape hides it), `{ refused: code, message }` and `{ failed: reason }`.
 */
export async function ask({ text, replyTo, media, isNote }) {
  const operation = isNote ? "CreateNoteTweet" : "CreateTweet";
  const variables = {
    tweet_text: text,
    ...(replyTo && { reply: { in_reply_to_tweet_id: replyTo, exclude_reply_user_ids: [] } }),
    dark_request: false,
    media: {
      media_entities: media.map((id) => ({ media_id: id, tagged_users: [] })),
      possibly_sensitive: false,
    },
    semantic_annotation_ids: [],
  };
  const request = {
    url: `/i/api/graphql/${queryIds[operation]}/${switchOf("operation_name")?.name ?? operation}`,
    headers: { ...headers(), "content-type": "application/json" },
    body: JSON.stringify({ variables, features: FEATURES, queryId: queryIds[operation] }),
  };
  const answer = await sendAgainAndAgain(request, switchOf("retries_by_itself")?.times ?? 0);
  return answer.failed ? answer : readAnswer(operation, answer.status, answer.text);
}

/** One ask; on a day on which the page does so, the same once more where no answer came. */
async function sendAgainAndAgain(request, more) {
  let answer;
  try {
    answer = await sendBy(switchOf("sends_by")?.how ?? "fetch", request);
  } catch {
    answer = { failed: "network" };
  }
  const unanswered = answer.failed || answer.status >= 500;
  return unanswered && more > 0 ? sendAgainAndAgain(request, more - 1) : answer;
}

function readAnswer(operation, status, text) {
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    return { failed: status === 200 ? "unreadable" : `http ${status}` };
  }
  const result = body.data?.[ROOTS[operation]];
  const post = result?.tweet_results?.result;
  const id = post?.rest_id ?? post?.tweet?.rest_id ?? post?.legacy?.id_str;
  if (id) return { id };
  const error = body.errors?.[0];
  if (error) return { refused: error.code ?? error.extensions?.code, message: error.message };
  if (result && !("tweet_results" in result)) return { id: null };
  return { failed: "empty" };
}

/** Tell the server that it rejected an ask. */
export function reportRejection(details) {
  fetch("/1.1/client/error_log.json", {
    method: "POST",
    headers: { ...headers(), "content-type": "application/json" },
    body: JSON.stringify(details),
  }).catch(() => {});
}

/** Tell the server what was answered to a sheet that nobody asked for. */
export function reportSheet(details) {
  fetch("/i/api/1.1/client/sheet.json", {
    method: "POST",
    headers: { ...headers(), "content-type": "application/json" },
    body: JSON.stringify(details),
  }).catch(() => {});
}

async function uploadStep(command, query, form) {
  const parameters = new URLSearchParams({ command, ...query });
  const answer = await fetch(`/i/media/upload.json?${parameters}`, { method: "POST", headers: headers(), body: form });
  if (!answer.ok) throw new Error(`upload ${command}: ${answer.status}`);
  return answer.status === 204 ? {} : answer.json();
}

/** Upload a picture; its id. Throws when the server does not take it. */
export async function upload(file) {
  const begun = await uploadStep("INIT", { total_bytes: file.size, media_type: file.type });
  const form = new FormData();
  form.append("media", file);
  await uploadStep("APPEND", { media_id: begun.media_id_string, segment_index: 0 }, form);
  return (await uploadStep("FINALIZE", { media_id: begun.media_id_string })).media_id_string;
}

/** Describe a picture for those who cannot see it. */
export async function describe(mediaId, text) {
  const answer = await fetch("/1.1/media/metadata/create.json", {
    method: "POST",
    headers: { ...headers(), "content-type": "application/json" },
    body: JSON.stringify({ media_id: mediaId, alt_text: { text } }),
  });
  return answer.ok;
}
