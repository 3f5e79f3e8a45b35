const $ = id => document.getElementById(id);

// make returns an element with children, texts or elements.
const make = (name, properties, ...children) => {
	const element = Object.assign(document.createElement(name), properties);
	element.append(...children);
	return element;
};

const pretty = value => JSON.stringify(value, null, 2);

// show shows the document, and a form for each of its operations.
function show(api) {
	const follow = thing => thing.$ref ? thing.$ref.slice(2).split("/").reduce((at, key) => at[key], api) : thing;
	$("title").textContent = api.info.title;
	$("description").textContent = api.info.description;
	$("server").textContent = api.servers[0].url;
	for (const [path, methods] of Object.entries(api.paths))
		for (const [method, operation] of Object.entries(methods)) $("operations").append(form(path, method, operation, follow));
	for (const [name, schema] of Object.entries(api.components.schemas))
		$("schemas").append(make("details", {}, make("summary", {}, name), make("pre", {}, pretty(schema))));
}

// form returns what tries an operation.
function form(path, method, operation, follow) {
	const inputs = (operation.parameters || []).map(follow).map(p => make("input", { name: p.name, required: true, autocomplete: "off", title: p.description }));
	const body = operation.requestBody && make("textarea", { name: "body", rows: 2, spellcheck: false, value: example(operation.requestBody, follow) });
	const answers = Object.entries(operation.responses).map(([status, response]) =>
		make("tr", {}, make("td", {}, status), make("td", {}, follow(response).description)));
	const status = make("span", { className: "status" }), answer = make("pre", { className: "answer" });
	const element = make("form", { id: operation.operationId },
		make("h2", {}, make("code", { className: "method" }, method), " ", make("code", {}, path), " ", operation.summary),
		make("p", {}, operation.description || ""),
		...inputs.map(input => make("label", {}, input.name, input)),
		...body ? [make("label", {}, "body", body)] : [],
		make("button", {}, "Send"), " ", status, answer,
		make("details", {}, make("summary", {}, "Answers"), make("table", {}, ...answers)));
	element.addEventListener("submit", async event => {
		event.preventDefault();
		const to = inputs.reduce((at, input) => at.replace("{" + input.name + "}", encodeURIComponent(input.value.trim())), path);
		status.textContent = "...";
		try {
			const [code, text] = await ask(method.toUpperCase(), to, body && body.value);
			status.className = "status " + (code === 200 ? "good" : "bad");
			status.textContent = code;
			answer.textContent = text;
			if (operation.operationId === "new" && code === 200) fill(JSON.parse(text));
		} catch (error) {
			status.className = "status bad";
			status.textContent = "no answer";
			answer.textContent = error.message;
		}
	});
	return element;
}

// example returns what a body may look like.
function example(body, follow) {
	const [, content] = Object.entries(body.content)[0];
	const schema = content.schema && follow(content.schema);
	return content.example ?? (schema && schema.example ? JSON.stringify(schema.example) : "");
}

// ask sends a request, and returns the status and the text of the answer.
async function ask(method, path, body) {
	const headers = {}, token = $("token").value;
	if (token) headers.Authorization = "Bearer " + token;
	if (path === "/new") headers["Content-Type"] = "application/json";
	const answer = await fetch(".." + path, { method, headers, body });
	const text = await answer.text();
	return [answer.status, answer.headers.get("Content-Type") === "application/json" ? pretty(JSON.parse(text)) : text];
}

// fill puts the id of a call that has begun into every form.
function fill(id) {
	for (const input of document.querySelectorAll("input[name=id]")) input.value = id;
}

fetch("../openapi.json").then(answer => answer.json()).then(show, error => $("description").textContent = "openapi.json: " + error.message);
