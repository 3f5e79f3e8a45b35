package static

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

// purse is a Memory with so much room.
type purse struct {
	room, held int
	freed      int
}

func (p *purse) Hold(size int) bool {
	if size > p.room {
		return false
	}
	p.held = max(p.held, size)
	return true
}

func (p *purse) Free() { p.freed++ }

// TestListingIsCounted: a listing is held only while there is memory for it; a small one always is.
func TestListingIsCounted(t *testing.T) {
	all := fstest.MapFS{"few/a": {}, "pages/index.html": {Data: []byte("a page")}}
	for i := range 2000 {
		all[fmt.Sprintf("many/%04d", i)] = &fstest.MapFile{}
	}
	for _, test := range []struct {
		path   string
		room   int
		status int
		links  int
		frees  int
	}{
		{"/many/", 1 << 20, 200, 2000, 1}, {"/many/", 64 << 10, 503, 0, 1}, {"/few/", 0, 200, 1, 1}, {"/pages/", 0, 200, 0, 0},
	} {
		p := &purse{room: test.room}
		s := NewFS(all)
		s.Memory = func(*http.Request) Memory { return p }
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("GET", test.path, nil))
		if n := strings.Count(w.Body.String(), "<a href"); w.Code != test.status || n != test.links || p.freed != test.frees {
			t.Errorf("%s with %d: %d, %d links, freed %d times: %.100s", test.path, test.room, w.Code, n, p.freed, w.Body)
		}
		if test.status == 503 && (w.Header().Get("Retry-After") != "1" || !strings.Contains(w.Body.String(), "--maxmemory")) {
			t.Errorf("%v %s", w.Header(), w.Body)
		}
		if test.links == 2000 && (p.held < 2000*100 || p.held > 2000*200) {
			t.Errorf("%d bytes are counted for 2000 entries", p.held)
		}
	}
}
