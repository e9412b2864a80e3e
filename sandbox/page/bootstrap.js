// What the server told the page when it opened: who is here, how operations are called today, and today's switches.

const told = JSON.parse(document.getElementById("bootstrap").textContent);

export const viewer = told.viewer;
export const suspended = told.suspended;
export const queryIds = told.queryIds;
export const people = told.people;

/** The parameters of a switch, or null where it is off. */
export function switchOf(kind) {
  return told.switches.find((one) => one.kind === kind) ?? null;
}

const renamed = new Map(
  told.switches.filter((one) => one.kind === "renamed_testid").map((one) => [one.from, one.to]),
);

/** The data-testid an element carries today: usually its own. */
export function testidToday(testid) {
  return renamed.has(testid) ? renamed.get(testid) : testid;
}
