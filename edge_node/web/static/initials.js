// Who answers: asked for once, kept in this browser, and never in the way of an answer.
import { byId } from "./elements.js";
import { say } from "./texts.js";

const KEY = "haven.initials";
const field = byId("initials");

export function start() {
  field.value = kept();
  field.addEventListener("input", () => {
    field.parentElement.classList.remove("asks");
    keep(field.value.trim());
  });
}

// The initials, or "?" when nobody has typed any: an answer without a name is worth more than none.
export function by() {
  return field.value.trim() || "?";
}

// After an answer without a name. The answer is on its way already.
export function askIfMissing(announce) {
  if (field.value.trim()) return;
  field.parentElement.classList.add("asks");
  announce(say("initials.ask"));
}

function kept() {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return ""; // storage is switched off; they are asked again at the next start
  }
}

function keep(initials) {
  try {
    localStorage.setItem(KEY, initials);
  } catch {
    // Storage is switched off: they hold until the page is closed.
  }
}
