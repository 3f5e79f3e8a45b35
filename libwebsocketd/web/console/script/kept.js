
// Messages that the user keeps, for the next time as well.

const KEPT_KEY = "websocketdconsole.kept";

const keptLines = loadLines(KEPT_KEY);

// toggleKept keeps a message, or keeps it no more.
function toggleKept(text) {
  const at = keptLines.indexOf(text);
  if (at < 0) keptLines.unshift(text); else keptLines.splice(at, 1);
  keptLines.splice(HISTORY_MAX);
  storeLines(KEPT_KEY, keptLines);
  forgetNodes(); // rows say which messages are kept
  listKept();
  plan();
}

function listKept() {
  $("kept").hidden = !keptLines.length;
  $("keptlines").replaceChildren(...keptLines.map(keptItem));
}

function showKept() {
  if (keptLines.length) $("keptdialog").showModal();
}

function keptItem(text) {
  const use = element("button", "use", element("code", "", visible(shorten(text)))), drop = element("button", "", "drop");
  use.type = drop.type = "button";
  use.onclick = () => {
    $("keptdialog").close();
    $("mode").value = "text";
    setMode();
    setMessage(text);
  };
  drop.onclick = () => {
    toggleKept(text);
    if (!keptLines.length) $("keptdialog").close();
  };
  return element("li", "", use, drop);
}
