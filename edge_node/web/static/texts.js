// Says things in the reader's language: every word on the page comes from a catalogue.
import { texts } from "./texts_en.js";

const find = (name) => name.split(".").reduce((place, part) => place?.[part], texts);

export function knows(name) {
  return typeof find(name) === "string";
}

// The text of this name, such as `card.about`, with the words in braces filled in.
export function say(name, values = {}) {
  const text = find(name);
  if (typeof text !== "string") throw new Error(`The catalogue has no text ${name}.`);
  return text.replace(/\{(\w+)\}/g, (_, word) => String(values[word] ?? ""));
}

// A code in words; a code that this version does not know is shown as words all the same.
export function word(group, code) {
  return knows(`${group}.${code}`) ? say(`${group}.${code}`) : String(code).replaceAll("_", " ");
}

// A sentence that the gateway wrote: in the reader's language where the catalogue has it.
export function gatewayReason(sentence) {
  return texts.reason[sentence] ?? sentence;
}

// The codes of the API, in the order in which they are shown.
export const reasons = [
  "no_bed", "no_staff", "no_equipment", "no_blood_or_drug", "no_power_or_oxygen", "not_safe", "other",
];
export const priorities = ["critical", "high", "medium"];
export const kinds = [
  "unresponsive", "bleeding", "fits", "pregnancy", "newborn", "injury", "burn", "snakebite", "poison",
  "child", "chest_pain", "stroke", "throat", "assault", "self_harm", "sickness", "unknown",
];
export const stocks = ["blood", "oxygen", "antivenom", "rabies_prophylaxis"];
export const statuses = ["normal", "advisory", "diverting", "closed", "evacuating"];

export function fillPage() {
  for (const place of document.querySelectorAll("[data-text]"))
    place.textContent = say(place.dataset.text, place.dataset);
  for (const place of document.querySelectorAll("[data-label]"))
    place.setAttribute("aria-label", say(place.dataset.label));
}
