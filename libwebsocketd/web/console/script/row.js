
function makeNode(row) {
  const node = element("div", `row ${row.kind} ${row.tone ?? ""}`);
  node.setAttribute("role", "listitem");
  const actions = element("div", "actions");
  if (row.bytes) actions.append(opener(row, "hex"));
  else if (isJSON(row.text)) actions.append(opener(row, "json"));
  else if (shorten(row.text) !== row.text) actions.append(opener(row, "all"));
  actions.append(makeActs(row));
  const size = element("span", "size", row.wire === undefined ? "" : sizeWords(row.wire));
  node.append(element("time", "", clock(row.time)), element("span", "kind", row.kind), makeText(row), size, actions);
  return node;
}

// makeActs returns the buttons that appear on the row where the reader is.
function makeActs(row) {
  const acts = element("span", "act"), copyIt = element("button", "copy", "copy");
  copyIt.title = "Copy ( y )";
  copyIt.onclick = () => copy(row);
  acts.append(copyIt);
  if (row.command) {
    const command = element("button", "", "command");
    command.title = `Copy the command that ${row.kind === "send" ? "sends this" : "connects"} from a terminal`;
    command.onclick = () => copyText(row.command, command);
    acts.append(command);
  }
  if (row.kind !== "send") return acts;
  if (!row.bytes) acts.append(keeper(row.text));
  const again = element("button", "again", "again");
  again.title = "Send it again ( a )";
  again.onclick = () => sendAgain(row);
  acts.append(again);
  return acts;
}

function keeper(text) {
  const is = keptLines.includes(text), button = element("button", "", is ? "drop" : "keep");
  button.title = is ? "Keep this message no more" : "Keep this message ( k shows those kept )";
  button.onclick = () => toggleKept(text);
  return button;
}

function makeText(row) {
  const text = element("div", "text"), body = row.why ? element("div", "raw") : text;
  if (row.open && row.bytes) body.append(element("span", "blob", sizeOf(row)), hexBox(row.bytes));
  else if (row.open && isJSON(row.text)) body.append(jsonTree(row.text, row.folds ??= new Set()));
  else if (row.bytes) paint(body, collapsed(row));
  else paintText(body, row);
  if (row.why) text.append(element("div", "why", ...highlighted(row.why)), body); // in words first
  return text;
}

function paintText(node, row) {
  const text = row.open ? row.text.slice(0, LONG) : shorten(row.text), more = row.text.length - LONG;
  paint(node, text, text !== row.text);
  if (!row.open && text !== row.text) node.append(` … ${sizeOf(row)}`);
  if (row.open && more > 0) node.append(` … and ${plural(more, "character")} more; Save writes all`);
}

const sizeOf = row => row.bytes ? "BLOB: " + plural(row.bytes.length, "byte") : plural(row.text.length, "character");

// collapsed returns the text of a row that was not opened, without its colours.
function collapsed(row) {
  if (row.bytes) return `${sizeOf(row)}  ${visible(row.text)}`;
  const short = shorten(row.text);
  return visible(unstyled(short)) + (short === row.text ? "" : ` … ${sizeOf(row)}`);
}

function hexBox(bytes) {
  const box = element("pre", "", hexView(bytes.subarray(0, LONG_HEX), log.clientWidth < 760 ? 8 : 16));
  if (bytes.length > LONG_HEX) box.append(`\n… and ${plural(bytes.length - LONG_HEX, "byte")} more; Save writes all`);
  box.tabIndex = 0; // it may scroll sideways
  return box;
}

function opener(row, words) {
  const button = element("button", "opener", row.open ? "less" : words);
  button.setAttribute("aria-expanded", row.open);
  button.setAttribute("aria-label", row.open ? "less" : { hex: "hex view", json: "lay out as JSON", all: "all of it" }[words]);
  button.onclick = () => toggleRow(row);
  return button;
}

function toggleRow(row) {
  amend(row, { open: !row.open });
  list.follow = false; // a reader who opens a row wants to read it
  render();
  list.nodes.get(row)?.querySelector("button")?.focus({ preventScroll: true });
}

// rowInHand returns the row with the focus, or under the mouse, or else the newest one
// of these kinds.
function rowInHand(...kinds) {
  const at = log.querySelector(".row:focus-within") ?? log.querySelector(".row:hover");
  for (const [row, node] of list.nodes) if (node === at && kinds.includes(row.kind)) return row;
  return rows.list.findLast(row => kinds.includes(row.kind));
}

// copy takes what was sent or received as it is; bytes as the Hex mode takes them.
async function copy(row) {
  if (!row) return;
  await copyText(row.bytes ? hexDigits(row.bytes) : row.text, list.nodes.get(row)?.querySelector(".copy"));
}

async function copyText(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // not a secure page, or not allowed
    copyOld(text);
  }
  $("say").textContent = "copied";
  if (!button) return;
  const before = button.textContent;
  button.textContent = "copied";
  setTimeout(() => { button.textContent = before; }, 1500);
}

function copyOld(text) {
  const box = element("textarea", "hidden"), before = document.activeElement;
  box.value = text;
  document.body.append(box);
  box.select();
  document.execCommand("copy");
  box.remove();
  before?.focus();
}
