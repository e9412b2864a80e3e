// Finding things on the page: shared by all scripts that look at it. Reads only.

const shown = (element) => {
  const { width, height } = element.getBoundingClientRect();
  return width > 0 && height > 0 && getComputedStyle(element).visibility !== "hidden";
};

const PRESSED = 'input:is([type="submit" i], [type="button" i], [type="image" i])';
const BUTTON = `button, [role="button"], ${PRESSED}`;

/** What an element shows in words. */
const shownWords = (element) => (element.matches(PRESSED) ? element.value || element.alt : element.textContent).trim();

/** The words of an element: what it shows, else what it is called. */
const wordsOf = (element) => shownWords(element) || (element.getAttribute("aria-label") ?? "").trim();

/** What shows that something is under way. */
const BUSY = '[role="progressbar"], progress';

const enabled = (button) => !button.disabled && button.getAttribute("aria-disabled") !== "true";

const hits = {};

/** Where a thing is when it has no name that we know; filled by whoever knows the place. */
const PLACES = {};

/** Everything that serves a purpose, found by the first way that finds anything. */
const all = (purpose, scope = document, { n = 0, hidden = false, least = 1 } = {}) => {
  for (const [number, { css, words, place }] of asked.ways[purpose].entries()) {
    const candidates = place ? (PLACES[purpose]?.(scope) ?? []) : [...scope.querySelectorAll(css.replaceAll("{n}", n))];
    const found = candidates.filter((one) => (hidden || shown(one)) && (words.length === 0 || words.includes(wordsOf(one))));
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

/** In the page's own navigation, the link to a profile: the one that leads to a name and to none of the page's places. */
PLACES.profile = (scope) =>
  [...scope.querySelectorAll("nav a[href]")].filter((anchor) => {
    const path = new URL(anchor.href, location.href).pathname;
    return /^\/\w{1,15}$/.test(path) && !asked.reserved.includes(path.slice(1).toLowerCase());
  });

/** Who is signed in: where one's own profile is, else the name on the button that changes accounts. */
const whoIsHere = () => {
  const profile = one("profile");
  const named = one("account")?.textContent.match(/@(\w{1,15})/)?.[1] ?? null;
  // Found by its place only, and called otherwise elsewhere, it is somebody else's.
  if (profile && hits.profile > 0 && named) return named;
  return profile ? handleOf(profile) : named;
};

/** Who is signed in, and what stands in the way. */
const standing = () => ({
  url: location.href,
  path: location.pathname,
  loading: document.readyState === "loading",
  who: whoIsHere(),
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

// -- a page that could not be drawn

const BESIDE = 'nav, aside, header, footer, [role="navigation"], [role="complementary"], [role="banner"], [role="contentinfo"], [role="search"], [data-testid="sidebarColumn"]';
const SOMETHING = `article, [contenteditable], textarea, input:not([type="hidden"], ${PRESSED}), ${BUSY}, [role="tablist"], [role="dialog"], [role="alertdialog"], dialog[open]`;

/** How those of the page's own calls ended that ended badly the last time: an HTTP status; 0 for none. */
const failedCalls = () => {
  const last = new Map();
  for (const { name, initiatorType, responseStatus } of performance.getEntriesByType("resource")) {
    const { hostname, pathname } = new URL(name, location.href);
    if (CALLS.has(initiatorType) && hostname.endsWith(location.hostname)) last.set(pathname, responseStatus);
  }
  return [...last.values()].filter((status) => status === 0 || status === 429 || status >= 500);
};
const CALLS = new Set(["fetch", "xmlhttprequest", "script"]);

/** Whether the page has nothing on it but one offer to try again; or nothing at all, a call of its own having failed. */
const isBroken = () => {
  if (document.readyState === "loading") return false;
  const place = document.querySelector('[data-testid="primaryColumn"], main, [role="main"]') ?? document.body;
  const inPlace = (css) => [...place.querySelectorAll(css)].filter((one) => shown(one) && !place.contains(one.closest(BESIDE)));
  if (inPlace(SOMETHING).length > 0) return false;
  const offers = inPlace(BUTTON).filter((button) => shownWords(button) !== "");
  return offers.length === 1 || (offers.length === 0 && failedCalls().length > 0);
};

/** Why what was wanted is not there, as far as the page knows. It costs, and is worth it once a wait has ended. */
const why = ({ who, loading, broken }) => ({
  failedCalls: failedCalls(),
  loading: loading || (who === null && document.body.innerText.trim() === ""),
  broken: broken === true,
});

/** What a page shows for a moment while it is being drawn is gone after these milliseconds. */
const BROKEN_AFTER = 2000;
let brokenSince = null;
const staysBroken = () => {
  brokenSince = isBroken() ? (brokenSince ?? performance.now()) : null;
  return brokenSince !== null && performance.now() - brokenSince > BROKEN_AFTER;
};

/** How long a look may take of the page's time: a page that changes all the time is looked at every so often. */
const LEAST_PAUSE = 15;
const SHARE = 4;

/** Look now and when the page has changed, until `look` gives something or the time is up; then `late` says what. */
const whenSeen = (look, late, within) =>
  new Promise((resolve) => {
    let due = null;
    let pause = LEAST_PAUSE;
    const end = (result) => {
      observer.disconnect();
      clearInterval(timer);
      clearTimeout(limit);
      clearTimeout(due);
      resolve(result);
    };
    const again = () => {
      due = null;
      const began = performance.now();
      const seen = look();
      pause = Math.max(LEAST_PAUSE, SHARE * (performance.now() - began));
      if (seen) end(seen);
    };
    const soon = () => {
      due ??= setTimeout(again, pause);
    };
    const observer = new MutationObserver(soon);
    // What changes without the document: styles, sizes, what a pointer is over.
    const timer = setInterval(soon, 150);
    const limit = setTimeout(() => end(late()), within);
    observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    again();
  });
