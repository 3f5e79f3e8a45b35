package main

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestAPK reads the package as apk does: compressed tar files one after the other, the first of
// which says what it is. Alpine has no systemd.
func TestAPK(t *testing.T) {
	t.Parallel()
	s := made(t)
	for _, target := range s.linux() {
		names, info := readAPK(t, filepath.Join(s.Out, s.base(target)+".apk"))
		for _, want := range []string{".post-install", ".pre-deinstall", "etc/init.d/websocketd", "usr/bin/websocketd"} {
			if !slices.Contains(names, want) {
				t.Errorf("%s: the package has no %s, but %v", target, want, names)
			}
		}
		arch := map[string]string{"amd64": "x86_64", "arm64": "aarch64", "arm": "armhf", "386": "x86"}[target.Arch]
		if !strings.Contains("\n"+info, "\npkgname = websocketd\n") || !strings.Contains(info, "\narch = "+arch+"\n") {
			t.Errorf("%s: the package says\n%s", target, info)
		}
		for line := range strings.Lines(info) {
			if !strings.HasPrefix(line, "#") && !strings.Contains(line, " = ") {
				t.Errorf("%s: %q is no field", target, line)
			}
		}
		if strings.Contains(strings.Join(names, "\n"), "systemd") {
			t.Errorf("%s: the package has units: %v", target, names)
		}
	}
}

// readAPK returns the names in a package, and what it says of itself.
func readAPK(t *testing.T, name string) (names []string, info string) {
	t.Helper()
	in, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	plain, err := gzip.NewReader(bufio.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	for archive := tar.NewReader(plain); ; {
		header, err := archive.Next()
		if err == io.EOF {
			return names, info
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, strings.TrimPrefix(header.Name, "./"))
		if header.Name == ".PKGINFO" {
			text, err := io.ReadAll(archive)
			if err != nil {
				t.Fatal(err)
			}
			info = string(text)
		}
	}
}
