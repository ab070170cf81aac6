// Which view is shown: after the address's hash, with a key only, and anew when something is published.

import { ask, events, forgetKey, hasKey, look, Refused, tryKey } from "./ask.js";
import { fitNow } from "./charts.js";
import { el } from "./dom.js";
import { moment } from "./words.js";
import * as api from "./api.js";
import * as audiences from "./audiences.js";
import * as customers from "./customers.js";
import * as health from "./health.js";
import * as overview from "./overview.js";
import * as segments from "./segments.js";

const VIEWS = { "": overview, audiences, segments, customers, health, api };
const PAUSE = 30_000; // between two looks for a new publication

const byId = (id) => document.getElementById(id);
const main = byId("main");
let shown = null; // the view that is there
let isSilent = false; // the service
let turn = 0; // of the newest wish; what was asked for an older one is dropped

/** `#/segments/active%2Fr1?outcome=x` as its parts. */
function place() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [view, ...rest] = path.split("/");
  let subject = rest.join("/");
  try {
    subject = decodeURIComponent(subject);
  } catch {
    // Then it is what it looks like.
  }
  return { view, subject, options: new URLSearchParams(query) };
}

async function show(isNew = false, focus = null) {
  const wish = ++turn;
  if (!hasKey()) {
    signIn();
    return;
  }
  const { view: name, subject, options } = place();
  const isKnown = Object.hasOwn(VIEWS, name);
  const view = isKnown ? VIEWS[name] : overview;
  const isSame = view === shown;
  if (!isSame) say("Loading …");
  main.setAttribute("aria-busy", "true");
  let content;
  try {
    content = await view.show(subject, options, ask);
  } catch (error) {
    if (wish !== turn || error.status === 401) return;
    if (!(error instanceof Refused)) console.error(error);
    const why = error instanceof Refused ? error.message : "The page could not be drawn; its console says why.";
    content = failed(why);
  }
  if (wish !== turn) return;
  frame(true);
  const focused = isSame ? document.activeElement?.id : null;
  main.replaceChildren(...[content].flat(Infinity).filter(Boolean));
  fitNow();
  main.removeAttribute("aria-busy");
  const title = main.querySelector("h1")?.textContent ?? "";
  document.title = `${title} – Numerosity`;
  for (const link of byId("views").querySelectorAll("a")) {
    if (link.dataset.view === (isKnown ? name : "")) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (!isNew) say(`${title} is shown.`);
  const own = view.focus?.(subject); // where the view itself wants one to be
  const next = isSame ? own || focused || (!isNew && "main") : focus ?? (shown && "main");
  if (next === "main") scrollTo(0, 0);
  shown = view;
  if (next) byId(next)?.focus({ preventScroll: true });
}

function failed(why) {
  return [
    el("h1", {}, "No answer"),
    el("p", { class: "alert", role: "alert" }, why),
    el("p", {}, el("button", { type: "button", on: { click: () => show() } }, "Try again")),
  ];
}

function say(text) {
  byId("status").textContent = text;
}

/** What is around the views, which nobody needs before there is a key. */
function frame(isOpen) {
  byId("views").hidden = byId("sign-out").hidden = !isOpen;
}

function signIn(why = "") {
  turn += 1;
  shown = null;
  frame(false);
  byId("published").textContent = "";
  byId("banner").hidden = true;
  document.title = "Sign in – Numerosity";
  const alert = el("p", { class: "alert", role: "alert", id: "key-problem" }, why);
  const input = el("input", {
    id: "key", name: "key", type: "password", autocomplete: "off", spellcheck: "false", required: true,
    "aria-describedby": "key-problem key-help",
  });
  const button = el("button", { class: "main" }, "Sign in");
  const form = el(
    "form",
    {
      class: "sign-in",
      on: {
        submit: async (event) => {
          event.preventDefault();
          button.disabled = true;
          try {
            await tryKey(input.value.trim());
            await show(false, "main");
            return;
          } catch (error) {
            alert.textContent = error.status === 401 ? "This key is not known." : error.message;
            input.setAttribute("aria-invalid", "true");
            input.focus();
          }
          button.disabled = false;
        },
      },
    },
    el("label", { for: "key" }, "API key"),
    input,
    button,
    alert,
    el(
      "p",
      { class: "note", id: "key-help" },
      "Whoever runs the service makes one with ",
      el("code", {}, "python -m scoring api-key --name you"),
      ". It is kept in this tab until you close it or sign out, and sent to this service only.",
    ),
  );
  main.removeAttribute("aria-busy");
  main.replaceChildren(el("h1", {}, "Who will buy, and how far that can be trusted"), form);
  say("");
  input.focus({ preventScroll: true });
}

byId("sign-out").addEventListener("click", () => {
  forgetKey();
  signIn("You have signed out.");
});
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", () => {
  if (!isSilent) banner("");
  show();
});

events.addEventListener("refused", () => signIn("The key is no longer known: it may have been revoked."));
events.addEventListener("publication", ({ detail: { publication, isNew } }) => {
  const at = moment(publication.published_at);
  byId("published").textContent = `published ${at}`;
  if (!isNew) return;
  banner(`Published ${at}: new figures are shown.`);
  show(true);
});

function banner(text) {
  byId("banner").textContent = text;
  byId("banner").hidden = !text;
}

async function watch() {
  if (!hasKey() || !shown) return;
  try {
    await look();
    if (isSilent) banner("");
    isSilent = false;
  } catch (error) {
    if (error.status === 401 || isSilent) return;
    isSilent = true;
    banner("The service does not answer at the moment. What you see is what it said last.");
  }
}
setInterval(watch, PAUSE);
document.addEventListener("visibilitychange", () => document.hidden || watch());

show();
