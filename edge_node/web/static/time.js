// The gateway's clock as the box knows it, and times in words. The browser's own clock only counts
// the milliseconds since the last answer: it may be years wrong.
import { say } from "./texts.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
let gatewayAhead = 0;
let boxAhead = 0;

export function setClock(clock) {
  gatewayAhead = Date.parse(clock.gateway) - Date.now();
  boxAhead = Date.parse(clock.box) - Date.now();
}

export const gatewayNow = () => Date.now() + gatewayAhead;

// A moment by the box's clock, moved to the gateway's; null stays null.
export const fromBox = (moment) => (moment ? Date.parse(moment) - boxAhead + gatewayAhead : null);

const format = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const formatDay = new Intl.DateTimeFormat([], { day: "numeric", month: "short" });

// 14:05, with the day where it is not today.
export function clockTime(moment_ms) {
  const moment = new Date(moment_ms);
  const today = new Date(gatewayNow()).toDateString() === moment.toDateString();
  return today ? format.format(moment) : `${formatDay.format(moment)} ${format.format(moment)}`;
}

// How long, for people: 45 s, 12 min, 3 h, 2 days.
export function duration(length_ms) {
  const length = Math.max(0, length_ms);
  if (length < 2 * MINUTE_MS) return say("unit.seconds", { n: Math.floor(length / 1000) });
  if (length < 2 * HOUR_MS) return say("unit.minutes", { n: Math.floor(length / MINUTE_MS) });
  if (length < 48 * HOUR_MS) return say("unit.hours", { n: Math.floor(length / HOUR_MS) });
  return say("unit.days", { n: Math.floor(length / (24 * HOUR_MS)) });
}

// A count of seconds that is watched: 0:45, 12:07.
export function stopwatch(length_ms) {
  const seconds = Math.max(0, Math.floor(length_ms / 1000));
  if (seconds >= 3600) return duration(length_ms);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

export function distance(metres) {
  if (metres < 1000) return say("unit.m", { n: Math.max(10, Math.round(metres / 10) * 10) });
  const km = metres / 1000;
  return say("unit.km", { n: km < 10 ? Math.round(km * 10) / 10 : Math.round(km) });
}
