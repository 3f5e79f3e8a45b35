
let link = null, again = false; // again: the end of this link opens the next

// A link is one conversation, from the attempt to connect to the row that reports its
// end. The browser client may need any number of WebSockets for it.
class Link {
  constructor(target) {
    this.target = target;
    this.url = socketURL(target);
    this.ours = isOurs(this.url);
    this.era = isMCP(programAt(this.url)) ? $("era").value : "websocket"; // how an MCP server is talked with
    this.offered = $("protocols").value.split(",").map(name => name.trim()).filter(Boolean);
    this.connection = this.exception = null;
    this.way = "websocket";                              // or http, as far as the page has said
    this.opened = this.left = this.missedTold = false;
    this.outage = null;                                  // while there is no connection, see outage.js
    this.retryAt = 0;
    this.socket = this.closing = null;                   // the newest WebSocket, and how it was closed
    this.up = this.failed = false;                       // of that WebSocket: it was opened; it had an error
    this.feed = this.allHeard = null;                    // see openFeed
    this.heard = this.unseen = false;
    this.errors = 0;                                     // lines of standard error
    this.refusal = "";
  }
  get program() { return programAt(this.url); }
}

const STATES = { connecting: "connecting", open: "connected", waiting: "waiting", closed: "closing" };
const state = () => !link ? "not connected" : link.left ? "closing" : STATES[link.connection?.state ?? "connecting"];

function connect() {
  editing = false;
  if (state() === "waiting" && link.target === url.value.trim()) return retry();
  if (link) {
    again = true;
    return disconnect();
  }
  link = new Link(url.value.trim());
  const { era, url: to, target } = link;
  add("open", era === "websocket" ? to?.href ?? target : httpURL(to).href, era === "websocket" ? { command: commandWords(link) } : {});
  toNewest();
  showState();
  open(link);
}

async function open(it) {
  await known;
  if (it !== link) return; // cancelled meanwhile
  try {
    if (!it.url) throw new SyntaxError(`"${it.target}" is not the URL of a WebSocket`);
    if (it.era !== "websocket") return await openMCP(it);
    it.connection = websocketd.connect(it.url, options(it));
  } catch (error) {
    link = null;
    unsentWaits = false;
    showState();
    return addException(error);
  }
  it.connection.addEventListener("message", event => addData("onmessage", event.data));
  it.connection.addEventListener("open", event => opened(it, event));
  it.connection.addEventListener("missed", event => missed(it, event));
  it.connection.addEventListener("lost", event => lost(it, event));
  it.connection.addEventListener("unsent", ({ reason }) => add("lost", "a message was not taken", { why: `${sentence(reason)} It is not sent again.` }));
  it.connection.addEventListener("close", event => ended(it, event));
  showState();
}

// openMCP makes an MCP server the link's connection.
async function openMCP(it) {
  it.way = "mcp";
  await openFeed(it, decodeURIComponent(it.url.pathname));
  if (it !== link || it.left) return;
  it.connection = new MCP(httpURL(it.url), it.era);
  it.connection.addEventListener("open", () => {
    it.opened = true;
    add("onopen", metWords(it.connection));
    if ([url, $("toggle"), document.body].includes(document.activeElement)) message.focus();
    meetTools(it);
    sendUnsent();
    showState();
  });
  it.connection.addEventListener("close", ({ error }) => over(it, () => {
    add("onclose", it.left ? "closed" : error.message, { tone: it.left ? "" : "bad", why: it.left ? "You disconnected." + afterLeaving(it.program) : "The server is not talked with any more." });
    showTools();
  }));
  showState();
}

// options returns those of the browser client. One that is not to come back, or talks to
// another server, of which this page may not ask anything, has a WebSocket as it is in
// every browser: it is told that the server knows nothing of states.
function options(it) {
  const reconnect = $("reconnect").checked, own = { reconnect, protocols: () => offer(it), token: () => it.ours ? token : "", WebSocket: watched(it) };
  if (reconnect && it.ours) return own;
  return { ...own, fetch: async () => new Response("", { status: 404 }), patience: 2 ** 31 - 1 };
}

