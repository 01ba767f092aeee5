// What a dispatch means, in words for staff; and what can still be done with it.
import { distance, fromBox, clockTime, gatewayNow } from "./time.js";
import { gatewayReason, knows, say, word } from "./texts.js";

const RANKS = { critical: 1, high: 2, medium: 3 };
const ANSWERS = new Set(["accept", "cannot_treat", "treat_after_all", "arrived"]);
const CAN_ACCEPT = new Set(["offered", "delivered", "expired"]);
const CAN_REFUSE = new Set([...CAN_ACCEPT, "accepted"]);
const OVER = new Set(["superseded", "withdrawn", "cannot_treat", "arrived"]);
const NEWS_FOR_MS = 2 * 3600_000;
const DANGER_SIGNS = new Set(["unresponsive", "bleeding", "fits"]);
const DISCREET = new Set(["assault", "self_harm"]);

export const canAccept = (dispatch) => CAN_ACCEPT.has(dispatch.local_state);
export const canRefuse = (dispatch) => CAN_REFUSE.has(dispatch.local_state);
export const canArrive = (dispatch) => dispatch.local_state !== "arrived";
export const offeredAt = (dispatch) =>
  dispatch.facts ? Date.parse(dispatch.facts.offered_at) : fromBox(dispatch.received_at);

// The latest thing that staff said, not what the box said by itself.
export function answer(dispatch) {
  return dispatch.claims.filter((claim) => ANSWERS.has(claim.kind)).at(-1) ?? null;
}

// "Cannot treat" was pressed by mistake, or a bed got free, and no other hospital has the patient.
export function canTakeBack(dispatch) {
  const said = answer(dispatch);
  const refused = said?.kind === "treat_after_all" && said.state === "rejected";
  return dispatch.local_state === "cannot_treat" && dispatch.still_needed && !refused;
}

// What is new has to be understood with a press where no answer says so.
export const canUnderstand = (dispatch) =>
  dispatch.news !== null && (dispatch.local_state === "accepted" || dispatch.news.alarms && dispatch.local_state === "expired");

// Where the card stands: "asks" (somebody must answer), "open", "over" (news of an end that staff
// have yet to take in) or "earlier".
export function place(dispatch) {
  if (dispatch.rings) return "asks";
  const said = answer(dispatch);
  const undecided = said && (said.state === "waiting" || said.state === "sent");
  if (undecided) return "open";
  // Put away as silent, and accepted after all: a patient who is expected is always in sight.
  if (dispatch.local_state === "accepted") return "open";
  if (dispatch.dismissed_at) return "earlier";
  if (dispatch.local_state === "arrived") return "earlier";
  const critical = dispatch.facts?.priority === "critical";
  const recent = gatewayNow() - offeredAt(dispatch) < NEWS_FOR_MS;
  if (dispatch.local_state === "cannot_treat")
    return recent && (canTakeBack(dispatch) || said?.state === "rejected") ? "over" : "earlier";
  const news = critical || recent || said?.state === "rejected";
  if (OVER.has(dispatch.local_state) || dispatch.local_state === "expired")
    return news ? "over" : "earlier";
  if (dispatch.late && canAccept(dispatch)) return "over";
  return "open";
}

// Only what is over, late or unanswered can be put away; never a patient who is expected.
export function canDismiss(dispatch) {
  return !dispatch.dismissed_at && !dispatch.rings
    && (["superseded", "withdrawn", "expired", "cannot_treat"].includes(dispatch.local_state)
      || (dispatch.late && canAccept(dispatch)));
}

const PLACES = { asks: 0, open: 1, over: 2, earlier: 3 };

// Nobody has the patients who ask for an answer; who rings for news only is expected already.
const step = (dispatch) => PLACES[place(dispatch)] + (dispatch.rings && !canAccept(dispatch) ? 0.5 : 0);

// The order of the cards: who must be answered, the most urgent, whoever waits longest.
export function inOrder(one, other) {
  return step(one) - step(other)
    || urgency(one) - urgency(other)
    || (place(one) === "earlier" ? -1 : 1) * (offeredAt(one) - offeredAt(other))
    || (one.id < other.id ? -1 : 1);
}

export const urgency = (dispatch) => RANKS[dispatch.facts?.priority] ?? 2;

// The word that stands first on the card: how urgent it is, or, once it is over here, how it ended.
export function firstWord(dispatch) {
  const over = ["over", "earlier"].includes(place(dispatch)) && OVER.has(dispatch.local_state);
  if (over) return say(`ended.${dispatch.local_state}`);
  return dispatch.facts ? say(`priority.${dispatch.facts.priority}`) : "";
}

