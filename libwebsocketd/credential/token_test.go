package credential

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"websocketd/libwebsocketd/gate"
)

const (
	adas = "token-of-ada-0123"
	bobs = "token-of-bob-0123"
)

func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return TokenHash + ":" + hex.EncodeToString(sum[:])
}

func bearer(token string) gate.Proof { return gate.Proof{Scheme: "Bearer", Secret: token} }

// userBy is who a proof is of; "" is nobody.
func userBy(t *testing.T, c gate.Credential, shown gate.Proof) string {
	t.Helper()
	who, refusal := c.Identify(nil, gate.Client{}, shown)
	if (refusal == nil) != (who.User != "") || refusal != nil && refusal.Status != 401 {
		t.Errorf("%+v is of %+v, %v", shown, who, refusal)
	}
	return who.User
}

func TestTokens(t *testing.T) {
	kind, err := NewToken(written(t, "# those who may\n\n ada:"+adas+" \r\nbob:"+hashOf(bobs)+"\nabcdefghijklmnop\nada:-._~+/=-._~+/=-._~+/=\n"), func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	for token, want := range map[string]string{
		adas: "ada", bobs: "bob", "abcdefghijklmnop": "token", "-._~+/=-._~+/=-._~+/=": "ada",
		"": "", adas + "x": "", adas[1:]: "", hashOf(bobs): "", "ada:" + adas: "", strings.ToUpper(adas): "",
	} {
		if got := userBy(t, kind, bearer(token)); got != want {
			t.Errorf("%s is a token of %q, expected %q", token, got, want)
		}
	}
	if who, refusal := kind.Identify(nil, gate.Client{}, gate.Proof{Scheme: "Basic", User: "ada", Secret: adas}); refusal != nil || who.User != "" {
		t.Errorf("a password is a token: %+v, %v", who, refusal)
	}
}

// An error names the line, and never the secret.
func TestFaultyTokens(t *testing.T) {
	for line, want := range map[string]string{
		"short":                                 "has 5 bytes",
		"ada:short":                             "has 5 bytes",
		"ada:":                                  "has 0 bytes",
		":" + adas:                              "is empty",
		"ada:sha256:00":                         "not 64 hexadecimal digits",
		"ada:sha256:" + strings.Repeat("g", 64): "not 64 hexadecimal digits",
		"ada:sha512:" + strings.Repeat("0", 64): "a colon too many",
		hashOf(adas):                            "the user is missing",
		"ada:0123456789 abcdef":                 "no bearer token can have",
		"ada:0123456789abcdéf":                  "no bearer token can have",
		"a\x01da:" + adas:                       "cannot be printed",
		"a\xffda:" + adas:                       "cannot be printed",
		strings.Repeat("a", 257) + ":" + adas:   "257 bytes",
		"ada:" + adas + "\nbob:" + hashOf(adas): "a line above",
	} {
		_, err := NewToken(written(t, "\n"+line+"\n"), func(error) {})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), ":") || strings.Contains(err.Error(), adas) || strings.Contains(err.Error(), "short") {
			t.Errorf("%q: %v, expected %q", line, err, want)
		}
	}
}

func TestTokensThatOthersCanRead(t *testing.T) {
	for content, want := range map[string]string{"ada:" + adas: "chmod 600", "ada:" + hashOf(adas): ""} {
		name := written(t, content)
		if err := os.Chmod(name, 0o640); err != nil {
			t.Fatal(err)
		}
		var r reported
		if _, err := NewToken(name, r.add); err != nil {
			t.Fatal(err)
		}
		r.must(t, want)
	}
}

// A login by a token ends with that token.
func TestTokenIsTakenBack(t *testing.T) {
	name := written(t, "ada:"+adas+"\nada:"+bobs+"\n")
	synctest.Test(t, func(t *testing.T) {
		kind, err := NewToken(name, func(err error) { t.Error(err) })
		if err != nil {
			t.Fatal(err)
		}
		who, _ := kind.Identify(nil, gate.Client{}, bearer(adas))
		other, _ := kind.Identify(nil, gate.Client{}, bearer(bobs))
		if !kind.Knows(who) || !kind.Knows(other) {
			t.Error("a right token is not known")
		}
		if kind.Knows(gate.Identity{User: "bob", Key: who.Key}) || kind.Knows(gate.Identity{User: "ada"}) {
			t.Error("it knows somebody else")
		}
		write(t, name, "ada:"+hashOf(bobs)+"\n")
		lookAgain()
		if kind.Knows(who) || !kind.Knows(other) {
			t.Error("a token that is gone is still known, or one that is not is not")
		}
	})
}

func FuzzTokens(f *testing.F) {
	f.Add([]byte("ada:" + adas + "\nbob:" + hashOf(bobs) + "\n# x\nabcdefghijklmnop"))
	f.Add([]byte("\ufeffa:sha256:\r\n::\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		kind := &Token{macs: gate.NewMACs()}
		all, err := kind.parse(data)
		if err != nil {
			return
		}
		for _, user := range all.byMAC {
			if CheckUser(user) != nil {
				t.Errorf("the user %q", user)
			}
		}
		for line := range strings.Lines(string(data)) { // what stands there in plain is right
			user, token, ok := strings.Cut(strings.TrimSpace(line), ":")
			if !ok || strings.Contains(token, ":") || strings.HasPrefix(strings.TrimLeft(line, "\ufeff \t\r"), "#") {
				continue
			}
			if _, ok := all.byMAC[kind.mac(sha256.Sum256([]byte(token)))]; !ok || user != strings.TrimPrefix(user, "\ufeff") {
				t.Errorf("%q does not let its user in", line)
			}
		}
	})
}
