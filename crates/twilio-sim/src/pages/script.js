// Keeps the page live: on each change the page is fetched again and only what differs is touched,
// so that nobody loses the text they are typing or their place.
"use strict";

function patchThread(now, next) {
  const wanted = new Map([...next.children].map((item) => [item.id, item]));
  for (const item of [...now.children]) if (!wanted.has(item.id)) item.remove();
  for (const item of wanted.values()) {
    const old = document.getElementById(item.id);
    if (!old) {
      item.classList.add("new");
      now.append(item);
    } else if (old.innerHTML !== item.innerHTML) {
      old.innerHTML = item.innerHTML;
    }
  }
}

function patchContent(now, next) {
  if (now && next && now.innerHTML !== next.innerHTML) now.innerHTML = next.innerHTML;
}

function patchCard(now, next) {
  for (const part of [".state", ".windows", ".tools"]) patchContent(now.querySelector(part), next.querySelector(part));
  patchThread(now.querySelector(".thread ol"), next.querySelector(".thread ol"));
  const to = now.querySelector(".to");
  if (!to.contains(document.activeElement)) patchContent(to, next.querySelector(".to"));
}

function patchPhones(next) {
  const phones = document.getElementById("phones");
  const wanted = [...next.getElementById("phones").children];
  const ids = new Set(wanted.map((card) => card.id));
  for (const card of [...phones.children]) if (!ids.has(card.id)) card.remove();
  // Moving a card would take the focus away from what is inside it.
  const mayMove = !phones.contains(document.activeElement);
  wanted.forEach((card, at) => {
    let here = document.getElementById(card.id);
    if (here) patchCard(here, card);
    else phones.prepend((here = card));
    if (mayMove && phones.children[at] !== here) phones.insertBefore(here, phones.children[at]);
  });
}

// A mail never changes, and a newer one is always above it.
function patchMails(next) {
  const mails = document.getElementById("mails");
  const wanted = [...next.getElementById("mails").children];
  const ids = new Set(wanted.map((mail) => mail.id));
  for (const mail of [...mails.children]) if (!ids.has(mail.id)) mail.remove();
  wanted.forEach((mail, at) => {
    if (!document.getElementById(mail.id)) mails.insertBefore(mail, mails.children[at] ?? null);
  });
}

// A card in which somebody writes or chooses stays as it is until they are done.
function patchCards(next) {
  const cards = document.getElementById("cards");
  const wanted = [...next.getElementById("cards").children];
  const ids = new Set(wanted.map((card) => card.id));
  for (const card of [...cards.children]) if (!ids.has(card.id)) card.remove();
  wanted.forEach((card, at) => {
    const here = document.getElementById(card.id);
    if (!here) cards.insertBefore(card, cards.children[at] ?? null);
    else if (!here.contains(document.activeElement)) patchContent(here, card);
    else for (const part of ["header", "dl"]) patchContent(here.querySelector(part), card.querySelector(part));
  });
}

async function refresh() {
  const answer = await fetch(location.pathname, { cache: "no-store" });
  const next = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (document.getElementById("phones")) patchPhones(next);
  if (document.getElementById("mails")) patchMails(next);
  if (document.getElementById("cards")) patchCards(next);
  for (const id of ["armed", "armed-count", "footnote", "count", "notes"]) {
    patchContent(document.getElementById(id), next.getElementById(id));
  }
}

// One refresh at a time, and one more if something changed meanwhile.
let running = false;
let again = false;
async function refreshSoon() {
  if (running) {
    again = true;
    return;
  }
  running = true;
  do {
    again = false;
    await refresh().catch(() => {});
  } while (again);
  running = false;
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form, event.submitter));
  const answer = await fetch(form.action, { method: "POST", body, redirect: "manual" });
  if (answer.status >= 400) return form.submit();
  if (form.dataset.clear && !event.submitter?.value) form.elements[form.dataset.clear].value = "";
  refreshSoon();
});

// What only the clock changes, nobody tells.
if (document.querySelector("[data-clock]")) setInterval(refreshSoon, 5000);

const events = new EventSource("/pages/events");
events.addEventListener("change", refreshSoon);
events.addEventListener("open", refreshSoon);
