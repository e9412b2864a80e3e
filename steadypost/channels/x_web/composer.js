// Finding the composer and what belongs to it: by what things are and where they stand, their names only tell drift.

const DIALOG = '[role="dialog"], [role="alertdialog"], [aria-modal="true"], dialog[open]';

const isBefore = (one, other) => Boolean(one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING);

const EDITABLE = '[contenteditable]:not([contenteditable="false" i])';
const WRITTEN_IN = new Set(["textbox", "combobox", "searchbox", null]);

const isBox = (element) =>
  shown(element) && !element.parentElement?.closest(EDITABLE) && WRITTEN_IN.has(element.getAttribute("role"));

/** What may be written in: text boxes; and plain fields, which a page for small screens has instead. */
const KINDS = [
  (scope) => [...scope.querySelectorAll(EDITABLE)].filter(isBox),
  (scope) => [...scope.querySelectorAll("textarea")].filter(shown),
];

const floats = (element) => {
  for (let one = element; one; one = one.parentElement ?? one.getRootNode().host) {
    if (one.id === "layers" || getComputedStyle(one).position === "fixed") return true;
  }
  return false;
};

const PAGE_ITSELF = 'main, nav a[href], [data-testid="primaryColumn"]';

/** Whether what posts may be in here: a button with a name that we know, or one that stands out. */
const mayPost = (scope) => {
  const names = asked.ways.submit.filter(({ css, words }) => css && words.length === 0).map(({ css }) => css);
  return buttonsIn(scope).some((button) => isFilled(button) || button.matches(names.join()));
};

/** The dialog that a box is in: of several within each other, the nearest that has a button to post with. */
const dialogOf = (box) => {
  const nearest = box.closest(DIALOG);
  for (let dialog = nearest; dialog; dialog = dialog.parentElement?.closest(DIALOG)) {
    if (mayPost(dialog)) return dialog;
  }
  return nearest;
};

/** What a box is in: its dialog; where nothing is called one, all around it that floats over the page with it. */
const rootOf = (box) => {
  const dialog = dialogOf(box);
  if (dialog) return dialog;
  if (!floats(box)) return null;
  let root = box;
  while (root.parentElement && root.parentElement !== document.body && root.parentElement.id !== "layers") {
    if (root.parentElement.querySelector(PAGE_ITSELF)) break;
    root = root.parentElement;
  }
  return root;
};

/** The nearest around a box within the page that has a button to post with. */
const rootWithin = (box) => {
  if (rootOf(box)) return null;
  let root = box.parentElement;
  while (root && !mayPost(root)) root = root.matches('main, [role="main"], body') ? null : root.parentElement;
  return root;
};

const boxesWithin = () => KINDS.flatMap((boxesIn) => boxesIn(document)).filter(rootWithin);

/** The composer within the page that a click opened: around a box that was not there before, or that has the caret now. */
const openedWithin = (before) => {
  const boxes = boxesWithin();
  const box = boxes.find((one) => !before.includes(one)) ?? boxes.find((one) => one.contains(document.activeElement));
  return box ? rootWithin(box) : null;
};

const composerAt = (root) => {
  const boxes = root?.isConnected ? (KINDS.map((boxesIn) => boxesIn(root)).find((found) => found.length > 0) ?? []) : [];
  return boxes.length > 0 ? { root, boxes } : null;
};

/** What the page keeps in open shadows of its elements. */
const shadows = () => {
  const found = [document];
  for (const place of found) for (const { shadowRoot } of place.querySelectorAll("*")) if (shadowRoot) found.push(shadowRoot);
  return found.slice(1);
};

const findComposer = () => composerIn(document) ?? shadows().map(composerIn).find(Boolean) ?? composerAt(asked.opened);

/** The composer over the page; of what floats, one with a button comes first. Those within the page must not be touched,
 * but for the one that a reply opened there.
 */
const composerIn = (place) => {
  let found = null;
  for (const boxesIn of KINDS) {
    for (const box of boxesIn(place)) {
      const root = rootOf(box);
      if (!root || (found && !mayPost(root))) continue;
      const dialog = box.closest(DIALOG);
      found = { root, boxes: boxesIn(root).filter((other) => other.closest(DIALOG) === dialog) };
      if (mayPost(root)) return found;
    }
  }
  return found;
};

/** Which of its names a thing still has: for telling drift. */
const noteHit = (purpose, matches) => {
  const ways = asked.ways[purpose];
  const hit = ways.findIndex(({ css, place }) => place || matches(css));
  hits[purpose] = hit;
};

