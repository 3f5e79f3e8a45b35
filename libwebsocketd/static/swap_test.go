//go:build unix

package static

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"websocketd/libwebsocketd/internal/testkit"
)

// swapper replaces what is at a path by one thing after another, each by one rename, as
// long as the test reads.
type swapper struct {
	t     testing.TB
	path  string
	makes []func(path string) error
	done  atomic.Bool
	count atomic.Int64
	all   sync.WaitGroup
}

func swap(t testing.TB, path string, makes ...func(path string) error) *swapper {
	s := &swapper{t: t, path: path, makes: makes}
	s.put(0)
	s.all.Go(func() {
		for i := 1; !s.done.Load(); i++ {
			s.put(i)
		}
	})
	return s
}

func (s *swapper) put(i int) {
	next := s.path + ".next"
	err := s.makes[i%len(s.makes)](next)
	if err == nil {
		err = os.Rename(next, s.path)
	}
	if err != nil {
		s.done.Store(true)
		s.t.Errorf("swap: %v", err)
	}
	s.count.Add(1)
}

func (s *swapper) stop() {
	s.done.Store(true)
	s.all.Wait()
}

// linkTo makes a link to what is beside the site when it begins with BASE.
func linkTo(target string) func(string) error {
	return func(path string) error {
		base := filepath.Dir(filepath.Dir(path))
		return os.Symlink(strings.Replace(target, "BASE", base, 1), path)
	}
}

func fileWith(text string) func(string) error {
	return func(path string) error { return os.WriteFile(path, []byte(text), 0o644) }
}

// TestStaticSwap reads while what is inside becomes a link to the outside, and
// back: the outside is never seen, the inside is.
func TestStaticSwap(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, request string
		makes         []func(string) error
	}{
		{"a link", "/swap", []func(string) error{linkTo("plain.txt"), linkTo("../outside.txt")}},
		{"an absolute link", "/swap", []func(string) error{linkTo("BASE/site/plain.txt"), linkTo("BASE/outside.txt")}},
		{"a file and a link", "/swap", []func(string) error{fileWith("public swap"), linkTo("../outside.txt")}},
		{"a file and a link to a script", "/swap", []func(string) error{fileWith("public swap"), linkTo("cgi/run.sh")}},
		{"a link in the middle", "/swap/same.txt", []func(string) error{linkTo("sub"), linkTo("../site-sibling")}},
		{"a listing", "/swap/", []func(string) error{linkTo("sub"), linkTo("../site-sibling")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := makeSite(t)
			for file, text := range map[string]string{"site/sub/same.txt": "public", "site-sibling/same.txt": secret} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			readSwapped(t, filepath.Join(dir, "site"), test.request, test.makes)
		})
	}
}

func readSwapped(t *testing.T, dir, request string, makes []func(string) error) {
	site := New(dir, filepath.Join(dir, "cgi"))
	s := swap(t, filepath.Join(dir, "swap"), makes...)
	defer s.stop()
	var readers sync.WaitGroup
	var seen, refused atomic.Int64
	for range 2 {
		readers.Go(func() {
			for !t.Failed() && !s.done.Load() && (seen.Load() < 500 || refused.Load() < 500) {
				w := httptest.NewRecorder()
				site.ServeHTTP(w, httptest.NewRequest(http.MethodGet, request, nil))
				body := w.Body.String()
				switch {
				case strings.Contains(body, secret) || strings.Contains(body, "evil"):
					t.Errorf("after %d swaps: %s", s.count.Load(), body)
				case w.Code == http.StatusOK && (strings.Contains(body, "public") || strings.Contains(body, "inner.txt")):
					seen.Add(1)
				case w.Code == http.StatusOK && strings.Contains(body, "<pre>"):
					// a listing of which some entries are elsewhere by now
				case w.Code != http.StatusOK:
					refused.Add(1)
				default:
					t.Errorf("after %d swaps: %s", s.count.Load(), body)
				}
			}
		})
	}
	testkit.Within(t, testkit.Patience, "500 answers of either kind", readers.Wait)
}

// TestStaticSwapFifo reads while a file becomes a pipe, and back. Opening the pipe would
// block: it has no writer.
func TestStaticSwapFifo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	site := New(dir, "")
	path := filepath.Join(dir, "swap")
	s := swap(t, path, fileWith("public"), func(p string) error { testkit.MakeFifo(t, p); return nil })
	defer s.stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 5000 {
			w := httptest.NewRecorder()
			site.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/swap", nil))
			if w.Code != http.StatusNotFound && w.Body.String() != "public" {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		}
	}()
	testkit.Within(t, testkit.Patience, "5000 answers", func() { <-done })
}
