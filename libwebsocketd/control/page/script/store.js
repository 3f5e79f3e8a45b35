// What the page knows. programs are the documents of /api/programs, by name; instances
// are those of supervised programs by name, with what events have said since.
let programs = [], morePrograms = 0;
const instances = new Map(), series = new Map();
const host = { cpu: new Ring(), memory: new Ring(), now: null };
const words = new Set(["starting", "online", "stopping", "stopped", "errored", "restarting"]);

// takePrograms takes what /api/programs has answered.
function takePrograms(documents, more) {
  [programs, morePrograms] = [documents.toSorted((a, b) => a.name.localeCompare(b.name, "en", { numeric: true })), more];
  const seen = new Set();
  for (const program of programs) {
    for (const one of program.instances ?? []) {
      const began = one.since ? Date.parse(one.since) : 0, before = instances.get(one.name);
      seen.add(one.name);
      instances.set(one.name, { ...one, program: program.name, began: before?.pid === one.pid && before.began ? before.began : began });
      if (!series.has(one.name)) series.set(one.name, new Series());
    }
  }
  for (const name of instances.keys()) if (!seen.has(name)) forget(name);
}

function forget(name) {
  instances.delete(name);
  series.delete(name);
}

// startAnew forgets what was measured of another server.
function startAnew() {
  for (const name of [...instances.keys()]) forget(name);
  [host.cpu, host.memory, host.now] = [new Ring(), new Ring(), null];
}

// takeStatus takes a process_status: it is shown at once, and the rest of it is asked for.
function takeStatus({ name, status, pid, port, why }) {
  const one = instances.get(name);
  if (one && words.has(status)) {
    if (one.pid !== pid) one.began = pid ? Date.now() : 0;
    Object.assign(one, { status, pid: Number(pid) || 0, port: Number(port) || 0, why: why ?? "" });
  }
  hurry();
}

// takeMetrics takes a process_metrics, one sample of each instance.
function takeMetrics({ processes }) {
  if (!Array.isArray(processes)) return;
  for (const { name, cpu, memory, uptime, restarts, status } of processes) {
    const one = instances.get(name), of = series.get(name);
    if (!one) {
      hurry();
      continue;
    }
    Object.assign(one, { cpu, memory, restarts, began: uptime > 0 ? Date.now() - uptime : 0 });
    if (words.has(status)) one.status = status;
    of.cpu.push(cpu);
    of.memory.push(memory);
    of.marks.push(one.pid !== of.pid && of.pid !== undefined && one.pid ? 1 : 0);
    if (one.pid) of.pid = one.pid;
  }
}

// takeSystem takes a system_metrics.
function takeSystem(data) {
  if (!data.cpu || !data.memory) return;
  host.now = data;
  host.cpu.push(data.cpu.usage);
  host.memory.push(data.memory.used);
}

// takeHealth takes a health_update.
function takeHealth({ process, status, details }) {
  const one = instances.get(process);
  if (one) Object.assign(one, { health: String(status), checked: details });
}

// instancesOf returns the instances of a program.
const instancesOf = program => (program.instances ?? []).map(({ name }) => instances.get(name)).filter(Boolean);
