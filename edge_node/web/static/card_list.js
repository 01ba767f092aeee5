// All cards in their order, and which one the keys are for.
import { Card } from "./card.js";
import { setText } from "./elements.js";
import { say } from "./texts.js";
import { canAccept, changes, headline, inOrder, offeredAt, place } from "./words.js";
import { gatewayNow } from "./time.js";

const SHOW_EARLIER_MS = 24 * 3600_000;
const MOST_EARLIER = 40;
// A press that was aimed at one card must not hit another that has just moved under the finger.
const SETTLE_MS = 500;

export class CardList {
  #place;
  #earlier;
  #answer;
  #announce;
  #cards = new Map();
  #dispatches = [];
  #announced = new Set();
  #chimed = new Set();
  #settled = 0;

  constructor(place, earlier, answer, announce) {
    this.#place = place;
    this.#earlier = earlier;
    this.#answer = answer;
    this.#announce = announce;
  }

  get isEmpty() {
    return this.#place.childElementCount === 0;
  }

  show(dispatches, connected, leaseHours) {
    this.#dispatches = dispatches.toSorted?.(inOrder) ?? [...dispatches].sort(inOrder);
    const main = this.#dispatches.filter((each) => place(each) !== "earlier");
    const earlier = this.#dispatches
      .filter((each) => place(each) === "earlier" && gatewayNow() - offeredAt(each) < SHOW_EARLIER_MS)
      .sort((one, other) => offeredAt(other) - offeredAt(one))
      .slice(0, MOST_EARLIER);
    const kept = new Set([...main, ...earlier].map((each) => each.id));
    for (const [id, card] of this.#cards) {
      if (kept.has(id)) continue;
      card.element.remove();
      this.#cards.delete(id);
    }
    let grown = false;
    for (const dispatch of [...main, ...earlier]) {
      const isNew = !this.#cards.has(dispatch.id);
      if (isNew) this.#cards.set(dispatch.id, new Card(dispatch.id, this.#answer));
      grown = this.#cards.get(dispatch.id).show(dispatch, connected, leaseHours) && !isNew || grown;
    }
    const moved = this.#arrange(this.#place, main) || grown;
    this.#arrange(this.#earlier.lastElementChild, earlier);
    if (moved) this.#settle();
    this.#earlier.hidden = earlier.length === 0;
    setText(this.#earlier.firstElementChild, say("list.earlier", { count: earlier.length }));
    this.#announceNew();
  }

  tick() {
    for (const card of this.#cards.values()) card.tick();
  }

  // The dispatches that somebody must answer, most urgent first.
  ringing() {
    return this.#dispatches.filter((each) => each.rings);
  }

  // True once for each dispatch: a medium one chimes, and does not go on.
  chimes(dispatch) {
    if (this.#chimed.has(dispatch.id)) return false;
    this.#chimed.add(dispatch.id);
    return true;
  }

  // A key's action on the card that has the focus. Without one, or when that one is answered
  // already, the first card gets the focus and nothing is said: no patient is accepted unseen.
  press(verb) {
    const card = this.#cardOf(document.activeElement?.closest(".card"));
    if (card && (verb !== "accept" || canAccept(card.dispatch))) card.press(verb);
    else this.#place.firstElementChild?.focus();
  }

  move(step) {
    const elements = [...this.#place.children];
    const present = elements.indexOf(document.activeElement?.closest(".card"));
    const next = present < 0 ? 0 : Math.min(Math.max(present + step, 0), elements.length - 1);
    elements[next]?.focus();
  }

  goTo(id) {
    this.#cards.get(id)?.element.focus();
  }

  closeForm() {
    return [...this.#cards.values()].some((card) => card.closeForm());
  }

  #cardOf(element) {
    return [...this.#cards.values()].find((card) => card.element === element);
  }

  // Puts the cards into this order, touching only those that stand wrong; true when cards that
  // stood there have moved.
  #arrange(parent, dispatches) {
    const before = parent.childElementCount;
    const focused = document.activeElement;
    let changed = false;
    let next = parent.firstElementChild;
    for (const { id } of dispatches) {
      const { element } = this.#cards.get(id);
      if (element === next) {
        next = next.nextElementSibling;
        continue;
      }
      changed ||= next !== null;
      parent.insertBefore(element, next);
    }
    if (changed && focused?.isConnected) focused.focus({ preventScroll: true });
    return changed && before > 0;
  }

  #settle() {
    this.#place.classList.add("settling");
    clearTimeout(this.#settled);
    this.#settled = setTimeout(() => this.#place.classList.remove("settling"), SETTLE_MS);
  }

  // Somebody who comes because it rings must not look for the reason; who is writing is left alone.
  #bringIntoSight() {
    if (window.scrollY === 0 || document.activeElement?.closest("input, form")) return;
    window.scrollTo({ top: 0 });
    this.#settle();
  }

  #announceNew() {
    const tell = (key, text) => {
      if (this.#announced.has(key)) return false;
      this.#announced.add(key);
      this.#announce(text());
      return true;
    };
    const what = (facts) => ({ priority: say(`priority.${facts.priority}`), what: headline(facts) });
    const spoken = (dispatch) => changes(dispatch)
      .map(({ name, now, was }) => `${say(`news.${name}`)}: ${now}${was ? `, ${say("news.was", { value: was })}` : ""}.`).join(" ");
    for (const dispatch of this.#dispatches.filter((each) => each.news)) {
      const { id, facts, news } = dispatch;
      // A patient who is new here is announced as they are now, below.
      if (!this.#announced.has(id) && canAccept(dispatch)) this.#announced.add(`${id} ${news.version}`);
      const text = news.alarms ? "list.worse" : "list.changed";
      tell(`${id} ${news.version}`, () => say(text, { ...what(facts), changes: spoken(dispatch) }));
    }
    for (const dispatch of this.ringing()) {
      const { id, facts } = dispatch;
      const isNew = canAccept(dispatch)
        && tell(id, () => say("list.new", { ...what(facts), minutes: facts.travel_min }));
      // Once when it comes, and once more when it has become critical.
      const louder = `${id} ${facts.priority}`;
      const seen = this.#announced.has(louder);
      this.#announced.add(louder);
      if ((isNew || !seen) && id === this.#dispatches[0].id) this.#bringIntoSight();
    }
  }
}
