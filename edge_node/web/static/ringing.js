// Where several patients ring at once, the first card can hide the others: a line that names them.
import { byId, make } from "./elements.js";
import { say } from "./texts.js";
import { canAccept, firstWord, headline } from "./words.js";

let shownBefore = "";

// `dispatches` are those that ring, in the order of their cards; `go(id)` leads to a card.
export function show(dispatches, go) {
  const others = dispatches.slice(1).map((each) => ({
    id: each.id,
    label: `${firstWord(each)}: ${headline(each.facts)}`,
    text: canAccept(each) ? headline(each.facts) : `${headline(each.facts)} (${say("list.changed_short")})`,
  }));
  const shown = JSON.stringify(others);
  if (shown === shownBefore) return;
  shownBefore = shown;
  const place = byId("ringing");
  place.hidden = others.length === 0;
  place.replaceChildren(
    make("strong", {}, say("list.ringing", { count: others.length })),
    ...others.map(({ id, label, text }) =>
      make("button", { type: "button", "aria-label": `${label}. ${text}`, onclick: () => go(id) }, text)),
  );
}
