package access

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"websocketd/test/harness"
)

// house is a server with everything that a client can ask for. Every process leaves its
// environment in a file, so that those which were started can be counted.
type house struct {
	*harness.Server
	dir     string
	secrets []string        // that were got for proofs
	heard   strings.Builder // every answer, but those that have a secret
}

const programs = `
staticdir  = "public"
cgidir     = "cgi-bin"
cgipath    = "/cgi-bin"
devconsole = true
pow        = true

[program.own]
command = ["cgi-bin/tell.sh"]

[program.shared]
command  = ["cgi-bin/tell.sh"]
lifetime = "shared"
linger   = "1h"

[program.session]
command  = ["cgi-bin/tell.sh"]
lifetime = "session"
resume   = "1h"

[program.mcp]
command = ["cgi-bin/mcp.sh"]
mcp     = true
`

// greet leaves its environment, and begins as a server of the Model Context Protocol does.
const greet = `#!/bin/sh
env > left/.$$ && mv left/.$$ left/$$
read -r line
id=${line#*'"id":'}
echo '{"jsonrpc":"2.0","id":'"${id%%[,\}]*}"',"result":{"protocolVersion":"2025-11-25","capabilities":{}}}'
exec cat > /dev/null
`

// tell leaves its environment, and says something as a CGI script does. It is whole at
// once, also if it is ended early.
const tell = `#!/bin/sh
trap '' INT TERM
env > left/.$$ && mv left/.$$ left/$$
trap - INT TERM
printf 'Content-Type: text/plain\n\nhello\n'
exec cat
`

// newHouse makes the files of a house; open starts its server.
func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{dir: t.TempDir()}
	h.write(t, "websocketd.toml", programs)
	h.write(t, "public/page.txt", "a page\n")
	for name, script := range map[string]string{"tell.sh": tell, "mcp.sh": greet} {
		script = strings.ReplaceAll(script, "left/", filepath.Join(h.dir, "left")+"/")
		harness.WriteFile(t, h.file("cgi-bin/"+name), script, 0o755)
	}
	if err := os.Mkdir(h.file("left"), 0o755); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) open(t *testing.T, flags ...string) {
	t.Helper()
	o := harness.Options{Bin: harness.Binary(t), Dir: h.dir, Args: append([]string{"--config=websocketd.toml"}, flags...)}
	h.Server = o.Start(t)
}

func (h *house) file(name string) string { return filepath.Join(h.dir, name) }

// write writes a file that only its owner may read, as files with secrets should be.
func (h *house) write(t *testing.T, name, text string) {
	t.Helper()
	harness.WriteFile(t, h.file(name), text, 0o600)
}

// started returns how many processes were started.
func (h *house) started(t *testing.T) int {
	t.Helper()
	left, err := filepath.Glob(h.file("left/[0-9]*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(left)
}

// environments returns those of all processes that were started.
func (h *house) environments(t *testing.T) (all []string) {
	t.Helper()
	left, _ := filepath.Glob(h.file("left/[0-9]*"))
	for _, file := range left {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(text))
	}
	return all
}

// answer is what comes back. Its status is 0 if there is none.
type answer struct {
	status int
	header http.Header
	body   string // of a refusal, or of a document
}

func (a answer) String() string { return fmt.Sprintln(a.status, a.header, a.body) }

// clients counts them, so that each comes from an address of its own: one that shows many
// wrong proofs is slowed.
var clients atomic.Uint32

// ownAddress returns the address of another client.
func ownAddress() net.IP {
	n := clients.Add(1)
	return net.IPv4(127, 1, byte(n>>8), byte(n))
}

// ask sends a request that shows a proof, and returns the answer. The connection is closed
// then.
func (h *house) ask(t *testing.T, r harness.Request, p proof) answer {
	t.Helper()
	switch {
	case p.ticket:
		p = proof{query: "token=" + h.ticket(t, p), certificate: p.certificate}
	case p.cookie:
		p = proof{lines: []string{"Cookie: " + h.cookie(t, p)}, certificate: p.certificate}
	}
	a := h.send(t, r, p)
	if r.Target == callPath && a.status == http.StatusOK {
		h.secrets = append(h.secrets, idOf(t, a))
	}
	if !slices.Contains(secretive, r.Target) {
		h.heard.WriteString(a.String())
	}
	return a
}

// callPath is where calls over HTTP are made. Their ids are secrets.
const callPath = "/pow/new"

// idOf returns that of a call.
func idOf(t *testing.T, a answer) (id string) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), &id); err != nil || len(id) != 36 {
		t.Fatalf("no id of a call: %d %q", a.status, a.body)
	}
	return id
}

