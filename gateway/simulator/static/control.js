// The control panel: adds faults, sets the credit, follows the journal.
"use strict";

const element = (id) => document.getElementById(id);
const NUMBERS = new Set(["count", "status_code", "http_status", "delay_s"]);
const MOST_ROWS = 200;
let lastEntry = 0;

async function control(method, path, body) {
  const answer = await fetch(`control/${path}`, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const result = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new Error(result.error);
  return result;
}

async function showFaults() {
  const list = element("faults");
  const waiting = await control("GET", "faults");
  list.replaceChildren(...waiting.map((fault) => {
    const item = document.createElement("li");
    const said = Object.entries(fault).filter(([name, value]) =>
      value !== null && value !== 0 && name !== "number");
    item.textContent = said.map(([name, value]) => `${name.replaceAll("_", " ")}: ${value}`).join(", ");
    return item;
  }));
}

async function doing(work) {
  element("said").textContent = "";
  try {
    await work();
    await showFaults();
  } catch (error) {
    element("said").textContent = error.message;
  }
}

element("fault").addEventListener("submit", (event) => {
  event.preventDefault();
  const fault = {};
  for (const [name, value] of new FormData(event.target)) {
    if (value) fault[name] = NUMBERS.has(name) ? Number(value) : value;
    else if (name === "count") fault.count = null;
  }
  doing(() => control("POST", "faults", fault));
});
element("clear").addEventListener("click", () => doing(() => control("DELETE", "faults")));
element("credit").addEventListener("submit", (event) => {
  event.preventDefault();
  const left = element("left").value;
  doing(() => control("PUT", "credit", { left_kes: left === "" ? null : Number(left) }));
});

function row(entry) {
  const line = document.createElement("tr");
  const cell = (text, tag) => {
    const place = document.createElement("td");
    if (tag) place.append(Object.assign(document.createElement(tag), { textContent: text }));
    else place.textContent = text;
    line.append(place);
  };
  cell(new Date(entry.at).toLocaleTimeString());
  const kind = entry.details.kind ? ` ${entry.details.kind}` : "";
  const status = "status" in entry.details ? ` → ${entry.details.status ?? "no answer"}` : "";
  cell(`${entry.event}${kind}${status}`);
  cell(JSON.stringify(entry.details.form ?? entry.details), "code");
  return line;
}

async function followJournal() {
  try {
    const entries = await control("GET", `journal?after=${lastEntry}`);
    for (const entry of entries) {
      lastEntry = entry.number;
      element("journal").prepend(row(entry));
    }
    while (element("journal").rows?.length > MOST_ROWS) element("journal").lastElementChild.remove();
    if (entries.length) await showFaults();
  } catch {
    element("said").textContent = "The simulator does not answer.";
  }
  setTimeout(followJournal, 1500);
}

async function begin() {
  const choices = await control("GET", "choices");
  for (const select of document.querySelectorAll("select[data-choices]")) {
    const names = choices[select.dataset.choices];
    if (select.name !== "channel") select.append(new Option("as usual", ""));
    select.append(...names.map((name) => new Option(name.replaceAll("_", " "), name)));
  }
  element("left").value = (await control("GET", "credit")).left_kes ?? "";
  await showFaults();
  followJournal();
}

begin();
