// A call on the phone's screen: what was heard so far, and its sound files, one after the other.

const ENDINGS = {
  NORMAL_CLEARING: "Call ended",
  NO_ANSWER: "Missed call",
  ORIGINATOR_CANCEL: "You hung up before it was answered",
};

let view = null; // the call that is drawn: its id, its list, how many sounds of it are there
const playing = []; // audio elements that wait for their turn; the first one is heard

// Draws the call into `shown`, adding only what is new: an element that is moved falls silent.
// `plays` is told the length of each prompt that begins to sound, in seconds.
export function drawCall(shown, call, plays) {
  const isNew = !view || view.call !== call.id || !view.list.isConnected;
  if (isNew) {
    view = { call: call.id, list: document.createElement("ol"), end: document.createElement("p"), drawn: 0 };
    view.list.className = "heard";
    shown.replaceChildren(view.list, view.end);
  }
  // Whoever opens the page after a call reads what was said, and is not startled by it.
  const aloud = !isNew || call.state !== "ended";
  for (const sound of call.heard.slice(view.drawn)) view.list.append(item(sound, aloud, plays));
  view.drawn = call.heard.length;
  view.end.textContent = call.state === "ended" ? ending(call) : call.heard.length ? "" : "…";
}

// Scrolls to what is heard now, or to what was heard last.
export function showHeard(shown) {
  const heard = shown?.querySelector(".playing");
  if (heard) shown.scrollTop += heard.getBoundingClientRect().top - shown.getBoundingClientRect().top;
  else if (shown) shown.scrollTop = shown.scrollHeight;
}

// Nothing that plays or waits to be played is heard any more.
export function hush() {
  for (const audio of playing.splice(0)) audio.pause();
}

function item(sound, aloud, plays) {
  const made = document.createElement("li");
  made.className = sound.kind;
  const words = document.createElement("span");
  words.textContent = {
    say: `“${sound.words}”`,
    play: `♪ ${sound.words}`,
    dial: `☎ Connected with ${sound.words}`,
  }[sound.kind] || `(${sound.words})`;
  made.append(words);
  if (sound.kind === "play") made.append(player(sound, made, aloud, plays));
  return made;
}

function player(sound, made, aloud, plays) {
  const audio = document.createElement("audio");
  audio.controls = true;
  audio.preload = "auto";
  audio.src = sound.url;
  audio.setAttribute("aria-label", sound.words);
  audio.addEventListener("pause", () => made.classList.remove("playing"));
  audio.addEventListener("playing", () => {
    made.classList.add("playing");
    showHeard(made.closest(".shown"));
    if (Number.isFinite(audio.duration)) plays(audio.duration - audio.currentTime);
  });
  audio.addEventListener("ended", () => {
    made.classList.add("played");
    next(audio);
  });
  audio.addEventListener("error", () => {
    made.classList.add("without-sound");
    made.title = `There is no sound at ${sound.url}`;
    next(audio);
  });
  if (aloud) {
    playing.push(audio);
    if (playing.length === 1) start();
  }
  return audio;
}

function start() {
  const [audio] = playing;
  // A browser refuses until somebody has touched the page; the player's own key is there then.
  if (audio) audio.play().catch(() => next(audio));
}

function next(audio) {
  if (playing[0] !== audio) return;
  playing.shift();
  start();
}

function ending(call) {
  if (call.ended_because === "CALL_REJECTED") {
    return call.direction === "Inbound" ? "Not answered" : "Call declined";
  }
  return ENDINGS[call.ended_because] || `Call failed (${call.ended_because})`;
}
