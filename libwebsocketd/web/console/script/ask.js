
// What an MCP server asks of the person at this page, one question after the other.

const QUESTIONS = {
  "elicitation/create": { title: "The server asks you", yes: "Answer", no: "Decline",
    schema: ({ requestedSchema }) => requestedSchema ?? {}, says: ({ message: words }) => words,
    result: given => given ? object({ action: '"accept"', content: given }) : '{"action":"decline"}' },
  "sampling/createMessage": { title: "The server asks a language model: you are it", yes: "Answer", no: "Decline",
    schema: () => ({ properties: { text: { type: "string", title: "Answer" } }, required: ["text"] }),
    says: ({ systemPrompt, messages }) => [systemPrompt, ...(messages ?? []).map(({ role, content }) => `${role}: ${[content].flat().map(part => part.text ?? part.type).join(" ")}`)].filter(Boolean).join("\n"),
    result: given => given && object({ role: '"assistant"', content: json({ type: "text", ...JSON.parse(given) }), model: '"a person"', stopReason: '"endTurn"' }) },
};

let lastQuestion = Promise.resolve();

// askUser resolves to the result of a request, as JSON; undefined if there is none.
function askUser(method, params = {}) {
  const question = QUESTIONS[method];
  if (!question) return undefined;
  return lastQuestion = lastQuestion.then(() => put(question, params));
}

function put(question, params) {
  const dialog = $("ask");
  $("asktitle").textContent = question.title;
  $("askwords").textContent = visible(question.says(params) ?? "");
  const read = makeForm($("askfields"), question.schema(params));
  const yes = element("button", "main", question.yes), no = element("button", "", question.no);
  no.type = "button";
  $("askfields").append(element("div", "", yes, no));
  return new Promise(resolve => {
    let given;
    $("askfields").onsubmit = event => {
      event.preventDefault();
      given = read();
      if (given !== null) dialog.close();
    };
    no.onclick = () => dialog.close();
    dialog.onclose = () => resolve(question.result(given || undefined) || undefined);
    dialog.showModal();
  });
}
