package access

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"os"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// proof is what a request shows.
type proof struct {
	lines       []string // of the header
	query       string
	certificate *tls.Certificate

	ticket, cookie bool // shows one that was got for the rest
}

// on returns a request with the proof.
func (p proof) on(r harness.Request) harness.Request {
	for _, line := range p.lines {
		name, value, _ := strings.Cut(line, ": ")
		r = r.Add(name, value)
	}
	if p.query == "" {
		return r
	}
	separator := "?"
	if strings.Contains(r.Target, "?") {
		separator = "&"
	}
	r.Target += separator + p.query
	return r
}

func line(text string) proof { return proof{lines: []string{text}} }

func basic(user, password string) proof {
	return line("Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
}

func bearer(token string) proof { return line("Authorization: Bearer " + token) }

func offered(token string) proof {
	return line("Sec-WebSocket-Protocol: bearer." + base64.RawURLEncoding.EncodeToString([]byte(token)))
}

// kind is a kind of credential. The server lets in ann, and knows bob.
type kind struct {
	name     string // as --auth knows it
	authType string

	flags func(t *testing.T, h *house) []string // writes the files as well

	ann, bob  []proof         // every way to show who they are
	secrets   []string        // of which the proofs are made, and the server's own
	refused   map[int][]proof // what is answered with which status
	anonymous int             // the status without any proof
	alone     bool            // it goes with no other kind
	unasked   bool            // comes with every request by itself, and begins no login

	// change changes the file, so that ann's proof is no longer right. Afterwards only what
	// it returns is.
	file   string
	change func(t *testing.T, h *house) proof
}

const (
	annsToken = "ann-0123456789abcdef-token"
	bobsToken = "bob-0123456789abcdef-token"
	newToken  = "ann-fedcba9876543210-fresh"
)

// Passwords, and their hashes.
const (
	annsPassword = "ann's-0123456789-password"
	annsHash     = "$2a$04$NYdUiNG56NdzFGUH1J/Fbe4tznm3LVlm716ygBcQGTlIOq1SlkWd."
	bobsPassword = "bob's-0123456789-password"
	bobsHash     = "$2a$04$gHAkyqCYKGCtFvCjSqNkEOnBJN0nc6cI5Xm41xb55ZbeCh/aNAR0W"
	newPassword  = "ann's-fresh-9876543210"
	newHash      = "$2a$04$uTFWVn6ddu7gn85TybBhmOrhF/pQe5jqM8IwxA3Up6qwcBwyyO.Qq"
)

// askedPassword is what the program of --authcmd wants to hear.
const askedPassword = "asked-0123456789-password"

var kinds = []kind{
	{
		name: "password", authType: "Basic",
		flags: func(t *testing.T, h *house) []string {
			h.write(t, "passwords", "ann:"+annsHash+"\nbob:"+bobsHash+"\n")
			return []string{"--authfile=passwords"}
		},
		ann:     []proof{basic("ann", annsPassword)},
		bob:     []proof{basic("bob", bobsPassword)},
		secrets: []string{annsPassword, bobsPassword, newPassword, annsHash, bobsHash, newHash},
		refused: map[int][]proof{
			401: {basic("ann", annsPassword[1:]), basic("ann", bobsPassword), basic("zoe", annsPassword), basic("", annsPassword),
				basic("ann", annsHash), bearer(annsPassword), line("Authorization: Digest x")},
			400: {line("Authorization: Basic !"), line("Authorization: Basic YW5u"), line("Authorization: Basic"),
				{lines: []string{basic("ann", annsPassword).lines[0], basic("ann", annsPassword).lines[0]}}},
		},
		anonymous: 401,
		file:      "passwords",
		change: func(t *testing.T, h *house) proof {
			h.write(t, "passwords", "ann:"+newHash+"\n")
			return basic("ann", newPassword)
		},
	},
	{
		name: "token", authType: "Bearer",
		flags: func(t *testing.T, h *house) []string {
			h.write(t, "tokens", fmt.Sprintf("# tokens\nann:sha256:%x\nbob:%s\n", sha256.Sum256([]byte(annsToken)), bobsToken))
			return []string{"--tokenfile=tokens"}
		},
		ann:     []proof{bearer(annsToken), offered(annsToken)},
		bob:     []proof{bearer(bobsToken), offered(bobsToken)},
		secrets: []string{annsToken, bobsToken, newToken},
		refused: map[int][]proof{
			401: {bearer("ann-0123456789abcdef-tokem"), bearer("x"), basic("ann", annsToken), line("Authorization: Digest x"), offered(annsToken[1:])},
			400: {line("Authorization: Bearer a b"), line("Authorization: Basic !"), line("Sec-WebSocket-Protocol: bearer.!"),
				{lines: []string{"Authorization: Bearer " + annsToken, "Authorization: Bearer " + annsToken}}},
			403: {{query: "token=" + annsToken}},
		},
		anonymous: 401,
		file:      "tokens",
		change: func(t *testing.T, h *house) proof {
			h.write(t, "tokens", "ann:"+newToken+"\n")
			return bearer(newToken)
		},
	},
	jwtKind(),
	{
		name: "header", authType: "Proxy",
		flags: func(*testing.T, *house) []string {
			return []string{"--trustproxy=127.0.0.0/8", "--authheader=x-remote-user"}
		},
		ann: []proof{line("X-Remote-User: ann"), line("x-remote-user:   ann"), {lines: []string{"X-Remote-User: ann", "X-Forwarded-For: 192.0.2.1"}}},
		bob: []proof{line("X-Remote-User: bob")},
		// Programs do not see it.
		secrets: []string{"HTTP_X_REMOTE_USER"},
		refused: map[int][]proof{
			403: {line("X-Remote-User: "), line("X-Remote-User: ann\xff"), line("X-Remote: ann"), basic("ann", "x")},
			400: {{lines: []string{"X-Remote-User: ann", "X-Remote-User: ann"}}, {lines: []string{"X-Remote-User: ", "X-Remote-User: ann"}}},
		},
		anonymous: 403, // there is nothing that a client could show
		unasked:   true,
	},
	{
		name: "command", authType: "Basic",
		flags: func(t *testing.T, h *house) []string {
			h.write(t, "ask.sh", `read -r user; read -r password
case "$AUTH_TYPE $user $password" in
"Basic ann `+askedPassword+`" | "Basic bob `+askedPassword+`") ;;
"Bearer  `+askedPassword+`") ;; # and prints no user
"Basic dies `+askedPassword+`") kill -9 $$ ;;
*) echo ann; exit 1 ;;
esac`)
			return []string{"--authcmd=/bin/sh ask.sh"}
		},
		ann:     []proof{basic("ann", askedPassword)},
		bob:     []proof{basic("bob", askedPassword)},
		secrets: []string{askedPassword},
		refused: map[int][]proof{
			401: {basic("ann", askedPassword[1:]), basic("zoe", askedPassword), basic("", ""), bearer(askedPassword), bearer("x"), line("Authorization: Digest x")},
			400: {line("Authorization: Basic !"), line("Authorization: Bearer a b")},
			503: {basic("dies", askedPassword)},
		},
		anonymous: 401,
	},
	{
		name: "certificate", authType: "CLIENT_CERT",
		flags: func(t *testing.T, h *house) []string {
			harness.NewCertificate(t, h.dir, "server", "localhost")
			var known string
			for i, user := range []string{"ann", "bob", "eve", "ann"} {
				dir := h.file(fmt.Sprint("client", i))
				if err := os.Mkdir(dir, 0o755); err != nil {
					t.Fatal(err)
				}
				c := harness.NewCertificate(t, dir, "", user) // without a subject, so that the name is the user's
				pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
				if err != nil {
					t.Fatal(err)
				}
				*certificates[i] = pair
				text, _ := os.ReadFile(c.Cert)
				if i < 2 {
					known += string(text)
				}
				h.write(t, "next.pem", string(text))
			}
			h.write(t, "clients.pem", known)
			return []string{"--ssl", "--sslcert=server.pem", "--sslkey=server.key", "--sslca=clients.pem"}
		},
		ann:     []proof{{certificate: certificates[0]}},
		bob:     []proof{{certificate: certificates[1]}},
		refused: map[int][]proof{0: {{certificate: certificates[2]}}},
		change: func(t *testing.T, h *house) proof {
			if err := os.Rename(h.file("next.pem"), h.file("clients.pem")); err != nil {
				t.Fatal(err)
			}
			return proof{certificate: certificates[3]}
		},
		alone:   true, // without a certificate there is no answer
		unasked: true,
	},
}

// certificates are those of ann, of bob, of eve, whom nobody knows, and another one of ann's.
var certificates = [4]*tls.Certificate{{}, {}, {}, {}}
