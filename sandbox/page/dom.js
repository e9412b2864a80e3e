// Making elements.

import { build, say, testidToday } from "./bootstrap.js";

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  home: "M3 10.5 12 3l9 7.5V21h-6v-6H9v6H3z",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zm5 11.5L21 21",
  bell: "M6 17V10a6 6 0 0 1 12 0v7l2 2H4zM10 21h4",
  mail: "M3 6h18v12H3zM3 7l9 7 9-7",
  person: "M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM4 21c0-4 3.6-6 8-6s8 2 8 6",
  reply: "M4 12c0-4 3.4-7 8-7s8 3 8 7-3.4 7-7 7v2.5C8 21 4 17 4 12z",
  retweet: "M5 9 8 6l3 3M8 6v9a2 2 0 0 0 2 2h3M19 15l-3 3-3-3M16 18V9a2 2 0 0 0-2-2h-3",
  like: "M12 20S4 15 4 9.3C4 6.6 6 5 8 5c1.800 0 3.200 1 4 2.500C12.800 6 14.200 5 16 5c2 0 4 1.600 4 4.300C20 15 12 20 12 20z",
  views: "M5 20V10M10 20V4M15 20v-8M20 20V8",
  bookmark: "M6 3h12v18l-6-5-6 5z",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.500 9.500h.01",
  plus: "M12 5v14M5 12h14",
  close: "M5 5l14 14M19 5 5 19",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  back: "M11 5l-7 7 7 7M4 12h16",
  pin: "M9 3h6l-1 6 3 3v2H7v-2l3-3zM12 14v7",
  smile: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8.500 14c1 2 6 2 7 0M9 9.500h.01M15 9.500h.01",
  calendar: "M4 6h16v14H4zM4 10h16M8 3v4M16 3v4",
  check: "M4 12l5 5L20 6",
  send: "M3 11 21 3l-8 18-2-8z",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13",
  previous: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  draft: "M5 3h10l4 4v14H5zM8 11h8M8 15h8",
  verified: "M12 2l2.700 2.300 3.500-.3.700 3.500 3 1.900-1.500 3.200 1.500 3.200-3 1.900-.7 3.500-3.500-.3L12 23.200 9.300 21l-3.500.3-.7-3.500-3-1.900 1.500-3.200L2.100 9.400l3-1.900.7-3.500 3.500.3z",
};

/** An element. `testid`, `on` and `class` are what they say; all other properties are attributes. */
export function h(tag, properties = {}, ...children) {
  const element = tag === "button" ? makeButton() : document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    setProperty(element, name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Whatever a button is made of in this build. */
function makeButton() {
  if (build("buttons") === "button") return document.createElement("button");
  const element = document.createElement(build("buttons"));
  element.className = "as-button";
  element.setAttribute("role", "button");
  element.setAttribute("tabindex", "0");
  element.addEventListener("click", dropIfDisabled, { capture: true });
  element.addEventListener("keydown", (event) => {
    if (event.target !== element || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    element.click();
  });
  return element;
}

function dropIfDisabled(event) {
  if (event.currentTarget.getAttribute("aria-disabled") !== "true") return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

function isMadeUp(element) {
  return element.classList.contains("as-button");
}

function setProperty(element, name, value) {
  if (isMadeUp(element) && setMadeUp(element, name, value)) return;
  if (name === "testid") {
    // For the tests of this page only, who know an element in every build: it cannot be selected by any tool.
    element.sandboxName = value;
    const today = testidToday(value);
    if (today) element.setAttribute("data-testid", today);
  } else if (name === "on") {
    for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
  } else if (value !== null && value !== undefined && value !== false) {
    element.setAttribute(name, value === true ? "" : value);
  }
}

/** Properties that a made-up button has in another way than the real element; whether this is one. */
function setMadeUp(element, name, value) {
  if (name === "class") element.className = `as-button ${value}`;
  else if (name === "disabled") setEnabled(element, value === false || value === null);
  else return name === "type";
  return true;
}

/** A line drawing. */
export function icon(name) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("class", "icon");
  drawing.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", ICONS[name]);
  drawing.append(line);
  return drawing;
}

/** Somebody's picture: the first letter on a colour of their own. */
export function avatar(handle, testid = "Tweet-User-Avatar") {
  const hue = [...handle].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7);
  const face = h("div", { class: "avatar", testid, "aria-hidden": "true" }, handle[0].toUpperCase());
  face.style.background = `hsl(${hue} 45% 42%)`;
  return face;
}

/** Enable or disable a button the way the page does: by attribute, where there is one, and by ARIA. */
export function setEnabled(button, enabled) {
  if (isMadeUp(button)) button.setAttribute("tabindex", enabled ? "0" : "-1");
  else button.toggleAttribute("disabled", !enabled);
  if (enabled) button.removeAttribute("aria-disabled");
  else button.setAttribute("aria-disabled", "true");
}

/** A button with a word on it, or in some builds with a drawing whose word only the accessible name tells. */
export function wordButton(english, drawing, properties = {}) {
  const button = h("button", { type: "button", ...properties });
  face(button, english, drawing);
  return button;
}

/** Change what a button says. */
export function face(button, english, drawing) {
  const icons = build("faces") === "icons";
  if (icons) button.setAttribute("aria-label", say(english));
  button.classList.toggle("drawn", icons);
  button.replaceChildren(icons ? icon(drawing) : h("span", {}, say(english)));
}

/** A link inside the page: no new document is loaded. */
export function link(href, properties = {}, ...children) {
  return h("a", { href, "data-internal": true, role: "link", ...properties }, ...children);
}
