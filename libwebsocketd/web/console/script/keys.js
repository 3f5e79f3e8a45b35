
function togglePause() {
  paused = !paused;
  plan();
}

function toggleTimes() {
  pressed($("times"), !log.classList.toggle("untimed"));
  forgetHeights();
}

function toggleConnection() {
  if (link) disconnect(); else connect();
}

function showChoice() {
  if (!$("pick").hidden) $("choice").showModal();
}

const EVERYWHERE = { Enter: connect, ".": togglePause }; // with Ctrl
const KEYS = {                                           // outside text boxes
  "u": () => url.select(), "m": () => message.focus(), "/": () => $("filter").select(), "o": showChoice, "k": showKept, "l": toggleTools,
  "d": disconnect, "r": retry, "y": () => copy(rowInHand("onmessage", "send", "stderr", "log")), "a": () => sendAgain(rowInHand("send")),
  "p": togglePause, "c": clear, "z": undo, "s": save, "t": toggleTimes, "End": toNewest, "?": () => $("help").showModal(),
};
const HELP = [
  ["Enter", "in the URL box: connect; in the send box: send, and connect before if need be"], ["Ctrl+Enter", "connect, from anywhere; again to reconnect"],
  ["Shift+Enter", "a new line in the send box"], ["↑ ↓", "what you sent before"],
  ["Ctrl+.", "pause and resume, from anywhere"], ["Esc", "from a text box to the log; from the filter box without the filter. These work there:"],
  ["u", "URL box"], ["o", "the programs of this server"], ["l", "the list of an MCP server's tools, or not"], ["m", "send box"], ["k", "the messages you keep"], ["/", "filter, by text or /a regular expression/, with ! before it for rows without it; Enter leaves it on"], ["d", "disconnect; give up, while it waits to try again"], ["r", "try again at once"],
  ["y", "copy the newest message, or the row you are in"], ["a", "send the last message again, or the row you are in"],
  ["p", "pause"], ["c", "clear"], ["z", "undo clear"], ["s", "save the rows shown"], ["t", "times"],
  ["End", "to the newest row, and follow"], ["?", "this help"],
];

function pageKey(event) {
  if (event.isComposing || event.altKey || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const control = event.ctrlKey || event.metaKey;
  const typing = event.target.matches?.("input, textarea, select");
  const filtering = event.target === $("filter");
  let action = control ? EVERYWHERE[event.key] : typing ? null : KEYS[event.key];
  if (event.key === "Escape" && typing) action = filtering ? leaveFilter : () => log.focus();
  if (event.key === "Enter" && !control && filtering) action = () => log.focus();
  if (!action) return;
  event.preventDefault();
  action();
}

function makeHelp() {
  for (const [key, does] of HELP) $("helpkeys").append(element("dt", "", element("kbd", "", key)), element("dd", "", does));
  $("helplimit").textContent = `The log keeps the newest ${count(MAX_ROWS)} rows, and ${MAX_SIZE >> 20} MiB of them; older ones are dropped and counted.`;
}
