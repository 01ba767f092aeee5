// The feature phone: shows the state that the simulator keeps, and sends what is pressed.
// The page holds nothing of its own but what is being typed, so several may show the same phone.
import { drawCall, hush, showHeard } from "./call.js";
import { septets } from "./septets.js";

const api = document.body.dataset.api;
const element = (id) => document.getElementById(id);
const typed = element("typed");
const leftKey = element("left-key");
const rightKey = element("right-key");

let state = null;
let receivedAt = 0; // performance.now() of the state, so that the timers need no common clock
let read = null; // identifiers of the messages that were there when the page opened, or were read
let acting = null; // the action whose answer is awaited

async function request(path, body) {
  const answer = await fetch(`${api}/${path}`, body === undefined ? {} : {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const result = await answer.json();
  if (!answer.ok) throw new Error(result.error || `The simulator answered HTTP ${answer.status}.`);
  return result;
}

// Whether it was done, and nothing else was begun meanwhile. What ends a session or a call
// interrupts: it does not wait for the answer that the network still holds.
async function act(path, body, interrupts = false) {
  if (acting && !interrupts) return false;
  const mine = acting = {};
  alertWith("");
  draw();
  try {
    accept(await request(path, body));
    return acting === mine;
  } catch (error) {
    const lost = error instanceof TypeError;
    if (acting === mine) alertWith(lost ? "The simulator does not answer." : error.message);
    return false;
  } finally {
    if (acting === mine) acting = null;
    draw();
  }
}

function accept(next) {
  // A long poll may bring an older state than the answer to an action just did.
  if (state && next.run === state.run && next.version < state.version) return;
  const before = state;
  state = next;
  receivedAt = performance.now();
  if (before && mode(before) !== mode(state)) typed.value = "";
  draw();
}

async function follow() {
  for (;;) {
    try {
      const query = state ? `state?after=${state.version}&wait_s=25` : "state";
      accept(await request(query));
    } catch {
      alertWith("The simulator does not answer. Trying again…");
      await new Promise((resolve) => setTimeout(resolve, 2000));
      state = null;
      continue;
    }
    if (element("alert").textContent.startsWith("The simulator does not answer")) alertWith("");
  }
}

const mode = (of) => {
  if (of.call && of.call.state !== "ended") return of.call.state;
  if (of.call && of.call.id !== closedCall) return "called";
  return of.screen.kind;
};
let closedCall = null;

const MODES = {
  idle: { left: "Call", right: "Clear", label: "Code to dial" },
  waiting: { left: "…", right: "End", label: "Please wait" },
  menu: { left: "Send", right: "Cancel", label: "Your answer" },
  ended: { left: "OK", right: "", label: "" },
  ringing: { left: "Answer", right: "Decline", label: "" },
  calling: { left: "…", right: "Hang up", label: "" },
  talking: { left: "Press", right: "End call", label: "Keys to press" },
  called: { left: "OK", right: "", label: "" },
};

function draw() {
  if (!state) return;
  const now = mode(state);
  const texts = MODES[now];
  element("network").textContent = `▮▮▮ ${state.network.name}`;
  leftKey.textContent = texts.left;
  rightKey.textContent = texts.right;
  element("typed-label").textContent = texts.label;
  const accepts = now === "idle" || now === "menu" || (now === "talking" && state.call.wants_digits);
  const waits = ["waiting", "calling"].includes(now);
  typed.disabled = !accepts || Boolean(acting);
  leftKey.disabled = Boolean(acting) || waits || (now === "talking" && !state.call.wants_digits);
  rightKey.hidden = now === "ended" || now === "called";
  rightKey.disabled = Boolean(acting) && !waits;
  drawScreen(now);
  drawRemark(now);
  drawMessages();
  drawGauge();
  // In a frame the focus is left alone until somebody comes into it.
  if (document.activeElement === document.body && (!isEmbedded || document.hasFocus())) takeFocus();
}

function takeFocus() {
  if (!typed.disabled) typed.focus({ preventScroll: true });
  else if (!leftKey.disabled) leftKey.focus({ preventScroll: true });
}

const isEmbedded = document.body.classList.contains("embedded");

function drawScreen(now) {
  const shown = element("shown");
  const waiting = acting && (now === "idle" || now === "menu");
  const key = JSON.stringify([now, waiting, state.screen.text, state.call]);
  if (shown.dataset.drawn === key) return; // unchanged text is not read out again
  shown.dataset.drawn = key;
  shown.className = `shown ${waiting ? "waiting" : now}`;
  if (now === "talking" || now === "called") {
    drawCall(shown, state.call, (length_s) => request("call/plays", { length_s }).catch(() => {}));
    showHeard(shown);
    return;
  }
  if (waiting) shown.replaceChildren("Please wait…");
  else if (now === "idle") shown.replaceChildren("Dial a code on the keypad", ...shortcuts());
  else if (now === "ringing") shown.replaceChildren(`☎ ${state.call.other}\nis calling`);
  else if (now === "calling") shown.replaceChildren(`☎ Calling\n${state.call.other}…`);
  else shown.replaceChildren(state.screen.text);
  shown.scrollTop = 0;
}

function shortcuts() {
  const code = document.body.dataset.serviceCode;
  return [
    button(`Dial ${code}`, () => dial(code)),
    button("Call Haven", () => call(false)),
    button("Missed call to Haven", () => call(true)),
  ];
}

function button(text, press) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", press);
  return made;
}

function drawRemark(now) {
  const remark = element("remark");
  const notice = ["waiting", "menu", "ended"].includes(now) ? state.screen.notice : "";
  remark.hidden = !notice;
  remark.textContent = notice;
}

function drawGauge() {
  const network = state.network;
  const session = state.session;
  const now = mode(state);
  const measured = (now === "menu" || now === "ended") && state.screen.septets > 0;
  element("characters").textContent = measured
    ? `${state.screen.septets}/${network.screen_characters} characters` : "";
  const used = now === "menu" ? septets(typed.value.trim()) : 0;
  const size = element("typed-size");
  size.textContent = used ? `typed ${used}/${network.input_characters}` : "";
  size.classList.toggle("short-time", used > network.input_characters);
  element("session").textContent = sessionText();
  const timer = element("timer");
  const bar = element("bar");
  const passed = (performance.now() - receivedAt) / 1000;
  bar.parentElement.hidden = !session;
  timer.hidden = !session;
  if (!session) return;
  const left = Math.max(0, session.left_s - passed);
  const idle = Math.max(0, session.idle_left_s - passed);
  const next = now === "menu" ? Math.min(left, idle) : left;
  const whole = now === "menu" && idle < left ? network.idle_s : network.session_s;
  const inAll = `${Math.floor(network.session_s - left)}/${network.session_s} s in all`;
  // The operator's wait goes on while the network holds an answer.
  timer.textContent = now === "menu" || (now === "waiting" && session.turns)
    ? `${Math.floor(network.idle_s - idle)}/${network.idle_s} s to answer · ${inAll}` : inAll;
  timer.classList.toggle("short-time", next <= 10);
  bar.parentElement.classList.toggle("short", next <= 10);
  bar.style.transform = `scaleX(${Math.min(1, next / whole)})`;
}

function sessionText() {
  const { session, last_session: last } = state;
  if (session) return `Session, turn ${session.turns}:\n${session.id}`;
  if (!last) return "";
  const turns = last.turns === 1 ? "1 turn" : `${last.turns} turns`;
  return `Session over after ${turns} and ${Math.round(last.lasted_s)} s:\n${last.id}`;
}

function drawMessages() {
  const list = element("messages");
  const received = state.messages.filter((message) => message.direction === "received");
  if (!read) read = new Set(received.map((message) => message.id));
  const unread = received.filter((message) => !read.has(message.id));
  const badge = element("unread");
  badge.hidden = unread.length === 0;
  badge.textContent = `${unread.length} new`;
  const envelope = element("envelope");
  envelope.hidden = unread.length === 0;
  envelope.textContent = `✉ ${unread.length}`;
  envelope.setAttribute("aria-label", `${unread.length} new messages, go to them`);
  document.title = `${unread.length ? `(${unread.length}) ` : ""}Phone ${state.number}`;
  const there = new Set([...list.children].map((item) => item.dataset.id));
  for (const item of list.children) item.classList.toggle("new", unread.some((m) => m.id + m.direction === item.dataset.id));
  for (const message of state.messages) {
    if (there.has(message.id + message.direction)) continue;
    const item = document.createElement("li");
    item.dataset.id = message.id + message.direction;
    item.classList.add(message.direction);
    const head = document.createElement("small");
    const way = message.direction === "received" ? "From" : "To";
    const clock = new Date(message.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    head.textContent = `${way} ${message.other} · ${clock}`;
    item.append(head, message.text);
    if (message.direction === "received") {
      element("reply-to").value = message.other;
      if (!read.has(message.id)) item.classList.add("new");
    }
    list.append(item);
    list.scrollTop = list.scrollHeight;
  }
}

function markRead() {
  if (!state || !read) return;
  for (const message of state.messages) read.add(message.id);
  drawMessages();
}

function trouble() {
  const made = {
    twice: element("twice").checked,
    lose_answer: element("lose").checked,
    delay_s: Number(element("delay").value),
  };
  element("twice").checked = element("lose").checked = false;
  element("delay").value = "0";
  return made;
}

function alertWith(text) {
  element("alert").hidden = !text;
  element("alert").textContent = text;
}

function dial(code) {
  closedCall = state.call ? state.call.id : null;
  return act("dial", { code, ...trouble() });
}

function call(missed) {
  closedCall = state.call ? state.call.id : null;
  return act("call/dial", { missed });
}

async function pressKeys(keys) {
  hush();
  return act("call/press", { keys });
}

async function pressLeft() {
  const text = typed.value;
  switch (state ? mode(state) : "") {
    case "idle":
      if (!text.trim()) return;
      if (await dial(text.trim())) typed.value = "";
      break;
    case "menu":
      if (!text.trim()) return;
      if (await act("answer", { input: text.trim(), ...trouble() })) typed.value = "";
      break;
    case "ringing": await act("call/answer", {}); break;
    case "talking":
      if (text && (await pressKeys(text))) typed.value = "";
      break;
    default: await close();
  }
  takeFocus();
}

async function pressRight() {
  switch (state ? mode(state) : "") {
    case "idle": typed.value = ""; break;
    case "waiting":
    case "menu": await act("drop", {}, true); break;
    case "ringing":
    case "calling":
    case "talking":
      hush();
      await act("call/hang-up", {}, true);
      break;
    default: await close();
  }
  takeFocus();
}

async function close() {
  if (state.call && state.call.state === "ended" && state.call.id !== closedCall) {
    closedCall = state.call.id;
    hush();
    draw();
  } else {
    await act("close", {});
  }
}

element("entry").addEventListener("submit", (event) => {
  event.preventDefault();
  pressLeft();
});
rightKey.addEventListener("click", pressRight);

document.querySelector(".keypad").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button || !state) return;
  const now = mode(state);
  if (now === "ended" || now === "called") return;
  if (now === "talking" && state.call.wants_digits && state.call.most_digits === 1) {
    pressKeys(button.dataset.key);
  } else if (!typed.disabled) {
    typed.value += button.dataset.key;
    typed.focus({ preventScroll: true });
    drawGauge();
  }
});
typed.addEventListener("input", () => state && drawGauge());

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") pressRight();
  else if (event.target === document.body && /^[0-9*#a-z]$/i.test(event.key) && !typed.disabled
    && !event.ctrlKey && !event.metaKey && !event.altKey) typed.focus();
});

element("reply").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = element("reply-text");
  markRead();
  if (await act("sms", { to: element("reply-to").value.trim(), text: text.value })) text.value = "";
});
element("messages").addEventListener("focus", markRead);
element("messages").addEventListener("click", markRead);
element("reply-text").addEventListener("focus", markRead);
element("envelope").addEventListener("click", () => {
  element("messages").scrollIntoView({ block: "center" });
  element("reply-text").focus({ preventScroll: true });
});
element("drop").addEventListener("click", () => act("drop", {}, true));
element("drop-untold").addEventListener("click", () => act("drop", { notify: false }, true));

setInterval(() => state && drawGauge(), 500);
follow();
