
// The log keeps the newest rows, up to either limit. While it is paused, the same number
// of further rows may wait.
const MAX_ROWS = 200_000;
const MAX_SIZE = 64 << 20; // characters of text, bytes of binary messages

// Rows are kept oldest first. Over a limit a tenth of them is dropped at once, so that a
// flood does not move the whole array for every message.
class Rows {
  constructor() { this.clear(); }
  clear() { this.list = []; this.size = this.dropped = 0; }
  push(row) {
    this.list.push(row);
    this.size += row.size;
    if (this.list.length > MAX_ROWS || this.size > MAX_SIZE) this.dropOldest();
  }
  dropOldest() {
    const over = n => this.list.length - n > MAX_ROWS * .9 || this.size > MAX_SIZE * .9;
    let n = 0;
    while (n < this.list.length - 1 && over(n)) this.size -= this.list[n++].size;
    this.list.splice(0, n);
    this.dropped += n;
  }
  take() { return this.list.length ? (this.size = 0, this.list.splice(0)) : []; }
}

const rows = new Rows(), waiting = new Rows();
const COUNTED = ["received", "receivedBytes", "sent", "sentBytes"];
const moved = { received: 0, receivedBytes: 0, sent: 0, sentBytes: 0, last: 0 }; // last: when a message came or went
let lastId = 0, paused = false, planned = false;

function add(kind, text, more) {
  const row = { id: ++lastId, kind, text, time: Date.now(), size: text.length, height: 0, open: false, ...more };
  waiting.push(row);
  plan();
  return row;
}

// amend changes a row, which may be in the page already.
function amend(row, changes) {
  Object.assign(row, changes, { height: 0 });
  const at = list.view.indexOf(row);
  if (at >= 0) list.valid = Math.min(list.valid, at);
  list.nodes.get(row)?.remove();
  list.nodes.delete(row);
  plan();
}

// addData adds a row for a message, and counts it.
function addData(kind, data, more) {
  const text = typeof data === "string", bytes = text ? null : data instanceof Uint8Array ? data : new Uint8Array(data);
  const wire = text ? utf8Length(data) : bytes.length, which = kind === "send" ? "sent" : "received";
  moved[which]++;
  moved[which + "Bytes"] += wire;
  moved.last = Date.now();
  if (text) add(kind, data, { wire, ...more });
  else add(kind, bytesPreview(bytes), { wire, bytes, size: bytes.length });
}

// One frame takes in everything that has come since the last one.
function plan() {
  if (!planned) requestAnimationFrame(frame);
  planned = true;
}

function frame() {
  planned = false;
  if (!paused) takeIn();
  if (filterChanged) applyFilter();
  forgetDropped();
  render();
  showState();
}

function takeIn() {
  const came = waiting.take();
  for (const row of came) {
    rows.push(row);
    if (passes(row)) { list.view.push(row); list.fresh++; }
  }
  if (!came.length) return;
  forgetCleared();
  announce(came);
}

let cleared = null; // what undo brings back

function clear() {
  const list = [...rows.list, ...waiting.list], size = rows.size + waiting.size;
  if (list.length) cleared = { list, size, dropped: rows.dropped + waiting.dropped, moved: { ...moved } };
  rows.clear();
  waiting.clear();
  for (const name of COUNTED) moved[name] = 0;
  filter();
}

function undo() {
  if (!cleared) return;
  const { list: before, dropped } = cleared, since = rows.list, lost = rows.dropped;
  rows.clear();
  for (const row of before) rows.push(row);
  for (const row of since) rows.push(row);
  rows.dropped += dropped + lost;
  for (const name of COUNTED) moved[name] += cleared.moved[name];
  cleared = null;
  filter();
}

// forgetCleared drops what was cleared when there is no room for both.
function forgetCleared() {
  if (cleared && (rows.list.length + cleared.list.length > MAX_ROWS || rows.size + cleared.size > MAX_SIZE)) cleared = null;
}
