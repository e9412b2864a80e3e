// Puts a text where the caret is, with one change: as the clipboard does, where the page takes that; else, when asked to,
// as the browser itself does. Says whether it did.

const { text, natively } = asked;

let field = document.activeElement;
while (field.shadowRoot?.activeElement) field = field.shadowRoot.activeElement;

if (natively && field.tagName === "TEXTAREA") {
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText", data: text }));
  return true;
}

const clipboardData = new DataTransfer();
clipboardData.setData("text/plain", text);
const pasted = new ClipboardEvent("paste", { clipboardData, bubbles: true, composed: true, cancelable: true });
if (!field.dispatchEvent(pasted)) return true;
if (!natively || !field.isContentEditable) return false;

// Nobody took it: what is written here the browser keeps by itself. Where it draws several spaces as one, they are such
// as stay.
const keeps = /^(pre|break-spaces)/.test(getComputedStyle(field).whiteSpace);
if (!keeps && text.includes("\t")) return false;
const lasting = (line) => (keeps ? line : line.replace(/^ | (?= |$)/g, "\u00a0"));
const lines = text.split("\n").map((line) => {
  const drawn = document.createElement("div");
  drawn.append(line === "" ? document.createElement("br") : lasting(line));
  return drawn.outerHTML;
});
return document.execCommand("insertHTML", false, lines.join(""));