const noteNames = ({ root, boxes }) => {
  noteHit("dialog", (css) => root.matches(css));
  noteHit("box", (css) => {
    const named = root.querySelector(css.replaceAll("{n}", 0));
    return named !== null && (named.contains(boxes[0]) || boxes[0].contains(named));
  });
};

// -- the post that is to be answered

/** The link that is a post's own address: around its time, where it shows one. */
const addressIn = (article, id) => {
  const stamp = stampOf(article);
  if (stamp) return idOf(stamp) === id ? stamp : null;
  return [...article.querySelectorAll("a[href]")].find((anchor) => anchor.pathname.endsWith(`/status/${id}`)) ?? null;
};

const postWith = (id) => all("post").found.find((article) => addressIn(article, id)) ?? null;

// -- buttons

/** Whether a colour can be seen. What a pointer brings out is faint. */
const isStrong = (colour) => {
  const alpha = colour.match(/[/]\s*([\d.]+%?)\s*\)$|^rgba\([^,]+,[^,]+,[^,]+,\s*([\d.]+)\)$/);
  const share = alpha ? parseFloat(alpha[1] ?? alpha[2]) / (alpha[1]?.endsWith("%") ? 100 : 1) : 1;
  return colour !== "transparent" && share >= 0.5;
};

const hasGround = (element) => {
  const { backgroundColor, backgroundImage } = getComputedStyle(element);
  return isStrong(backgroundColor) || (backgroundImage.includes("gradient(") && (backgroundImage.match(/rgba?\([^)]*\)/g) ?? []).some(isStrong));
};

const covers = (one, other) => {
  const [inner, outer] = [one, other].map((element) => element.getBoundingClientRect());
  return inner.width >= 0.9 * outer.width && inner.height >= 0.9 * outer.height;
};

/** Whether a button has a ground of its own, or one that something in it gives it. */
const isFilled = (button) => hasGround(button) || [...button.querySelectorAll("div, span")].some((one) => hasGround(one) && covers(one, button));

const isOutlined = (element) => {
  const { borderTopWidth, borderTopStyle } = getComputedStyle(element);
  return parseFloat(borderTopWidth) > 0 && borderTopStyle !== "none";
};

const isBare = (element) => !isFilled(element) && !isOutlined(element) && shownWords(element) === "";

const buttonsIn = (scope) => [...scope.querySelectorAll(BUTTON)].filter(shown);

/** What may be clicked: links as well, where a tool is a place of its own to the page. */
const controlsIn = (scope) => [...scope.querySelectorAll(`${BUTTON}, a[href], [role="link"]`)].filter(shown);

/** Whether something is of the editor of descriptions: of the nearest that holds its field and a button. */
const servesField = (element, composer) =>
  fieldsIn(composer.root, composer).some((field) => {
    const holder = holderOf(field);
    return holder.contains(element) && !composer.boxes.some((box) => holder.contains(box));
  });

/** Fields for a text that are none of the composer's boxes. */
const fieldsIn = (scope, composer) =>
  [...scope.querySelectorAll(`textarea, input[type="text"], input:not([type]), ${EDITABLE}`)].filter(
    (field) => shown(field) && !(composer?.boxes ?? []).some((box) => box.contains(field)),
  );

const holderOf = (field) => {
  let holder = field.parentElement;
  while (holder.parentElement && !holder.querySelector(BUTTON)) holder = holder.parentElement;
  return holder;
};

const OTHER_PLACES = 'nav, [role="navigation"], [role="listbox"], [role="group"], [role="tablist"], article';

/** Where a button that posts never is, also in a page that puts its tools and it into one group. */
const APART = 'nav, [role="navigation"], [role="listbox"], article';

/** Whether something is in a dialog within the composer's that is not around its boxes. */
const isInSheet = (element, { root, boxes }) => {
  const dialog = element.closest(DIALOG);
  return root.contains(dialog) && dialog !== root && !boxes.some((box) => dialog.contains(box));
};

/** The composer's own buttons: not the tools', not a list's, not those of a sheet within it. */
const ownButtons = (composer, found = buttonsIn, places = OTHER_PLACES) =>
  found(composer.root).filter(
    (button) =>
      !isInSheet(button, composer) &&
      !composer.root.contains(button.closest(places)) &&
      !servesField(button, composer),
  );

let current = null;

