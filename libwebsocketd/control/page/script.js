const $ = id => document.getElementById(id);
const period = 2000, patience = 10000, mostRows = 200, mostLines = 1000;
let token = ""; // in this page only
let wanted = null; // the channel whose output is shown: {name, after, socket}

// make returns an element with children. Whatever comes from the server is text.
function make(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

// takeToken moves the token from the address bar, where a history keeps it, to memory.
function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!given) return;
  token = given;
  history.replaceState(null, "", location.pathname);
}

class Refused extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

// ask returns the document at a path, and how many entries follow those that it has.
async function ask(path, method = "GET") {
  const headers = { Accept: "application/json" };
  if (token) headers.Authorization = "Bearer " + token;
  const answer = await fetch(path, { method, headers, cache: "no-store", signal: AbortSignal.timeout(patience) });
  const document = await answer.json();
  if (!answer.ok) throw new Refused(answer.status, document.error || answer.statusText);
  return [document, Number(answer.headers.get("Websocketd-More"))];
}

function say(words, lost) {
  if ($("state").textContent !== words) $("state").textContent = words;
  $("state").classList.toggle("lost", Boolean(lost));
}

const count = (n, one, many = one + "s") => `${n} ${n === 1 ? one : many}`;
const time = text => new Date(text).toLocaleString();
const size = n => n < 10240 ? `${n} B` : n < 10485760 ? `${(n / 1024).toFixed(0)} KiB` : `${(n / 1048576).toFixed(0)} MiB`;

// lists has what each list shows: the key of an entry, its cells by their names, and a button.
const lists = {
  programs: [p => p.path, p => ({
    Program: p.name, Path: p.path, Lifetime: p.lifetime, Framing: p.framing, Command: p.command.join(" "),
    Processes: p.maxforks ? `${p.processes} of ${p.maxforks}` : String(p.processes), Connections: String(p.connections),
  })],
  sessions: [s => s.id, s => ({
    Session: String(s.number), Id: s.id, Program: s.program, Path: s.path, Process: s.ended ? s.ended.reason : String(s.pid), Viewers: String(s.viewers), Since: time(s.began),
  }), "End", "destroys", end],
  connections: [c => c.id, c => ({
    Connection: c.id, Program: c.program ?? "none yet", Path: c.path, Process: String(c.pid || "shared"), Remote: c.remote, User: c.user, Since: time(c.since),
    In: size(c.bytesIn), Out: size(c.bytesOut),
  }), "Kick", "destroys", kick],
  channels: [c => c.name, c => ({
    Channel: c.name, Status: c.status ? c.status.status : "", Kept: String(c.last - c.first + 1), Subscribers: String(c.subscribers),
  }), "Show", "", c => show(c.name, `${c.epoch}:${c.first - 1}`)],
};

// fill shows a list. A row that is there already stays, and with it the focus of its button.
function fill(id, entries, more) {
  const [key, cells, label, className, act] = lists[id], place = $(id);
  if (entries.length === 0) return place.replaceChildren(make("p", { className: "none" }, "none"));
  let table = place.querySelector("table");
  if (!table) {
    const names = Object.keys(cells(entries[0])).map(name => make("th", { scope: "col" }, name));
    if (label) names.push(make("th", { scope: "col", ariaLabel: label }));
    table = make("table", {}, make("thead", {}, make("tr", {}, ...names)), make("tbody"));
    place.replaceChildren(table, make("p", { className: "more" }));
  }
  const body = table.tBodies[0], old = new Map([...body.rows].map(row => [row.key, row]));
  let at = body.firstElementChild;
  for (const entry of entries) {
    const row = old.get(key(entry)) || make("tr", { key: key(entry) });
    old.delete(row.key);
    Object.entries(cells(entry)).forEach(([name, text], i) => {
      const cell = row.cells[i] || row.appendChild(make("td"));
      cell.dataset.name = name;
      if (cell.textContent !== text) cell.textContent = text;
    });
    row.entry = entry;
    if (label && !row.querySelector("button"))
      row.append(make("td", {}, make("button", { type: "button", className, ariaLabel: `${label} ${row.key}`, onclick: () => act(row.entry) }, label)));
    if (row === at) at = at.nextElementSibling;
    else body.insertBefore(row, at);
  }
  for (const row of old.values()) row.remove();
  const words = more ? `and ${more} more` : "";
  if (place.lastChild.textContent !== words) place.lastChild.textContent = words;
}

// look asks the server for everything, and shows it.
async function look() {
  try {
    const [server] = await ask("api/server");
    for (const id in lists) fill(id, ...await ask(`api/${id}?limit=${mostRows}`));
    say(`${server.goingAway ? "going away" : "running"}, ${server.version} as process ${server.pid} since ${time(server.since)}: ${count(server.connections, "connection")}, ${count(server.sessions, "session")}, ${count(server.processes, "process", "processes")}`, server.goingAway);
    $("login").hidden = true;
    $("main").hidden = false;
    return true;
  } catch (error) {
    if (error instanceof Refused && [401, 429].includes(error.status)) login(error);
    else if (error instanceof Refused) say(`the server refuses: ${error.message}`, true);
    else say("the server does not answer: it is asked again and again", true);
    return !(error instanceof Refused && error.status === 401);
  }
}

