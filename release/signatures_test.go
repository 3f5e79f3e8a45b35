package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// signable returns settings of a release with the two files that are signed.
func signable(t *testing.T) settings {
	t.Helper()
	s := settings{Out: t.TempDir(), Version: "1.2.3", Commit: "abc", Date: time.Unix(1_700_000_000, 0).UTC()}
	for _, name := range signed {
		if err := os.WriteFile(filepath.Join(s.Out, name), []byte("what is signed of "+name+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// TestSignatures has minisign make a key, and verify what is signed with it. A file that has changed
// since, or another key, is told.
func TestSignatures(t *testing.T) {
	t.Parallel()
	tool, s, keys := need(t, "minisign"), signable(t), t.TempDir()
	for _, name := range []string{"ours", "another"} {
		run1(t, tool, "-G", "-W", "-p", filepath.Join(keys, name+".pub"), "-s", filepath.Join(keys, name+".key"))
	}
	s.SignKey = filepath.Join(keys, "ours.key")
	if err := writeSignatures(s); err != nil {
		t.Fatal(err)
	}
	verify := func(name, key string) (string, error) {
		out, err := exec.Command(tool, "-V", "-H", "-m", filepath.Join(s.Out, name), "-p", filepath.Join(keys, key+".pub")).CombinedOutput()
		return string(out), err
	}
	for _, name := range signed {
		want := "Trusted comment: " + name + " of websocketd 1.2.3, commit abc, timestamp:1700000000"
		if out, err := verify(name, "ours"); err != nil || !strings.Contains(out, want) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		if out, err := verify(name, "another"); err == nil {
			t.Errorf("%s is another key's: %s", name, out)
		}
		if err := os.WriteFile(filepath.Join(s.Out, name), []byte("what is signed of anything\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := verify(name, "ours"); err == nil {
			t.Errorf("%s has changed: %s", name, out)
		}
	}
}

// TestUnsigned: without a key nothing is signed, and no signature of an earlier run stays.
func TestUnsigned(t *testing.T) {
	t.Parallel()
	s := signable(t)
	old := filepath.Join(s.Out, sumsFile+signatureSuffix)
	if err := os.WriteFile(old, []byte("of another file"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := writeSignatures(s); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); err == nil {
		t.Error("the signature of an earlier run is still there")
	}
}

// TestWrongSignKeys: what cannot be a key is said to be none.
func TestWrongSignKeys(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for content, want := range map[string]string{
		"":         "is no secret key of minisign",
		"nonsense": "is no secret key of minisign",
	} {
		s := signable(t)
		s.SignKey = filepath.Join(dir, "key")
		if err := os.WriteFile(s.SignKey, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := writeSignatures(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", content, err)
		}
	}
	s := signable(t)
	s.SignKey = filepath.Join(dir, "missing")
	if err := writeSignatures(s); err == nil {
		t.Error("there is no such key")
	}
}
