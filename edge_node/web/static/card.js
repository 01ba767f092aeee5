// One patient's card. It is made once and kept, so that a press or a half-written note survives
// every update.
import { make, setText } from "./elements.js";
import { clockTime, gatewayNow, stopwatch } from "./time.js";
import { reasons, say, word } from "./texts.js";
import * as words from "./words.js";

export class Card {
  #dispatch = null;
  #answer;
  #factsShown = "";
  #newsShown = "";
  #parts = {};

  // `answer(dispatch id, verb, body)` tells the box; it throws an error with a `shown` text.
  constructor(id, answer) {
    this.#answer = answer;
    const part = (name, tag, properties = {}, ...children) => (this.#parts[name] = make(tag, properties, ...children));
    const line = (name, tag, properties) => part(name, tag, { hidden: true, ...properties });
    const button = (name, verb, text) => {
      const made = part(name, "button", { type: "button", class: verb, onclick: () => this.press(verb) });
      made.textContent = text;
      return made;
    };
    this.element = make("article", { class: "card", id: `dispatch-${id}`, tabindex: "0" },
      make("div", { class: "band" }, part("priority", "strong"), part("what", "h3"), part("waits", "span", { class: "waits" })),
      // The buttons stick inside this part, so that they never cover the band.
      make("div", { class: "body" },
        part("news", "section", { class: "news", hidden: true }, part("newsTitle", "h4"), part("newsLines", "ul"),
          button("understood", "understood", say("action.understood"))),
        line("task", "p", { class: "task" }),
        line("standing", "p", { class: "standing" }),
        line("fate", "p", { class: "fate", role: "status" }),
        line("next", "p", { class: "next" }),
        part("facts", "div", { class: "facts" }),
        line("failure", "p", { class: "failure", role: "alert" }),
        make("div", { class: "actions" },
          button("accept", "accept", say("action.accept")),
          button("takeBack", "take-back", say("action.take_back")),
          button("refuse", "refuse", say("action.cannot_treat")),
          button("arrived", "arrived", say("action.arrived")),
          button("dismiss", "dismiss", say("action.put_away"))),
        part("form", "form", { class: "refusal", hidden: true, onsubmit: (event) => this.#refuse(event) })));
    this.#fillForm(id);
  }

  get dispatch() {
    return this.#dispatch;
  }

  // True when something new stands on the card, or has left it: what is below has moved.
  show(dispatch, connected, leaseHours) {
    this.#dispatch = dispatch;
    const moved = this.#showNews(dispatch);
    const { facts } = dispatch;
    const kind = facts ? words.headline(facts) : say("card.no_facts");
    this.element.className = ["card", facts?.priority ?? "high", words.place(dispatch),
      dispatch.late ? "late" : "", dispatch.local_state,
      this.#parts.form.hidden ? "" : "refusing"].join(" ");
    this.element.setAttribute("aria-label", `${words.firstWord(dispatch)} ${kind}`);
    setText(this.#parts.priority, words.firstWord(dispatch));
    setText(this.#parts.what, kind);
    this.#line("task", words.task(dispatch));
    this.#line("standing", words.standing(dispatch));
    const said = words.answer(dispatch);
    const fate = said ? words.fateOf(said, connected, facts) : null;
    this.#line("fate", fate?.text ?? "");
    this.#parts.fate.dataset.tone = fate?.tone ?? "";
    const shown = JSON.stringify([facts, dispatch.transport, dispatch.news, dispatch.local_state, dispatch.summary, leaseHours]);
    if (shown !== this.#factsShown) {
      this.#factsShown = shown;
      this.#parts.facts.replaceChildren(...(facts ? this.#facts(facts, dispatch, leaseHours) : []));
    }
    this.#actions(dispatch);
    this.tick();
    return moved;
  }

  // Once a second: the counts that move.
  tick() {
    const { facts, rings, late, local_state: state } = this.#dispatch;
    const now = gatewayNow();
    const asks = rings && words.canAccept(this.#dispatch);
    const waits = asks || state === "expired";
    setText(this.#parts.waits, waits && facts
      ? say("card.waits", { time: stopwatch(now - Date.parse(facts.offered_at)) }) : "");
    const left_ms = facts ? Date.parse(facts.answer_by) - now : 0;
    const next = !asks || state === "expired" || late || !facts ? ""
      : left_ms > 0 ? say("card.asks_next", { time: stopwatch(left_ms + 999) }) : say("card.asked_next");
    this.#line("next", next);
    this.#parts.next.classList.toggle("passed", left_ms <= 0);
    if (this.#parts.arrival) this.#arrival(facts, now);
  }

  // What a button or its key does.
  async press(verb) {
    if (verb === "refuse") {
      if (words.canRefuse(this.#dispatch)) this.#openForm();
      return;
    }
    const dispatch = this.#dispatch;
    const shown = { version: dispatch.version };
    if (verb === "accept" && words.canAccept(dispatch)) await this.#send(verb, this.#parts.accept, shown);
    if (verb === "understood" && words.canUnderstand(dispatch)) await this.#send(verb, this.#parts.understood, shown);
    if (verb === "take-back" && words.canTakeBack(dispatch)) await this.#send("treat-after-all", this.#parts.takeBack);
    if (verb === "arrived" && words.canArrive(dispatch)) await this.#send(verb, this.#parts.arrived);
    if (verb === "dismiss" && words.canDismiss(dispatch)) await this.#send(verb, this.#parts.dismiss);
  }

  closeForm() {
    if (this.#parts.form.hidden) return false;
    this.#hideForm();
    this.element.focus();
    return true;
  }

  #showNews(dispatch) {
    const { news, newsTitle, newsLines, understood } = this.#parts;
    understood.hidden = !words.canUnderstand(dispatch);
    const shown = dispatch.news ? JSON.stringify([dispatch.news, dispatch.facts]) : "";
    if (shown === this.#newsShown) return false;
    this.#newsShown = shown;
    news.hidden = !dispatch.news;
    if (!dispatch.news) return true;
    const title = say("news.title", { time: clockTime(Date.parse(dispatch.news.at)) });
    setText(newsTitle, dispatch.news.got_worse ? `${title}. ${say("news.worse")}` : title);
    newsLines.replaceChildren(...words.changes(dispatch).map(({ name, now, was }) => make("li", { class: name },
      make("span", { class: "label" }, `${say(`news.${name}`)}: `),
      make("strong", {}, now), was && make("span", { class: "was" }, ` (${say("news.was", { value: was })})`))));
    return true;
  }

  #facts(facts, dispatch, leaseHours) {
    const changed = words.changedRows(dispatch.news);
    const row = (name, ...values) => make("div", { class: `fact ${name}${changed.has(name) ? " marked" : ""}` },
      make("span", { class: "label" }, say(`card.${name}`), changed.has(name) && make("em", {}, say("card.changed"))),
      ...values.filter(Boolean).map((value) => (typeof value === "string" ? make("span", {}, value) : value)));
    const transport = dispatch.transport
      ? make("span", { class: `transport ${dispatch.transport}` }, say(`card.transport.${dispatch.transport}`)) : null;
    // Nobody is on the way to a hospital that the patient was withdrawn from.
    const comes = words.isComing(dispatch);
    this.#parts.arrival = comes ? make("span", { class: "big" }) : null;
    this.#parts.travel = comes ? make("span") : null;
    const needs = facts.needs.filter((code) => code !== "emergency_24h");
    return [
      comes ? row("arrives", this.#parts.arrival, this.#parts.travel, transport) : null,
      row(facts.referred_by ? "referred" : "from", ...words.whereFrom(facts).map((line, number) =>
        make("span", { class: number ? "" : "big" }, line))),
      row("said", words.answered(facts).join(", ") || word("kind", facts.kind), words.who(facts)),
      row("needs", words.needWords(needs.length ? needs : facts.needs)),
      row("code", make("strong", {}, facts.help_code)),
      row("caller", make("span", { class: "phone" }, words.callerPhone(facts)),
        words.canAccept(dispatch) && make("span", { class: "by-sms" }, say("card.by_sms", { code: `YES ${facts.answer_code}` }))),
      facts.note ? row("note", make("span", { class: "note" }, facts.note)) : null,
      dispatch.summary && row("summary", ...words.ownFacts(dispatch.summary, leaseHours).map((line, number) =>
        make("span", { class: dispatch.summary.dark || !number ? "warning" : "stated" }, line))),
    ].filter(Boolean);
  }

  #arrival(facts, now) {
    const at = words.arrivesAt(facts);
    const text = at === null ? "arrival_unknown" : at > now ? "about" : "overdue";
    setText(this.#parts.arrival, say(`card.${text}`, { time: at === null ? "" : clockTime(at) }));
    const way = facts.part === "take_over" ? "card.with_the_stop" : "card.if_at_once";
    setText(this.#parts.travel, text === "about" ? say(way, { minutes: facts.travel_min }) : "");
  }

  #actions(dispatch) {
    const { accept, takeBack, refuse, arrived, dismiss } = this.#parts;
    takeBack.hidden = !words.canTakeBack(dispatch);
    accept.hidden = !words.canAccept(dispatch) || !dispatch.facts;
    setText(accept, say(dispatch.local_state === "expired" ? "action.accept_after_all" : "action.accept"));
    setText(refuse, say(dispatch.local_state === "accepted" ? "action.cannot_after_all" : "action.cannot_treat"));
    refuse.hidden = !words.canRefuse(dispatch) || !dispatch.facts;
    arrived.hidden = !words.canArrive(dispatch);
    dismiss.hidden = !words.canDismiss(dispatch);
    if (!words.canRefuse(dispatch)) this.#hideForm();
  }

  async #send(verb, button, body = {}) {
    const { accept, takeBack, refuse, arrived, dismiss, understood, form } = this.#parts;
    const all = [accept, takeBack, refuse, arrived, dismiss, understood, ...form.elements];
    const text = button.textContent;
    const hadFocus = this.element.contains(document.activeElement);
    this.#line("failure", "");
    for (const each of all) each.disabled = true;
    button.textContent = say("action.saving");
    try {
      await this.#answer(this.#dispatch.id, verb, body);
      this.#hideForm();
    } catch (error) {
      if (error.shown === undefined) throw error;
      this.#line("failure", error.shown);
    } finally {
      button.textContent = text;
      for (const each of all) each.disabled = false;
      if (this.#dispatch) this.#actions(this.#dispatch);
      // The pressed button may be gone: the keyboard stays with its patient.
      const lost = document.activeElement === document.body || document.activeElement?.closest("[hidden]");
      if (hadFocus && lost) this.element.focus({ preventScroll: true });
    }
  }

  #fillForm(id) {
    this.#parts.form.append(
      make("fieldset", {},
        make("legend", {}, say("refuse.title")),
        ...reasons.map((code) => make("label", { class: "reason" },
          make("input", { type: "radio", name: `reason-${id}`, value: code }), say(`refuse.${code}`)))),
      make("label", { class: "note-field" }, say("refuse.note"),
        make("input", { name: "note", maxlength: "200", autocomplete: "off" })),
      make("p", { class: "reminder" }, say("refuse.stabilise")),
      make("div", { class: "actions" },
        make("button", { type: "submit", class: "send" }, say("refuse.send")),
        make("button", { type: "button", class: "back", onclick: () => this.closeForm() }, say("refuse.back"))));
  }

  #openForm() {
    const { form } = this.#parts;
    form.hidden = false;
    this.element.classList.add("refusing");
    form.querySelector("input").focus();
    form.scrollIntoView({ block: "nearest" });
  }

  #hideForm() {
    this.#parts.form.hidden = true;
    this.element.classList.remove("refusing");
  }

  #refuse(event) {
    event.preventDefault();
    const { form } = this.#parts;
    const chosen = form.querySelector("input[type=radio]:checked");
    if (!chosen) {
      this.#line("failure", say("refuse.choose"));
      return;
    }
    const note = form.elements.note.value;
    this.#send("cannot-treat", form.querySelector(".send"), { reason: chosen.value, note });
  }

  #line(name, text) {
    setText(this.#parts[name], text);
    this.#parts[name].hidden = text === "";
  }
}
