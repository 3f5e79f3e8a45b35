package poll

import (
	"context"
	"fmt"
	"strconv"
	"testing"
)

// session is what a page of another origin does with a session: everything that is told
// apart by a header, of which no cookie may go along.
const session = `(async url => {
	const told = [], json = {Accept: "application/json"};
	const ask = async (query, options) => {
		const answer = await fetch(url + query, options);
		return answer.ok ? answer : Promise.reject(answer.status + " " + await answer.text());
	};
	const read = async (query, headers) => (await ask(query, {headers: {...json, ...headers}})).json();

	told.push(JSON.stringify(await read("?state")));
	const made = await (await ask("?session=new", {method: "POST", headers: json})).json();
	const at = "?session=" + made.id, mine = {Authorization: "Bearer " + made.secret};
	const state = await read(at + "&state", mine);
	told.push(state.lifetime + " " + (state.id == made.id));

	const {ticket} = await (await ask(at + "&ticket=new", {method: "POST", headers: mine})).json();
	const socket = new WebSocket(url.replace("http", "ws") + at + "&notes=no&after=" + state.epoch + ":0&token=" + ticket);
	const heard = new Promise(done => socket.onmessage = done);
	await ask(at, {method: "POST", headers: mine, body: "hello"});
	told.push((await heard).data);
	socket.close();

	const events = await ask(at + "&after=" + state.epoch + ":0", {headers: {...mine, Accept: "text/event-stream"}});
	let text = "";
	for (const reader = events.body.pipeThrough(new TextDecoderStream()).getReader(); !text.includes("data: hello"); )
		text += (await reader.read()).value;
	told.push(text.match(/id: .*/)[0] == "id: " + state.epoch + ":1");

	await ask(at, {method: "DELETE", headers: mine});
	told.push(await read(at + "&state", mine).catch(refusal => refusal.slice(0, 3)));
	return told.join("|");
})(%s)`

// A page of another site that --origin names can do everything with a session.
func testNamedHost(t *testing.T, chromium context.Context) {
	s := start(t, "--origin=other.localhost", "--resume=1m", "cat")
	p := openPage(t, chromium, "other.localhost")
	got := eval[string](p, fmt.Sprintf(session, strconv.Quote("http://"+s.Addr+"/")))
	if want := `{"lifetime":"session","epoch":null}|session true|hello|true|404`; got != want {
		t.Errorf("%s, expected %s\n%s", got, want, s.Out)
	}
	busy := start(t, "--origin=other.localhost", "--maxsessions=1", "--resume=1m", "cat")
	got = eval[string](p, fmt.Sprintf(`(async url => {
		const ask = () => fetch(url + "?session=new", {method: "POST"});
		return (await ask()).headers.get("Location").split("=")[0] + " " + (await ask()).headers.get("Retry-After");
	})(%s)`, strconv.Quote("http://"+busy.Addr+"/")))
	if got != "/?session 1" {
		t.Errorf("the page can read %s", got)
	}
}
