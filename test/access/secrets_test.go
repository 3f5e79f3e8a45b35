package access

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// TestSecrets: with every kind of credential at once, and everything logged, no secret is in
// what the server writes or answers, nor where other users of the machine can see it, nor
// in what its programs are started with. Neither are those that are nearly right.
func TestSecrets(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	flags := []string{"--loglevel=debug"} // which has all that the other levels have
	var secrets []string
	var all []kind
	for _, k := range kinds {
		if k.alone {
			continue
		}
		flags = append(flags, k.flags(t, h)...)
		secrets = append(secrets, secretsOf(k)...)
		all = append(all, k)
	}
	h.open(t, flags...)
	for _, k := range all {
		h.visits(t, k)
	}
	seen := h.processes(t)
	h.Signal(t, 15)
	h.Wait(t)
	maps.Copy(seen, h.written(t))
	for where, text := range seen {
		h.hides(t, where, text, secrets)
	}
	if !strings.Contains(seen["the log"], "ann") || !strings.Contains(seen["the answers"], "hello") || !strings.Contains(seen["environments"], "REMOTE_USER=ann") {
		t.Errorf("what was searched is not what the server wrote: %q", seen)
	}
}

// visits asks for everything with everything that is right, and with everything that is wrong
// at one face of each file, and leaves conversations open. TestTable searches what is logged
// of each wrong proof at each face.
func (h *house) visits(t *testing.T, k kind) {
	t.Helper()
	wrong := slices.Concat(slices.Collect(maps.Values(k.refused))...)
	seen := map[string]bool{}
	for _, f := range faces {
		shows := slices.Concat(ways(k), k.bob)
		if !seen[f.at] {
			shows = append(shows, wrong...)
		}
		seen[f.at] = true
		for _, p := range shows {
			if f.open == shown && p.ticket {
				continue
			}
			a := h.ask(t, f.request, p)
			var made struct{ Secret string }
			if json.Unmarshal([]byte(a.body), &made) == nil && made.Secret != "" {
				h.secrets = append(h.secrets, made.Secret)
			}
		}
	}
	for _, p := range k.ann {
		h.watched(t, p)
		c := h.Open(t, p.on(harness.Handshake("/own")))
		c.Expect(t, "Content-Type: text/plain", "", "hello")
	}
}

// watched has a conversation that a page of the console is told of.
func (h *house) watched(t *testing.T, p proof) {
	t.Helper()
	feed := h.Open(t, p.on(harness.Handshake("/.websocketd/console")))
	m, err := feed.Receive()
	var told struct{ Text string }
	if err == nil {
		err = json.Unmarshal(m.Data, &told)
	}
	if err != nil {
		t.Fatalf("the feed says %q: %v", m.Data, err)
	}
	c := h.Open(t, p.on(harness.Handshake("/own").Add("Sec-WebSocket-Protocol", "websocketd-console."+told.Text)))
	c.Expect(t, "Content-Type: text/plain", "", "hello")
	h.heard.WriteString(fmt.Sprintln(c.Response.Header, "hello"))
	c.Reset()
	for err == nil {
		m, err = feed.Receive()
		h.heard.Write(m.Data)
	}
}

// processes returns what everyone can see of the server and of those it has started.
func (h *house) processes(t *testing.T) map[string]string {
	t.Helper()
	seen := map[string]string{}
	for _, pid := range h.Everything() {
		for _, name := range []string{"cmdline", "environ"} {
			file := fmt.Sprintf("/proc/%d/%s", pid, name)
			if text, err := os.ReadFile(file); err == nil {
				seen[file] = string(text)
			}
		}
	}
	if len(seen) < 6 {
		t.Errorf("only %v are there", slices.Collect(maps.Keys(seen)))
	}
	return seen
}

// written returns what the server has written, answered, and started programs with.
func (h *house) written(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{
		"the log":      h.Out.String(),
		"the errors":   h.Err.String(),
		"the answers":  h.heard.String(),
		"environments": strings.Join(h.environments(t), "\n"),
	}
}

// secretsOf returns what a kind's proofs are made of, whether they are right or not.
func secretsOf(k kind) []string {
	secrets := slices.Clone(k.secrets)
	for _, p := range slices.Concat(k.ann, k.bob, slices.Concat(slices.Collect(maps.Values(k.refused))...)) {
		for _, line := range append(p.lines, p.query) {
			words := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" =.", r) })
			if len(words) > 0 && len(words[len(words)-1]) >= 12 {
				secrets = append(secrets, words[len(words)-1])
			}
		}
	}
	return secrets
}

// hides checks that a text has none of the secrets, however they are written.
func (h *house) hides(t *testing.T, where, text string, secrets []string) {
	t.Helper()
	for _, secret := range append(slices.Clone(secrets), h.secrets...) {
		sum := sha256.Sum256([]byte(secret))
		for _, form := range []string{secret, url.QueryEscape(secret), hex.EncodeToString([]byte(secret)), hex.EncodeToString(sum[:]),
			base64.RawStdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret))} {
			if i := strings.Index(text, form); i >= 0 {
				t.Errorf("%s has the secret %q as %q: %q", where, secret, form, text[max(0, i-200):min(len(text), i+200)])
			}
		}
	}
}
