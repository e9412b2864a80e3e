// Points at one thing of the composer's, for a click: gives the element itself, or null.

const composer = (current = findComposer());
const editor = () => describing(composer);
const sheet = () => sheetsBeside(composer).at(-1) ?? null;

const THINGS = {
  add: () => composer && one("add", composer.root),
  file: () => composer && fileOf(composer, asked.part),
  chooser: () => composer && chooserOf(composer, asked.part),
  box: () => composer?.boxes[asked.part],
  describer: () => composer && describerOf(composer, asked.part, asked.source),
  field: () => editor()?.field,
  save: () => editor()?.save,
  forth: () => editor()?.steps.at(-1),
  back: () => editor()?.steps[0],
  close: () => editor()?.close,
  answer: () => sheet() && answersOf(sheet())[asked.number],
  closer: () => sheet() && closerOf(sheet()),
  menu: () => {
    const post = postWith(asked.source);
    return post && menuOf(post);
  },
  removal: () => removalIn(menuItems()),
  banner: () => {
    const cover = document.querySelector(`[data-testid="${CSS.escape(asked.source)}"]`);
    return one("cookies") ?? (cover && buttonsIn(cover).at(-1));
  },
  within: () => boxesWithin(),
  opened: () => openedWithin(asked.before),
  reply: () => {
    const post = postWith(asked.source);
    return post && one("reply", post);
  },
};

return THINGS[asked.thing]() ?? null;