// What it is, in a few words: a danger sign first, or that a hospital refers them, then what it
// comes from.
export function headline(facts) {
  const kind = word("kind", facts.kind);
  const sign = facts.signs[0];
  if (sign === "referral") return facts.kind === "unknown" ? say("card.referral") : `${say("card.referral")} · ${kind}`;
  return DANGER_SIGNS.has(sign) && sign !== facts.kind ? `${word("kind", sign)} · ${kind}` : kind;
}

// What the caller answered, as phrases; the gateway sends the values of its questions in order.
export function answered(facts) {
  const [sign, ...rest] = facts.signs;
  if (sign === undefined) return [];
  // "Other sickness" says nothing beside what exactly it is.
  const phrases = sign === "sickness" && rest.length ? [] : [word("sign", sign)];
  for (const value of rest)
    phrases.push(
      knows(`detail.${sign}.${value}`) ? say(`detail.${sign}.${value}`) : word("cause", value),
    );
  return phrases;
}

export function who(facts) {
  const count = facts.patient_count === 1
    ? say("card.one_patient") : say("card.patients", { count: facts.patient_count });
  if (facts.age_years === null) return `${count}, ${say("card.age_unknown")}`;
  if (facts.age_years === 0) return `${count}, ${say("card.age_baby")}`;
  return `${count}, ${say("card.age", { years: facts.age_years })}`;
}

// A phone in the wrong hands is never called, also where that was found out later.
const mayCall = (facts) => Boolean(facts.caller_phone) && !inWrongHands(facts);
const inWrongHands = (facts) => DISCREET.has(facts.kind) && !facts.referred_by;

export function callerPhone(facts) {
  // In groups of three, as people read numbers out.
  if (mayCall(facts)) return facts.caller_phone.replace(/\d(?=(\d{3})+$)/g, "$& ");
  return say(inWrongHands(facts) ? "card.do_not_call" : "card.no_phone");
}

export function whereFrom(facts) {
  const known = facts.place_name || facts.lat !== null;
  const lines = [];
  if (facts.referred_by) lines.push(facts.referred_by);
  else if (facts.place_name) lines.push(facts.place_name);
  else if (facts.lat !== null) lines.push(`${facts.lat.toFixed(4)}, ${facts.lon.toFixed(4)}`);
  else lines.push(say("card.place_unknown"));
  if (facts.place_text && facts.place_text !== facts.place_name)
    lines.push(say("card.typed", { words: facts.place_text }));
  const measures = [];
  if (known && facts.distance_m) measures.push(say("card.away", { distance: distance(facts.distance_m) }));
  if (known && facts.radius_m) measures.push(say("card.off_by", { distance: distance(facts.radius_m) }));
  if (measures.length) lines.push(measures.join(", "));
  return lines;
}

// What the patient states about themselves: the warning first, then one line for each fact. While it
// is hidden, only why and what to do.
export function ownFacts(summary, leaseHours) {
  if (summary.dark) {
    const days = leaseHours % 24 === 0 && leaseHours > 24;
    const time = days ? say("unit.days", { n: leaseHours / 24 }) : say("unit.hours_whole", { n: leaseHours });
    return [say(`summary.${summary.dark}`, { time })];
  }
  return [
    say("summary.warning"),
    summary.blood_type && say("summary.blood_type", { type: summary.blood_type, words: bloodWords(summary.blood_type) }),
    summary.allergies && say("summary.allergies", { what: summary.allergies }),
  ].filter(Boolean);
}

// A minus is easily overlooked.
const bloodWords = (type) =>
  say(type.endsWith("-") ? "summary.negative" : "summary.positive", { group: type.slice(0, -1) });

export const isComing = (dispatch) => !OVER.has(dispatch.local_state);

// Null while the place is not known: without it there is no travel time.
export function arrivesAt(facts) {
  if (!facts.travel_min && facts.lat === null) return null;
  return Date.parse(facts.offered_at) + facts.travel_min * 60_000;
}

// What the hospital is asked for where that is not simply to treat the patient.
export function task(dispatch) {
  const { facts } = dispatch;
  if (!facts || facts.part === "treat" || !isComing(dispatch)) return "";
  return say(`task.${facts.part}`, { hospital: facts.referred_by });
}

