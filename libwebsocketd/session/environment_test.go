package session

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/internal/testkit"
)

// TestEnvironment: a process knows its session and the request that made it, also when that
// is long over and its file has changed; it knows no secret of any session.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	script := filepath.Join(t.TempDir(), "script.sh")
	writeScript := func(word string) {
		text := "echo " + word + "; env | sort | grep -v '^_='; echo .; exec cat\n"
		if err := os.WriteFile(script+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(script+".new", script); err != nil {
			t.Fatal(err)
		}
	}
	writeScript("first")
	s := serve(t, "", Lifetime{Watch: true}, func(c *libwebsocketd.Config) { c.Command = []string{"/bin/sh", script} })
	doc, c := s.make()
	status, text := c.do("POST", "/?session=new&x=1", asJSON, "")
	if status != 201 {
		t.Fatalf("%d %s", status, text)
	}
	x := s.Find("2")
	x.keys.add("key")
	holder := s.holder("key")
	at := "/?session=" + x.ID
	everything := func(word string, after string) (env []string) {
		ws := holder.dial(at + after)
		reads(t, ws, word)
		for line := read(ws); line != "."; line = read(ws) {
			env = append(env, line)
		}
		return env
	}
	env := everything("first", "")
	all := strings.Join(env, "\n") + "\n"
	for _, want := range []string{"SESSION_ID=" + x.ID, "SESSION_NUMBER=2", "REQUEST_METHOD=POST", "QUERY_STRING=session=new&x=1", "REMOTE_ADDR=127.0.0.1", "HTTP_ACCEPT=application/json"} {
		if !strings.Contains(all, want+"\n") {
			t.Errorf("no %s in %s", want, all)
		}
	}
	if strings.Contains(all, doc.Secret) || strings.Contains(all, "HTTP_AUTHORIZATION") || strings.Contains(all, libwebsocketd.OwnCookie) {
		t.Errorf("there is a secret in %s", all)
	}
	first := x.State().Pid
	writeScript("second")
	testkit.Eventually(t, "it is restarted", func() bool { pid := x.State().Pid; return pid != 0 && pid != first })
	testkit.Eventually(t, "it has said all that", func() bool { _, last := x.hub.Kept(); return last == uint64(2*len(env)+4) })
	if again := everything("second", "&after="+strconv.Itoa(len(env)+2)); strings.Join(again, "\n")+"\n" != all {
		t.Errorf("then %s, before %s", again, all)
	}
}

// TestNoSecretOfABrowser: a browser's own cookies reach the process, and none of ours.
func TestNoSecretOfABrowser(t *testing.T) {
	t.Parallel()
	s := serve(t, `echo "$HTTP_COOKIE."; echo "$HTTP_AUTHORIZATION."; exec cat`, Lifetime{}, withPage(t))
	b := s.browser()
	b.do("GET", "/", "", "")
	b.header.Set("Cookie", "mine=1") // the jar adds ours
	b.header.Set("Authorization", "Basic abc")
	reads(t, b.dial("/"), "mine=1.", "Basic abc.")
	b.header.Set("Authorization", "bEARER abc")
	reads(t, b.dial("/?session=new"), "mine=1.", ".")
}
