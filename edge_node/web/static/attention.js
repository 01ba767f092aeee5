// The tab's title and icon, for a console that lies behind other windows.
import { byId } from "./elements.js";
import { say } from "./texts.js";

const icon = byId("favicon");
// Inline, so that flashing asks nothing of the box, and goes on when the box is lost.
const picture = (ground, sign) => `data:image/svg+xml,${encodeURIComponent(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" fill="${ground}"/><path d="${sign}" fill="#fff"/></svg>`,
)}`;
const ICONS = {
  quiet: picture("#14532d", "M13 6h6v7h7v6h-7v7h-6v-7H6v-6h7z"),
  ringing: picture("#c1121f", "M14 5h4v15h-4zM14 23h4v4h-4z"),
};
const still = window.matchMedia("(prefers-reduced-motion: reduce)");
let lit = false;

function show(title, name) {
  if (document.title !== title) document.title = title;
  if (icon.getAttribute("href") !== ICONS[name]) icon.setAttribute("href", ICONS[name]);
}

// Once a second, with how many patients ring and how urgent the first is.
export function flash(count, priority, hospital) {
  lit = count > 0 && (still.matches || !lit);
  const name = hospital || say("title.quiet");
  const ringing = say("title.ringing", { count, priority: priority && say(`priority.${priority}`) });
  show(lit ? ringing : count > 0 ? `(${count}) ${name}` : name, lit ? "ringing" : "quiet");
}
