package static

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// TestPrivateByAnotherName reads below the private directory by a name that no link leads
// to, as there are where case does not matter.
func TestPrivateByAnotherName(t *testing.T) {
	t.Parallel()
	base := makeSite(t)
	site := filepath.Join(base, "site")
	if err := os.MkdirAll(filepath.Join(site, "sub", "OTHER"), 0o755); err != nil {
		t.Fatal(err)
	}
	files := New(site, filepath.Join(site, "cgi"))
	inMounts(t, func() {
		if err := syscall.Mount(filepath.Join(site, "cgi"), filepath.Join(site, "sub", "OTHER"), "", syscall.MS_BIND, ""); err != nil {
			t.Error(err)
			return
		}
		for path, want := range map[string]int{"/sub/OTHER/run.sh": 404, "/sub/OTHER/lib/data.txt": 404, "/sub/OTHER/": 404, "/sub/": 200, "/sub/inner.txt": 200, "/cgi/run.sh": 404} {
			w := httptest.NewRecorder()
			files.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
			if w.Code != want || strings.Contains(w.Body.String(), secret) || strings.Contains(w.Body.String(), "OTHER") {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
		}
	})
}

// inMounts calls f with a table of mounts that ends with it. The thread that has it ends, too.
func inMounts(t *testing.T, f func()) {
	lacks := make(chan error, 1)
	go func() {
		defer close(lacks)
		runtime.LockOSThread()
		if err := syscall.Unshare(syscall.CLONE_NEWNS); err != nil {
			runtime.UnlockOSThread()
			lacks <- err
			return
		}
		if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
			lacks <- err
			return
		}
		f()
	}()
	if err := <-lacks; err != nil {
		t.Skipf("skip: needs unshare: %v", err)
	}
}
