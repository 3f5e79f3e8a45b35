const longest = 120000; // milliseconds that a restart with its ladder and its readiness may take
const busy = new Set(); // names of programs and instances with something under way

// sure asks a question, and does what the answer wants. With a number it asks for one.
function sure(question, yes, act, number) {
  write($("question"), question);
  write($("yes"), yes);
  $("howmany").hidden = number === undefined;
  $("number").disabled = number === undefined;
  $("number").value = number ?? "";
  $("sure").returnValue = "";
  $("sure").onclose = () => $("sure").returnValue === "yes" && act(Number($("number").value));
  $("sure").showModal();
}

// send asks the server to do something, and says what it refuses.
async function send(path, more, done = "") {
  try {
    await ask(path, more);
    write($("told"), done);
    write($("refused"), "");
  } catch (error) {
    write($("refused"), error instanceof Refused ? error.message : "the server has not answered");
    return false;
  } finally {
    hurry();
  }
  return true;
}

// operate does something with a supervised program, or one instance.
async function operate(name, action, body = null) {
  busy.add(name);
  plan();
  await send(`api/processes/${encodeURIComponent(name)}/${action}`, { method: "POST", body, wait: longest }, `${name}: ${action} is done`);
  busy.delete(name);
  plan();
}

const stop = name => sure(`Stop ${name}? Its process ends, and it is not started again by itself.`, "Stop", () => operate(name, "stop"));
const restart = name => sure(`Restart ${name}? Its process ends, and another one is started.`, "Restart", () => operate(name, "restart"));
const scale = (name, now) => sure(`How many instances of ${name}? Those that are too many end.`, "Scale", n => operate(name, "scale", { instances: n }), now);

// endProgram ends all that runs of a program that is not supervised.
function endProgram({ name, processes, lifetime }) {
  sure(`End ${count(processes, "process", "processes")} of ${name}? ${lifetime === "connection" ? "The client of each is told." : "What its clients send next may start another."}`, "End all",
    () => send(`api/programs/${encodeURIComponent(name)}/processes`, { method: "DELETE" }));
}

// kick asks whether a connection is to be closed, and closes it.
function kick(connection) {
  sure(`Kick ${connection.remote} from ${connection.program ?? "no program"}? The client is told, and a process of its own ends.`, "Kick", () => remove("connections", connection.id));
}

// end asks whether a session is to end, and ends it.
function end(session) {
  sure(`End session ${session.number} of ${session.program}? Its process ends, and ${count(session.viewers, "viewer")} with it.`, "End", () => remove("sessions", session.id));
}

async function remove(kind, id) {
  if (kicked.size < mostEnded) kicked.add(id);
  if (!await send(`api/${kind}/${encodeURIComponent(id)}`, { method: "DELETE" })) kicked.delete(id);
}
