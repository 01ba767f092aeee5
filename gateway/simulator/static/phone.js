// The feature phone: shows the state that the simulator keeps, and sends what is pressed.
// The page holds nothing of its own but what is being typed, so several may show the same phone.
"use strict";

const api = document.body.dataset.api;
const element = (id) => document.getElementById(id);
const typed = element("typed");
const leftKey = element("left-key");
const rightKey = element("right-key");

let state = null;
let receivedAt = 0; // performance.now() of the state, so that the timers need no common clock
let read = null; // identifiers of the messages that were there when the page opened, or were read
let acting = false;

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

async function act(path, body) {
  if (acting) return false;
  acting = true;
  alertWith("");
  draw();
  try {
    accept(await request(path, body));
    return true;
  } catch (error) {
    alertWith(error instanceof TypeError ? "The simulator does not answer." : error.message);
    return false;
  } finally {
    acting = false;
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
  typed.disabled = !accepts || acting;
  leftKey.disabled = acting || now === "waiting" || (now === "talking" && !state.call.wants_digits);
  rightKey.hidden = now === "ended" || now === "called";
  rightKey.disabled = acting && now !== "waiting";
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
  shown.replaceChildren();
  if (waiting) shown.append("Please wait…");
  else if (now === "idle") shown.append("Dial a code on the keypad", emergencyButton());
  else if (now === "ringing") shown.append(`☎ ${state.call.caller}\nis calling`);
  else if (now === "talking" || now === "called") shown.append(callText());
  else shown.append(state.screen.text);
  shown.scrollTop = now === "talking" ? shown.scrollHeight : 0;
}

function emergencyButton() {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = `Dial ${document.body.dataset.serviceCode}`;
  button.addEventListener("click", () => dial(document.body.dataset.serviceCode));
  return button;
}

const ENDINGS = {
  NORMAL_CLEARING: "Call ended", NO_ANSWER: "Missed call", CALL_REJECTED: "Call declined",
};

function callText() {
  const call = state.call;
  const said = call.heard.map((words) => `“${words}”`).join("\n");
  const end = ENDINGS[call.ended_because] || `Call failed (${call.ended_because})`;
  return call.state === "ended" ? `${said}\n${end}`.trim() : said || "…";
}

function drawRemark(now) {
  const remark = element("remark");
  const notice = ["menu", "ended"].includes(now) ? state.screen.notice : "";
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
  timer.textContent = now === "menu"
    ? `${Math.ceil(idle)} s to answer, ${Math.ceil(left)} s in all`
    : `${Math.ceil(left)} s in all`;
  timer.classList.toggle("short-time", next <= 10);
  bar.parentElement.classList.toggle("short", next <= 10);
  bar.style.transform = `scaleX(${Math.min(1, next / whole)})`;
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
      if (text && (await act("call/press", { keys: text }))) typed.value = "";
      break;
    default: await close();
  }
  takeFocus();
}

async function pressRight() {
  switch (state ? mode(state) : "") {
    case "idle": typed.value = ""; break;
    case "waiting":
    case "menu": await act("drop", {}); break;
    case "ringing":
    case "talking": await act("call/hang-up", {}); break;
    default: await close();
  }
  takeFocus();
}

async function close() {
  if (state.call && state.call.state === "ended" && state.call.id !== closedCall) {
    closedCall = state.call.id;
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
    act("call/press", { keys: button.dataset.key });
  } else if (!typed.disabled) {
    typed.value += button.dataset.key;
    typed.focus({ preventScroll: true });
  }
});

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
element("drop").addEventListener("click", () => act("drop", {}));
element("drop-untold").addEventListener("click", () => act("drop", { notify: false }));

setInterval(() => state && drawGauge(), 500);
follow();