// login asks for the token.
function login(error) {
  say(!token ? "the server asks for its token" : error.status === 401 ? "this token is wrong" : error.message, Boolean(token));
  if (!$("login").hidden) return;
  hide();
  $("main").hidden = true;
  $("login").hidden = false;
  $("token").focus();
}

let round = 0; // the latest of the loops of watch

// watch looks again and again, until the server wants another token.
async function watch() {
  const mine = ++round;
  while (mine === round) {
    if (!document.hidden && !await look()) return;
    await new Promise(resolve => setTimeout(resolve, period));
  }
}

// kick asks whether a connection is to be closed, and closes it.
function kick(connection) {
  sure(`Kick ${connection.remote} from ${connection.program ?? "no program"}? The client is told, and a process of its own ends.`, "Kick", `api/connections/${encodeURIComponent(connection.id)}`);
}

// end asks whether a session is to end, and ends it.
function end(session) {
  sure(`End session ${session.number} of ${session.program}? Its process ends, and ${count(session.viewers, "viewer")} with it.`, "End", `api/sessions/${encodeURIComponent(session.id)}`);
}

// sure asks a question, and if the answer is yes deletes what is at a path.
function sure(question, yes, path) {
  [$("question").textContent, $("yes").textContent] = [question, yes];
  $("sure").returnValue = "";
  $("sure").onclose = async () => {
    if ($("sure").returnValue !== "yes") return;
    try {
      await ask(path, "DELETE");
    } catch (error) {
      say(error.message, true);
      return;
    }
    look();
  };
  $("sure").showModal();
}

// show shows the output of a channel that follows a position.
function show(name, after) {
  hide();
  [wanted, queue] = [{ name, after }, []];
  $("tailed").textContent = name;
  $("lines").replaceChildren();
  $("tail").hidden = false;
  $("tail").scrollIntoView({ block: "nearest" });
  connect(wanted, 500);
}

function hide() {
  if (wanted && wanted.socket) wanted.socket.close();
  wanted = null;
  $("tail").hidden = true;
}

// connect follows a channel over a WebSocket of its own. After a cut it goes on where it was.
async function connect(tail, pause) {
  const again = () => setTimeout(() => tail === wanted && connect(tail, Math.min(2 * pause, 5000)), pause);
  let ticket;
  try {
    [{ ticket }] = await ask("api/ticket", "POST");
  } catch (error) {
    if (tail !== wanted) return;
    $("link").textContent = error instanceof Refused ? error.message : "no connection: trying again";
    return again();
  }
  if (tail !== wanted) return;
  const url = new URL("ws", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  url.searchParams.set("token", ticket);
  const socket = tail.socket = new WebSocket(url);
  socket.onopen = () => {
    pause = 500;
    $("link").textContent = "live";
    socket.send(JSON.stringify({ type: "subscribe", channel: tail.name, data: tail.name, after: tail.after }));
  };
  socket.onmessage = event => tail === wanted && take(tail, JSON.parse(event.data));
  socket.onclose = () => {
    if (tail !== wanted) return;
    $("link").textContent = "the connection was cut: trying again";
    again();
  };
}

// became says what has become of a process.
function became({ status, exitCode }) {
  const words = { running: "the process runs", exited: `the process has ended with exit status ${exitCode}`, killed: "the process was ended by a signal", failed: "the process could not be started" };
  return Object.hasOwn(words, status) ? words[status] : status;
}

// take shows a message of the channel, and notes how far it is.
function take(tail, message) {
  if (message.type === "error") return line(String(message.data), "told");
  if (message.channel !== tail.name) return;
  if (message.type === "subscribed") {
    if (!message.recovered && tail.seen) line("some output is missing here: it was no longer kept", "told");
  } else if (message.type === "process_output") {
    line(message.encoding === "base64" ? `base64: ${message.data}` : message.data);
  } else if (message.type === "process_status") {
    line(became(message.data), "told");
  }
  if (message.type !== "subscribed") tail.seen = true;
  if (message.epoch) tail.after = `${message.epoch}:${message.seq}`;
}

let queue = [], drawing = false;

// line shows a line, with all others that come before the next frame is drawn.
function line(text, className = "") {
  queue.push([text, className]);
  if (queue.length > mostLines) queue.shift();
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    const list = $("lines"), atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 30;
    list.append(...queue.map(([text, className]) => make("li", { className }, text)));
    while (list.childElementCount > mostLines) list.firstElementChild.remove();
    if (atEnd) list.scrollTop = list.scrollHeight;
    queue = [];
    drawing = false;
  });
}

$("login").onsubmit = event => {
  event.preventDefault();
  token = $("token").value.trim();
  $("token").value = "";
  watch();
};
$("untail").onclick = hide;
addEventListener("hashchange", () => { takeToken(); watch(); });
document.addEventListener("visibilitychange", () => document.hidden || watch());
takeToken();
watch();
