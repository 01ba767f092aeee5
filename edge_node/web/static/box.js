// Talking to the box: what it knows, what staff say, and hints that something changed.

const ANSWER_WITHIN_MS = 5000;
// Hints come at once; this is for the day when a stream looks open and is not.
export const ASK_EVERY_MS = 4000;
const ASK_WITHOUT_HINTS_MS = 2000;
const NEW_STREAM_AFTER_MS = 5000;
// Between two ticks lies a second; much more means that this computer slept.
const SLEPT_MS = 5000;

export class Unreachable extends Error {}
export class Refused extends Error {}

// A name for one press. Sent again under the same name, it is still one press.
export const newKey = () => [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join("-");

// The answer's JSON. Throws Unreachable, or Refused with what to do.
export async function request(method, path, body, key) {
  let answer;
  let content;
  try {
    answer = await fetch(path, {
      method,
      cache: "no-store",
      headers: {
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(key === undefined ? {} : { "Idempotency-Key": key }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: limit(),
    });
    content = await answer.json();
  } catch {
    throw new Unreachable();
  }
  if (!answer.ok) throw new Refused(content.detail ?? String(answer.status));
  return content;
}

function limit() {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), ANSWER_WITHIN_MS);
  return controller.signal;
}

// Keeps asking: calls `show(state)` with everything, or `lost()` whenever the box did not answer.
export class Following {
  #show;
  #lost;
  #stream = null;
  #hinted = false;
  #streamTriedAt = 0;
  #askedAt = 0;
  #asking = false;
  #again = false;
  #tickedAt = Date.now();

  constructor(show, lost) {
    this.#show = show;
    this.#lost = lost;
  }

  // Call it every second; timers of a page in the background are slowed down, so the caller's
  // come from a worker.
  tick() {
    const now = Date.now();
    if (Math.abs(now - this.#tickedAt) > SLEPT_MS) this.wake();
    this.#tickedAt = now;
    if (!this.#stream && now - this.#streamTriedAt >= NEW_STREAM_AFTER_MS) this.#listen();
    const every = this.#hinted ? ASK_EVERY_MS : ASK_WITHOUT_HINTS_MS;
    if (now - this.#askedAt >= every) this.ask();
  }

  // After sleep, or when the network came back: nothing old is trusted.
  wake() {
    this.#stream?.close();
    this.#stream = null;
    this.#hinted = false;
    this.#streamTriedAt = 0;
    this.ask();
  }

  async ask() {
    // A change during a question may be missing in its answer, so it is asked once more.
    this.#again = true;
    if (this.#asking) return;
    this.#asking = true;
    try {
      while (this.#again) {
        this.#again = false;
        this.#askedAt = Date.now();
        this.#show(await request("GET", "/api/v1/console"));
      }
    } catch (error) {
      if (!(error instanceof Unreachable || error instanceof Refused)) throw error;
      this.#lost();
    } finally {
      this.#asking = false;
    }
  }

  #listen() {
    this.#streamTriedAt = Date.now();
    const stream = new EventSource("/events");
    this.#stream = stream;
    stream.addEventListener("changed", () => {
      this.#hinted = true;
      this.ask();
    });
    stream.addEventListener("error", () => {
      if (this.#stream === stream) this.#stream = null;
      this.#hinted = false;
      stream.close();
      this.ask();
    });
  }
}
