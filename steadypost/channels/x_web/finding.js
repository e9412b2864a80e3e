// Finding things on the page: shared by all scripts that look at it. Reads only.

const shown = (element) => {
  const { width, height } = element.getBoundingClientRect();
  return width > 0 && height > 0 && getComputedStyle(element).visibility !== "hidden";
};

const hits = {};

/** Everything that serves a purpose, found by the first way that finds anything. */
const all = (purpose, scope = document, { n = 0, hidden = false, least = 1 } = {}) => {
  for (const [number, { css, words }] of asked.ways[purpose].entries()) {
    const found = [...scope.querySelectorAll(css.replaceAll("{n}", n))].filter(
      (one) => (hidden || shown(one)) && (words.length === 0 || words.includes(one.textContent.trim())),
    );
    if (found.length >= (css.includes("{n}") ? 1 : least)) {
      hits[purpose] = Math.max(hits[purpose] ?? 0, number);
      return { found, indexed: css.includes("{n}") };
    }
  }
  hits[purpose] ??= -1;
  return { found: [], indexed: true };
};
const one = (purpose, scope, options) => all(purpose, scope, options).found[0] ?? null;

const handleOf = (anchor) => anchor && new URL(anchor.href, location.href).pathname.split("/")[1];
const idOf = (anchor) => anchor.pathname.match(/\/status\/(\d+)/)?.[1] ?? null;
const stampOf = (article) => article.querySelector('a[href*="/status/"]:has(time)');

/** Who is signed in, and what stands in the way. */
const standing = () => ({
  url: location.href,
  path: location.pathname,
  loading: document.readyState === "loading",
  who: handleOf(one("profile")),
  signIn: one("sign_in") !== null,
  alerts: asked.alerts.filter((pattern) =>
    [...document.querySelectorAll('[role="alert"]')].some(
      (alert) => !alert.querySelector('[data-testid="toast"]') && new RegExp(pattern, "i").test(alert.textContent),
    ),
  ),
  gone: one("gone") !== null,
});

const walled = (seen) =>
  asked.walls.some((pattern) => new RegExp(pattern).test(seen.path)) ||
  seen.alerts.length > 0 ||
  (seen.signIn && seen.who === null);

/** Look now and whenever the page changes, until `look` gives something or the time is up; then `late` says what. */
const whenSeen = (look, late, within) =>
  new Promise((resolve) => {
    const first = look();
    if (first) {
      resolve(first);
      return;
    }
    const observer = new MutationObserver(() => again());
    const timer = setInterval(() => again(), 100);
    const limit = setTimeout(() => end(late()), within);
    const end = (result) => {
      observer.disconnect();
      clearInterval(timer);
      clearTimeout(limit);
      resolve(result);
    };
    const again = () => {
      const seen = look();
      if (seen) end(seen);
    };
    observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  });
