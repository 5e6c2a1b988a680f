// Writes the load of this moment into the health page. Without it the page is right as it was loaded.
"use strict";

const box = document.getElementById("live");
const pause = document.getElementById("live-pause");
const state = document.getElementById("live-state");
const intervalMs = Number(box.dataset.intervalS) * 1000;
let paused = false;

function say(words) {
  if (state.textContent !== words) {
    state.textContent = words;
  }
}

async function refresh() {
  if (paused || document.hidden) {
    return;
  }
  try {
    const answer = await fetch("/console/live", { cache: "no-store", redirect: "error" });
    if (!answer.ok) {
      say(answer.status === 403 ? "Signed out: load the page again." : "The sink could not answer.");
      return;
    }
    const found = await answer.json();
    for (const place of box.querySelectorAll("[data-live]")) {
      const words = found[place.dataset.live];
      if (typeof words === "string" && place.textContent !== words) {
        place.textContent = words; // as text: nothing in it is markup
      }
    }
    say(`Every ${intervalMs / 1000} seconds.`);
  } catch {
    say("The sink does not answer.");
  }
}

pause.hidden = false;
say(`Every ${intervalMs / 1000} seconds.`);
pause.addEventListener("click", () => {
  paused = !paused;
  pause.setAttribute("aria-pressed", String(paused));
  say(paused ? "Paused." : `Every ${intervalMs / 1000} seconds.`);
  refresh();
});
setInterval(refresh, intervalMs);
