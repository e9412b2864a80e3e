// The menu of a post: what its author, or somebody else, can do to it.

import { change } from "./api.js";
import { build, say, viewer } from "./bootstrap.js";
import { h, icon } from "./dom.js";
import { question } from "./layers.js";
import { toast } from "./toast.js";

const layers = document.getElementById("layers");

/** Open the menu of a post beside its button. */
export function openMenu(post, button) {
  const entries = post.author === viewer?.handle ? OWN : OTHERS;
  const close = () => {
    removeEventListener("pointerdown", outside, { capture: true });
    layer.remove();
  };
  const outside = (event) => {
    if (!layer.contains(event.target)) close();
  };
  const items = entries.map(({ sign, label, act, grave }) =>
    h(
      "div",
      {
        class: grave ? "menu-item grave-item" : "menu-item",
        role: "menuitem",
        tabindex: "0",
        "aria-label": say(label),
        on: {
          click: () => {
            close();
            act(post);
          },
        },
      },
      icon(sign),
      h("span", {}, say(label)),
    ),
  );
  const menu = h("div", { class: "menu", role: "menu", testid: "Dropdown" }, ...(build("tools") === "reversed" ? items.reverse() : items));
  const layer = h("div", { class: "list-layer" }, menu);
  const { right, bottom } = button.getBoundingClientRect();
  Object.assign(menu.style, { position: "fixed", insetInlineStart: "auto", left: `${Math.max(0, right - 220)}px`, top: `${bottom}px` });
  layers.append(layer);
  addEventListener("pointerdown", outside, { capture: true });
}

const OWN = [
  { sign: "trash", label: "Delete", act: remove, grave: true },
  { sign: "pin", label: "Pin to your profile", act: pin },
];

const OTHERS = [{ sign: "more", label: "Report post", act: () => {} }];

async function remove(post) {
  const answer = await question({
    title: say("Delete post?"),
    text: say("This can’t be undone, and it will be gone from your profile."),
    yes: "Delete",
    no: "Cancel",
    drawings: ["trash", "close"],
  });
  if (answer !== "yes") return;
  const done = await change("DeleteTweet", { tweet_id: post.id, dark_request: false });
  toast(say(done ? "Your post was deleted" : "Something went wrong, but don’t fret — let’s give it another shot."));
}

async function pin(post) {
  await change("PinTweet", { tweet_id: post.id });
}
