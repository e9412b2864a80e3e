// Looks at the page once, and again whenever it changes, until what is wanted is there or the time is up.
// Reads only; the one thing it does is to put the caret into a text box when asked to.

const { want, target, texts, focus, count } = asked;

const LINES = 'p, div, li, [data-block="true"]';

/** What a text box holds, line by line as it is drawn: a block begins a line and ends one, and a break at a block's end
 * only keeps the line open. innerText adds breaks around blank lines.
 */
const linesIn = (box) => {
  const lines = [];
  let line = null;
  const end = () => {
    if (line !== null) lines.push(line);
    line = null;
  };
  const read = (node) => {
    for (const child of node.childNodes) {
      if (child.nodeType === Node.TEXT_NODE) line = (line ?? "") + child.data;
      else if (child.nodeName === "IMG") line = (line ?? "") + child.alt;
      else if (child.nodeName === "BR") {
        line ??= "";
        end();
      } else if (child.nodeType === Node.ELEMENT_NODE) {
        const block = child.matches(LINES);
        if (block) end();
        read(child);
        if (block) end();
      }
    }
  };
  read(box);
  end();
  return lines;
};

const held = (box) => {
  if (box.value !== undefined) return { text: box.value, exact: true };
  if (box.querySelector(`br, ${LINES}`)) return { text: linesIn(box).join("\n"), exact: true };
  return { text: box.innerText, exact: false };
};

const plain = ({ text, exact }) => {
  const even = text.normalize("NFC").replace(/\r\n?/g, "\n").replaceAll("\u00a0", " ").trim();
  return exact ? even : even.replace(/\s*\n\s*/g, "\n");
};

/** A name for what lies over an element: null for nothing. */
const cover = (element) => {
  const hit = coverOf(element);
  return hit && (hit.closest("[data-testid]")?.dataset.testid ?? hit.nodeName);
};

const even = (text) => text.replace(/\s+/g, " ").trim();

/** What a part of the page says, without what is in some elements. What stands side by side is no one word. */
const spaced = (node, without = []) => {
  if (without.includes(node)) return "";
  return node.nodeType === Node.TEXT_NODE ? node.data : [...node.childNodes].map((child) => spaced(child, without)).join(" ");
};

const namedIn = (text) => [...text.matchAll(/@(\w{1,15})/g)].map((found) => found[1]);

/** What a dialog says of whom it answers: everything in it that is not being written. */
const context = ({ root, boxes }) => {
  const labels = [root, ...root.querySelectorAll("[aria-label]")].map((element) => element.getAttribute("aria-label") ?? "");
  const links = [...root.querySelectorAll("a[href]")].filter((anchor) => !boxes.some((box) => box.contains(anchor)));
  const text = even(spaced(root, boxes));
  const people = namedIn(`${text} ${labels.join(" ")}`);
  const led = links.filter((anchor) => /^\/\w{1,15}\/?$/.test(anchor.pathname)).map(handleOf);
  return {
    people: [...new Set([...people, ...led])],
    posts: links.filter((anchor) => anchor.querySelector("time")).map(idOf).filter(Boolean),
    text: text.slice(0, 2000),
    notice: [...root.querySelectorAll('[role="status"], [role="alert"]')].some((one) => shown(one) && one.textContent.trim() !== ""),
  };
};

const composer = () => {
  current = findComposer();
  if (!current) return null;
  const { root, boxes } = current;
  noteNames(current);
  const submit = one("submit", root);
  const add = want === "add" && one("add", root);
  fileOf(current, 0);
  const pictures = boxes.map((_, n) => picturesOf(current, n));
  return {
    boxes: boxes.map(held),
    elements: boxes,
    submit: submit && { enabled: enabled(submit), cover: cover(submit) },
    add: add && enabled(add),
    suggestions: openLists(current),
    attached: pictures.map((some) => some.map(({ source, element }) => ({ source, alt: element.alt ?? "" }))),
    uploading: pictures.some((some) => uploadingOf(current, some)),
    context: asked.answering ? context(current) : { people: [], posts: [], text: "", notice: false },
  };
};

