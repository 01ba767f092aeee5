// How much of an input the operator counts: GSM-7, as shared/gsm.py has it. What is outside the
// alphabet goes out as one near character or "?", an ellipsis as three.

const TWICE = new Set("^{}\\[~]|€\f");

export function septets(text) {
  let total = 0;
  for (const character of text) total += character === "…" ? 3 : TWICE.has(character) ? 2 : 1;
  return total;
}
