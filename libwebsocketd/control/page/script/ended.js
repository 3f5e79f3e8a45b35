// What has ended, and why: within the last hour, the newest first, and never more than that.
const mostEnded = 200, endedFor = 3600e3;
let ended = [], nextEnded = 0;
let before = null; // {connections, sessions} of the last look, by id
const kicked = new Set(); // what this page has ended

// note adds an ending. The same again counts up the one before.
function note(who, what, bad = true, at = Date.now()) {
  const same = ended.slice(0, 20).find(one => one.who === who && one.what === what);
  if (same) {
    Object.assign(same, { at, times: same.times + 1 });
    ended = [same, ...ended.filter(one => one !== same)];
  } else {
    ended.unshift({ key: nextEnded++, at, who: String(who), what, bad, times: 1 });
  }
  trim();
}

function trim() {
  const oldest = Date.now() - endedFor;
  while (ended.length > mostEnded || ended.at(-1)?.at < oldest) ended.pop();
}

// happened are the words for a process_event that ends something.
const happened = {
  crashed: why => `crashed${why}`,
  stopped: why => `stopped${why}`,
  memory_limit_exceeded: why => `restarted: it had more memory than it may${why}`,
  health_check_failed: why => `its health check has failed${why}`,
};

// noteEvent notes a process_event, and tells it to who listens.
function noteEvent({ event, process, details }) {
  if (!Object.hasOwn(happened, event)) return;
  const about = details ?? {}, why = String(about.reason || exitWords(about.exit_code));
  const words = happened[event](why && `: ${why}`);
  note(process, words, event !== "stopped" || about.exit_code > 0);
  $("told").textContent = `${process} ${words}`;
}

// noteStatus notes that a program is given up.
function noteStatus({ name, status, previous_status, why }) {
  if (status !== "errored" || previous_status === "errored") return;
  note(name, `errored, not started again by itself${why ? `: ${why}` : ""}`);
  $("told").textContent = `${name} is errored`;
}

// noteHealth notes that a program has become unhealthy.
function noteHealth({ process, status, details }) {
  if (status !== "unhealthy") return;
  const { status_code: code, error } = details ?? {};
  note(process, `unhealthy${code ? `: status ${code}` : ""}${error ? `: ${error}` : ""}`);
}

// noteGone notes the connections and sessions that were there at the last look. How the process
// of one has ended its channel says.
function noteGone(lists, whole) {
  const ids = list => new Map(list.map(one => [one.id, one]));
  const now = { connections: ids(lists.connections), sessions: ids(lists.sessions) };
  if (before && whole) {
    const said = new Map(lists.channels.map(channel => [channel.name, channel.status]));
    for (const kind of ["connections", "sessions"]) {
      for (const [id, one] of before[kind]) if (!now[kind].has(id)) noteOne(kind, one, said.get(`process:${id}`));
    }
  }
  before = whole ? now : null;
}

function noteOne(kind, one, status) {
  const who = kind === "connections" ? `client ${one.remote}${one.user ? ` (${one.user})` : ""} of ${one.program ?? "no program"}` : `session ${one.number} of ${one.program}`;
  const how = kicked.delete(one.id) ? "ended from this page" : status?.status === "exited" ? `its process ended with ${exitWords(status.exitCode)}` : status?.status === "killed" ? "its process was ended by a signal" : "gone";
  const moved = kind === "connections" ? `${size(one.bytesIn)} in, ${size(one.bytesOut)} out, ` : "";
  note(who, `${how} (${moved}${lasting(Date.now() - Date.parse(one.since ?? one.began))})`, status?.exitCode > 0);
}

const endedColumns = [
  { name: "When", text: ({ at }) => new Date(at).toLocaleTimeString() },
  { name: "Who", text: ({ who }) => who },
  { name: "What", draw: (cell, { what, bad, times }) => {
    cell.className = bad ? "bad" : "";
    write(cell, times > 1 ? `${what} (${times} times)` : what);
  } },
];

function drawEnded() {
  trim();
  fill($("ended"), "What ended within the last hour", endedColumns, ended, one => one.key);
}
