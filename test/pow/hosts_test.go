package pow

import (
	"os"
	"path/filepath"
	"testing"

	"websocketd/test/harness"
)

// TestHostOfOneProgram: a host that one program's origin names reaches that program, and
// nothing else of the server: somebody's DNS may make that name mean this machine.
func TestHostOfOneProgram(t *testing.T) {
	t.Parallel()
	const trusted, own = "trusted.example", "[program.own]\ncommand = [\"cat\"]\n"
	theirs := func(target string) harness.Request {
		return harness.Handshake(target).Host(trusted).Origin("https://" + trusted)
	}
	dir, scripts := t.TempDir(), t.TempDir()
	harness.WriteFile(t, filepath.Join(dir, "a.txt"), "a", 0o600)
	if err := os.Mkdir(filepath.Join(dir, "theirs"), 0o700); err != nil {
		t.Fatal(err)
	}
	harness.WriteFile(t, filepath.Join(dir, "theirs", "index.html"), "page", 0o600)
	harness.WriteFile(t, filepath.Join(scripts, "script"), "#!/bin/sh\necho Content-Type: text/plain; echo; echo ran", 0o700)
	at := func(path string) *harness.Server {
		return serve(t, own+"[program.theirs]\ncommand = [\"cat\"]\npath = \""+path+"\"\norigin = [\"https://"+trusted+"\"]\n",
			"--devconsole", "--staticdir="+dir, "--cgidir="+scripts, "--cgipath=/cgi")
	}
	status := func(s *harness.Server, r harness.Request, want int) {
		t.Helper()
		c := s.Ask(t, r)
		defer c.Conn.Close()
		if c.Status() != want {
			t.Errorf("%s %s: %d %s, expected %d", r.Method, r.Target, c.Status(), c.Body, want)
		}
	}
	below, root := at("/theirs"), at("/")
	for s, path := range map[*harness.Server]string{below: "/theirs", root: "/"} {
		status(s, theirs(path), 101)
		status(s, harness.Post(path, "x").Host(trusted).Origin("https://"+trusted), 200)
		status(s, theirs(path).Host("other."+trusted), 421)
		for _, r := range []harness.Request{
			theirs("/own"), harness.Post("/own", "x"), offering("/pow/"), offering("/pow"), harness.Handshake("/pow/"),
			harness.Post("/pow/new", callOf("own")), harness.Post("/pow/new", callOf("theirs")), harness.Get("/pow/docs/"), harness.Get("/pow"),
			harness.Get("/.websocketd/client.js"), harness.Get("/.websocketd/console.json"), harness.Handshake("/.websocketd/console"),
			harness.Get("/a.txt"), harness.Get("/theirs/index.html"), harness.Get("/cgi/script"), harness.Get(path),
		} {
			status(s, r.Host(trusted).Origin("http://"+trusted), 421)
		}
		status(s, harness.Get("/a.txt"), 200)
		status(s, harness.Get("/cgi/script"), 200)
	}
	named := serve(t, own, "--host="+trusted)
	status(named, theirs("/own"), 101)
	status(named, offering("/pow/").Host(trusted), 101)
}
