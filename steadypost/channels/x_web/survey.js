// Looks at the page once, and again whenever it changes, until what is wanted is there or the time is up.
// Reads only; the one thing it does is to put the caret into a text box when asked to.

const { want, target, texts, focus, count } = asked;

const boxes = (dialog) => {
  const found = [];
  for (let n = 0; n < 50; n += 1) {
    const { found: here, indexed } = all("box", dialog, { n, least: n + 1 });
    const element = indexed ? here[0] : here[n];
    if (!element) break;
    found.push(element.matches("[contenteditable=true]") ? element : element.querySelector("[contenteditable=true]"));
  }
  return found.filter(Boolean);
};

const words = (node) =>
  [...node.childNodes]
    .map((child) => {
      if (child.nodeType === Node.TEXT_NODE) return child.data;
      if (child.nodeName === "IMG") return child.alt;
      if (child.nodeName === "BR") return node.textContent === "" ? "" : "\n";
      return words(child);
    })
    .join("");

/** What a text box holds. Blocks give it exactly; innerText adds line breaks around blank lines. */
const held = (box) => {
  const blocks = [...box.querySelectorAll('[data-block="true"]')];
  if (blocks.length > 0) return { text: blocks.map(words).join("\n"), exact: true };
  return { text: box.innerText, exact: false };
};

const plain = ({ text, exact }) => {
  const even = text.normalize("NFC").replace(/\r\n?/g, "\n").replaceAll("\u00a0", " ").trimEnd();
  return exact ? even : even.replace(/\s*\n\s*/g, "\n");
};

/** What lies over an element: null for nothing, else a name for it. */
const cover = (element) => {
  const { left, top, width, height } = element.getBoundingClientRect();
  const hit = document.elementFromPoint(left + width / 2, top + height / 2);
  if (!hit || element.contains(hit) || hit.contains(element)) return null;
  return hit.closest("[data-testid]")?.dataset.testid ?? hit.nodeName;
};

const enabled = (button) => !button.disabled && button.getAttribute("aria-disabled") !== "true";

const targetPost = () =>
  all("post").found.find((article) => {
    const stamp = stampOf(article);
    return stamp && idOf(stamp) === target;
  }) ?? null;

/** What a reply dialog says it answers: links to people, and to posts, above the first text box. */
const context = (dialog, box) => {
  const above = [...dialog.querySelectorAll("a[href]")].filter(
    (anchor) => shown(anchor) && anchor.compareDocumentPosition(box) & Node.DOCUMENT_POSITION_FOLLOWING,
  );
  const people = above.filter((anchor) => anchor.textContent.trim() === `@${handleOf(anchor)}`).map(handleOf);
  const posts = above.filter((anchor) => anchor.querySelector("time")).map(idOf).filter(Boolean);
  return { people, posts };
};

const attachments = (dialog, found) =>
  found.map((box, n) => {
    const after = (element, other) =>
      Boolean(other.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING);
    const mine = all("attachments", dialog).found.filter(
      (element) => after(element, box) && (!found[n + 1] || !after(element, found[n + 1])),
    );
    return mine.reduce((sum, element) => sum + element.querySelectorAll("img, video").length, 0);
  });

const composer = () => {
  const dialog = all("dialog").found.find((candidate) => boxes(candidate).length > 0);
  if (!dialog) return null;
  const found = boxes(dialog);
  const submit = one("submit", dialog);
  const add = one("add", dialog);
  one("file", dialog, { hidden: true });
  return {
    boxes: found.map(held),
    elements: found,
    submit: submit && { enabled: enabled(submit), cover: cover(submit) },
    add: add && enabled(add),
    suggestions: one("suggestions", dialog) !== null,
    attached: attachments(dialog, found),
    uploading: all("attachments", dialog).found.some((element) => element.querySelector('[role="progressbar"]')),
    context: context(dialog, found[0]),
  };
};

const look = () => {
  for (const key of Object.keys(hits)) delete hits[key];
  const post = target && targetPost();
  const reply = post && one("reply", post);
  return {
    ...standing(),
    post: post && {
      author: handleOf(stampOf(post)),
      reply: reply && { cover: cover(reply) },
    },
    composer: composer(),
    hits: { ...hits },
  };
};

const WANTED = {
  composer: (seen) => seen.who !== null && seen.composer?.submit,
  post: (seen) => seen.who !== null && (seen.gone || seen.post?.reply),
  boxes: (seen) => seen.composer && seen.composer.boxes.length >= texts.length,
  add: (seen) => seen.composer?.add,
  empty: (seen) => seen.composer?.boxes.every(({ text }) => text.trim() === ""),
  attached: (seen) => !seen.composer.uploading && seen.composer.attached[focus] >= count,
  composed: ({ composer }) =>
    composer?.submit &&
    composer.boxes.length === texts.length &&
    composer.boxes.every((box, n) => plain(box) === plain({ text: texts[n], exact: box.exact })) &&
    composer.submit.enabled &&
    composer.submit.cover === null &&
    !composer.suggestions &&
    !composer.uploading,
};

const finish = (seen, met) => {
  const box = focus === null ? null : seen.composer?.elements[focus];
  if (met && box) box.focus();
  if (seen.composer) delete seen.composer.elements;
  return { ...seen, met: Boolean(met) };
};

const settled = () => {
  const seen = look();
  const met = WANTED[want](seen);
  return met || walled(seen) ? finish(seen, met) : null;
};

return await whenSeen(settled, () => finish(look(), false), asked.within);
