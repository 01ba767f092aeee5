// The tab's title and icon, for a console that lies behind other windows.
import { byId } from "./elements.js";
import { say } from "./texts.js";

const icon = byId("favicon");
const ICONS = { quiet: "quiet.svg", ringing: "ringing.svg" };
const still = window.matchMedia("(prefers-reduced-motion: reduce)");
let lit = false;

function show(title, name) {
  if (document.title !== title) document.title = title;
  const address = new URL(ICONS[name], import.meta.url).pathname;
  if (icon.getAttribute("href") !== address) icon.setAttribute("href", address);
}

// Once a second, with how many patients ring and how urgent the first is.
export function flash(count, priority, hospital) {
  lit = count > 0 && (still.matches || !lit);
  const name = hospital || say("title.quiet");
  const ringing = say("title.ringing", { count, priority: priority && say(`priority.${priority}`) });
  show(lit ? ringing : count > 0 ? `(${count}) ${name}` : name, lit ? "ringing" : "quiet");
}
