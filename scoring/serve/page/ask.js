// Requests to the service with the API key, which is stored until the tab is closed.

const STORED_KEY = "numerosity key";
const answers = new Map(); // the answers of one publication, by path
let version = null;

export const events = new EventTarget();

/** A request without an answer; the message says why. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export const hasKey = () => Boolean(sessionStorage.getItem(STORED_KEY));

export function removeKey() {
  sessionStorage.removeItem(STORED_KEY);
  answers.clear();
  version = null;
}

/** Try a key, and store it if the service accepts it. Throws Refused. */
export async function tryKey(key) {
  const publication = await request("v1/publication", key);
  sessionStorage.setItem(STORED_KEY, key);
  check(publication);
}

/** The answer for a path below the page's address, requested once per publication. Throws Refused. */
export function ask(path) {
  if (!answers.has(path)) {
    const answer = read(path);
    answers.set(path, answer);
    answer.catch(() => answers.delete(path));
  }
  return answers.get(path);
}

/** Check for a newer publication. Throws Refused. */
export async function look() {
  check(await request("v1/publication", sessionStorage.getItem(STORED_KEY)));
}

async function read(path) {
  const answer = await request(path, sessionStorage.getItem(STORED_KEY));
  check(answer.publication);
  return answer;
}

/** Drop the stored answers and send an event if the publication is a new one. */
function check(publication) {
  if (!publication || publication.version === version) return;
  const before = version;
  version = publication.version;
  if (before !== null) answers.clear();
  events.dispatchEvent(new CustomEvent("publication", { detail: { publication, isNew: before !== null } }));
}

async function request(path, key, isRepeated = false) {
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
  if (response.status === 429 && !isRepeated) {
    const seconds = Number(response.headers.get("Retry-After") ?? 1);
    await new Promise((done) => setTimeout(done, 1000 * Math.min(seconds, 10)));
    return request(path, key, true);
  }
  if (response.ok) return response.json();
  const body = await response.json().catch(() => ({}));
  if (response.status === 401 && sessionStorage.getItem(STORED_KEY) === key) {
    removeKey();
    events.dispatchEvent(new Event("refused"));
  }
  throw new Refused(response.status, body.error ?? `The service answered with status ${response.status}.`);
}