/** The button that posts is the one that stands out. */
PLACES.submit = () => {
  const own = current ? ownButtons(current).filter(isFilled).slice(-1) : [];
  return own.length > 0 || !current ? own : ownButtons(current, buttonsIn, APART).filter(isFilled).slice(-1);
};

/** The button that adds a part stands beside it, with a drawing on it; it may be a link. */
PLACES.add = () => {
  const submit = current && one("submit", current.root);
  if (!submit) return [];
  const near = ownButtons(current, controlsIn).filter((button) => button !== submit && isBare(button));
  for (let holder = submit.parentElement; holder && holder !== current.root; holder = holder.parentElement) {
    if (current.boxes.some((box) => holder.contains(box))) break;
    const beside = near.filter((button) => holder.contains(button));
    if (beside.length > 0) return beside.slice(-1);
  }
  return [];
};

const takesPictures = (field) => /^$|image|[.](png|jpe?g)/i.test(field.accept);

/** The field for pictures of a part: the nearest one around its box. Hidden as it is, it counts. */
const fileOf = ({ root, boxes }, n) => {
  for (let holder = boxes[n]; holder && root.contains(holder); holder = holder.parentElement) {
    const { found } = all("file", holder, { hidden: true });
    if (found.length > 0) return found.find(takesPictures) ?? found[0];
  }
  return null;
};

/** What asks for files where there is no field yet: the first tool of the part. */
const chooserOf = (composer, n) =>
  buttonsIn(composer.root).find(
    (button) => isBare(button) && within(button, composer, n) && !isInSheet(button, composer) && !servesField(button, composer),
  ) ?? null;

// -- pictures

const within = (element, { boxes }, n) =>
  isBefore(boxes[n], element) && (!boxes[n + 1] || isBefore(element, boxes[n + 1]));

/** A part's pictures, each once: an editor of descriptions shows them a second time. */
const picturesOf = (composer, n) => {
  const sources = new Map();
  for (const media of composer.root.querySelectorAll('img[src^="blob:"], video, [data-testid="attachments"] img')) {
    const source = media.src || media.currentSrc || media.poster;
    const inField = isInSheet(media, composer) || servesField(media, composer);
    if (within(media, composer, n) && !sources.has(source) && !(inField && media.tagName === "IMG")) sources.set(source, media);
  }
  return [...sources].map(([source, element]) => ({ source, element }));
};

const uploadingOf = ({ root, boxes }, pictures) =>
  pictures.some(({ element }) => {
    for (let one = element.parentElement; one && one !== root && !boxes.some((box) => one.contains(box)); one = one.parentElement) {
      if ([...one.querySelectorAll(BUSY)].some((bar) => shown(bar) && !bar.closest('[data-testid="toolBar"]'))) return true;
      if (one.querySelectorAll(BUTTON).length > 0) return false;
    }
    return false;
  });

/** What opens the description of a picture: its own control, else the one that serves all pictures of its part. */
const describerOf = (composer, n, source) => {
  const pictures = picturesOf(composer, n);
  const picture = pictures.find((one) => one.source === source);
  if (!picture) return null;
  let card = picture.element;
  while (card.parentElement !== composer.root && !card.querySelector(BUTTON)) card = card.parentElement;
  const own = card.contains(composer.boxes[n]) ? [] : controlsIn(card).filter((button) => !servesField(button, composer));
  const apart = controlsIn(composer.root).filter(
    (button) =>
      within(button, composer, n) &&
      !isFilled(button) &&
      !isInSheet(button, composer) &&
      !servesField(button, composer) &&
      isAmongPictures(button, composer, pictures),
  );
  // As many as there are pictures are one for each, in their order.
  const its = (found) => (found.length === pictures.length ? found[pictures.indexOf(picture)] : found[0]);
  return named(own)[0] ?? its(named(apart)) ?? lettered(own)[0] ?? its(lettered(apart)) ?? (own.length > 1 ? own.at(-1) : null) ?? apart.at(-1) ?? null;
};

/** Whether a button stands with the pictures and not with the tools: nearer to a picture than to the box, and in no
 * group of its own.
 */
const isAmongPictures = (button, { root, boxes }, pictures) => {
  const group = button.closest(OTHER_PLACES);
  if (root.contains(group) && !pictures.some(({ element }) => group.contains(element))) return false;
  for (let holder = button.parentElement; holder && holder !== root; holder = holder.parentElement) {
    if (boxes.some((box) => holder.contains(box))) return false;
    if (pictures.some(({ element }) => holder.contains(element))) return true;
  }
  return false;
};

