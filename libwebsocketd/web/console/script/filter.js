
const GROUPS = {
  events: ["open", "onopen", "lost", "close", "onclose"],
  sent: ["send"],
  received: ["onmessage"],
  errors: ["onerror", "exception", "stderr", "log"],
};

const filterTitle = $("filter").title;
const hidden = new Set(); // kinds
let wanted = null, unwanted = false, filterChanged = false; // wanted is a RegExp

const passes = row => !hidden.has(row.kind) && (!wanted || wanted.test(unstyled(`${row.text} ${row.why ?? ""}`)) !== unwanted);

// filter takes text in any case, or /a regular expression/. With ! before it, only rows
// without it are shown.
function filter() {
  const [, not, typed] = /^(!?)(.*)$/.exec($("filter").value), pattern = /^\/(.+)\/$/.exec(typed)?.[1];
  let wrong = "";
  unwanted = Boolean(not);
  try {
    wanted = typed ? new RegExp(pattern ?? typed.replace(/[\\^$.*+?()[\]{}|\/]/g, "\\$&"), "i") : null;
  } catch (error) {
    wrong = error.message;
    wanted = null;
  }
  $("filter").setAttribute("aria-invalid", Boolean(wrong));
  $("filter").title = wrong || filterTitle;
  filterChanged = true;
  plan();
}

function applyFilter() {
  filterChanged = false;
  forgetNodes(); // the filter marks another text in them now
  keepPlace(() => {
    list.view = rows.list.filter(passes);
    list.valid = list.fresh = 0;
  });
}

// leaveFilter handles Escape: it removes the filter and returns to the log. A browser
// empties the box by itself then, but sends no input event for it.
function leaveFilter() {
  $("filter").value = "";
  filter();
  log.focus();
}

function makeKindButtons() {
  for (const group of Object.keys(GROUPS)) {
    const button = element("button", "", element("span", "dot " + group), group);
    button.title = GROUPS[group].join(", ");
    pressed(button, true);
    button.onclick = () => {
      const show = hidden.has(GROUPS[group][0]);
      for (const kind of GROUPS[group]) show ? hidden.delete(kind) : hidden.add(kind);
      pressed(button, show);
      filter();
    };
    $("kinds").append(button);
  }
}
