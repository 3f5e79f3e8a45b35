
const HISTORY_KEY = "websocketdconsole.sendhistory", HISTORY_MAX = 100;

const sentLines = loadHistory();
let at = -1; // where in the history we are; -1 is the unsent line
let edits = new Map(); // edited lines that are not sent yet, by their place

function loadHistory() {
  try {
    const kept = JSON.parse(localStorage.getItem(HISTORY_KEY));
    return kept.filter(line => typeof line === "string").slice(0, HISTORY_MAX);
  } catch {
    return []; // no storage, or nothing of ours in it
  }
}

function remember(text) {
  at = -1;
  edits = new Map();
  if (!text || text === sentLines[0]) return;
  sentLines.unshift(text);
  sentLines.splice(HISTORY_MAX);
  try {
    localStorage.setItem(HISTORY_KEY, JSON.stringify(sentLines));
  } catch { /* then it lives as long as the page */ }
}

// walk goes one line back (1) or forth (-1).
function walk(step) {
  if (at + step < -1 || at + step >= sentLines.length) return;
  edits.set(at, message.value);
  at += step;
  setMessage(edits.get(at) ?? sentLines[at]);
}
