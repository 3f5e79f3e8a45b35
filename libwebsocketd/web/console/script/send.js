
let unsentWaits = false; // what is in the box goes as soon as there is a connection

async function send() {
  const mode = $("mode").value;
  try {
    const data = await dataOf(mode);
    if (state() === "not connected") connect();
    if (state() !== "connected") {
      unsentWaits = state() !== "closing";
      return showState();
    }
    transmit(data);
  } catch (error) {
    return addException(error);
  }
  if (mode !== "file") {
    remember(message.value);
    setMessage("");
  }
}

function sendUnsent() {
  if (unsentWaits) send();
  unsentWaits = false;
}

function transmit(data) {
  if (typeof data === "string" && link.program?.framing === "binary") {
    throw new Error("this program takes no text (--binary), and the server would ignore it: choose Bytes, which sends what you type as bytes");
  }
  const more = link.connection.send(data);
  addData("send", data, more);
  toNewest();
}

function sendAgain(row) {
  if (!row) return;
  if (state() !== "connected") return addException(new Error(`${state()}, nothing was sent. Ctrl+Enter connects.`));
  try {
    transmit(row.bytes ? row.bytes.slice().buffer : row.text);
  } catch (error) {
    addException(error);
  }
}

function dataOf(mode) {
  switch (mode) {
    case "file": return chosenFile();
    case "hex": return hexBytes(message.value);
    case "bytes": return new TextEncoder().encode(message.value).buffer;
  }
  return message.value;
}

function chosenFile() {
  const [file] = $("file").files;
  if (!file) throw new Error("no file is chosen");
  return file.arrayBuffer();
}

function hexBytes(text) {
  const digits = text.replace(/\b0x|[\s,;:]/gi, "");
  const wrong = /[^0-9a-f]/i.exec(digits);
  if (wrong) throw new SyntaxError(`"${wrong[0]}" is no hex digit; like this: 48 65 6c 6c 6f`);
  if (digits.length % 2) throw new SyntaxError("an odd number of hex digits: a byte has two");
  return Uint8Array.from(digits.match(/../g) ?? [], pair => parseInt(pair, 16)).buffer;
}

function setMessage(text) {
  message.value = text;
  message.setSelectionRange(text.length, text.length);
  fitMessage();
}

function fitMessage() {
  message.style.height = "auto";
  message.style.height = message.scrollHeight + 2 + "px";
}

function messageKey(event) {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const before = message.value.slice(0, message.selectionStart), after = message.value.slice(message.selectionEnd);
  if (event.key === "Enter") send();
  else if (event.key === "ArrowUp" && !before.includes("\n")) walk(1);
  else if (event.key === "ArrowDown" && !after.includes("\n")) walk(-1);
  else return;
  event.preventDefault();
}

function setMode() {
  const mode = $("mode").value;
  message.hidden = mode === "file";
  $("file").hidden = mode !== "file";
  message.placeholder = mode === "hex" ? "48 65 6c 6c 6f" : "";
  (mode === "file" ? $("file") : message).focus();
}
