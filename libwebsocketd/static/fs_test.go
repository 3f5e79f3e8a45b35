package static

import (
	"archive/zip"
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// plainSite is a site of files that any fs.FS can have.
var plainSite = []string{"index.html", "style.css", "noextension", "data.json", "sub/a.txt", "sub/b.txt", "pages/index.html", "pages/deep/x.js",
	".hidden", ".git/config", "sub/.env", ".well-known/token", "a b%20.txt"}

// makeFileSystems returns the same files as a directory and in other ways.
func makeFileSystems(t *testing.T) (dir string, all map[string]fs.FS) {
	t.Helper()
	dir = t.TempDir()
	memory := fstest.MapFS{}
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	began := time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC)
	for _, name := range plainSite {
		content := []byte(strings.Repeat(name+" <p>\n", 300))
		path := filepath.Join(dir, name)
		os.MkdirAll(filepath.Dir(path), 0o755)
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		os.Chtimes(path, began, began)
		memory[name] = &fstest.MapFile{Data: content, Mode: 0o644, ModTime: began}
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: began})
		if err != nil {
			t.Fatal(err)
		}
		w.Write(content)
	}
	z.Close()
	zipped, err := zip.NewReader(bytes.NewReader(archive.Bytes()), int64(archive.Len()))
	if err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return dir, map[string]fs.FS{"os.DirFS": os.DirFS(dir), "os.Root": root.FS(), "memory": memory, "zip": zipped}
}

// TestFS: what is in an fs.FS is served as if it were in a directory.
func TestFS(t *testing.T) {
	t.Parallel()
	dir, all := makeFileSystems(t)
	want := New(dir, "")
	targets := []string{"/", "/index.html", "/sub", "/sub/", "//sub", "/sub/../style.css", "/none", "/none/", "/style.css/", "/style.css/x", "/.git", "/.git/",
		"/.well-known", "/.well-known/", "/pages?x=1", "/pages/index.html?x=1", "/pages/deep/", "/../index.html", "/%00", "/a%20b%2520.txt", "/%2e%2e/x", "/pages//deep//"}
	for _, name := range plainSite {
		targets = append(targets, "/"+strings.ReplaceAll(strings.ReplaceAll(name, "%", "%25"), " ", "%20"))
	}
	for name, fsys := range all {
		site := NewFS(fsys)
		for _, target := range targets {
			for _, header := range []string{"", "Range: bytes=3-9", "Range: bytes=-5,0-3,7-8", "If-Modified-Since: Mon, 03 Feb 2025 04:05:06 GMT"} {
				for _, method := range []string{"GET", "HEAD", "POST"} {
					got, want := ask(site, method, target, header), ask(want, method, target, header)
					if got != want {
						t.Fatalf("%s: %s %s %s:\n%s\ninstead of:\n%s", name, method, target, header, got, want)
					}
				}
			}
			path := strings.SplitN(target, "?", 2)[0]
			if got, want := site.HasFile(path), want.HasFile(path); got != want {
				t.Errorf("%s: HasFile(%s) is %v", name, path, got)
			}
		}
	}
}

// ask returns an answer as text. Parts of several ranges are divided by a random line, and
// not every directory has a time.
func ask(site http.Handler, method, target, header string) string {
	r := httptest.NewRequest(method, target, nil)
	if key, value, ok := strings.Cut(header, ": "); ok {
		r.Header.Set(key, value)
	}
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	if strings.Contains(w.Body.String(), "<pre>") || method == "HEAD" {
		w.Header().Del("Last-Modified")
	}
	text := fmt.Sprint(w.Code, w.Header(), w.Body)
	if _, boundary, ok := strings.Cut(w.Header().Get("Content-Type"), "boundary="); ok {
		text = strings.ReplaceAll(text, boundary, "BOUNDARY")
	}
	return text
}

// TestFSManyRanges: a file that cannot seek is not read from its beginning for each of
// many ranges.
func TestFSManyRanges(t *testing.T) {
	t.Parallel()
	_, all := makeFileSystems(t)
	opened := 0
	site := NewFS(counting{all["zip"], &opened})
	var ranges []string
	for i := 500; i > 0; i-- {
		ranges = append(ranges, fmt.Sprintf("%d-%d", i*2, i*2))
	}
	ask(site, "GET", "/style.css", "Range: bytes="+strings.Join(ranges, ","))
	if opened > 3+mostReopened {
		t.Errorf("opened %d times", opened)
	}
}

// counting counts what is opened.
type counting struct {
	fs.FS
	opened *int
}

func (c counting) Open(name string) (fs.File, error) {
	*c.opened++
	return c.FS.Open(name)
}

//go:embed doc.go
var embedded embed.FS

// TestFSEmbedded: files of an embed.FS have no time.
func TestFSEmbedded(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	NewFS(embedded).ServeHTTP(w, httptest.NewRequest("GET", "/doc.go", nil))
	if w.Code != 200 || !strings.HasPrefix(w.Body.String(), "// Package static") || w.Header().Get("Last-Modified") != "" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}
