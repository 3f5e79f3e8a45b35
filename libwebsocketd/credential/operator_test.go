package credential

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/libwebsocketd/gate"
)

// knows reports whether a token is the operator's.
func (o *Operator) knows(t *testing.T, token string) bool {
	t.Helper()
	who, refusal := o.Identify(nil, gate.Client{}, gate.Proof{Scheme: "Bearer", Secret: token})
	if (refusal == nil) != (who.User == operatorName && who.Proof == "Bearer") || refusal != nil && refusal.Status != 401 {
		t.Errorf("%+v, %v", who, refusal)
	}
	return refusal == nil
}

// TestOperator: the token of the first line is right, in whichever form it stands there, and
// no other.
func TestOperator(t *testing.T) {
	t.Parallel()
	const token = "the-token-of-the-operator"
	hash := fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(token)))
	if o := NewOperator(token); !o.knows(t, token) || o.knows(t, token+"x") || o.knows(t, "") {
		t.Error("a token that was made is not the right one")
	}
	if who, refusal := NewOperator(token).Identify(nil, gate.Client{}, gate.Proof{Scheme: "Basic", Secret: token}); who.User != "" || refusal != nil {
		t.Errorf("a password is looked at: %+v, %v", who, refusal)
	}
	if !NewOperator(token).IsUnguessable() {
		t.Error("a token that was made can be guessed")
	}
	for _, text := range []string{token, token + "\n", "\ufeff" + token + "\r\nmore\n", " " + token + " \n", hash, "sha256:" + strings.ToUpper(hash[7:])} {
		o, err := NewOperatorFile(fileOf(t, text), func(err error) { t.Error(err) })
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if o.IsUnguessable() {
			t.Errorf("%q cannot be guessed, whoever has written it", text)
		}
		if !o.knows(t, token) || o.knows(t, hash) || o.knows(t, hash[7:]) {
			t.Errorf("%q is not taken", text)
		}
	}
	for text, says := range map[string]string{
		"":                                  "the first line is empty",
		"\n" + token:                        "the first line is empty",
		"short":                             "16 are the least",
		"a token with blanks in it":         "no token",
		"ada:secret-token-of-ada":           "no token",
		"sha256:00":                         "64 hexadecimal digits",
		"sha256:" + strings.Repeat("x", 64): "64 hexadecimal digits",
	} {
		if _, err := NewOperatorFile(fileOf(t, text), nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", text, err, says)
		} else if len(text) > 3 && strings.Contains(err.Error(), strings.TrimSpace(text)) {
			t.Errorf("the error repeats the token: %v", err)
		}
	}
}

// TestOperatorReaders: a token that others can read is told, a hash is not.
func TestOperatorReaders(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"the-token-of-the-operator": 1, "sha256:" + strings.Repeat("0", 64): 0} {
		file, told := fileOf(t, text), 0
		if err := os.Chmod(file, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := NewOperatorFile(file, func(error) { told++ }); err != nil || told != want {
			t.Errorf("%q: told %d times, %v", text, told, err)
		}
	}
}

// fileOf writes a file that only this user can read.
func fileOf(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
