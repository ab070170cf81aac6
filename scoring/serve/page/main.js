// Shows the view of the address's hash, after sign-in, and updates it after each publication.

import { ask, events, hasKey, look, Refused, removeKey, tryKey } from "./ask.js";
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
const PAUSE = 30_000; // milliseconds between two checks for a new publication

const byId = (id) => document.getElementById(id);
const main = byId("main");
let shown = null; // the current view
let isOffline = false; // whether the service does not answer
let turn = 0; // the number of the newest call of `show`; results of older calls are dropped

/** The parts of the hash, for example of `#/segments/active%2Fr1?outcome=x`. */
function place() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [view, ...rest] = path.split("/");
  let subject = rest.join("/");
  try {
    subject = decodeURIComponent(subject);
  } catch {
    // The subject is not encoded: use it as it is.
  }
  return { view, subject, options: new URLSearchParams(query) };
}

async function show(isNew = false, focus = null) {
  const own = ++turn;
  if (!hasKey()) {
    signIn();
    return;
  }
  const { view: name, subject, options } = place();
  const isKnown = Object.hasOwn(VIEWS, name);
  const view = isKnown ? VIEWS[name] : overview;
  const isSame = view === shown;
  if (!isSame) announce("Loading …");
  main.setAttribute("aria-busy", "true");
  let content;
  try {
    content = await view.show(subject, options, ask);
  } catch (error) {
    if (own !== turn || error.status === 401) return;
    if (!(error instanceof Refused)) console.error(error);
    const why = error instanceof Refused ? error.message : "The page could not be shown; see the browser's console.";
    content = failed(why);
  }
  if (own !== turn) return;
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
  if (!isNew) announce(`${title} is shown.`);
  const wanted = view.focus?.(subject); // the id that the view itself wants to have the focus
  const next = isSame ? wanted || focused || (!isNew && "main") : focus ?? (shown && "main");
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

function announce(text) {
  byId("status").textContent = text;
}

/** Show or hide the navigation and the sign-out button, which need a key. */
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
            alert.textContent = error.status === 401 ? "This key is unknown." : error.message;
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
      "The operator of the service creates a key with ",
      el("code", {}, "python -m scoring api-key --name NAME"),
      ". It is stored in this tab until you close it or sign out, and is sent only to this service.",
    ),
  );
  main.removeAttribute("aria-busy");
  main.replaceChildren(el("h1", {}, "Who will buy, and how far that can be trusted"), form);
  announce("");
  input.focus({ preventScroll: true });
}

byId("sign-out").addEventListener("click", () => {
  removeKey();
  signIn("You have signed out.");
});
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", () => {
  if (!isOffline) banner("");
  show();
});

events.addEventListener("refused", () => signIn("The key is no longer valid: it may have been revoked."));
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
    if (isOffline) banner("");
    isOffline = false;
  } catch (error) {
    if (error.status === 401 || isOffline) return;
    isOffline = true;
    banner("The service does not answer at the moment. The page shows its last figures.");
  }
}
setInterval(watch, PAUSE);
document.addEventListener("visibilitychange", () => document.hidden || watch());

show();