const named = (buttons) => {
  const ways = asked.ways.alt_open.filter(({ place }) => !place);
  return ways.map(({ css }) => buttons.filter((button) => button.matches(css))).find((found) => found.length > 0) ?? [];
};

/** ALT stands on the button in whatever language the page is. */
const lettered = (buttons) => buttons.filter((button) => /\bALT\b/.test(shownWords(button)));

/** The editor of descriptions: its field, what it stands in, the picture it shows, and its buttons. */
const describing = (composer) => {
  // An editor may stay open in a part before: the one that was opened last has the caret, or comes last.
  const fields = [...all("alt_text").found, ...fieldsIn(document, composer).filter((one) => composer?.root.contains(one) || one.closest(DIALOG))];
  const field = fields.find((one) => one === document.activeElement) ?? all("alt_text").found.at(-1) ?? fields.at(-1) ?? null;
  if (!field) return null;
  const dialog = field.closest(DIALOG);
  const apart = dialog !== null && !(composer?.root.contains(dialog) && !isInSheet(field, composer));
  const holder = apart ? dialog : holderOf(field);
  const buttons = buttonsIn(holder);
  const save = one("alt_save", holder) ?? buttons.filter(isFilled).at(-1) ?? null;
  const image = [...holder.querySelectorAll("img")].find(shown);
  return { field, apart, save, steps: stepsIn(holder, buttons, save), close: closeOf(holder, buttons, save), source: image?.src || null };
};

/** The way from picture to picture: the two buttons that stand together with nothing but a drawing on them. */
const stepsIn = (holder, buttons, save) => {
  const bare = buttons.filter((button) => button !== save && isBare(button));
  for (const first of bare) {
    const pair = bare.filter((button) => button.parentElement === first.parentElement);
    if (pair.length === 2) return pair;
  }
  return choicesIn(holder);
};

const CHOSEN = '[aria-current]:not([aria-current="false"]), [aria-selected="true"], [aria-pressed="true"]';

/** Or the choice that comes after the chosen one, where there is one for each picture. */
const choicesIn = (holder) => {
  const [chosen, ...others] = [...holder.querySelectorAll(CHOSEN)].filter(shown);
  if (!chosen || others.length > 0 || chosen.parentElement.children.length < 2) return [];
  return [chosen.nextElementSibling ?? chosen.parentElement.firstElementChild];
};

const closeOf = (holder, buttons, save) => {
  const steps = stepsIn(holder, buttons, save);
  const named = one("close", holder);
  return named ?? buttons.find((button) => button !== save && isBare(button) && !steps.includes(button)) ?? null;
};

// -- lists of suggestions

const LISTS = '[role="listbox"], [role="option"], [role="menu"], [role="menuitem"]';

/** A list that may take keys: wherever it is on the page, and whatever it is called. */
const openLists = (composer) => {
  const controlled = (composer?.boxes ?? []).flatMap((box) =>
    ["aria-controls", "aria-owns", "aria-activedescendant"].flatMap((name) => (box.getAttribute(name) ?? "").split(/\s+/)),
  );
  const byName = [...document.querySelectorAll('[role="listbox"], [data-testid^="typeahead"]')];
  const byId = controlled.filter(Boolean).map((id) => document.getElementById(id)).filter(Boolean);
  const open = [...all("suggestions").found, ...byName, ...byId].filter(shown);
  const says = (composer?.boxes ?? []).some((box) => box.getAttribute("aria-expanded") === "true");
  return open.length > 0 || says || isUnderMenu(composer);
};

/** Whether a menu lies over the button: as long as it is open, keys are its own as well. */
const isUnderMenu = (composer) => {
  const submit = composer && one("submit", composer.root);
  return Boolean(submit && coverOf(submit)?.closest(LISTS));
};

// -- the menu of a post

/** What opens the menu of a post: the page says that it does, or its name, or its place beside who wrote it. */
const menuOf = (post) => {
  const buttons = buttonsIn(post).filter((button) => !button.closest('[role="group"]'));
  return buttons.find((button) => button.matches('[aria-haspopup="menu"]')) ?? one("menu", post) ?? buttons.find(isBare) ?? null;
};

const menuItems = () => [...document.querySelectorAll('[role="menu"] [role="menuitem"]')].filter(shown);

const colourOf = (item) => getComputedStyle(item.querySelector("span") ?? item).color;

