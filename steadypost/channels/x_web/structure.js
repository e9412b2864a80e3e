// Gives the page as a tree of what it is made of: no text, no name, no number that means somebody or something.

const LEFT_OUT = "script, style, noscript, template, link, meta, title, iframe, head";
const SAYS_WHAT_IT_IS = ["role", "type", "contenteditable", "aria-modal", "aria-disabled", "aria-haspopup", "aria-expanded", "aria-hidden", "aria-selected", "tabindex", "dir"];
const REFERS = ["id", "for", "aria-controls", "aria-owns", "aria-activedescendant", "aria-labelledby"];
const KNOWN_IDS = new Set(["layers", "react-root"]);
const WORDS = new Set(asked.words);

const numbers = new Map();
const numberOf = (kind, value) => {
  const key = `${kind} ${value}`;
  if (!numbers.has(key)) numbers.set(key, [...numbers.keys()].filter((one) => one.startsWith(kind)).length + 1);
  return numbers.get(key);
};

const isMine = (name) => name.toLowerCase() === asked.handle.toLowerCase();
const nameFor = (name) => (isMine(name) ? "me" : `other${numberOf("name", name.toLowerCase())}`);
const postFor = (id) => String(2000000000000000000n + BigInt(numberOf("post", id)));

/** An address as the kind of address that it is. */
const pathOf = (href) => {
  const parts = new URL(href, location.href).pathname.split("/").filter(Boolean);
  if (parts.length === 0) return "/";
  const status = parts.indexOf("status");
  if (status > 0 && /^\d+$/.test(parts[status + 1] ?? "")) {
    const before = parts[0] === "i" ? "i" : nameFor(parts[0]);
    return `/${before}/status/${postFor(parts[status + 1])}`;
  }
  if (!asked.reserved.includes(parts[0].toLowerCase())) return parts.length === 1 && /^\w{1,15}$/.test(parts[0]) ? `/${nameFor(parts[0])}` : "/elsewhere";
  return parts.length === 1 || asked.paths.includes(`/${parts.join("/")}`) ? `/${parts.join("/")}` : `/${parts[0]}/elsewhere`;
};

/** Everybody whom the page names, in its words or its addresses. */
const handles = new Set([
  asked.handle.toLowerCase(),
  ...[...document.body.innerText.matchAll(/@(\w{1,15})/g)].map((found) => found[1].toLowerCase()),
  ...[...document.querySelectorAll("a[href]")]
    .map((anchor) => anchor.pathname.split("/")[1]?.toLowerCase() ?? "")
    .filter((name) => /^\w{1,15}$/.test(name) && !asked.reserved.includes(name)),
]);

/** A test id, as far as it is a name of the page's own and not of somebody. */
const testidOf = (value) => {
  const own = value.match(/^[A-Za-z]+(?:_[A-Za-z]+)*(?:_\d{1,2})?/)?.[0] ?? "";
  const names = [...handles].some((handle) => own.toLowerCase().includes(handle));
  return names || own.length > 40 ? "" : own;
};

const attributesOf = (element) => {
  const found = {};
  for (const name of SAYS_WHAT_IT_IS) {
    const value = element.getAttribute(name);
    if (value !== null && /^[\w -]{0,30}$/.test(value)) found[name] = value;
  }
  for (const name of REFERS) {
    const value = element.getAttribute(name);
    if (value) found[name] = value.split(/\s+/).map((one) => (KNOWN_IDS.has(one) ? one : `n${numberOf("id", one)}`)).join(" ");
  }
  const testid = testidOf(element.dataset.testid ?? "");
  if (testid) found["data-testid"] = testid;
  const label = element.getAttribute("aria-label");
  if (label !== null && WORDS.has(label)) found["aria-label"] = label;
  if (element.hasAttribute("href")) found.href = pathOf(element.getAttribute("href"));
  if (element.disabled || element.hasAttribute("disabled")) found.disabled = "";
  if (element.hasAttribute("datetime")) found.datetime = "2026-01-01T00:00:00.000Z";
  return found;
};

/** What can be seen of it: where it is, and what makes a button stand out. */
const looksOf = (element) => {
  const { left, top, width, height } = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  return {
    box: [left, top, width, height].map(Math.round),
    fixed: style.position === "fixed",
    hidden: style.visibility === "hidden" || style.display === "none",
    through: style.pointerEvents === "none",
    layer: style.zIndex === "auto" ? null : Number(style.zIndex),
    ground: style.backgroundColor,
    ink: style.color,
    edge: `${style.borderTopWidth} ${style.borderTopStyle}`,
  };
};

const textOf = (node) => {
  const text = node.data.trim();
  if (text === "") return null;
  if (/^\+?ALT$/.test(text) || WORDS.has(text)) return text;
  if (text.toLowerCase() === `@${asked.handle.toLowerCase()}`) return "@me";
  return "x";
};

const treeOf = (element) => ({
  tag: element.localName,
  attributes: attributesOf(element),
  looks: looksOf(element),
  // Of a drawing it is enough to know that there is one; what is written in a box is nobody's business.
  inside: element.localName === "svg" || element.isContentEditable && element.closest("[contenteditable]") === element ? [] : insideOf(element),
});

const insideOf = (element) =>
  [...element.childNodes].flatMap((node) => {
    if (node.nodeType === Node.TEXT_NODE) return textOf(node) ?? [];
    return node.nodeType === Node.ELEMENT_NODE && !node.matches(LEFT_OUT) ? [treeOf(node)] : [];
  });

return { language: document.documentElement.lang, path: pathOf(location.href), post: asked.post ? postFor(asked.post) : null, body: treeOf(document.body) };
