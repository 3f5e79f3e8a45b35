const longestCommand = 300; // characters
const runs = new Set(["starting", "online", "restarting", "stopping"]);

// together returns what is said of all instances of a program in one row.
function together(program) {
  const all = instancesOf(program), online = all.filter(one => one.status === "online").length;
  const worst = ["errored", "restarting", "stopping", "starting", "stopped", "online"].find(status => all.some(one => one.status === status));
  const total = part => all.reduce((n, one) => n + (one[part] || 0), 0);
  return {
    name: program.name, program, all, status: worst, words: all.length === 1 ? worst : online === all.length ? `${online} online` : `${online} of ${all.length} online`,
    pid: all.length === 1 ? all[0].pid : 0, port: all.length === 1 ? all[0].port : 0, began: all.length === 1 ? all[0].began : 0,
    restarts: total("restarts"), health: ["unhealthy", "healthy", "unknown"].find(health => all.some(one => one.health === health)) ?? "unknown",
    after: all[0]?.after ?? [], waits: [...new Set(all.flatMap(one => one.waits ?? []))], why: all.map(one => one.why).find(Boolean) ?? "",
  };
}

// rowsOf returns the rows of a program: itself, and its instances where there are several.
function rowsOf(program) {
  const all = instancesOf(program);
  if (!all.length) return [{ name: program.name, program, all }];
  const row = together(program);
  return all.length === 1 ? [row] : [row, ...all.map(one => ({ ...one, program, all: [one], words: one.status, part: true }))];
}

// drawName draws who a row is about.
function drawName(cell, { name, program, part }) {
  if (!cell.firstChild) cell.append(make("strong"), make("span", { className: "about" }), make("span", { className: "about command" }));
  const [strong, about, command] = cell.children;
  cell.parentElement.classList.toggle("part", Boolean(part));
  write(strong, name);
  write(about, part ? "" : `${program.path} ${program.lifetime}, ${program.framing}`);
  write(command, part ? "" : program.command.join(" ").slice(0, longestCommand));
  command.title = command.textContent;
}

// drawStatus draws the word of a status, and below it what there is to say of it.
function drawStatus(cell, { program, status, words, pid, port, waits, why, all }) {
  if (!cell.firstChild) cell.append(make("span", { className: "badge" }), make("span", { className: "about" }));
  const supervised = all.length > 0;
  write(cell.firstChild, supervised ? words : program.processes ? "running" : "idle");
  cell.firstChild.className = `badge ${supervised ? status : program.processes ? "online" : "stopped"}`;
  const processes = `${program.maxforks ? `${program.processes} of ${program.maxforks}` : program.processes} processes, ${count(program.connections, "connection")}`;
  write(cell.lastChild, !supervised ? processes : waits?.length ? `waits for ${waits.join(", ")}` : [pid ? `pid ${pid}` : "", port ? `port ${port}` : "", why].filter(Boolean).join(", "));
}

// drawChart draws a chart of an instance, or of all of a program together.
function drawChart(cell, { all, name }, part, label, words, least) {
  if (!all.length) return;
  const rings = all.map(one => series.get(one.name)).filter(Boolean);
  if (!rings.length) return;
  chart(cell, words, `${label} of ${name}`, rings.length === 1 ? rings[0][part] : sum(rings.map(ring => ring[part])), { least, marks: rings.length === 1 ? rings[0].marks : null });
}

function drawHealth(cell, { health, all }) {
  const checked = all.length === 1 ? all[0].checked : null;
  write(cell, !all.length || health === "unknown" ? "" : health);
  cell.className = health === "unhealthy" ? "bad" : health === "healthy" ? "good" : "";
  cell.title = checked?.url ? String(checked.url).slice(0, 200) : "";
}

// drawActions draws what can be done with a row.
function drawActions(cell, row) {
  const { name, program, all, status, part } = row, wanted = [];
  if (program.channel && !part) wanted.push(["Log", () => show(program.channel, name)]);
  if (!all.length) {
    if (program.processes) wanted.push(["End all", () => endProgram(program), true]);
    return buttons(cell, name, ...wanted);
  }
  if (all.some(one => !runs.has(one.status))) wanted.push(["Start", () => operate(name, "start")]);
  if (all.some(one => runs.has(one.status))) wanted.push(["Restart", () => restart(name), true], ["Reload", () => operate(name, "reload")], ["Stop", () => stop(name), true]);
  if (!part) wanted.push(["Scale", () => scale(name, all.length)]);
  buttons(cell, name, ...wanted);
  const waits = busy.has(name);
  for (const button of cell.children) if (button.textContent !== "Log") button.ariaDisabled = String(waits);
}

const programColumns = [
  { name: "Program", draw: drawName },
  { name: "Status", draw: drawStatus },
  { name: "Uptime", text: ({ began, status }) => began && status !== "stopped" && status !== "errored" ? lasting(Date.now() - began) : "" },
  { name: "Restarts", text: ({ restarts, all }) => all.length ? String(restarts) : "" },
  { name: "CPU", draw: (cell, row) => drawChart(cell, row, "cpu", "CPU", percent, 5) },
  { name: "Memory", draw: (cell, row) => drawChart(cell, row, "memory", "Memory", size, 1 << 20) },
  { name: "Health", draw: drawHealth },
  { name: "After", text: ({ after, part }) => part ? "" : (after ?? []).join(", ") },
  { name: "", title: "Actions", draw: drawActions },
];

// drawPrograms shows those whose name, path or status has what is looked for.
function drawPrograms() {
  const wanted = $("find").value.trim().toLowerCase();
  const rows = programs.flatMap(rowsOf).filter(({ name, program, words: is }) => `${name} ${program.name} ${program.path} ${is ?? ""}`.toLowerCase().includes(wanted));
  fill($("programs"), "Programs", programColumns, rows, ({ name, part }) => `${part ? "part" : "program"} ${name}`, morePrograms);
  const tally = new Map();
  for (const { status } of instances.values()) tally.set(status, (tally.get(status) ?? 0) + 1);
  write($("tally"), [...tally].map(([status, n]) => `${n} ${status}`).join(", "));
  const errored = tally.get("errored") ?? 0;
  document.title = errored ? `(${errored} errored) ${title}` : title;
}

const title = document.title;

// drawHost shows how much of the machine is in use.
function drawHost() {
  $("host").hidden = !host.now;
  if (!host.now) return;
  const { cpu, memory, load } = host.now;
  chart($("hostcpu"), percent, `CPU of the machine, ${cpu.cores} cores`, host.cpu, { least: 100 });
  chart($("hostmemory"), size, `Memory of the machine, of ${size(memory.total)}`, host.memory, { least: memory.total });
  write($("load"), load ? [load.one, load.five, load.fifteen].map(n => Number(n).toFixed(2)).join(" ") : "");
}