const look = () => {
  for (const key of Object.keys(hits)) delete hits[key];
  const post = target && postWith(target);
  const reply = post && one("reply", post);
  const seen = composer();
  return {
    ...standing(),
    post: post && {
      author: handleOf(addressIn(post, target)),
      text: even(one("text", post)?.textContent ?? "").slice(0, 80),
      people: namedIn(spaced(post)),
      reply: reply && { cover: cover(reply), enabled: enabled(reply) },
    },
    composer: seen,
    sheets: sheetsBeside(current).map((sheet) => factsOf(sheet, current)),
    editor: describes ? editor() : null,
    hits: { ...hits },
  };
};

const describes = ["describing", "kept", "put_away"].includes(want);

const editor = () => {
  const found = describing(current);
  return found && { source: found.source, apart: found.apart, saved: found.save !== null && !enabled(found.save) };
};

const WANTED = {
  composer: (seen) => seen.who !== null && seen.composer?.submit,
  post: (seen) => seen.who !== null && (seen.gone || seen.post?.reply),
  replyable: (seen) => seen.post?.reply?.enabled,
  boxes: ({ composer }) => composer && composer.boxes.length >= texts.length,
  add: ({ composer }) => composer?.add,
  empty: ({ composer }) => composer?.boxes.every(({ text }) => text.trim() === ""),
  attached: ({ composer }) => composer && !composer.uploading && composer.attached[focus]?.length >= count,
  written: ({ composer }) => composer && holdsAll(composer),
  composed: ({ composer }) =>
    composer?.submit &&
    holdsAll(composer) &&
    composer.submit.enabled &&
    composer.submit.cover === null &&
    !composer.suggestions &&
    !composer.uploading,
  uncovered: ({ composer }) => composer?.submit && composer.submit.cover === null,
  listed: ({ composer }) => composer?.suggestions,
  describing: ({ editor }) => editor !== null,
  kept: ({ editor }) => editor === null || editor.saved,
  put_away: ({ editor }) => editor === null,
  menu: () => menuItems().length > 0,
  sheet: ({ sheets }) => sheets.length > 0,
  clear: ({ sheets }) => sheets.length === 0,
  free: ({ composer }) => composer && !composer.suggestions,
};

const holdsAll = (composer) =>
  composer.boxes.length === texts.length &&
  composer.boxes.every((box, n) => plain(box) === plain({ text: texts[n], exact: box.exact }));

const finish = (seen, met) => {
  const box = focus === null ? null : seen.composer?.elements[focus];
  if (met && box && box.getRootNode().activeElement !== box) box.focus();
  if (seen.composer) delete seen.composer.elements;
  if (seen.editor) delete seen.editor.saved;
  return { ...seen, ...(met || seen.composer ? { failedCalls: [], broken: false } : why(seen)), met: Boolean(met) };
};

const began = performance.now();

/** A sheet that stands there for so long stands in the way. */
const SHEET_AFTER = { withComposer: 300, withoutOne: 1000 };

/** Nothing can be there yet: not worth a look. */
const tooEarly = () =>
  want === "composer" && document.readyState !== "complete" && !document.querySelector(`${EDITABLE}, textarea, [role="alert"]`) && !asked.walls.some((pattern) => new RegExp(pattern).test(location.pathname));

const settled = () => {
  if (tooEarly()) return null;
  const seen = look();
  const met = WANTED[want](seen);
  const hindered = !met && !describes && want !== "clear" && seen.sheets.length > 0 && performance.now() - began > SHEET_AFTER[seen.composer ? "withComposer" : "withoutOne"];
  seen.broken = !met && !seen.composer && (want === "composer" || want === "post") && staysBroken();
  return met || hindered || seen.broken || walled(seen) ? finish(seen, met) : null;
};

return await whenSeen(settled, () => finish(look(), false), asked.within);
