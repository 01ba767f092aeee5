// The panel of beds and readiness: what was last reported, and reporting anew.
import { newKey, request, Unreachable } from "./box.js";
import { byId, make, setText } from "./elements.js";
import { by } from "./initials.js";
import { clockTime, duration, fromBox, gatewayNow } from "./time.js";
import { say, statuses } from "./texts.js";

const OLD_MS = 4 * 3600_000;
// Several presses on + make one report.
const SEND_AFTER_MS = 700;
const form = byId("beds-form");
let reported = null;
let pending = null;
let timer = 0;

export function start() {
  form.elements.status.append(...statuses.map((code) =>
    make("option", { value: code }, say(`beds.${code}`))));
  byId("beds-less").addEventListener("click", () => step(-1));
  byId("beds-more").addEventListener("click", () => step(1));
  byId("beds-same").addEventListener("click", () => send({ ...reported }));
  // On the press itself: "toggle" comes later, and would undo what was already chosen by then.
  byId("beds-change").querySelector("summary").addEventListener("click", () => {
    if (!byId("beds-change").open) fillForm();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const staffed_beds = count("staffed_beds");
    const free_beds = count("free_beds");
    if (staffed_beds !== null && free_beds !== null && free_beds > staffed_beds)
      return setText(byId("beds-said"), say("beds.too_many"));
    return send({ status: form.elements.status.value, staffed_beds, free_beds })
      .then((stored) => { if (stored) byId("beds-change").open = false; });
  });
}

export function show(availability) {
  reported = availability;
  draw();
}

function draw() {
  const shown = pending ?? reported;
  const known = shown?.status !== null && shown !== null;
  const panel = byId("beds");
  const age_ms = known && reported.at ? gatewayNow() - fromBox(reported.at) : 0;
  panel.dataset.status = known ? shown.status : "unknown";
  panel.classList.toggle("old", age_ms > OLD_MS);
  byId("beds-same").hidden = !known;
  byId("beds-less").disabled = !known || !shown.free_beds;
  byId("beds-more").disabled = !known || shown.free_beds === null
    || (shown.staffed_beds !== null && shown.free_beds >= shown.staffed_beds);
  setText(byId("beds-free"), known && shown.free_beds !== null ? String(shown.free_beds) : "?");
  const of = !known || shown.free_beds === null ? say("beds.unknown")
    : shown.staffed_beds === null ? say("beds.free_only") : say("beds.of_staffed", { count: shown.staffed_beds });
  byId("beds-free").dataset.unit = of;
  if (!known) return setText(byId("beds-now"), say("beds.never"));
  const person = reported.by === "?" ? say("initials.nobody") : reported.by;
  const last = reported.at ? say("beds.reported", {
    time: clockTime(fromBox(reported.at)), by: person, age: duration(age_ms),
  }) : "";
  const old = age_ms > OLD_MS ? ` ${say("beds.old")}` : "";
  return setText(byId("beds-now"), `${say(`beds.${shown.status}`)}. ${last}${old}`);
}

function step(change) {
  pending ??= { ...reported };
  pending.free_beds = Math.max(0, pending.free_beds + change);
  draw();
  clearTimeout(timer);
  timer = setTimeout(() => send(pending), SEND_AFTER_MS);
}

async function send({ status, staffed_beds, free_beds }) {
  clearTimeout(timer);
  const said = byId("beds-said");
  setText(said, say("beds.saving"));
  try {
    reported = await request("PUT", "/api/v1/availability", { status, staffed_beds, free_beds, by: by() }, newKey());
    setText(said, "");
    return true;
  } catch (error) {
    setText(said, error instanceof Unreachable
      ? say("beds.failed") : say("action.refused", { detail: error.message }));
    return false;
  } finally {
    pending = null;
    draw();
  }
}

function fillForm() {
  form.elements.status.value = reported?.status ?? "normal";
  form.elements.staffed_beds.value = reported?.staffed_beds ?? "";
  form.elements.free_beds.value = reported?.free_beds ?? "";
}

// An empty field is "not known", which is not zero.
function count(name) {
  const typed = form.elements[name].value.trim();
  return typed === "" ? null : Number(typed);
}
