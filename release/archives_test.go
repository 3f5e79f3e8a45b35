package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestArchivesAreOfTheSource writes both kinds of archives twice: they are equal to a byte,
// and have the names, the modes and the time that were asked for.
func TestArchivesAreOfTheSource(t *testing.T) {
	t.Parallel()
	date := time.Date(2026, 11, 28, 11, 57, 48, 0, time.UTC)
	folder := t.TempDir()
	files := []file{{"a/run", filepath.Join(folder, "run"), 0o755}, {"a/doc/text", filepath.Join(folder, "text"), 0o644}}
	for _, f := range files {
		if err := os.WriteFile(f.Path, []byte(f.Name+" of the archive"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, kind := range map[string]struct {
		write func(io.Writer, []file, time.Time) error
		read  func(*testing.T, []byte) []entry
	}{"tar": {writeTar, readTar}, "zip": {writeZip, readZip}} {
		var first, second bytes.Buffer
		if err := kind.write(&first, files, date); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(files[0].Path, date, date.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := kind.write(&second, files, date); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("%s: the same files make other bytes", name)
		}
		want := []entry{{"a/run", 0o755, date, "a/run of the archive"}, {"a/doc/text", 0o644, date, "a/doc/text of the archive"}}
		if got := kind.read(t, first.Bytes()); !slices.Equal(got, want) {
			t.Errorf("%s has %v, want %v", name, got, want)
		}
	}
}

// entry is what an archive says of a file.
type entry struct {
	name    string
	mode    os.FileMode
	date    time.Time
	content string
}

func readTar(t *testing.T, packed []byte) (all []entry) {
	t.Helper()
	plain, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	for archive := tar.NewReader(plain); ; {
		header, err := archive.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, entry{header.Name, header.FileInfo().Mode(), header.ModTime.UTC(), string(content)})
	}
}

func readZip(t *testing.T, packed []byte) (all []entry) {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, entry{f.Name, f.Mode(), f.Modified.UTC(), string(content)})
	}
	return all
}
