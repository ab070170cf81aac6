// Questions to the service, with the key that was typed. It is kept until the tab is closed.

const KEPT = "numerosity key";
const answers = new Map(); // by path, of one publication
let version = null;

export const events = new EventTarget();

/** Why there is no answer, in words for people. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export const hasKey = () => Boolean(sessionStorage.getItem(KEPT));

export function forgetKey() {
  sessionStorage.removeItem(KEPT);
  answers.clear();
  version = null;
}

/** Try a key, and keep it when it is known. Raises Refused. */
export async function tryKey(key) {
  const publication = await fetched("v1/publication", key);
  sessionStorage.setItem(KEPT, key);
  seen(publication);
}

/** The answer to a path below the page's own address, asked once a publication. Raises Refused. */
export function ask(path) {
  if (!answers.has(path)) {
    const asked = read(path);
    answers.set(path, asked);
    asked.catch(() => answers.delete(path));
  }
  return answers.get(path);
}

/** Whether something else has been published since. Raises Refused. */
export async function look() {
  seen(await fetched("v1/publication", sessionStorage.getItem(KEPT)));
}

async function read(path) {
  const answer = await fetched(path, sessionStorage.getItem(KEPT));
  seen(answer.publication);
  return answer;
}

function seen(publication) {
  if (!publication || publication.version === version) return;
  const before = version;
  version = publication.version;
  if (before !== null) answers.clear();
  events.dispatchEvent(new CustomEvent("publication", { detail: { publication, isNew: before !== null } }));
}

async function fetched(path, key, again = true) {
  let response;
  try {
    response = await fetch(path, {
      headers: key ? { Authorization: `Bearer ${key}` } : {},
      cache: "no-store",
      credentials: "omit",
    });
  } catch {
    throw new Refused(0, "The service does not answer. Is it running?");
  }
  if (response.status === 429 && again) {
    const seconds = Number(response.headers.get("Retry-After") ?? 1);
    await new Promise((done) => setTimeout(done, 1000 * Math.min(seconds, 10)));
    return fetched(path, key, false);
  }
  if (response.ok) return response.json();
  const said = await response.json().catch(() => ({}));
  if (response.status === 401 && sessionStorage.getItem(KEPT) === key) {
    forgetKey();
    events.dispatchEvent(new Event("refused"));
  }
  throw new Refused(response.status, said.error ?? `The service answers ${response.status}.`);
}
