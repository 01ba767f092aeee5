// What staff say of their hospital: stock, notes, patients who came by themselves; and, for these and
// for beds, how far it has come.
import { newKey, request, Unreachable } from "./box.js";
import { byId, make, setText } from "./elements.js";
import { by } from "./initials.js";
import { clockTime, fromBox } from "./time.js";
import { kinds, priorities, say, stocks, word } from "./texts.js";

const SHOWN = 8;
const FORMS = {
  walk_in: { method: "POST", path: "/api/v1/walk-ins", read: walkIn },
  stock: { method: "PUT", path: "/api/v1/stock", read: stock },
  note: { method: "POST", path: "/api/v1/notes", read: (form) => ({ text: form.elements.text.value }) },
};
let shownBefore = "";

export function start(told) {
  const form = byId("walk_in-form");
  // Nothing is chosen beforehand: nobody is critical because somebody was in a hurry.
  const fill = (name, codes, group) => form.elements[name].append(
    make("option", { value: "" }, say("said.choose")),
    ...codes.map((code) => make("option", { value: code }, say(`${group}.${code}`))));
  fill("kind", kinds, "kind");
  fill("priority", priorities, "priority");
  byId("stock-rows").append(...stocks.map((code) => make("label", {},
    make("span", {}, word("need", code)),
    make("select", { name: code }, ...["", "has", "lacks"].map((answer) =>
      make("option", { value: answer }, say(`said.stock_${answer || "unsaid"}`)))))));
  for (const name of Object.keys(FORMS)) listen(name, told);
}

function listen(name, told) {
  const { method, path, read } = FORMS[name];
  const form = byId(`${name}-form`);
  const button = form.querySelector("button");
  const said = byId(`${name}-said`);
  // The name of the press that is being made; a new one for what is said next.
  let key = newKey();
  let keyOf = "";
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = { ...read(form), by: by() };
    const content = JSON.stringify(body);
    // After a press that nobody answered, the same words again are the same press; others are not.
    if (content !== keyOf) key = newKey();
    keyOf = content;
    button.disabled = true;
    setText(said, say("beds.saving"));
    try {
      await request(method, path, body, key);
      keyOf = "";
      form.reset();
      setText(said, say("said.saved"));
    } catch (error) {
      setText(said, error instanceof Unreachable
        ? say("beds.failed") : say("action.refused", { detail: error.message }));
    } finally {
      button.disabled = false;
    }
    told();
  });
}

function walkIn(form) {
  const age = form.elements.age_years.value.trim();
  return {
    kind: form.elements.kind.value,
    priority: form.elements.priority.value,
    help_code: form.elements.help_code.value.trim(),
    patient_count: Number(form.elements.patient_count.value),
    age_years: age === "" ? null : Number(age),
  };
}

function stock(form) {
  const answers = (answer) => stocks.filter((code) => form.elements[code].value === answer);
  return { has: answers("has"), lacks: answers("lacks") };
}

export function show(reports, connected) {
  const undecided = (report) => report.state === "waiting" || report.state === "sent";
  const listed = reports.filter((report, place) => place < SHOWN || undecided(report));
  const shown = JSON.stringify([listed, connected]);
  if (shown === shownBefore) return;
  shownBefore = shown;
  byId("said-earlier").hidden = !listed.length;
  byId("said-list").replaceChildren(...listed.map((report) => make("li", { dataset: { state: report.state } },
    make("strong", {}, words(report)),
    make("span", {}, say("said.by", { by: report.by === "?" ? say("initials.nobody") : report.by, time: clockTime(fromBox(report.at)) })),
    make("span", { class: "state" }, standing(report, connected)),
  )));
}

function standing(report, connected) {
  if (report.state === "waiting") return say(connected ? "said.waiting" : "said.waiting_no_link");
  if (report.state === "sent") return say("said.sent");
  if (report.state === "rejected") return say("said.refused", { why: report.why });
  const at = clockTime(Date.parse(report.answered_at));
  return [say("said.taken_in", { time: at }), report.why].filter(Boolean).join(" ");
}

function words(report) {
  const { said } = report;
  if (report.kind === "note") return `“${said.text}”`;
  if (report.kind === "beds") {
    const free = said.free_beds === null ? say("beds.unknown") : say("said.free", { count: said.free_beds });
    return `${say(`beds.${said.status}`)}, ${free}`;
  }
  if (report.kind === "stock") {
    const part = (codes, name) => codes.length ? say(name, { what: codes.map((code) => word("need", code)).join(", ") }) : "";
    return [part(said.has, "said.there"), part(said.lacks, "said.used_up")].filter(Boolean).join("; ");
  }
  const facts = [say(`kind.${said.kind}`), say(`priority.${said.priority}`)];
  if (said.patient_count !== 1) facts.push(say("card.patients", { count: said.patient_count }));
  if (said.age_years !== null) facts.push(said.age_years ? say("card.age", { years: said.age_years }) : say("card.age_baby"));
  if (said.help_code) facts.push(said.help_code);
  return say("said.came", { what: facts.join(", ") });
}
