// What the server told the page when it opened: who is here, how operations are called today, today's switches, and
// how today's build of the page differs from the one that everybody knows.

const told = JSON.parse(document.getElementById("bootstrap").textContent);

export const viewer = told.viewer;
export const veiled = told.veiled;
export const suspended = told.suspended;
export const queryIds = told.queryIds;
export const people = told.people;
export const language = told.variant.choices.language;

/** The choice of this build on one axis. */
export function build(axis) {
  return told.variant.choices[axis];
}

/** The parameters of a switch, or null where it is off. */
export function switchOf(kind) {
  return told.switches.find((one) => one.kind === kind) ?? null;
}

/** The parameters of every switch of this kind. */
export function switchesOf(kind) {
  return told.switches.filter((one) => one.kind === kind);
}

const renamed = new Map([
  ...Object.entries(told.variant.names),
  ...switchesOf("renamed_testid").map((one) => [one.from, one.to]),
]);

/** The data-testid an element carries today: usually its own. */
export function testidToday(testid) {
  if (renamed.has(testid)) return renamed.get(testid);
  const family = testid.match(/^[A-Za-z]+_(?=\d)/)?.[0];
  if (!renamed.has(family)) return testid;
  const to = renamed.get(family);
  return to && testid.replace(family, to);
}

/** A word of the page in its language. What stands behind a bar only tells two uses of one word apart. */
export function say(english, values = {}) {
  const word = told.words[english] ?? english.split("|")[0];
  return Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), word);
}

/** A sentence in pieces, with elements in the places of its values. */
export function sayAround(english, values) {
  return say(english)
    .split(/(\{\w+\})/)
    .filter((piece) => piece !== "")
    .map((piece) => values[piece.slice(1, -1)] ?? piece);
}

// Mulberry32: chance that is the same for the same seed.
let state = told.variant.seed >>> 0;

/** A number between two others, by chance and repeatable. */
export function between(least, most) {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return least + ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296 * (most - least);
}

/** Wait so many seconds. */
export function after(seconds) {
  return new Promise((done) => setTimeout(done, seconds * 1000));
}
