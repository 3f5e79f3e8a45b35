
const LAST_WORDS = 1000; // milliseconds that the end of a connection waits for the server's last words about it

let link = null, again = false; // again: the end of this connection opens the next

// A link is one connection, from the attempt to open it to the row that reports its end.
class Link {
  constructor(target) {
    this.target = target;
    this.url = socketURL(target);
    this.ours = isOurs(this.url);
    this.offered = $("protocols").value.split(",").map(name => name.trim()).filter(Boolean);
    this.socket = this.feed = this.allHeard = null;
    this.opened = this.left = this.heard = this.unseen = false;
    this.errors = 0; // lines of standard error
    this.refusal = "";
  }
  get program() { return programAt(this.url); }
}

const state = () => !link ? "not connected" : !link.socket ? "connecting" : ["connecting", "connected", "closing", "closing"][link.socket.readyState];

function connect() {
  editing = false;
  if (link) {
    again = true;
    return disconnect();
  }
  link = new Link(url.value.trim());
  add("open", link.url?.href ?? link.target);
  toNewest();
  showState();
  open(link);
}

async function open(it) {
  await known;
  const mark = it.ours && programs ? await openFeed(it) : "";
  if (it !== link) return it.feed?.close(); // cancelled meanwhile
  try {
    it.socket = new WebSocket(it.target, mark ? [...it.offered, mark] : it.offered);
  } catch (error) {
    link = null;
    it.feed?.close();
    return addException(error);
  }
  it.socket.binaryType = "arraybuffer";
  listen(it);
  showState();
}

function listen(it) {
  const ws = it.socket;
  ws.onopen = () => {
    it.opened = true;
    add("onopen", ws.protocol && !ws.protocol.startsWith(MARK) ? "connected, subprotocol " + ws.protocol : "connected");
    // Whoever came by the URL box wants to talk now.
    if (document.activeElement === url || document.activeElement === $("toggle") || document.activeElement === document.body) message.focus();
    sendUnsent();
    showState();
  };
  ws.onmessage = event => addData("onmessage", event.data);
  ws.onerror = () => add("onerror", it.opened ? "the connection failed" : "no connection came about");
  ws.onclose = event => ended(event, it);
}

async function ended({ wasClean, code, reason }, it) {
  showState();
  if (it.feed && !it.left) {
    if (!it.opened && it.feed.readyState === WebSocket.OPEN) it.feed.send("?"); // has it come to the server?
    await Promise.race([it.allHeard, sleep(LAST_WORDS)]);
  }
  const tone = code === 1000 ? "good" : code === 1001 || code === 1005 ? "" : "bad";
  add("onclose", `[Clean: ${wasClean}, Code: ${code}, Reason: ${reason}]`, { tone, why: explain(code, reason, it.opened, it.left, it) });
  link = null;
  unsentWaits = false;
  showState();
  if (!again) return;
  again = false;
  connect();
}

function disconnect() {
  if (!link || link.left || link.socket?.readyState > WebSocket.OPEN) return;
  add("close", "you disconnect");
  link.left = true;
  if (link.socket) link.socket.close(1000);
  else ended({ wasClean: false, code: 1006, reason: "" }, link);
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
