package main

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestRPM has rpm itself read the package, and install it into a folder and remove it again.
func TestRPM(t *testing.T) {
	t.Parallel()
	s := made(t)
	tool, name := need(t, "rpm"), filepath.Join(s.Out, s.base(native(t, s))+".rpm")
	for _, want := range []string{"/etc/websocketd", "/usr/bin/websocketd", "/usr/lib/systemd/system/websocketd.service", "/usr/lib/systemd/system/websocketd.socket",
		"/usr/lib/systemd/system/websocketd@.service", "/usr/lib/sysusers.d/websocketd.conf", "/usr/share/licenses/websocketd/LICENSE"} {
		if has := strings.Split(run1(t, tool, "--query", "--list", "--package", name), "\n"); !slices.Contains(has, want) {
			t.Errorf("%s has no %s, but %v", name, want, has)
		}
	}
	for _, script := range []string{"postinstall", "preuninstall", "postuninstall"} {
		if has := run1(t, tool, "--query", "--scripts", "--package", name); !strings.Contains(has, script+" scriptlet") {
			t.Errorf("%s has no script %s:\n%s", name, script, has)
		}
	}
	root := t.TempDir()
	// Without its scripts: they need a system.
	run1(t, tool, "--root="+root, "--install", "--nodeps", "--noscripts", name)
	if version := run1(t, filepath.Join(root, "usr/bin/websocketd"), "--version"); !strings.Contains(version, s.Version) {
		t.Errorf("installed is %q", version)
	}
	run1(t, tool, "--root="+root, "--erase", "--nodeps", "--noscripts", "websocketd")
	if left, err := filepath.Glob(filepath.Join(root, "*", "websocketd*")); err != nil || len(left) > 0 {
		t.Errorf("after its removal there is %v, %v", left, err)
	}
}

// unfounded are the findings of rpmlint that say nothing against the package.
var unfounded = regexp.MustCompile(strings.Join([]string{
	"statically-linked-binary",     // a Go program without cgo is one file
	"no-binary",                    // rpmlint goes by a field that nfpm does not write
	"manpage-not-compressed bz2",   // they are compressed, by gzip
	"no-manual-page-for-binary",    // it looks for one of bz2
	"no-changelogname-tag",         // the change log is CHANGELOG.md, and none of the package's
	"spelling-error",               // it knows no websocket
	"only-non-binary-in-usr-lib",   // the units of systemd are read there
	"non-coherent-filename",        // all files of a release are named alike
	"no-signature",                 // whoever publishes it signs it
	"invalid-license BSD-2-Clause", // which is the name that SPDX has for it, and Fedora by now
}, "|"))

// TestRPMLint has rpmlint look at the package.
func TestRPMLint(t *testing.T) {
	t.Parallel()
	s := made(t)
	out, _ := exec.Command(need(t, "rpmlint"), filepath.Join(s.Out, s.base(native(t, s))+".rpm")).CombinedOutput()
	if !strings.Contains(string(out), "1 packages and 0 specfiles checked") {
		t.Fatalf("rpmlint has looked at nothing:\n%s", out)
	}
	for line := range strings.Lines(string(out)) {
		if finding := strings.Contains(line, ": E: ") || strings.Contains(line, ": W: "); finding && !unfounded.MatchString(line) {
			t.Errorf("rpmlint: %s", line)
		}
	}
}