const isRed = (colour) => {
  const [red, green, blue] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  return red > 150 && green < red / 2 && blue < red / 2;
};

/** What takes a post down is the one thing in its menu that is red, whatever it is called. */
const removalIn = (items) => {
  const red = items.filter((item) => isRed(colourOf(item)));
  return red.length === 1 ? red[0] : null;
};

// -- sheets

/** What lies over an element: null for nothing. What was only scrolled away is brought back. */
const coverOf = (element) => {
  const over = () => {
    const { left, top, width, height } = element.getBoundingClientRect();
    const hit = element.getRootNode().elementFromPoint(left + width / 2, top + height / 2);
    return !hit || element.contains(hit) || hit.contains(element) ? null : hit;
  };
  if (over() === null) return null;
  element.scrollIntoView({ block: "nearest" });
  return over();
};

/** What an element shows where another is: in an open shadow of its own as well. */
const shownWithin = (element, other) => {
  const { left, top, width, height } = other.getBoundingClientRect();
  const inner = element.shadowRoot?.elementFromPoint(left + width / 2, top + height / 2);
  return inner && inner !== element ? shownWithin(inner, other) : element;
};

/** What lies over the button with buttons of its own, whatever it is called: all of it. */
const layerOver = (composer) => {
  const submit = composer && one("submit", composer.root);
  const hit = submit && coverOf(submit);
  if (!hit || hit.closest(LISTS)) return null;
  let layer = shownWithin(hit, submit);
  while (layer.parentElement && !layer.parentElement.contains(submit)) layer = layer.parentElement;
  return buttonsIn(layer).length > 0 && !layer.querySelector(LISTS) ? layer : null;
};

/** Whether an element is around another, which may be in a shadow within it. */
const isAround = (element, other) => {
  for (let one = other; one; one = one.getRootNode().host) if (element.contains(one)) return true;
  return false;
};

/** Whether a dialog is about to be a composer: its button is there and off, or it takes pictures. */
const isComing = (dialog) => buttonsIn(dialog).some((button) => isFilled(button) && !enabled(button)) || dialog.querySelector('input[type="file"]') !== null;

/** Dialogs that are neither the composer nor around it, and what lies over its button. Before there is a composer, a
 * dialog may be about to be one.
 */
const sheetsBeside = (composer) => {
  const places = new Set([document, composer?.root.getRootNode() ?? document]);
  const found = [...places].flatMap((place) => [...place.querySelectorAll(DIALOG)]).filter(
    (element) =>
      shown(element) &&
      !isAround(element, composer?.root) &&
      !(composer?.boxes ?? []).some((box) => element.contains(box)) &&
      element.querySelector('[contenteditable], [role="textbox"]') === null &&
      (composer !== null || element.getAttribute("role") === "alertdialog" || (buttonsIn(element).some(isFilled) && !isComing(element))),
  );
  const layer = found.length > 0 ? null : layerOver(composer);
  return layer ? [layer] : found;
};

const answersOf = (sheet) => buttonsIn(sheet).filter((button) => !isBare(button));
const closerOf = (sheet) => one("close", sheet) ?? buttonsIn(sheet).find(isBare) ?? null;

/** Whether a link leads from here to another page. */
const leadsAway = (anchor) => {
  const { protocol, origin, pathname } = new URL(anchor.getAttribute("href"), location.href);
  return protocol !== "javascript:" && (origin !== location.origin || pathname !== location.pathname);
};

const namesIn = (sheet) => [sheet, ...sheet.querySelectorAll("[data-testid], [id], [href], [name]")].flatMap((element) =>
  ["data-testid", "id", "href", "name"].map((name) => element.getAttribute(name)).filter(Boolean),
);

const factsOf = (sheet, composer) => {
  const submit = composer && one("submit", composer.root);
  return {
    name: sheet.dataset.testid ?? sheet.getAttribute("role") ?? sheet.nodeName,
    names: namesIn(sheet),
    text: sheet.textContent.trim().slice(0, 300),
    links: [...sheet.querySelectorAll("a[href]")].filter((anchor) => shown(anchor) && leadsAway(anchor)).length,
    fields: [...sheet.querySelectorAll(`input:not(${PRESSED}), textarea, select, iframe, canvas`)].filter(shown).length,
    answers: answersOf(sheet).map((button) => ({
      prominent: isFilled(button),
      posts: submit !== null && wordsOf(button) === wordsOf(submit),
    })),
    closable: closerOf(sheet) !== null,
  };
};
