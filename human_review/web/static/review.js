// Keys, heartbeats, countdowns. Without this file the pages still read and decide: they are plain forms.
"use strict";
(() => {
  const TYPING = "textarea, select, input:not([type=checkbox]):not([type=radio]):not([type=hidden])";
  const PRESSABLE = "button, a[href], summary, input, select, textarea";
  const desk = () => document.getElementById("desk");
  const csrf = () => document.querySelector("meta[name=csrf-token]")?.content ?? "";
  let lookedMs = 0;
  let lookingSince = 0;
  let timer = 0;
  let leaseEndsAt = 0;

  // -- keys: an element with data-key is pressed, ticked, opened or given the focus by that key --

  function press(element) {
    if (element.matches("input[type=radio]")) {
      element.checked = true;
      element.focus();
      element.dispatchEvent(new Event("change", { bubbles: true }));
    } else if (element.matches("details")) {
      element.open = !element.open;
      const first = element.open ? element.querySelector("input:not([type=hidden]), button") : null;
      (first ?? element.querySelector("summary")).focus();
    } else if (element.matches("textarea")) {
      element.focus();
    } else {
      element.click();
    }
  }

  function revealNext() {
    const next = [...document.querySelectorAll("#desk .lift")].find((box) => !box.checked && box.checkVisibility());
    if (next) next.checked = true;
  }

  function byKey(key) {
    const open = document.querySelector("dialog[open]");
    return [...(open ?? document).querySelectorAll("[data-key]")].find((one) =>
      one.dataset.key.split(" ").includes(key) && !one.disabled && one.checkVisibility({ visibilityProperty: false }) !== false
    );
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    const at = document.activeElement;
    if (event.key === "Escape" && at?.matches(TYPING)) { at.blur(); desk()?.querySelector(".card")?.focus(); return; }
    if (at?.matches(TYPING)) return;
    const pressed = event.key === " " ? "Space" : event.key;
    if ((pressed === "Space" || pressed === "Enter") && at?.matches(PRESSABLE) && !(pressed === "Enter" && at.matches("input"))) return;
    if (document.documentElement.dataset.keys === "off") return;
    const found = byKey(pressed) ?? byKey(pressed.toLowerCase());
    if (!found) return;
    if (pressed === "Enter" && at?.form && at.form !== found.form) return; // sends the form that it is in
    event.preventDefault();
    if (found.dataset.does === "reveal-next") revealNext();
    else press(found);
  }

  // -- the time that the text was really looked at --

  function look() { if (!lookingSince && !document.hidden) lookingSince = performance.now(); }
  function lookAway() { if (lookingSince) { lookedMs += performance.now() - lookingSince; lookingSince = 0; } }
  function fillSeconds() {
    lookAway(); look();
    for (const field of document.querySelectorAll("input[name=seconds]")) field.value = (lookedMs / 1000).toFixed(1);
  }

  // -- the lease --

  function say(id) {
    const said = document.getElementById(id);
    if (said) { said.hidden = false; said.focus?.(); }
  }

  function loseLease() {
    clearInterval(timer);
    for (const button of document.querySelectorAll("#desk [data-leased] button, #desk button[data-leased]")) button.disabled = true;
    say("lease-lost");
  }

  async function beat() {
    const held = desk();
    if (!held?.dataset.seat) return;
    try {
      const answer = await fetch(`/api/v1/seats/${encodeURIComponent(held.dataset.seat)}/heartbeat`, {
        method: "POST", credentials: "same-origin", redirect: "error",
        headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf() },
        body: JSON.stringify({ token: Number(held.dataset.token) }),
      });
      if (answer.ok) leaseEndsAt = performance.now() + Number(held.dataset.leaseMs);
      else if (answer.status === 401) location.assign("/sign-in");
      else if (answer.status < 500 && answer.status !== 429) loseLease();
    } catch { /* no connection now; the next beat may have one */ }
    if (performance.now() > leaseEndsAt) loseLease();
  }

  // -- countdowns: data-seconds left, then what is inside data-until-then goes --

  function tick() {
    for (const place of document.querySelectorAll("[data-ends]")) {
      const left = Math.ceil((Number(place.dataset.ends) - performance.now()) / 1000);
      place.textContent = String(Math.max(0, left));
      if (left <= 0) place.closest("[data-goes]")?.setAttribute("hidden", "");
    }
  }

  function begin() {
    clearInterval(timer);
    const held = desk();
    for (const place of document.querySelectorAll("[data-seconds]:not([data-ends])")) {
      place.dataset.ends = String(performance.now() + Number(place.dataset.seconds) * 1000);
    }
    tick();
    if (!held?.dataset.seat) return;
    lookedMs = 0; lookingSince = 0; look();
    leaseEndsAt = performance.now() + Number(held.dataset.leaseLeftMs);
    timer = setInterval(beat, Number(held.dataset.heartbeatMs));
  }

  function focusCard() { (desk()?.querySelector("[data-first-focus]") ?? document.getElementById("main"))?.focus({ preventScroll: true }); scrollTo(0, 0); }

  document.addEventListener("keydown", onKey);
  document.addEventListener("submit", fillSeconds, true);
  document.addEventListener("visibilitychange", () => (document.hidden ? lookAway() : look()));
  document.addEventListener("click", (event) => {
    const opener = event.target.closest?.("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens)?.showModal();
    if (event.target.closest?.("[data-closes]")) event.target.closest("dialog")?.close();
    if (event.target.closest?.("[data-does=reveal-next]")) revealNext();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches?.("[data-submits]")) event.target.form.requestSubmit();
  });
  document.addEventListener("htmx:configRequest", (event) => { event.detail.headers["X-CSRF-Token"] = csrf(); });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const whole = event.detail.serverResponse.includes('id="desk"');
    event.detail.shouldSwap = whole;
    if (!whole && event.detail.xhr.status !== 401) say("not-done");
  });
  document.addEventListener("htmx:sendError", () => say("not-done"));
  document.addEventListener("htmx:afterSettle", () => { begin(); focusCard(); });
  setInterval(tick, 250);
  begin();
  if (desk()) focusCard();
})();
