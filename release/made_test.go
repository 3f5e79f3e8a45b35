package main

import (
	"archive/tar"
	"compress/gzip"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// made returns the settings of what has been made in the folder DIST, which `make test` sets. The
// tests of it are skipped where it is not.
func made(t *testing.T) settings {
	t.Helper()
	folder := os.Getenv("DIST")
	if folder == "" {
		t.Skip("skip: needs release: DIST names no folder with one; make -C release test does")
	}
	s, err := settings{Out: folder, Root: "..", Version: os.Getenv("VERSION"), URL: defaultURL, Homepage: defaultURL, Maintainer: defaultMaintainer}.complete()
	if err != nil {
		t.Fatal(err)
	}
	s.Targets = slices.DeleteFunc(slices.Clone(s.Targets), func(t target) bool {
		_, err := os.Stat(s.binary(t))
		return errors.Is(err, os.ErrNotExist)
	})
	if len(s.Targets) == 0 {
		t.Fatalf("DIST=%s has no binary", folder)
	}
	return s
}

// run1 runs a command that must succeed, and returns what it prints.
func run1(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// TestChecksums has sha256sum compare what is listed with what is there.
func TestChecksums(t *testing.T) {
	t.Parallel()
	s := made(t)
	check := exec.Command(need(t, "sha256sum"), "--check", "--strict", "--quiet", sumsFile)
	check.Dir = s.Out
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("sha256sum: %v\n%s", err, out)
	}
	sums, err := readChecksums(s)
	if err != nil {
		t.Fatal(err)
	}
	if least := len(s.Targets)*2 + len(s.linux())*3 + 2; len(sums) != least {
		t.Errorf("%d files are listed, want %d: %v", len(sums), least, sums)
	}
}

// TestSizes says how large the binaries may be.
func TestSizes(t *testing.T) {
	t.Parallel()
	s := made(t)
	for _, target := range s.Targets {
		info, err := os.Stat(s.binary(target))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%-14s %5.2f MiB", target, float64(info.Size())/(1<<20))
		if info.Size() > mostBytes {
			t.Errorf("%s: %d bytes, %d at most", target, info.Size(), mostBytes)
		}
	}
}

// TestArchivesHaveTheBinaries unpacks archives: the binary in each is the one that was built.
func TestArchivesHaveTheBinaries(t *testing.T) {
	t.Parallel()
	s := made(t)
	for _, target := range s.Targets {
		if target.OS == "windows" {
			continue // TestArchivesAreOfTheSource reads zip files
		}
		in, err := os.Open(filepath.Join(s.Out, s.archive(target)))
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		plain, err := gzip.NewReader(in)
		if err != nil {
			t.Fatal(err)
		}
		header, err := tar.NewReader(plain).Next()
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(s.binary(target))
		if err != nil || header.Name != s.base(target)+"/websocketd" || header.Size != info.Size() || header.Mode != 0o755 {
			t.Errorf("%s begins with %s, %d bytes, mode %o; %v", s.archive(target), header.Name, header.Size, header.Mode, err)
		}
	}
}

// TestSBOMIsOfTheBinary compares each document with what `go version -m` says of the binary.
func TestSBOMIsOfTheBinary(t *testing.T) {
	t.Parallel()
	s := made(t)
	for _, target := range s.Targets {
		var want []string
		for line := range strings.Lines(run1(t, "go", "version", "-m", s.binary(target))) {
			if fields := strings.Fields(line); len(fields) >= 3 && fields[0] == "dep" {
				want = append(want, fields[1]+" "+fields[2])
			}
		}
		document := readSBOM(t, s, target)
		var got []string
		for _, p := range document.Packages[2:] {
			got = append(got, p.Name+" "+p.Version)
		}
		if len(want) == 0 || !slices.Equal(got, want) {
			t.Errorf("%s: the document has %v, the binary %v", target, got, want)
		}
		hash, err := hashOf(s.binary(target))
		if self := document.Packages[0]; err != nil || self.Checksums[0].Value != hash {
			t.Errorf("%s: the document is of %v, not of %s; %v", target, self.Checksums, hash, err)
		}
		info, err := buildinfo.ReadFile(s.binary(target))
		if library := document.Packages[1]; err != nil || library.Version != strings.TrimPrefix(info.GoVersion, "go") {
			t.Errorf("%s: the library is %v, %v", target, library, err)
		}
	}
}

// readSBOM reads a document strictly, and checks that it refers to nothing it has not.
func readSBOM(t *testing.T, s settings, target target) (document spdxDocument) {
	t.Helper()
	in, err := os.Open(s.sbomFile(target))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	strict := json.NewDecoder(in)
	strict.DisallowUnknownFields()
	if err := strict.Decode(&document); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{document.ID: true}
	for _, p := range document.Packages {
		if known[p.ID] || p.Name == "" || p.Version == "" || p.Download == "" {
			t.Errorf("%s: a package is named twice, or has no name or version: %+v", target, p)
		}
		known[p.ID] = true
	}
	for _, r := range document.Relationships {
		if !known[r.Element] || !known[r.Related] {
			t.Errorf("%s: %+v is of something that is not there", target, r)
		}
	}
	return document
}

// TestProvenance has the statement be of every file that is published, and of the commit.
func TestProvenance(t *testing.T) {
	t.Parallel()
	s := made(t)
	text, err := os.ReadFile(filepath.Join(s.Out, provenanceFile))
	if err != nil {
		t.Fatal(err)
	}
	var all statement
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	sums, err := readChecksums(s)
	if err != nil {
		t.Fatal(err)
	}
	var subjects []sum
	for _, subject := range all.Subject {
		subjects = append(subjects, sum{subject.Name, subject.Digest["sha256"]})
	}
	if !slices.Equal(subjects, sums) {
		t.Errorf("the statement is of %v, published is %v", subjects, sums)
	}
	commit := all.Predicate.Definition.Dependencies[0].Digest["gitCommit"]
	if all.Type != "https://in-toto.io/Statement/v1" || all.Kind != "https://slsa.dev/provenance/v1" || len(commit) != 40 {
		t.Errorf("the statement begins with %q, %q, commit %q", all.Type, all.Kind, commit)
	}
}

// TestVersionOfTheBinary asks a binary of this machine what it is.
func TestVersionOfTheBinary(t *testing.T) {
	t.Parallel()
	s := made(t)
	out := run1(t, s.binary(native(t, s)), "--version")
	if !strings.HasPrefix(out, "websocketd "+s.Version+" (") {
		t.Errorf("--version is %q, made was %s", out, s.Version)
	}
}

// native returns the target that runs on this machine.
func native(t *testing.T, s settings) target {
	t.Helper()
	arch := strings.TrimSpace(run1(t, "go", "env", "GOHOSTARCH"))
	i := slices.IndexFunc(s.Targets, func(t target) bool { return t.OS == "linux" && t.Arch == arch })
	if i < 0 {
		t.Fatalf("DIST has no linux/%s, which is this machine", arch)
	}
	return s.Targets[i]
}

// copyTo copies a file, as an executable.
func copyTo(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(fmt.Errorf("%s: %w", to, err))
	}
}
