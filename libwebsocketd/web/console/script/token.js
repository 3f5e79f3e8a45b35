
// The bearer token, where the server asks for one. It is nowhere but here, and is shown to
// this page's own server alone.

let token = "";

const proof = () => token ? { Authorization: "Bearer " + token } : {};

// tokenItems returns the subprotocols that carry the token in a handshake.
const tokenItems = () => token ? ["websocketd", "bearer." + btoa(token).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")] : [];

// refusedUs shows the box for a token if an answer asks for one. For a password the browser
// asks by itself.
function refusedUs(answer) {
  if (answer.status !== 401 || !/\bBearer\b/i.test(answer.headers.get("WWW-Authenticate"))) return;
  askToken();
}

function askToken() {
  $("login").hidden = false;
  $("wrong").textContent = token && "It does not take this token.";
  token = "";
  $("token").focus();
}

function logIn() {
  const given = $("token").value.trim();
  if (!/^[!-+\--~]+$/.test(given)) {
    $("wrong").textContent = given && "No token has such characters.";
    return;
  }
  token = given;
  $("token").value = $("wrong").textContent = "";
  $("login").hidden = true;
  url.focus();
  meetServer();
}
