
// tops[i] is where row i of the view begins, for i up to valid.
const list = { view: [], tops: [0], valid: 0, nodes: new Map(), follow: true, fresh: 0, top: 0 };
const OVERSCAN = 6; // rows in the page above and below what is seen

// font holds the columns of a line, and in pixels the height of a line, of a row without
// its lines, and of the smallest row.
const font = { columns: 100, line: 20, rest: 4, least: 24 };

const heightOf = row => row.height ||= guess(row);

// guess returns the height of a row that was not drawn yet. It is right for text that a
// terminal would show in as many lines. Otherwise the reader's place would have to be
// corrected all the time, and each correction ends a smooth scroll.
function guess(row) {
  let lines = row.why ? 1 : 0;
  for (const line of collapsed(row).split("\n")) lines += Math.ceil(width(line) / font.columns) || 1;
  return Math.max(font.least, font.rest + lines * font.line);
}

function width(line) {
  if (/^[ -~]*$/.test(line)) return line.length;
  let columns = 0;
  for (const c of line) columns += c === "\t" ? 8 - columns % 8 : c < "\u2e80" ? 1 : 2; // wide from there on, but for few
  return columns;
}

function probe() {
  const node = makeNode({ kind: "send", text: "0", time: 0, wire: 1 }), text = node.querySelector(".text");
  const height = content => {
    text.textContent = content;
    return node.getBoundingClientRect().height;
  };
  $("probe").replaceChildren(node);
  const least = height("0"), rest = height("0\n".repeat(20) + "0") - 21 * font.line;
  const columns = Math.ceil(10_000 / Math.round((height("0".repeat(10_000)) - rest) / font.line));
  $("probe").replaceChildren();
  Object.assign(font, { columns, rest, least });
}

function addUp() {
  const { view, tops } = list;
  for (let i = list.valid; i < view.length; i++) tops[i + 1] = tops[i] + heightOf(view[i]);
  tops.length = view.length + 1;
  list.valid = view.length;
  $("space").style.height = tops.at(-1) + "px";
}

// keepPlace makes a change to the list, and keeps the place of a reader who has scrolled
// up.
function keepPlace(change) {
  const top = list.view[rowAt(log.scrollTop)];
  change();
  addUp();
  if (top && !list.follow) log.scrollTop = list.tops.at(list.view.findIndex(row => row.id >= top.id));
}

function rowAt(y) {
  let low = 0, high = list.view.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (list.tops[middle] <= y) low = middle; else high = middle - 1;
  }
  return Math.max(0, low);
}

// forgetDropped removes from the view the rows that were dropped to save memory.
function forgetDropped() {
  const { view, tops } = list, oldest = rows.list[0]?.id ?? Infinity;
  let n = 0;
  while (n < view.length && view[n].id < oldest) n++;
  if (!n) return;
  if (!list.follow) log.scrollTop -= tops[Math.min(n, list.valid)];
  view.splice(0, n);
  list.valid = 0;
}

// render draws the rows in sight, in several passes: a row that is seen for the first
// time may be higher than was guessed, and bring others into sight or out of it.
function render() {
  for (let pass = 0; pass < 5; pass++) {
    addUp();
    if (list.follow && list.view.length) log.scrollTop = log.scrollHeight;
    const first = Math.max(0, rowAt(log.scrollTop) - OVERSCAN);
    const last = Math.min(list.view.length, rowAt(log.scrollTop + log.clientHeight) + 1 + OVERSCAN);
    place(first, last);
    if (!measure(first, last)) break;
  }
  list.top = log.scrollTop;
  noteScroll();
}

// noteScroll stops following only when the reader moves up. To be away from the bottom
// is not enough, because that also happens when the window gets smaller.
function noteScroll() {
  if (log.scrollTop + log.clientHeight >= log.scrollHeight - 2) list.follow = true;
  else if (log.scrollTop < list.top) list.follow = false;
  if (list.follow) list.fresh = 0;
  $("newest").hidden = list.follow;
  $("newest").textContent = list.fresh ? `↓ ${count(list.fresh)} new` : "↓ Newest";
}

function place(first, last) {
  const wanted = new Set(list.view.slice(first, last));
  for (const [row, node] of list.nodes) {
    if (!wanted.has(row)) { node.remove(); list.nodes.delete(row); }
  }
  let next = $("rows").firstChild, position = first;
  for (const row of wanted) {
    const node = list.nodes.get(row) ?? makeNode(row);
    list.nodes.set(row, node);
    node.setAttribute("aria-setsize", list.view.length);
    node.setAttribute("aria-posinset", ++position);
    if (node === next) next = next.nextSibling; else $("rows").insertBefore(node, next);
  }
  $("rows").style.top = list.tops[first] + "px";
}

function measure(first, last) {
  let changed = false, shift = 0;
  for (let i = first; i < last; i++) {
    const row = list.view[i], before = heightOf(row);
    row.height = list.nodes.get(row).getBoundingClientRect().height;
    if (Math.abs(row.height - before) < .1) continue;
    changed = true;
    list.valid = Math.min(list.valid, i);
    if (list.tops[i + 1] <= log.scrollTop) shift += row.height - before;
  }
  if (shift && !list.follow) {
    addUp();
    log.scrollTop += shift;
  }
  return changed;
}

function forgetHeights() {
  keepPlace(() => {
    probe();
    for (const row of rows.list) row.height = 0;
    list.valid = 0;
  });
  forgetNodes(); // a hex view has as many columns as there is room for
  plan();
}

function forgetNodes() {
  list.nodes.forEach(node => node.remove());
  list.nodes.clear();
}

function toNewest() {
  list.follow = true;
  plan();
}
