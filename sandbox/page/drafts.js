// Texts that were not sent, kept in this browser.

const KEY = "unsent";

export function drafts() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "[]");
  } catch {
    return [];
  }
}

export function keepDraft(text) {
  localStorage.setItem(KEY, JSON.stringify([text, ...drafts()].slice(0, 20)));
}

export function dropDraft(text) {
  localStorage.setItem(KEY, JSON.stringify(drafts().filter((one) => one !== text)));
}
