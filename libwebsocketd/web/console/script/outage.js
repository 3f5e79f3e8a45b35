
// An outage is the time without a connection, in which the browser client tries again and
// again. It has one row, whose sentence grows.

const LAST_WORDS = 1000; // milliseconds that the page waits for what the server has to say about a WebSocket

const comesBack = { connection: false, shared: true, session: true, supervised: true }; // by lifetime; others are not known

async function lost(it, { reason, again }) {
  it.retryAt = Date.now() + again;
  showState();
  if (!it.outage) {
    const broken = it.opened && it.way === "websocket" && it.closing;
    const cause = broken ? breakingWords(it.closing) : it.opened ? sentence(reason) : "";
    it.outage = { cause, tries: it.opened ? 0 : 1, last: reason, row: add("lost", it.opened ? "connection lost" + (broken ? " " + closingWords(it.closing) : "") : "no connection") };
  } else it.outage.tries++;
  const { outage, socket } = it;
  it.outage.last = reason;
  tellOutage(it);
  if (it.up || !socket) return;
  it.socket = null;
  await lastWords(it);
  if (it.outage !== outage) return;
  outage.last = refusalWords(it) || reason;
  tellOutage(it);
}

function tellOutage({ outage: { row, cause, tries, last }, retryAt }) {
  const soon = Math.round((retryAt - Date.now()) / 1000);
  amend(row, { why: `${outageWords(cause, tries, last)} Trying again ${soon > 0 ? `in ${soon} s` : "at once"}.` });
}

function endOutage(it) {
  if (!it.outage) return;
  const { row, cause, tries, last } = it.outage;
  amend(row, { why: outageWords(cause, tries, last) });
  it.outage = null;
}

// lastWords resolves when the server has said what there is to say about a WebSocket that
// is gone, or takes too long for it.
async function lastWords(it) {
  if (!it.up && it.ours && !it.heard) it.unseen = await isThere(it);
  if (!it.feed) return;
  if (!it.up && it.feed.readyState === WebSocket.OPEN) it.feed.send("?"); // has it come to the server?
  await Promise.race([it.allHeard, sleep(LAST_WORDS)]);
}

// retry ends the wait for the next try.
function retry() {
  if (state() !== "waiting") return;
  link.connection.retry();
  link.retryAt = Date.now();
  showState();
}

// noteWay adds a row when a connection goes on another way.
function noteWay(it) {
  if (state() !== "connected" || it.way === it.connection.via) return;
  it.way = it.connection.via;
  add("onopen", it.way === "http" ? "goes on" + wayWords("http") : "goes on over a WebSocket, nothing missed");
}

// fitReconnect makes the checkbox fit a program. There is no way back to one that ends with
// its connection.
function fitReconnect(program) {
  $("reconnect").checked = comesBack[program?.lifetime] ?? false;
}
