// The tail shows what a channel says, over cuts and over restarts of the server.
const mostLines = 1000, longestLine = 4096;
let tail = null; // {name, after, socket, held, joined}
let kept = [], drawnLines = 0, firstLine = 0; // the newest lines; how many of all are drawn
let following = true;

// show shows the output of a channel, with all that is kept of it.
function show(name, who) {
  hide();
  const mine = tail = { name, after: "none:0", held: null, joined: false };
  write($("tailed"), who);
  [kept, firstLine, drawnLines] = [[], 0, 0];
  $("lines").replaceChildren();
  follows(true);
  $("tail").hidden = false;
  $("tail").scrollIntoView({ block: "nearest" });
  $("search").focus();
  keep(mine);
}

function hide() {
  tail?.socket?.close();
  tail = null;
  $("tail").hidden = true;
}

// keep keeps a tail connected. After a cut it goes on where it was.
async function keep(mine) {
  for (let pause = firstPause; mine === tail; pause = Math.min(2 * pause, longestPause)) {
    try {
      mine.socket = await dial();
      await read(mine, () => { pause = firstPause; });
      if (mine === tail) write($("link"), "the connection was cut: trying again");
    } catch (error) {
      if (mine === tail) write($("link"), error instanceof Refused ? error.message : "no connection: trying again");
    }
    if (mine === tail) await sleep(pause);
  }
}

// read takes what a socket says until it is closed.
function read(mine, opened) {
  return new Promise(closed => {
    const { socket } = mine;
    socket.onopen = () => {
      opened();
      release(mine, true); // what a connection has brought that was cut before the word
      mine.held = mine.joined ? [] : null;
      write($("link"), "live");
      socket.send(JSON.stringify({ type: "subscribe", channel: mine.name, data: mine.name, after: mine.after }));
    };
    socket.onmessage = event => mine === tail && take(mine, JSON.parse(event.data));
    socket.onclose = closed;
    if (mine !== tail) socket.close();
  });
}

// became says what has become of a process.
function became({ status, exitCode }) {
  const words = { running: "the process runs", exited: `the process has ended with exit status ${exitCode}`, killed: "the process was ended by a signal", failed: "the process could not be started", left: "the process stays with the server before, to the end of its client" };
  return Object.hasOwn(words, status) ? words[status] : status;
}

// take shows a message of the channel, and notes how far it is. What was kept comes before the
// word whether that is all: after a cut it waits for the word.
function take(mine, message) {
  if (message.type === "error") return line(String(message.data), true);
  if (message.channel !== mine.name) return;
  if (message.epoch) mine.after = `${message.epoch}:${message.seq}`;
  if (message.type === "subscribed") return join(mine, message.recovered);
  if (!mine.held) return put(mine, message);
  mine.held.push(message);
  if (mine.held.length > 2 * mostLines) mine.held.splice(0, mostLines);
}

// release shows what was kept over a cut.
function release(mine, recovered) {
  if (mine.held && !recovered) line("some output may be missing above: the channel began anew, or no longer keeps what followed", true);
  for (const message of mine.held ?? []) put(mine, message);
  mine.held = null;
}

function join(mine, recovered) {
  release(mine, recovered);
  mine.joined = true;
}

function put(mine, { type, processId, encoding, data }) {
  const of = processId && `process:${processId}` !== mine.name ? `${processId}: ` : "";
  if (type === "process_output") line(`${of}${encoding === "base64" ? "base64: " : ""}${data}`);
  else if (type === "process_status") line(became(data), true);
}

// line adds a line. All that come before the next frame are drawn together.
function line(text, told = false) {
  kept.push({ text: text.length > longestLine ? `${text.slice(0, longestLine)}… and ${text.length - longestLine} more` : text, told });
  if (kept.length > 2 * mostLines) dropOld();
  planLines();
}

function dropOld() {
  const many = kept.length - mostLines;
  if (many <= 0) return;
  kept.splice(0, many);
  firstLine += many;
}

let linesPlanned = false;

function planLines() {
  if (linesPlanned) return;
  linesPlanned = true;
  requestAnimationFrame(drawLines);
}

// drawLines draws the lines that have come, and lets go those that are too old.
function drawLines() {
  linesPlanned = false;
  dropOld();
  const list = $("lines"), wanted = $("search").value.toLowerCase(), fresh = [];
  for (let i = Math.max(drawnLines - firstLine, 0); i < kept.length; i++) if (found(kept[i], wanted)) fresh.push(item(kept[i], firstLine + i, wanted));
  drawnLines = firstLine + kept.length;
  list.append(...fresh);
  while (list.firstChild && list.firstChild.value < firstLine) list.firstChild.remove();
  write($("matches"), wanted ? `${list.childElementCount} of ${kept.length} lines` : "");
  if (following) list.scrollTop = list.scrollHeight;
}

const found = ({ text }, wanted) => text.toLowerCase().includes(wanted);

// item returns a line as an element, with what is looked for marked in it.
function item({ text, told }, number, wanted) {
  const element = make("li", { className: told ? "told" : "", value: number });
  if (!wanted) return element.append(text), element;
  const low = text.toLowerCase();
  if (low.length !== text.length) return element.append(text), element; // other places than in the text
  let from = 0;
  for (let at; (at = low.indexOf(wanted, from)) >= 0; from = at + wanted.length) element.append(text.slice(from, at), make("mark", {}, text.slice(at, at + wanted.length)));
  element.append(text.slice(from));
  return element;
}

// search draws all lines anew.
function search() {
  drawnLines = firstLine;
  $("lines").replaceChildren();
  drawLines();
}

// follows says whether the newest line stays in sight.
function follows(on) {
  following = on;
  $("following").ariaPressed = String(on);
  if (on) $("lines").scrollTop = $("lines").scrollHeight;
}
