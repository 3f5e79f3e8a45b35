
function asText(row) {
  const body = row.bytes ? `BLOB: ${plural(row.bytes.length, "byte")}\n${hexView(row.bytes, 16)}` : row.text;
  const lines = [body, ...(row.why ? [row.why] : [])].join("\n").replaceAll("\n", "\n\t\t");
  return `${new Date(row.time).toISOString()}\t${row.kind}\t${lines}\n`;
}

function save() {
  const link = element("a", "");
  link.href = URL.createObjectURL(new Blob(list.view.map(asText), { type: "text/plain;charset=utf-8" }));
  link.download = `websocketd-console-${new Date().toISOString().replace(/[:.]/g, "-")}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the download has begun by then
}

function showState() {
  const now = state();
  if (link) noteWay(link);
  $("light").className = link ? now : "";
  $("toggle").textContent = { connecting: "Cancel", connected: "Disconnect", waiting: "Give up", closing: "Closing…" }[now] ?? "Connect";
  $("toggle").className = link ? "" : "main"; // one button is what comes next
  $("submit").className = now === "connected" ? "main" : "";
  $("submit").title = { "not connected": "Connects first", waiting: "As soon as there is a connection" }[now] ?? "";
  $("retry").hidden = now !== "waiting";
  $("reconnect").disabled = $("era").disabled = Boolean(link);
  $("pause").textContent = !paused ? "Pause" : waiting.list.length ? `Resume (${count(waiting.list.length)})` : "Resume";
  pressed($("pause"), paused);
  $("undo").hidden = !cleared;
  $("status").textContent = statusLine(now);
  showEmpty(now);
  showIcon(now);
}

function showEmpty(now) {
  $("empty").hidden = list.view.length > 0;
  if ($("empty").hidden) return;
  const filtered = rows.list.length > 0, program = link ? link.program : programAt(socketURL(url.value.trim()));
  $("intro").textContent = filtered ? "No row passes the filter." : introduction(program, programs, now === "connected");
  $("home").hidden = filtered || Boolean(link) || !programs || programs.length < 2 && Boolean(program);
}

function statusLine(now) {
  const parts = [nowWords(now), moves("received"), moves("sent")];
  const quiet = Math.floor((Date.now() - moved.last) / 1000);
  if (now === "connected" && moved.last && quiet > 1) parts.push(`last message ${ago(quiet)} ago`);
  if (list.view.length < rows.list.length) parts.push(`${count(list.view.length)} of ${plural(rows.list.length, "row")} shown`);
  const dropped = rows.dropped + waiting.dropped;
  if (dropped) parts.push(`${plural(dropped, "oldest row")} dropped to save memory`);
  return parts.join(" · ");
}

function nowWords(now) {
  if (now === "connected" && link.way === "http") return "connected over plain HTTP";
  if (now !== "waiting") return now;
  const seconds = Math.ceil((link.retryAt - Date.now()) / 1000);
  return `${link.opened ? "connection lost" : "no connection"}, ${seconds > 0 ? `trying again in ${seconds} s` : "trying again"}`;
}

const moves = which => `${count(moved[which])} ${which}${moved[which] ? ` (${sizeWords(moved[which + "Bytes"])})` : ""}`;

function ago(seconds) {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}

let iconOf = "";

function showIcon(now) {
  if (now === iconOf) return;
  iconOf = now;
  const canvas = element("canvas", ""), pen = canvas.getContext("2d");
  canvas.width = canvas.height = 32;
  pen.fillStyle = getComputedStyle($("light")).backgroundColor;
  pen.arc(16, 16, 13, 0, 7);
  pen.fill();
  $("icon").href = canvas.toDataURL();
}

// announce tells a screen reader what came, once a second at most.
let said = 0, unsaid = [];

function announce(came) {
  unsaid = [...unsaid.slice(-1), ...came.slice(-2)];
  said ||= setTimeout(() => {
    said = 0;
    $("say").textContent = unsaid.slice(-2).map(row => `${row.kind} ${row.why ?? row.text.slice(0, 200)}`).join(". ");
    unsaid = [];
  }, 1000);
}
