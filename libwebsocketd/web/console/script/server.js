
// What this page's own server sends it, and sends to no other site's page: the programs
// it has, and during a connection, through a feed, what the connection cannot carry.

const DOCUMENT = "/.websocketd/console.json", FEED = "/.websocketd/console", MARK = "websocketd-console.";
const FEED_PATIENCE = 30_000; // milliseconds

let programs = null, moreScripts = false; // null: the server has not sent them

const socketOrigin = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}`;

// known resolves when the server has sent its programs, or will not send them.
let known;

async function askPrograms() {
  try {
    const answer = await fetch(DOCUMENT, { headers: proof() });
    refusedUs(answer);
    if (!answer.ok) return;
    ({ programs, more: moreScripts } = await answer.json());
  } catch { /* no server any more, or one behind a proxy that serves its pages only */ }
}

// meetServer asks for the programs, and shows them.
async function meetServer() {
  const unedited = url.value;
  known = askPrograms();
  await known;
  showPrograms();
  aboutURL();
  showState();
  if (programs?.length && url.value === unedited && !programAt(socketURL(unedited)) && document.activeElement === url) $("home").querySelector("button")?.focus();
}

// isThere resolves to whether the server answers plain HTTP. It tells the link, and asks
// for a token, if the answer is that nobody is let in without one.
const isThere = it => fetch(DOCUMENT, { headers: proof(), signal: AbortSignal.timeout(LAST_WORDS) }).then(answer => {
  if (answer.status === 401) it.refusal = token ? "401, it does not take this token." : "401, it asks for a token.";
  refusedUs(answer);
  return answer.ok;
}, () => false);

// socketURL returns where a WebSocket of this page would go, or null.
function socketURL(text) {
  try {
    const to = new URL(text, location.href);
    to.protocol = to.protocol.replace(/^http/, "ws");
    return /^wss?:$/.test(to.protocol) ? to : null;
  } catch {
    return null;
  }
}

const isOurs = to => to?.host === location.host;

// programAt returns the program of this server that a URL is for: the one with the
// longest path that is the URL's path or the beginning of it.
function programAt(to) {
  if (!isOurs(to) || !programs) return undefined;
  let path;
  try { path = decodeURIComponent(to.pathname); } catch { return undefined; }
  return programs.filter(p => p.path === "/" || path === p.path || path.startsWith(p.path + "/"))
    .sort((a, b) => b.path.length - a.path.length)[0];
}

const isMCP = program => program?.lifetime === "mcp";

function showPrograms() {
  if (!programs) return;
  for (const id of ["home", "choices"]) {
    $(id).replaceChildren(...programs.map(programItem));
    if (moreScripts) $(id).append(element("li", "", element("small", "", "There are more scripts than are listed here.")));
  }
  $("pick").hidden = programs.length < 2;
}

function programItem(program) {
  const button = element("button", "", element("b", "", program.name), element("code", "path", program.path),
    element("code", "", program.command.join(" ")), element("small", "", traits(program)));
  button.type = "button";
  button.onclick = () => choose(program);
  return element("li", "", button);
}

function traits(program) {
  const words = [];
  if (isMCP(program)) return "MCP server";
  if (program.lifetime !== "connection") words.push(program.lifetime);
  if (program.framing !== "line") words.push(program.framing);
  if (program.stderr !== "log") words.push("stderr " + program.stderr);
  return [...words, ...program.protocols].join(" · ");
}

function choose(program) {
  $("choice").close();
  url.value = socketOrigin + encodeURI(program.path);
  editing = false;
  keepURL();
  connect();
}

// aboutURL makes the page fit the program the URL box names.
function aboutURL() {
  const program = programAt(socketURL(url.value.trim()));
  document.title = program ? `${program.name} · websocketd` : "websocketd console";
  $("known").replaceChildren(...(program?.protocols ?? []).map(name => element("option", "", name)));
  $("protocols").classList.toggle("unused", !program?.protocols.length && !$("protocols").value);
  $("era").hidden = !isMCP(program);
  $("protocols").hidden = $("reconnecting").hidden = isMCP(program) && $("era").value !== "websocket";
  if (!link) fitReconnect(program);
  const mode = $("mode");
  if (program?.framing === "binary" && mode.value === "text") mode.value = "bytes";
  if (program && program.framing !== "binary" && mode.value === "bytes") mode.value = "text";
  plan();
}

// openFeed resolves to what the next handshake of a link is to carry, "" if the server
// has no feed for it, or does not answer. at is the path of a program whose processes the feed
// is about, where there is no handshake.
function openFeed(link, at = "") {
  return new Promise(resolve => {
    link.feed?.close(); // that of an earlier handshake, which the server may think is still connected
    const feed = link.feed = new WebSocket(socketOrigin + FEED + (at && "?at=" + encodeURIComponent(at)), tokenItems());
    link.refusal = "";
    feed.onmessage = event => {
      if (feed !== link.feed) return;
      const told = JSON.parse(event.data);
      if (told.kind === "mark") {
        link.heard = true;
        resolve(MARK + told.text);
      } else hear(link, told);
    };
    link.allHeard = new Promise(over => {
      feed.onclose = () => { resolve(""); over(); };
    });
    setTimeout(resolve, FEED_PATIENCE, "");
  });
}

function hear(link, { kind, text = "", lost }) {
  switch (kind) {
    case "stderr": link.errors++; return add("stderr", text);
    case "log": return add("log", text);
    case "lost": return add("log", `${plural(lost, "line")} of standard error and of the log came too fast to be shown here; the server's log has them`);
    case "refused": link.refusal = text; return;
    case "unseen": link.unseen = true;
  }
}
