// How things stand with the gateway, always in sight.
import { make } from "./elements.js";
import { clockTime, duration } from "./time.js";
import { say } from "./texts.js";

const OFFSET_WORTH_SAYING_S = 20;
let shownBefore = "";

export function show(link, place) {
  const { tone, lines } = describe(link);
  const shown = JSON.stringify([tone, lines]);
  if (shown === shownBefore) return;
  shownBefore = shown;
  place.dataset.tone = tone;
  place.replaceChildren(make("strong", {}, lines[0]), ...lines.slice(1).map((line) => make("span", {}, line)));
}

function describe(link) {
  const lines = [];
  let tone = "good";
  const waiting = link.answers.waiting + link.reports.waiting;
  const unsent = waiting ? say("link.unsent", { count: waiting }) : "";
  if (!link.enrolled) {
    tone = "bad";
    lines.push(say("link.not_enrolled"));
  } else if (link.retired) {
    tone = "bad";
    lines.push(say("link.retired"), unsent);
  } else if (link.connected) {
    lines.push(say("link.connected"), say(link.doorbell ? "link.doorbell" : "link.no_doorbell"), unsent);
  } else {
    tone = "bad";
    lines.push(
      link.last_heard_at
        ? say("link.none_since", { time: clockTime(Date.parse(link.last_heard_at)) })
        : say("link.none_ever"),
      say("link.kept"), unsent,
    );
  }
  if (link.history_differs) {
    tone = "bad";
    lines.push(say("link.differs"));
  }
  // What stays to be said while the link works, such as a store that was moved aside or a full disk.
  lines.push(...link.problems);
  if (!link.can_store) tone = "bad";
  const offset_s = link.gateway_offset_s ?? 0;
  if (Math.abs(offset_s) >= OFFSET_WORTH_SAYING_S)
    lines.push(say("link.clock", {
      difference: duration(Math.abs(offset_s) * 1000),
      direction: say(offset_s > 0 ? "link.slow" : "link.fast"),
    }));
  return { tone, lines: lines.filter(Boolean) };
}
