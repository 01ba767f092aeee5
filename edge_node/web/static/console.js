// The console: shows what the box knows, rings until somebody answers, and tells the box what
// staff press.
import { flash } from "./attention.js";
import * as beds from "./beds.js";
import { ASK_EVERY_MS, Following, request, Unreachable } from "./box.js";
import { CardList } from "./card_list.js";
import { byId, make, setText } from "./elements.js";
import * as initials from "./initials.js";
import * as link from "./link.js";
import * as ringingLine from "./ringing.js";
import * as said from "./said.js";
import { Sound } from "./sound.js";
import { clockTime, gatewayNow, setClock } from "./time.js";
import { fillPage, say } from "./texts.js";

const REPORT_SOUND_EVERY_MS = 10_000;
// One missed answer is a hiccup; this long without any is a screen that must not be trusted. Longer
// than a quiet box is left alone: nothing has been asked meanwhile, so nothing is missing.
const LOST_AFTER_MS = ASK_EVERY_MS + 2_000;
const TEST_SHOWN_MS = 3_000;

const consoleName = String(crypto.getRandomValues(new Uint32Array(1))[0]);
let state = null;
let askedSince = Date.now(); // the latest answer of the box, or the start of this page
let audibleTold = null;
let soundToldAt = 0;
let testing = false;
const toAnnounce = [];

const sound = new Sound(showSound);
const cards = new CardList(byId("cards"), byId("earlier"), answer, announce);
const following = new Following(show, () => showLost());

function show(next) {
  state = next;
  askedSince = Date.now();
  setClock(next.clock);
  setText(byId("hospital"), next.hospital || say("title.quiet"));
  link.show(next.link, byId("link"));
  beds.show(next.availability);
  said.show(next.reports, next.link.connected);
  cards.show(next.dispatches, next.link.connected || next.link.texts, next.link.lease.granted_h);
  ringingLine.show(cards.ringing(), (id) => cards.goTo(id));
  showLost();
  ring();
  showSound();
}

function ring() {
  const ringing = cards.ringing();
  const urgent = ringing.find((each) => each.facts.priority !== "medium");
  const lost = isLost() ? "lost" : null;
  sound.ring(urgent ? urgent.facts.priority : lost);
  for (const dispatch of ringing)
    if (dispatch.facts.priority === "medium" && sound.audible && cards.chimes(dispatch)) sound.once("medium");
  document.body.dataset.ringing = ringing[0]?.facts.priority ?? "";
  document.body.dataset.sound = sound.ringing ?? "";
}

const isLost = () => Date.now() - askedSince > LOST_AFTER_MS;

function showLost() {
  const lost = isLost();
  const bar = byId("lost");
  document.body.classList.toggle("is-lost", lost);
  if (lost) {
    const body = state ? say("lost.body", { time: clockTime(gatewayNow() - (Date.now() - askedSince)) }) : say("lost.never");
    setText(bar, `${say("lost.title")}. ${body}`);
  }
  bar.hidden = !lost;
}

function showSound() {
  const heard = sound.audible;
  const bar = byId("silent");
  setText(bar, say(sound.available ? "sound.silent" : "sound.unavailable"));
  bar.hidden = heard;
  setText(byId("sound"), say(!heard ? "sound.silent_short" : testing ? "sound.testing" : "sound.on"));
  byId("sound").dataset.tone = heard ? "good" : "bad";
  const nobody = byId("nobody");
  nobody.hidden = state === null || !cards.isEmpty;
  if (state) {
    const reached = state.link.connected || state.link.texts;
    const promise = !reached ? "list.nobody_no_link" : heard ? "list.nobody_link" : "list.nobody_silent";
    setText(nobody, `${say("list.nobody")} ${say(promise)}`);
  }
  tellSound(heard);
}

async function tellSound(audible) {
  if (audible === audibleTold && Date.now() - soundToldAt < REPORT_SOUND_EVERY_MS) return;
  const before = audibleTold;
  audibleTold = audible;
  soundToldAt = Date.now();
  const reason = audible ? "" : sound.available ? "the browser waits for a press" : "the browser has no sound";
  try {
    await request("PUT", "/api/v1/alarm", { audible, reason, console: consoleName });
  } catch {
    audibleTold = before; // it is said again at the next tick
  }
}

// A page that goes away cannot be heard any more.
function leave() {
  fetch("/api/v1/alarm", {
    method: "PUT",
    keepalive: true,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ audible: false, reason: "the console was closed", console: consoleName }),
  }).catch(() => {});
  audibleTold = null;
}

async function answer(id, verb, body) {
  const nameless = verb === "dismiss" || verb === "understood";
  const content = nameless ? body : { by: initials.by(), ...body };
  try {
    await request("POST", `/api/v1/dispatches/${id}/${verb}`, content);
  } catch (error) {
    error.shown = error instanceof Unreachable
      ? say("action.failed") : say("action.refused", { detail: error.message });
    throw error;
  } finally {
    await following.ask();
  }
  if (!nameless) initials.askIfMissing(announce);
}

// For screen readers: what comes at once is said together, and the same words can be said again.
function announce(text) {
  if (toAnnounce.push(text) > 1) return;
  queueMicrotask(() => byId("announced").replaceChildren(make("span", {}, toAnnounce.splice(0).join(" "))));
}

function tick() {
  following.tick();
  setText(byId("clock"), clockTime(gatewayNow()));
  cards.tick();
  showLost();
  ring();
  sound.check();
  const ringing = cards.ringing();
  flash(ringing.length, ringing[0]?.facts.priority, state?.hospital);
}

function testSound() {
  if (!sound.audible || testing) return;
  testing = true;
  sound.once("high");
  showSound();
  setTimeout(() => {
    testing = false;
    showSound();
  }, TEST_SHOWN_MS);
}

const KEYS = {
  a: () => cards.press("accept"),
  u: () => cards.press("understood"),
  c: () => cards.press("refuse"),
  r: () => cards.press("arrived"),
  ArrowDown: () => cards.move(1),
  ArrowUp: () => cards.move(-1),
};

function key(event) {
  sound.unlock();
  if (event.key === "Escape" && cards.closeForm()) return;
  const typing = event.target.closest("input, select, textarea, form");
  if (typing || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  const action = KEYS[event.key] ?? KEYS[event.key.toLowerCase()];
  if (!action) return;
  event.preventDefault();
  action();
}

fillPage();
initials.start();
beds.start();
said.start(() => {
  following.ask();
  initials.askIfMissing(announce);
});
showSound();
document.addEventListener("pointerdown", () => sound.unlock(), true);
document.addEventListener("pointerup", () => sound.unlock(), true);
document.addEventListener("keydown", key);
byId("silent").addEventListener("click", () => sound.unlock());
byId("sound").addEventListener("click", testSound);
window.addEventListener("online", () => following.wake());
window.addEventListener("pageshow", () => following.wake());
document.addEventListener("visibilitychange", () => following.ask());
window.addEventListener("pagehide", leave);
const ticker = new Worker(new URL("ticker.js", import.meta.url));
ticker.addEventListener("message", tick);
tick();
