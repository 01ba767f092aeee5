// The alarm. Each sound is a buffer that the audio device repeats by itself, so that it goes on
// while the page's timers are slowed down in the background.

const RATE = 22_050;
const CHECK_AFTER_MS = 400;
// Frequencies in Hz, times in seconds from the start of the loop; `loop_s` 0 plays once.
const SOUNDS = {
  critical: {
    loop_s: 1.2,
    tones: [[0, 0.14, 988], [0.15, 0.14, 1319], [0.3, 0.14, 988], [0.45, 0.14, 1319], [0.6, 0.14, 988], [0.75, 0.2, 1319]],
  },
  high: { loop_s: 3, tones: [[0, 0.25, 784], [0.35, 0.25, 784], [0.7, 0.35, 1047]] },
  medium: { loop_s: 0, tones: [[0, 0.35, 659], [0.4, 0.6, 523]] },
  lost: { loop_s: 5, tones: [[0, 0.5, 220], [0.6, 0.5, 196]] },
};

function samples({ loop_s, tones }) {
  const length_s = loop_s || Math.max(...tones.map(([at, lasts]) => at + lasts));
  const values = new Float32Array(Math.ceil(length_s * RATE));
  for (const [at, lasts, hertz] of tones) {
    for (let i = 0; i < lasts * RATE; i++) {
      const t = i / RATE;
      // Odd overtones carry through a closed door better than a pure tone.
      const wave = [1, 3, 5].reduce((sum, n) => sum + Math.sin(2 * Math.PI * hertz * n * t) / n, 0);
      const edge = Math.min(1, t / 0.01, (lasts - t) / 0.02);
      values[Math.floor(at * RATE) + i] = 0.6 * wave * edge;
    }
  }
  return values;
}

export class Sound {
  #context = null;
  #buffers = new Map();
  #playing = null;
  #wanted = null;
  #changed;
  #heardUntil = 0;
  #movedAt = -Infinity;

  // `changed` is called when the sound becomes audible or silent.
  constructor(changed) {
    this.#changed = changed;
    const Context = window.AudioContext ?? window.webkitAudioContext;
    if (!Context) return;
    this.#context = new Context();
    this.#context.addEventListener("statechange", () => this.check());
  }

  get available() {
    return this.#context !== null;
  }

  // True only while the browser really runs the audio: before a first press it keeps it back.
  get audible() {
    return this.#context !== null && this.#context.state === "running" && this.#moves();
  }

  // The name of the sound that people can hear now, or null.
  get ringing() {
    return this.audible ? (this.#playing?.name ?? null) : null;
  }

  // Call it in a press or a key: browsers allow sound only then.
  async unlock() {
    if (!this.#context) return;
    try {
      await this.#context.resume();
    } catch {
      // It stays silent, and the page says so.
    }
    this.check();
    setTimeout(() => this.check(), CHECK_AFTER_MS);
  }

  // Repeats the sound of this name; null is quiet.
  ring(name) {
    this.#wanted = name;
    this.#obey();
  }

  // Plays a sound once, over whatever rings.
  once(name) {
    if (this.audible) this.#start(name, false);
  }

  check() {
    this.#obey();
    this.#changed();
  }

  #obey() {
    if (this.#playing?.name === this.#wanted || (!this.#playing && !this.#wanted)) return;
    this.#playing?.source.stop();
    this.#playing = null;
    if (this.#wanted && this.#context?.state === "running")
      this.#playing = { name: this.#wanted, source: this.#start(this.#wanted, true) };
  }

  #start(name, loop) {
    if (!this.#buffers.has(name)) {
      const values = samples(SOUNDS[name]);
      const buffer = this.#context.createBuffer(1, values.length, RATE);
      buffer.getChannelData(0).set(values);
      this.#buffers.set(name, buffer);
    }
    const source = this.#context.createBufferSource();
    source.buffer = this.#buffers.get(name);
    source.loop = loop;
    source.connect(this.#context.destination);
    source.start();
    return source;
  }

  // A context can say that it runs while its device is stuck: its time must move.
  #moves() {
    const moved = this.#context.currentTime;
    if (moved !== this.#heardUntil) {
      this.#heardUntil = moved;
      this.#movedAt = performance.now();
    }
    return performance.now() - this.#movedAt < 3000;
  }
}