// offer returns the subprotocols of the next handshake.
async function offer(it) {
  const mark = it.ours && programs ? await openFeed(it) : "";
  return mark ? [...it.offered, mark] : it.offered;
}

// watched returns a constructor of WebSockets whose events the page sees as well.
function watched(it) {
  return function (...args) {
    try {
      it.socket = new WebSocket(...args);
    } catch (error) {
      it.exception = error;
      throw error;
    }
    it.closing = null;
    it.up = it.failed = false;
    it.socket.addEventListener("open", () => { it.up = true; });
    it.socket.addEventListener("error", () => { it.failed = true; });
    it.socket.addEventListener("close", event => { it.closing = event; });
    return it.socket;
  };
}

function opened(it, { resumed, missed }) {
  const how = !it.opened ? "connected" : !resumed ? "reconnected to a new process: what the old one said last may be missing" :
    `reconnected, ${missedWords(missed)}`;
  const protocol = it.socket?.protocol ?? "";
  it.way = it.connection.via;
  add("onopen", how + (it.offered.includes(protocol) ? ", subprotocol " + protocol : "") + wayWords(it.way), { tone: it.opened && (!resumed || missed) ? "odd" : "" });
  it.missedTold = missed === null || missed > 0;
  it.opened = true;
  endOutage(it);
  // Whoever came by the URL box wants to talk now.
  if ([url, $("toggle"), $("retry"), document.body].includes(document.activeElement)) message.focus();
  sendUnsent();
  showState();
}

// missed adds a row for messages that were missed, unless that of the connection says so.
function missed(it, { count }) {
  if (!it.missedTold) add("lost", missedWords(count));
  it.missedTold = false;
}

async function ended(it, ending) {
  showState();
  const open = it.socket && it.socket.readyState < WebSocket.CLOSED;
  if (open) await new Promise(over => it.socket.addEventListener("close", over));
  if (it.failed && !it.left && !it.outage) add("onerror", it.up ? "the connection failed" : "no connection came about");
  if (!it.left && !ending.status) await lastWords(it);
  over(it, () => {
    if (it.exception) addException(it.exception);
    else addEnding(it, open && it.left && it.way === "websocket" || it.closing?.code === ending.code && !ending.status ? it.closing : ending);
  });
}

// over forgets a link, tells its end, and opens the next one if that was wanted.
function over(it, tell) {
  it.feed?.close();
  endOutage(it);
  link = null;
  unsentWaits = false;
  showState();
  tell();
  if (!again) return;
  again = false;
  connect();
}

function addEnding(it, closing) {
  const { code, reason, status } = closing;
  const tone = it.left && !it.opened || code === 1001 || code === 1005 ? "" : code === 1000 ? "good" : "bad";
  if (status) it.refusal = reason;
  if (status === 401 && it.ours && token) askToken();
  add("onclose", closingWords(closing), { tone, why: explain(code, reason, it.opened && !status, it.left, it) });
}

function disconnect() {
  if (!link || link.left || link.connection?.state === "closed") return;
  add("close", state() === "waiting" ? "you give up" : "you disconnect");
  link.left = true;
  if (link.connection) link.connection.close();
  else ended(link, { code: 1006, reason: "" });
  showState();
}

const addException = error => add("exception", `${error.name}: ${error.message}`);

let editing = false; // one edit is one entry in the browser's history, however many keys it takes

function restoreURL() {
  url.value = history.state?.url ?? socketOrigin + location.pathname + location.search;
  editing = false;
  aboutURL();
}

function keepURL() {
  aboutURL();
  try {
    const { pathname, search } = new URL(url.value);
    history[editing ? "replaceState" : "pushState"]({ url: url.value }, "", location.origin + pathname + search);
    editing = true;
  } catch { /* not a URL yet */ }
}
