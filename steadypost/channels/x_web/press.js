// Gives the point at which to click on the button that posts, once it is on, free and at rest; null when it does not come
// to that. What the click that follows would hit of anything else hears nothing of it.

/** The page's next drawing; one that draws nothing goes on all the same. */
const drawn = () =>
  new Promise((resolve) => {
    requestAnimationFrame(resolve);
    setTimeout(resolve, 100);
  });

const middleOf = (element) => {
  const { left, top, width, height } = element.getBoundingClientRect();
  return { x: left + width / 2, y: top + height / 2 };
};

const isInView = ({ x, y }) => x >= 0 && y >= 0 && x < innerWidth && y < innerHeight;

/** Where to click on it, if that can be done now. */
const placeOf = (button) => {
  if (!isInView(middleOf(button))) button.scrollIntoView({ block: "center", inline: "center" });
  const place = middleOf(button);
  return isInView(place) && enabled(button) && coverOf(button) === null ? place : null;
};

const GESTURE = ["pointerdown", "mousedown", "pointerup", "mouseup", "click"];

/** Let the next click through only if it begins on this element. Ends with it, and without one after a while. */
const guard = (element) => {
  let hits = null;
  const end = () => {
    clearTimeout(late);
    for (const name of GESTURE) window.removeEventListener(name, hear, true);
  };
  const hear = (event) => {
    if (!event.isTrusted) return;
    hits ??= event.composedPath().includes(element);
    if (!hits) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
    // The click itself comes in the same breath as the release, before anything that waits.
    if (hits || event.type.endsWith("up")) setTimeout(end);
  };
  for (const name of GESTURE) window.addEventListener(name, hear, true);
  const late = setTimeout(end, asked.guarded);
};

const ends = performance.now() + asked.within;
let before = null;
do {
  current = findComposer();
  const button = current && one("submit", current.root);
  const place = button && placeOf(button);
  if (place && before && place.x === before.x && place.y === before.y) {
    guard(button);
    return place;
  }
  before = place;
  await drawn();
} while (performance.now() < ends);
return null;