// secretive are where a secret is asked for.
var secretive = []string{"/.websocketd/ticket", "/.websocketd/login", "/session?session=new", callPath}

// ticket returns a new one.
func (h *house) ticket(t *testing.T, p proof) string {
	t.Helper()
	a := h.send(t, posting("/.websocketd/ticket"), p)
	var got struct{ Ticket string }
	if err := json.Unmarshal([]byte(a.body), &got); err != nil || got.Ticket == "" {
		t.Fatalf("no ticket for %+v: %d %s", p, a.status, a.body)
	}
	h.secrets = append(h.secrets, got.Ticket)
	return got.Ticket
}

// cookie logs in, and returns the cookie's name and value.
func (h *house) cookie(t *testing.T, p proof) string {
	t.Helper()
	a := h.send(t, posting("/.websocketd/login"), p)
	pair, attributes, _ := strings.Cut(a.header.Get("Set-Cookie"), "; ")
	name, secret, _ := strings.Cut(pair, "=")
	want := "Path=/; HttpOnly; SameSite=Strict"
	if h.secure() {
		want = "Path=/; HttpOnly; Secure; SameSite=Strict"
	}
	if !strings.HasPrefix(name, "websocketd-login-") || attributes != want {
		t.Fatalf("no cookie for %+v: %d %v %s", p, a.status, a.header, a.body)
	}
	h.secrets = append(h.secrets, secret)
	return pair
}

func (h *house) send(t *testing.T, r harness.Request, p proof) answer {
	t.Helper()
	c := h.DialFrom(t, ownAddress())
	defer func() { c.Conn.Close() }()
	if h.secure() {
		config := &tls.Config{InsecureSkipVerify: true}
		if p.certificate != nil {
			config.Certificates = []tls.Certificate{*p.certificate}
		}
		c = c.Secure(t, config)
	}
	if _, err := io.WriteString(c.Conn, p.on(r).String()); err != nil {
		return answer{}
	}
	in := bufio.NewReader(c.Conn)
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		return answer{}
	}
	a := answer{status: resp.StatusCode, header: resp.Header}
	switch {
	case resp.StatusCode == http.StatusSwitchingProtocols && resp.Header.Get("Sec-WebSocket-Protocol") == "pow-1":
		a.body = callOwn(t, c, in)
	case resp.ContentLength > 0:
		body, _ := io.ReadAll(resp.Body)
		a.body = string(body)
	}
	return a
}

// callOwn calls a program over WebSocket, and returns the first message to come.
func callOwn(t *testing.T, c *harness.Conn, in *bufio.Reader) string {
	t.Helper()
	if err := c.Binary([]byte(`{"call":"own"}`)); err != nil {
		t.Fatal(err)
	}
	var head [2]byte
	if _, err := io.ReadFull(in, head[:]); err != nil || head[1] > 126 {
		t.Fatalf("the call is answered %x, %v", head, err)
	}
	size := int(head[1])
	if size == 126 {
		io.ReadFull(in, head[:])
		size = int(binary.BigEndian.Uint16(head[:]))
	}
	message := make([]byte, size)
	io.ReadFull(in, message)
	return string(message)
}

// secure reports whether the server speaks TLS.
func (h *house) secure() bool {
	_, err := os.Stat(h.file("server.pem"))
	return err == nil
}
