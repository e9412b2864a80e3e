// How the lines of a text box are drawn: as different editors do.
//
// A drawing makes the elements once (`contents`), draws the lines and returns one leaf for each (`draw`), knows the element
// that is a line's own (`lineOf`), and which line a point between lines belongs to (`between`): its number, and whether the
// point is at the line's end.

import { h } from "./dom.js";

const DRAFT_CLASSES = {
  boxClass: "public-DraftEditor-content",
  rootClass: "DraftEditor-root",
  containerClass: "DraftEditor-editorContainer",
  placeholderClass: "public-DraftEditorPlaceholder-root",
};

const LEXICAL_CLASSES = {
  boxClass: "editor-input",
  rootClass: "editor-shell",
  containerClass: "editor-scroller",
  placeholderClass: "editor-placeholder",
};

function leafOf(attributes, line) {
  return h("span", attributes, line === "" ? h("br") : line);
}

/** A block per line: what Draft draws. */
const draft = {
  ...DRAFT_CLASSES,
  contents: () => h("div", { "data-contents": "true" }),
  draw(contents, lines) {
    const leaves = lines.map((line) => leafOf({ "data-leaf": "true" }, line));
    const block = (leaf, number) =>
      h("div", { "data-block": "true", "data-offset-key": `line-${number}` }, h("div", { class: "public-DraftStyleDefault-block", dir: "auto" }, leaf));
    contents.replaceChildren(...leaves.map(block));
    return leaves;
  },
  lineOf: (leaf) => leaf.closest("[data-block]"),
  between: (_leaves, _node, at) => ({ number: at, atEnd: false }),
};

/** A paragraph per line inside Draft's wrappers: paragraphs are read out with blank lines between them. */
const spaced = {
  ...DRAFT_CLASSES,
  contents: () => h("div", { "data-contents": "true" }),
  draw(contents, lines) {
    const leaves = lines.map((line) => leafOf({ "data-leaf": "true" }, line));
    contents.replaceChildren(...leaves.map((leaf) => h("p", { class: "line", dir: "auto" }, leaf)));
    return leaves;
  },
  lineOf: (leaf) => leaf.closest("p"),
  between: (_leaves, _node, at) => ({ number: at, atEnd: false }),
};

/** One paragraph with line breaks: what Lexical draws of text that was inserted as a whole. */
const lexical = {
  ...LEXICAL_CLASSES,
  contents: () => h("p", { class: "line", dir: "auto" }),
  draw(contents, lines) {
    const leaves = lines.map((line) => (line === "" ? h("span", {}) : leafOf({ "data-lexical-text": "true" }, line)));
    const pieces = leaves.flatMap((leaf, number) => (number === 0 ? [leaf] : [h("br"), leaf]));
    // The last line break of a paragraph is not shown unless something follows it.
    if (lines.at(-1) === "") pieces.push(h("br"));
    contents.replaceChildren(...pieces);
    return leaves;
  },
  lineOf: (leaf) => leaf,
  between(leaves, node, at) {
    const all = [...leaves[0].parentNode.childNodes];
    const before = all.slice(0, node.nodeName === "BR" ? all.indexOf(node) : at);
    const last = leaves.findLastIndex((leaf) => before.includes(leaf));
    // Behind a line break the next line has begun; behind a leaf its own line ends.
    return before.at(-1) === leaves[last] ? { number: last, atEnd: true } : { number: last + 1, atEnd: false };
  },
};

export const DRAWINGS = { draft, spaced, lexical };
