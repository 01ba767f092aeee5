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
  #parts = {};

  // `answer(dispatch id, verb, body)` tells the box; it throws an error with a `shown` text.
  constructor(id, answer) {
    this.#answer = answer;
    const part = (name, tag, properties = {}) => (this.#parts[name] = make(tag, properties));
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
        line("standing", "p", { class: "standing" }),
        line("fate", "p", { class: "fate", role: "status" }),
        line("next", "p", { class: "next" }),
        part("facts", "div", { class: "facts" }),
        line("failure", "p", { class: "failure", role: "alert" }),
        make("div", { class: "actions" },
          button("accept", "accept", say("action.accept")),
          button("refuse", "refuse", say("action.cannot_treat")),
          button("arrived", "arrived", say("action.arrived")),
          button("dismiss", "dismiss", say("action.understood"))),
        part("form", "form", { class: "refusal", hidden: true, onsubmit: (event) => this.#refuse(event) })));
    this.#fillForm(id);
  }

  get dispatch() {
    return this.#dispatch;
  }

  show(dispatch, connected) {
    this.#dispatch = dispatch;
    const { facts } = dispatch;
    const kind = facts ? words.headline(facts) : say("card.no_facts");
    this.element.className = ["card", facts?.priority ?? "high", words.place(dispatch),
      dispatch.late ? "late" : "", dispatch.local_state,
      this.#parts.form.hidden ? "" : "refusing"].join(" ");
    this.element.setAttribute("aria-label", `${facts ? say(`priority.${facts.priority}`) : ""} ${kind}`);
    setText(this.#parts.priority, facts ? say(`priority.${facts.priority}`) : "");
    setText(this.#parts.what, kind);
    this.#line("standing", words.standing(dispatch));
    const said = words.answer(dispatch);
    const fate = said ? words.fateOf(said, connected) : null;
    this.#line("fate", fate?.text ?? "");
    this.#parts.fate.dataset.tone = fate?.tone ?? "";
    const shown = JSON.stringify([facts, dispatch.transport, dispatch.reason, words.canAccept(dispatch)]);
    if (shown !== this.#factsShown) {
      this.#factsShown = shown;
      this.#parts.facts.replaceChildren(...(facts ? this.#facts(facts, dispatch) : []));
    }
    this.#actions(dispatch);
    this.tick();
  }

  // Once a second: the counts that move.
  tick() {
    const { facts, rings, late, local_state: state } = this.#dispatch;
    const now = gatewayNow();
    const waits = rings || state === "expired";
    setText(this.#parts.waits, waits && facts
      ? say("card.waits", { time: stopwatch(now - Date.parse(facts.offered_at)) }) : "");
    const left_ms = facts ? Date.parse(facts.answer_by) - now : 0;
    const next = !rings || late || !facts ? ""
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
    const allowed = { accept: words.canAccept, arrived: words.canArrive, dismiss: words.canDismiss };
    if (allowed[verb](this.#dispatch)) await this.#send(verb, this.#parts[verb]);
  }

  closeForm() {
    if (this.#parts.form.hidden) return false;
    this.#hideForm();
    this.element.focus();
    return true;
  }

  #facts(facts, dispatch) {
    const row = (name, ...values) => make("div", { class: `fact ${name}` },
      make("span", { class: "label" }, say(`card.${name}`)),
      ...values.filter(Boolean).map((value) => (typeof value === "string" ? make("span", {}, value) : value)));
    const transport = dispatch.transport
      ? make("span", { class: `transport ${dispatch.transport}` }, say(`card.transport.${dispatch.transport}`)) : null;
    const news = words.callerNews(dispatch);
    this.#parts.arrival = make("span", { class: "big" });
    this.#parts.travel = make("span");
    const needs = facts.needs.filter((code) => code !== "emergency_24h");
    return [
      row("arrives", this.#parts.arrival, this.#parts.travel, transport),
      row("from", ...words.whereFrom(facts).map((line, number) =>
        make("span", { class: number ? "" : "big" }, line))),
      row("said", words.answered(facts).join(", ") || word("kind", facts.kind), words.who(facts),
        news && make("strong", { class: "news" }, news)),
      row("needs", (needs.length ? needs : facts.needs).map((code) => word("need", code)).join(" · ")),
      row("code", make("strong", {}, facts.help_code)),
      row("caller", make("span", { class: "phone" }, words.callerPhone(facts)),
        words.canAccept(dispatch) && make("span", { class: "by-sms" }, say("card.by_sms", { code: `YES ${facts.answer_code}` }))),
      facts.note ? row("note", make("span", { class: "note" }, facts.note)) : null,
    ].filter(Boolean);
  }

  #arrival(facts, now) {
    const at = words.arrivesAt(facts);
    const text = at === null ? "arrival_unknown" : at > now ? "about" : "overdue";
    setText(this.#parts.arrival, say(`card.${text}`, { time: at === null ? "" : clockTime(at) }));
    setText(this.#parts.travel, text === "about"
      ? say("card.if_at_once", { minutes: facts.travel_min }) : "");
  }

  #actions(dispatch) {
    const { accept, refuse, arrived, dismiss } = this.#parts;
    accept.hidden = !words.canAccept(dispatch) || !dispatch.facts;
    setText(accept, say(dispatch.local_state === "expired" ? "action.accept_after_all" : "action.accept"));
    refuse.hidden = !words.canRefuse(dispatch) || !dispatch.facts;
    arrived.hidden = !words.canArrive(dispatch);
    dismiss.hidden = !words.canDismiss(dispatch);
    if (!words.canRefuse(dispatch)) this.#hideForm();
  }

  async #send(verb, button, body = {}) {
    const { accept, refuse, arrived, dismiss, form } = this.#parts;
    const all = [accept, refuse, arrived, dismiss, ...form.elements];
    const text = button.textContent;
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
