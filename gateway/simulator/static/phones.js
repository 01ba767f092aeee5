// Opens the phone whose number was typed.
"use strict";

document.getElementById("choose").addEventListener("submit", (event) => {
  event.preventDefault();
  const digits = document.getElementById("number").value.replace(/\D/g, "");
  if (digits) location.href = `phone/${digits}`;
});