// Where the dispatch stands, in a sentence; empty while it is simply unanswered.
export function standing(dispatch) {
  const reason = gatewayReason(dispatch.reason);
  switch (dispatch.local_state) {
    case "accepted": case "expired": case "arrived":
      return say(`state.${dispatch.local_state}`);
    case "cannot_treat":
      return canTakeBack(dispatch)
        ? `${say("state.cannot_treat")} ${say("state.take_back")}` : say("state.cannot_treat");
    case "superseded":
      return say("state.superseded", { reason: reason || say("state.superseded_plain") });
    case "withdrawn": {
      const why = reason ? say("state.withdrawn", { reason }) : say("state.withdrawn_plain");
      if (dispatch.facts?.priority !== "critical" || dispatch.dismissed_at) return why;
      const call = mayCall(dispatch.facts) ? ` ${say("state.call_back")}` : "";
      return `${why}${call} ${say("state.withdrawn_critical")}`;
    }
    default:
      return dispatch.late
        ? say("card.late", { time: clockTime(offeredAt(dispatch)) }) : "";
  }
}

// What says the same by SMS, for the time when nothing else travels.
const BY_SMS = { accept: "YES", treat_after_all: "YES", cannot_treat: "NO" };

// What became of the staff's own word: `tone` is "waits", "good" or "bad".
export function fateOf(claim, connected, facts) {
  const by = claim.by === "?" ? say("initials.nobody") : claim.by;
  const said = say(`claim.${claim.kind}`, { by, time: clockTime(fromBox(claim.at)) });
  if (claim.state === "rejected")
    return { tone: "bad", text: `${said}. ${say("claim.rejected", { reason: gatewayReason(claim.why) })}` };
  if (claim.state === "accepted") {
    const time = clockTime(fromBox(claim.verdict_at));
    return { tone: "good", text: `${said}. ${say("claim.accepted", { time })}` };
  }
  const waits = claim.state === "sent" ? "claim.sent" : connected ? "claim.waiting" : "claim.waiting_no_link";
  const code = facts && !connected && claim.state === "waiting" && BY_SMS[claim.kind];
  const sooner = code ? ` ${say("claim.by_sms", { code: `${code} ${facts.answer_code}` })}` : "";
  return { tone: "waits", text: `${said}. ${say(waits)}${sooner}` };
}

// What is new since staff last understood it: one line for each thing, the most important first.
// `was` is empty where nothing is lost by not saying it.
export function changes({ facts, news }) {
  const { was } = news;
  const before = { ...facts, ...was };
  const lines = [];
  const line = (name, now, old = "") => lines.push({ name, now, was: old });
  if ("priority" in was) line("priority", say(`priority.${facts.priority}`), say(`priority.${was.priority}`));
  if (headline(before) !== headline(facts)) line("what", headline(facts), headline(before));
  if ("signs" in was) {
    const [now, old] = [answered(facts), answered(before)];
    const added = now.filter((phrase) => !old.includes(phrase));
    const gone = old.filter((phrase) => !now.includes(phrase));
    if (added.length) line("said", added.join(", "), gone.join(", "));
    else if (gone.length) line("said_no_more", gone.join(", "));
  }
  if ("needs" in was) {
    const added = facts.needs.filter((code) => !was.needs.includes(code));
    const gone = was.needs.filter((code) => !facts.needs.includes(code));
    if (added.length) line("needs_also", needWords(added));
    if (gone.length) line("needs_no_more", needWords(gone));
  }
  if (["place_name", "place_text", "lat", "lon", "radius_m"].some((name) => name in was)) {
    const [now, old] = [whereFrom(facts), whereFrom(before)];
    if (now[0] !== old[0]) line("from", now[0], old[0]);
    else line("from", now.join(" · "));
  }
  if ("patient_count" in was || "age_years" in was) line("patient", who(facts), who(before));
  if ("note" in was)
    line("note", was.note && facts.note.startsWith(was.note) ? facts.note.slice(was.note.length).trim() : facts.note);
  return lines;
}

export const needWords = (codes) => codes.map((code) => word("need", code)).join(" · ");

// The names of the rows of facts that have changed, to be marked where they stand.
const ROWS = {
  signs: "said", patient_count: "said", age_years: "said", needs: "needs", note: "note",
  place_name: "from", place_text: "from", lat: "from", lon: "from", radius_m: "from",
};

export const changedRows = (news) =>
  new Set(Object.keys(news?.was ?? {}).map((name) => ROWS[name]).filter(Boolean));
