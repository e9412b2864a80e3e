// Reads what a list of posts shows now, after scrolling one step when asked to. The list keeps only what is near
// the screen, so a whole list is read in steps; each step says what it saw first, so that a gap would be noticed.

const column = () => document.querySelector('[data-testid="primaryColumn"]') ?? document;

const isWords = (link) => /^[@#＠＃$]/.test(link.textContent);

/** The words of a link. Some of them are hidden, and complete it; then the ellipsis that stands for them goes. */
const linkWords = (link) => {
  const spans = [...link.querySelectorAll("span")];
  const hidden = spans.filter((span) => span.getAttribute("aria-hidden") === "true" && span.textContent !== "…");
  const completes = hidden.some((span) => !/^(https?:\/\/)?(www\.)?$/.test(span.textContent));
  const words = link.textContent.trim();
  return completes ? words.replace(/…$/, "") : words;
};

/** What a post says, in pieces, as far as a page lets one read it back: emoji from pictures, links by their words. */
const pieces = (node) =>
  [...node.childNodes].flatMap((child) => {
    if (child.nodeType === Node.TEXT_NODE) return [child.data];
    if (child.nodeName === "IMG") return [child.alt];
    if (child.nodeName === "BR") return ["\n"];
    if (child.nodeName === "A" && !isWords(child)) return [{ shown: linkWords(child) }];
    return pieces(child);
  });

/** A post's own text, and not that of a post it quotes. */
const textOf = (article) => all("text", article).found.find((text) => !quotedIn(text, article)) ?? null;

const quotedIn = (text, article) => {
  const inner = text.closest('[role="link"], article');
  return inner !== null && inner !== article && article.contains(inner);
};

const authorOf = (article, stamp) => {
  const name = article.querySelector('[data-testid="User-Name"] a[href]');
  const named = name && handleOf(name);
  const stamped = handleOf(stamp);
  return stamped === "i" ? named : stamped;
};

const readPost = (article) => {
  const stamp = stampOf(article);
  const id = stamp && idOf(stamp);
  if (!id) return null;
  const text = textOf(article);
  return {
    id,
    author: authorOf(article, stamp) ?? "",
    said: text ? pieces(text) : [],
    cut: one("cut", article) !== null,
    context: one("context", article) !== null,
    promoted: article.parentElement?.closest('[data-testid="placementTracking"]') !== null,
    top: article.getBoundingClientRect().top + scrollY,
  };
};

const articles = () => all("post", column()).found;
const spinning = () => [...column().querySelectorAll(BUSY)].some(shown);
const keyOf = (article) => {
  const stamp = stampOf(article);
  return (stamp && idOf(stamp)) ?? article.textContent.slice(0, 80);
};
const height = () => document.documentElement.scrollHeight;
const atBottom = () => scrollY + innerHeight >= height() - 2;

const read = (ended) => {
  const found = articles();
  const posts = found.map(readPost).filter(Boolean);
  return {
    ...standing(),
    posts,
    keys: found.map(keyOf),
    height: height(),
    empty: one("empty", column()) !== null,
    failed: one("failed", column()) !== null,
    failedCalls: [],
    ended,
    hits: { ...hits },
  };
};

/** The list, or what stands in its place, the first time. */
const begun = () => {
  const seen = read(false);
  const there = seen.who !== null && (seen.posts.length > 0 || seen.empty || seen.failed || seen.gone || seen.signIn);
  seen.broken = !there && staysBroken();
  if (seen.broken) return { ...seen, ...why(seen) };
  return there || walled(seen) ? seen : null;
};

const late = () => {
  const seen = read(false);
  return { ...seen, ...why(seen) };
};
if (!asked.after) return await whenSeen(begun, late, asked.within);

// One step. Where the network's own answers are heard, what is painted on the way does not matter: to the end, so that
// the next answer is asked for. Else the last post known goes to the top, and more follow below, or the list has ended.
// A post can be there twice, as itself and above its reply: it is the lower one that was the last.
const anchor = articles().findLast((article) => keyOf(article) === asked.after);
if (asked.isHeard) scrollTo(0, height());
else if (anchor) anchor.scrollIntoView({ block: "start" });
else scrollBy(0, innerHeight / 2);

/** Since when the list has been at its bottom with nothing on its way. */
let still = null;

const hasMore = () => {
  if (asked.isHeard) return height() > asked.height;
  const keys = articles().map(keyOf);
  const at = keys.lastIndexOf(asked.after);
  return at >= 0 && at < keys.length - 1;
};

const more = () => {
  if (hasMore() && !spinning()) return read(false);
  still = atBottom() && !spinning() ? (still ?? performance.now()) : null;
  return still !== null && performance.now() - still > asked.stillFor ? read(true) : null;
};
return await whenSeen(more, () => read(false), asked.within);
