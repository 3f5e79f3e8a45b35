
// A form for what a JSON schema describes. What is typed for a number, or as JSON, stays as it
// was typed.

const SCALARS = { __proto__: null, string: "text", integer: "a whole number", number: "a number", boolean: "true or false", array: "JSON: [ … ]", object: "JSON: { … }" };
const NUMBER = { __proto__: null, integer: /^-?(0|[1-9]\d*)$/, number: /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/ };

// plainly returns a schema without what most generators wrap it in: a reference within the same
// document, and the choice between a value and null.
function plainly(schema, root, depth = 0) {
  if (depth > 8 || typeof schema !== "object" || !schema) return {};
  const at = schema.$ref?.startsWith?.("#/") && schema.$ref.slice(2).split("/").reduce((in_, name) => in_?.[name.replaceAll("~1", "/").replaceAll("~0", "~")], root);
  if (at) return plainly({ ...at, ...schema, $ref: at.$ref }, root, depth + 1);
  const choices = (schema.anyOf ?? schema.oneOf)?.filter(choice => choice?.type !== "null");
  if (choices?.length === 1) return plainly({ ...schema, anyOf: undefined, oneOf: undefined, ...choices[0] }, root, depth + 1);
  if (choices?.length && choices.every(choice => choice.const !== undefined)) return { ...schema, enum: choices.map(choice => choice.const), enumNames: choices.map(choice => choice.title ?? choice.const) };
  const types = [schema.type].flat().filter(type => type !== "null");
  return { ...schema, type: types.length === 1 ? types[0] : undefined };
}

// makeForm fills a form with the fields of a schema of an object. It returns what reads them: the
// object as JSON, or null if a field is not right, which the browser then shows.
function makeForm(form, schema) {
  const plain = plainly(schema, schema), names = Object.keys(plain.properties ?? {});
  const any = !names.length && Boolean(plain.anyOf || plain.oneOf || plain.allOf || plain.additionalProperties);
  const fields = names.map(name => makeField(name, plainly(plain.properties[name], schema), plain.required?.includes(name)));
  if (any) fields.push(makeField("", { title: "Arguments", type: "object" }, true));
  form.replaceChildren(...fields.map(field => field.box));
  return () => {
    for (const { input, wrong } of fields) input.setCustomValidity(wrong());
    if (!form.reportValidity()) return null;
    return any ? fields[0].read() : object(Object.fromEntries(fields.map(({ name, read }) => [name, read()])));
  };
}

let fieldsMade = 0;

function makeField(name, schema, required = false) {
  const kind = schema.type ?? "", input = schema.enum || schema.type === "boolean" ? makeChoice(schema, required) : makeBox(schema);
  const hint = element("small", "", [required && "required", schema.enum ? "" : SCALARS[kind] ?? "JSON", schema.description].filter(Boolean).map(words => visible(String(words))).join(" · "));
  hint.id = "hint" + ++fieldsMade;
  input.id = "field" + fieldsMade;
  input.setAttribute("aria-describedby", hint.id);
  input.oninput = () => input.setCustomValidity("");
  const label = element("label", "", visible(String(schema.title || name)));
  label.htmlFor = input.id;
  const read = () => {
    if (input.tagName === "SELECT") return input.value || undefined;
    const typed = input.value;
    if (kind === "string") return typed || required ? json(typed) : undefined;
    return typed.trim() || undefined;
  };
  return { name, input, read, wrong: () => wrongWords(input, kind, required), box: element("div", "field", label, input, hint) };
}

// wrongWords say what is wrong with a field; "" is nothing.
function wrongWords(input, kind, required) {
  const typed = input.value.trim();
  if (!typed) return required && kind !== "string" ? "This one is required." : "";
  if (input.tagName === "SELECT" || kind === "string") return "";
  if (NUMBER[kind]) return NUMBER[kind].test(typed) ? "" : `This is to be ${SCALARS[kind]}.`;
  try {
    const value = JSON.parse(typed), is = Array.isArray(value) ? "array" : typeof value;
    return !SCALARS[kind] || is === kind ? "" : `This is to be ${SCALARS[kind]}`;
  } catch (error) {
    return `This is no JSON: ${error.message}`;
  }
}

// makeChoice returns a box to choose from what is allowed. Each value is JSON.
function makeChoice(schema, required) {
  const values = schema.enum ?? [true, false];
  const options = values.map((value, i) => new Option(schema.enumNames?.[i] ?? value, json(value)));
  const select = element("select", "", ...(required && schema.enum ? [] : [new Option("", "")]), ...options);
  if (schema.default !== undefined) select.value = json(schema.default);
  return select;
}

// makeBox returns a box in which Enter sends the form and Shift+Enter begins a line.
function makeBox(schema) {
  const box = element("textarea", ""), fits = schema.type === "string" ? schema.default : json(schema.default);
  box.rows = 1;
  box.spellcheck = schema.type === "string";
  if (schema.type in NUMBER) box.inputMode = "decimal";
  box.value = fits ?? "";
  box.onkeydown = event => {
    if (event.key !== "Enter" || event.shiftKey || event.ctrlKey || event.metaKey || event.isComposing) return;
    event.preventDefault();
    box.form.requestSubmit();
  };
  return box;
}
