
const HISTORY_KEY = "websocketdconsole.sendhistory", HISTORY_MAX = 100;

const sentLines = loadLines(HISTORY_KEY);
let at = -1; // where in the history we are; -1 is the unsent line
let edits = new Map(); // edited lines that are not sent yet, by their place

function loadLines(key) {
  try {
    const lines = JSON.parse(localStorage.getItem(key));
    return lines.filter(line => typeof line === "string").slice(0, HISTORY_MAX);
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
  storeLines(HISTORY_KEY, sentLines);
}

function storeLines(key, lines) {
  try {
    localStorage.setItem(key, JSON.stringify(lines));
  } catch { /* then they live as long as the page */ }
}

// walk goes one line back (1) or forth (-1).
function walk(step) {
  if (at + step < -1 || at + step >= sentLines.length) return;
  edits.set(at, message.value);
  at += step;
  setMessage(edits.get(at) ?? sentLines[at]);
}
