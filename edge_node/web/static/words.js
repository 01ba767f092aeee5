// What a dispatch means, in words for staff; and what can still be done with it.
import { distance, fromBox, clockTime, gatewayNow } from "./time.js";
import { gatewayReason, knows, say, word } from "./texts.js";

const RANKS = { critical: 1, high: 2, medium: 3 };
const ANSWERS = new Set(["accept", "cannot_treat", "arrived"]);
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

// Where the card stands: "asks" (somebody must answer), "open", "over" (news of an end that staff
// have yet to take in) or "earlier".
export function place(dispatch) {
  if (dispatch.rings) return "asks";
  const said = answer(dispatch);
  const undecided = said && (said.state === "waiting" || said.state === "sent");
  if (undecided) return "open";
  if (dispatch.dismissed_at) return "earlier";
  if (dispatch.local_state === "arrived") return "earlier";
  if (dispatch.local_state === "cannot_treat") return "earlier";
  const critical = dispatch.facts?.priority === "critical";
  const recent = gatewayNow() - offeredAt(dispatch) < NEWS_FOR_MS;
  const news = critical || recent || said?.state === "rejected";
  if (OVER.has(dispatch.local_state) || dispatch.local_state === "expired")
    return news ? "over" : "earlier";
  if (dispatch.late && canAccept(dispatch)) return "over";
  return "open";
}

// Only what is over, late or unanswered can be put away; never a patient who is expected.
export function canDismiss(dispatch) {
  return !dispatch.dismissed_at && !dispatch.rings
    && (["superseded", "withdrawn", "expired"].includes(dispatch.local_state)
      || (dispatch.late && canAccept(dispatch)));
}

const PLACES = { asks: 0, open: 1, over: 2, earlier: 3 };

// The order of the cards: who must be answered, the most urgent, whoever waits longest.
export function inOrder(one, other) {
  return PLACES[place(one)] - PLACES[place(other)]
    || urgency(one) - urgency(other)
    || (place(one) === "earlier" ? -1 : 1) * (offeredAt(one) - offeredAt(other))
    || (one.id < other.id ? -1 : 1);
}

export const urgency = (dispatch) => RANKS[dispatch.facts?.priority] ?? 2;

// What it is, in a few words: a danger sign first, then what it comes from.
export function headline(facts) {
  const kind = word("kind", facts.kind);
  const sign = facts.signs[0];
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

export function callerPhone(facts) {
  // In groups of three, as people read numbers out.
  if (facts.caller_phone) return facts.caller_phone.replace(/\d(?=(\d{3})+$)/g, "$& ");
  return say(DISCREET.has(facts.kind) ? "card.do_not_call" : "card.no_phone");
}

export function whereFrom(facts) {
  const known = facts.place_name || facts.lat !== null;
  const lines = [];
  if (facts.place_name) lines.push(facts.place_name);
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

// Null while the place is not known: without it there is no travel time.
export function arrivesAt(facts) {
  if (!facts.travel_min && facts.lat === null) return null;
  return Date.parse(facts.offered_at) + facts.travel_min * 60_000;
}

// Where the dispatch stands, in a sentence; empty while it is simply unanswered.
export function standing(dispatch) {
  const reason = gatewayReason(dispatch.reason);
  switch (dispatch.local_state) {
    case "accepted": case "cannot_treat": case "expired": case "arrived":
      return say(`state.${dispatch.local_state}`);
    case "superseded":
      return say("state.superseded", { reason: reason || say("state.superseded_plain") });
    case "withdrawn": {
      const why = reason ? say("state.withdrawn", { reason }) : say("state.withdrawn_plain");
      if (dispatch.facts?.priority !== "critical" || dispatch.dismissed_at) return why;
      const call = dispatch.facts.caller_phone ? ` ${say("state.call_back")}` : "";
      return `${why}${call} ${say("state.withdrawn_critical")}`;
    }
    default:
      return dispatch.late
        ? say("card.late", { time: clockTime(offeredAt(dispatch)) }) : "";
  }
}

// What became of the staff's own word: `tone` is "waits", "good" or "bad".
export function fateOf(claim, connected) {
  const by = claim.by === "?" ? say("initials.nobody") : claim.by;
  const said = say(`claim.${claim.kind}`, { by, time: clockTime(fromBox(claim.at)) });
  if (claim.state === "rejected")
    return { tone: "bad", text: `${said}. ${say("claim.rejected", { reason: gatewayReason(claim.why) })}` };
  if (claim.state === "accepted") {
    const time = clockTime(fromBox(claim.verdict_at));
    return { tone: "good", text: `${said}. ${say("claim.accepted", { time })}` };
  }
  const waits = claim.state === "sent" ? "claim.sent" : connected ? "claim.waiting" : "claim.waiting_no_link";
  return { tone: "waits", text: `${said}. ${say(waits)}` };
}

// The latest word of the caller that is not a transport answer.
export function callerNews(dispatch) {
  if (dispatch.reason === "caller: got worse") return say("card.worse");
  if (dispatch.reason === "caller: the place changed") return say("card.place_changed");
  return "";
}
