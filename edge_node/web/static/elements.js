// Builds elements. Whatever comes from outside becomes text, never markup.

export const byId = (id) => document.getElementById(id);

// An element; `properties` are attributes, but `class`, `on…` (listeners) and `dataset`.
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "class") element.className = value;
    else if (name === "dataset") Object.assign(element.dataset, value);
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return element;
}

// Writes only what has changed, so that screen readers and selections are left in peace.
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
