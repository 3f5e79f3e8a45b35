package manager

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"websocketd/test/harness"
	"websocketd/test/harness/browser"
)

// documented is where the clients of the document connect.
const documented = "127.0.0.1:9615"

// block returns the code of the document under a heading.
func block(t *testing.T, heading, language string) string {
	t.Helper()
	_, rest, found := strings.Cut(harness.Source(t, "pmdaemon-websocket-api.txt"), "\n"+heading+"\n")
	_, rest, begins := strings.Cut(rest, "```"+language+"\n")
	code, _, ends := strings.Cut(rest, "\n```")
	if !found || !begins || !ends {
		t.Fatalf("the document has no %s under %q", language, heading)
	}
	return code
}

// TestPoint18: the clients of the document work unchanged: its JavaScript class and its Node class
// in Node with the package ws, its Python class with the package websockets, its page in Chromium.
func TestPoint18(t *testing.T) {
	t.Parallel()
	block(t, "## Client Examples", "javascript") // or it is skipped
	if l, err := net.Listen("tcp", documented); err != nil {
		harness.Skip(t, "port", "the port of the document is taken: "+err.Error())
	} else {
		l.Close()
	}
	file := filepath.Join(t.TempDir(), "config.toml")
	harness.WriteFile(t, file, two, 0o600)
	s := startManaged(t, harness.Options{Bin: harness.Binary(t), Args: []string{"--admin=" + documented, "--admintoken=none", "--config=" + file}}, documented)
	s.awaitOnline(t, "api")
	s.awaitOnline(t, "db")
	t.Run("clients", func(t *testing.T) { // returns when all are done
		t.Run("JavaScript class", func(t *testing.T) {
			t.Parallel()
			harness.Need(t, "node:ws")
			s.follow(t, node(t, "globalThis.WebSocket = require('ws');\n"+block(t, "### JavaScript/Browser", "javascript")),
				"Process api is now stopping", "Process api is now online", "api: CPU ", "db: CPU ")
		})
		t.Run("Node class", func(t *testing.T) {
			t.Parallel()
			harness.Need(t, "node:ws")
			// The document leaves two of its methods to the reader.
			const left = `
				PMDaemonClient.prototype.updateMetrics = all => all.forEach(p => console.log('metrics of', p.name, p.memory > 0));
				PMDaemonClient.prototype.updateSystemMetrics = m => console.log('system', m.cpu.cores > 0);`
			s.follow(t, node(t, block(t, "### Node.js", "javascript")+left),
				"Connected to PMDaemon", "Process api status: online", "metrics of db true", "system true")
		})
		t.Run("Python class", func(t *testing.T) {
			t.Parallel()
			harness.Need(t, "python3:websockets")
			python, _ := harness.PythonWebsockets() // there is one
			script := filepath.Join(t.TempDir(), "client.py")
			harness.WriteFile(t, script, block(t, "### Python", "python"), 0o600)
			cmd := exec.Command(python, "-u", script)
			s.follow(t, cmd, "Connected to PMDaemon", "Process api status: online", "api: CPU ")
		})
		t.Run("page", func(t *testing.T) {
			t.Parallel()
			s.followPage(t, block(t, "## Real-time Dashboard Example", "html"))
		})
	})
}

// node returns a command that runs a script.
func node(t *testing.T, script string) *exec.Cmd {
	file := filepath.Join(t.TempDir(), "client.js")
	harness.WriteFile(t, file, script, 0o600)
	cmd := exec.Command("node", file)
	cmd.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(harness.ClientsDir(), "node_modules"))
	return cmd
}

// follow runs a client, and restarts a program again and again until the client has said all that
// it should.
func (s *managed) follow(t *testing.T, cmd *exec.Cmd, says ...string) {
	t.Helper()
	var out harness.Lines
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	by, n := s.connect(t), 0
	harness.Until(t, fmt.Sprintf("it says %q", says), func() bool {
		n++
		by.ask("command", fmt.Sprint(n), map[string]any{"action": "restart", "process": "api"})
		for _, words := range says {
			if !out.Has(words) {
				return false
			}
		}
		return true
	})
	if out.Has("Error") {
		t.Errorf("it says %s", &out)
	}
}

// followPage serves the page of the document at localhost, and looks at it in Chromium.
func (s *managed) followPage(t *testing.T, page string) {
	chromium := browser.Start(t)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, page)
	}))
	defer site.Close()
	tab, _, closeWindow := browser.Window(t, chromium)
	defer closeWindow()
	if err := chromedp.Run(tab, chromedp.Navigate(strings.Replace(site.URL, "127.0.0.1", "localhost", 1))); err != nil {
		t.Fatal(err)
	}
	harness.Until(t, "the page shows the programs", func() bool {
		var text string
		ctx, cancel := harness.WithPatience(t, tab)
		defer cancel()
		if err := chromedp.Run(ctx, chromedp.Evaluate(`document.body.innerText`, &text)); err != nil {
			t.Fatal(err)
		}
		for _, words := range []string{"api\n", "db\n", "Status: online", "MB\n", "System Metrics", "CPU: ", "Load: "} {
			if !strings.Contains(text, words) {
				return false
			}
		}
		return !strings.Contains(text, "undefined") && !strings.Contains(text, "NaN")
	})
}
