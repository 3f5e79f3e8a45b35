const processChannel = (id, who) => ["Log", () => show(`process:${id}`, who)];

const lists = {
  sessions: { label: "Sessions", key: s => s.id, columns: [
    { name: "Session", text: s => String(s.number) }, { name: "Program", text: s => s.program }, { name: "Path", text: s => s.path },
    { name: "Process", text: s => s.ended ? s.ended.reason : String(s.pid) }, { name: "Viewers", text: s => String(s.viewers) }, { name: "Since", text: s => time(s.began) },
    { name: "", title: "Actions", draw: (cell, s) => buttons(cell, `session ${s.number}`, processChannel(s.id, `session ${s.number}`), ["End", () => end(s), true]) },
  ] },
  connections: { label: "Connections", key: c => c.id, columns: [
    { name: "Peer", text: c => c.remote }, { name: "User", text: c => c.user }, { name: "Program", text: c => c.program ?? "none yet" }, { name: "Path", text: c => c.path },
    { name: "Process", text: c => String(c.pid || "shared") }, { name: "In", text: c => size(c.bytesIn) }, { name: "Out", text: c => size(c.bytesOut) }, { name: "Since", text: c => time(c.since) },
    { name: "", title: "Actions", draw: (cell, c) => buttons(cell, `connection ${c.id} of ${c.remote}`, ...(c.pid ? [processChannel(c.id, `connection ${c.id}`)] : []), ["Kick", () => kick(c), true]) },
  ] },
  channels: { label: "Channels", key: c => c.name, columns: [
    { name: "Channel", text: c => c.name }, { name: "Status", text: c => c.status ? c.status.status : "" }, { name: "Kept", text: c => String(c.last - c.first + 1) },
    { name: "Subscribers", text: c => String(c.subscribers) },
    { name: "", title: "Actions", draw: (cell, c) => buttons(cell, c.name, ["Log", () => show(c.name, c.name)]) },
  ] },
};

// drawList shows what the server has answered for a list.
function drawList(id, entries, more) {
  const { label, key, columns } = lists[id];
  fill($(id), label, columns, entries, key, more);
}
