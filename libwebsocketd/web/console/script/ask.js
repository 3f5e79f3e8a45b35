
// What an MCP server asks of the person at this page, one question after the other.

const QUESTIONS = {
  __proto__: null, // a server chooses what is looked up
  "elicitation/create": { title: "The server asks you", yes: "Answer", no: "Decline",
    schema: ({ requestedSchema }) => requestedSchema ?? {}, says: ({ message: words }) => words,
    result: (given, said) => given ? object({ action: '"accept"', content: given }) : json({ action: said }) },
  "sampling/createMessage": { title: "The server asks a language model: you are it", yes: "Answer", no: "Decline",
    schema: () => ({ properties: { text: { type: "string", title: "Answer" } }, required: ["text"] }),
    says: ({ systemPrompt, messages }) => [systemPrompt, ...(messages ?? []).map(({ role, content }) => `${role}: ${[content].flat().map(part => part.text ?? part.type).join(" ")}`)].filter(Boolean).join("\n"),
    result: given => given && object({ role: '"assistant"', content: json({ type: "text", ...JSON.parse(given) }), model: '"a person"', stopReason: '"endTurn"' }) },
};

let lastQuestion = Promise.resolve();

// askUser resolves to the result of a request, as JSON; undefined if there is none. asked.left
// tells afterwards whether the person has turned away.
function askUser(method, params = {}, asked = {}) {
  const question = QUESTIONS[method];
  if (!question) return undefined;
  return lastQuestion = lastQuestion.then(() => put(question, params, asked));
}

function put(question, params, asked) {
  const dialog = $("ask");
  $("asktitle").textContent = question.title;
  $("askwords").textContent = visible(question.says(params) ?? "");
  const read = makeForm($("askfields"), question.schema(params));
  const yes = element("button", "main", question.yes), no = element("button", "", question.no);
  no.type = "button";
  $("askfields").append(element("div", "", yes, no));
  return new Promise(resolve => {
    let given, said = "cancel";
    $("askfields").onsubmit = event => {
      event.preventDefault();
      given = read();
      if (given !== null) dialog.close();
    };
    no.onclick = () => {
      said = "decline";
      dialog.close();
    };
    dialog.onclose = () => {
      asked.left = !given && said === "cancel";
      resolve(question.result(given || undefined, said));
    };
    dialog.showModal();
  });
}
