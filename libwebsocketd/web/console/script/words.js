
// What the page says in whole sentences. A program here is its entry in the server's
// document, or undefined for a program of another server.

const CODES = {
  1000: "Closed as intended.",
  1001: "The server is going away: it is being stopped or restarted.",
  1002: "One side broke the WebSocket protocol. A proxy in between may have changed what was sent.",
  1003: "The server does not take this kind of message: text where binary is wanted, or the other way round.",
  1005: "Closed without a code: the other side gave no reason.",
  1006: "The connection broke without a goodbye: the network, a proxy in between, or the server itself went down.",
  1007: "A text message was not valid UTF-8.",
  1008: "The server's rules forbid what was sent.",
  1009: "A message was too big for the server: --maxframesize sets how big one may be.",
  1011: "The server could not go on with this session. The reason, and its log, say why.",
  1012: "The server restarts, or the program does: the reason says which.",
  1013: "The server has too much to do, or this page took its messages too slowly.",
  1015: "No secure connection came about: the certificate is not one this browser trusts.",
  4409: "Another connection has taken your place: --attach=takeover.",
};
const AFTER = { 1012: " Connect again in a moment.", 1013: " Try again later." };
const SIGNALS = {
  SIGHUP: "its terminal or its starter went away", SIGINT: "an interrupt, as Ctrl+C sends",
  SIGQUIT: "a quit, as Ctrl+\\ sends", SIGILL: "it ran an instruction the processor does not know",
  SIGABRT: "it gave up by itself, as a failed assertion does", SIGFPE: "it calculated what cannot be, as a division by zero",
  SIGKILL: "nobody can refuse that one: somebody used it, or memory ran out", SIGSEGV: "it used memory that is not its own",
  SIGPIPE: "it wrote to somebody who was gone", SIGALRM: "its own alarm clock rang", SIGTERM: "it was asked to end",
};
const NUMBERS = { 1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 6: "SIGABRT", 8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM" };
const STATUS = {
  2: " Many programs say so when their arguments are wrong.",
  126: " A shell says so when it may not execute the command: chmod +x is the usual cure.",
  127: " A shell says so when it does not find the command.",
};

// explain goes by the reason first, because 4137 may be status 137 or signal 9. link
// holds what else is known of the connection: program, heard, refusal, unseen.
function explain(code, reason, opened, left, link = {}) {
  const [, status] = /^exit status (\d+)$/.exec(reason) ?? [];
  const [, signal] = /^signal: (\w+)/.exec(reason) ?? [];
  if (signal) return `The program was killed by ${signal}${SIGNALS[signal] ? ": " + SIGNALS[signal] : ""}.${stderrWords(link)}`;
  if (status) return explainStatus(+status, link);
  if (left) return opened ? "You disconnected." + afterLeaving(link.program) : "You disconnected before the server had answered.";
  if (code === 1006 && !opened) return explainRefusal(link);
  if (code > 4128 && code < 4256) return `The program ended with status ${code - 4000}, or was killed by ${signalName(code - 4128)}.${stderrWords(link)}`;
  if (code > 4000 && code < 4256) return explainStatus(code - 4000, link);
  if (code === 1006) return CODES[1006] + afterBreaking(link.program);
  return codeWords(code) + (AFTER[code] ?? "");
}

const codeWords = code => CODES[code] ?? "A code of the server's own: only its author can say what it means.";

// closingWords are for those who know WebSockets. Only of a WebSocket it is known whether
// it was closed cleanly.
const closingWords = ({ wasClean, code, reason }) => `[${wasClean === undefined ? "" : `Clean: ${wasClean}, `}Code: ${code}, Reason: ${reason}]`;

// breakingWords explain why a connection was lost that is to be made again.
function breakingWords({ code, reason }) {
  const [, how] = /^restarted after (.*)$/.exec(reason) ?? [];
  return how ? `The program has ended (${how}), and was started again.` : codeWords(code);
}

const sentence = text => text && text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");

// outageWords tell what began an outage, and how often a new connection was tried in vain.
function outageWords(cause, tries, last) {
  const vain = tries ? `Tried ${tries === 1 ? "once" : count(tries) + " times"} in vain: ${sentence(last)}` : "";
  return [cause, vain].filter(Boolean).join(" ");
}

function missedWords(n) {
  if (!n && n !== null) return "nothing missed";
  return n === null ? "messages were missed, and nobody knows how many" : `${plural(n, "message")} ${n === 1 ? "was" : "were"} missed`;
}

const quoted = word => /^[\w./:=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

// commandWords return what connects from a terminal as the link does.
function commandWords({ url, ours, offered }) {
  return url && ["websocketd connect", ...($("reconnect").checked ? ["--resume"] : []), ...(ours && token ? ["--tokenfile=FILE"] : []), ...offered.map(name => quoted("--protocol=" + name)), quoted(url.href)].join(" ");
}

const wayWords = way => way === "http" ? " over plain HTTP: no WebSocket came about" : "";

function explainStatus(status, link) {
  if (status === 0) return "The program ended with status 0: all went well.";
  const by = status > 128 ? ` A shell says so when its command was killed by ${signalName(status - 128)}.` : STATUS[status] ?? "";
  return `The program ended with status ${status}: something went wrong.${by}${stderrWords(link)}`;
}

const signalName = number => NUMBERS[number] ?? "signal " + number;

// stderrWords say where to read what the program wrote to standard error.
function stderrWords({ program, heard, errors }) {
  const wrote = " What it wrote to standard error ";
  switch (program?.stderr) {
    case "tag": return wrote + "is among its messages, tagged stderr, and in the server's log.";
    case "merge": return wrote + "is among its messages.";
    case "discard": return wrote + "was thrown away: --stderr=discard.";
  }
  if (heard && errors) return wrote + "is in the red rows, and in the log.";
  if (heard && program.lifetime === "connection") return " It wrote nothing to standard error.";
  return wrote + "is in the server's log.";
}

function afterBreaking(program) {
  const goesOn = program && program.lifetime !== "connection";
  return goesOn ? afterLeaving(program) : " The program, if it still runs, is ended by the server.";
}

function afterLeaving(program) {
  switch (program?.lifetime) {
    case undefined: return "";
    case "session": return " The program goes on, and its output is kept: connect again to be back. It ends when nobody has been connected for as long as --resume says.";
    case "connection": return " The server closes the program's input, and ends it if it does not end by itself.";
    case "mcp": return " A session's process ends with it; that of the requests without one goes on for others.";
    case "shared": return " The program is shared: it stays for whoever else is connected, and after the last one for as long as --linger says.";
    case "supervised": return " The program is supervised: it goes on, whether somebody is connected or not.";
  }
  return " The program is not this connection's alone: it may go on.";
}

// refusalWords explain a handshake that failed, if the page has found out why. Browsers
// hide the answer from pages; this server tells its own console.
function refusalWords({ refusal, unseen, heard, offered }) {
  if (refusal) return `The server refused: ${refusal}`;
  if (unseen) return "This handshake has not come to the server, which is there: a proxy in between must be told to pass it on, with Upgrade and Connection.";
  if (heard && offered?.length) return `The browser gave up: it offered the subprotocols ${offered.join(", ")}, and the server confirmed none of them. --protocol names those it knows.`;
  return "";
}

function explainRefusal(link) {
  const words = refusalWords(link);
  if (words) return words;
  if (link.ours) return "There is no server at this address any more: it was stopped, or the network is gone.";
  return "The server did not let us in, or there is none at this address. Its log says why: no program at this path, an origin it does not allow, too many programs already. (Browsers hide the answer from pages; that server's own console tells it.)";
}

// FRAMINGS: what becomes of what a program prints, and of what is sent to it.
const FRAMINGS = {
  line: ["Each line it prints is a message here", "each message you send is a line on its standard input"],
  raw: ["What it prints comes as it is, in pieces", "what you send goes to its standard input as it is: if it waits for a whole line, Shift+Enter types the end of one"],
  null: ["What it prints is a message here up to each NUL byte", "each message you send reaches its standard input with a NUL after it"],
  length: ["What it prints is messages, each after its length in four bytes", "what you send reaches it in the same form"],
  lsp: ["Each message it prints after a Content-Length header is one here", "what you send gets such a header"],
  ndjson: ["Each line it prints is JSON, and a message here", "each message you send must be JSON, and is a line on its standard input"],
  binary: ["What it prints comes as bytes, in pieces", "the bytes you send go to its standard input as they are. It gets no text: typed text is sent as bytes"],
};

// introduction returns what an empty page says.
function introduction(program, programs, connected) {
  if (connected && link.era !== "websocket") return "What you send is a message of JSON-RPC.";
  if (connected) return program ? `You are talking with ${program.name}. ${framingWords(program)}` : "You are connected.";
  if (isMCP(program)) return `${connects()} to ${program.name}, an MCP server, and lists its tools.${keyWords()}`;
  if (program) {
    return `${startWords(program)} ${framingWords(program)}${keyWords()}`;
  }
  if (!programs) return `${connects()}.${keyWords()}`;
  return programs.length ? "No program is served at this URL. These are:" : "This server serves no programs, only files.";
}

function startWords({ name, lifetime }) {
  switch (lifetime) {
    case "connection": return `${connects()}, and starts ${name}.`;
    case "session": return `${connects()} to this browser's session of ${name}, or starts one. It outlives this page.`;
  }
  return `${connects()} to ${name}, which all clients of this URL share.`;
}

// byTouch reports whether there is no keyboard to speak of.
const byTouch = () => matchMedia("(hover: none) and (pointer: coarse)").matches;
const connects = () => byTouch() ? "A tap on Connect connects" : "Enter connects";
const keyWords = () => byTouch() ? "" : " Press ? outside a text box for the keys.";

function framingWords({ framing }) {
  const [out, into] = FRAMINGS[framing] ?? FRAMINGS.line;
  return `${out}; ${into}.`;
}
