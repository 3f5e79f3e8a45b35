package manager

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// TestNotice parses datagrams of sd_notify(3).
func TestNotice(t *testing.T) {
	for data, want := range map[string]struct {
		ready  bool
		status string
	}{
		"READY=1":                         {true, "-"},
		"READY=1\n":                       {true, "-"},
		"READY=0":                         {false, "-"},
		"READY=10":                        {false, "-"},
		"READY":                           {false, "-"},
		" READY=1":                        {false, "-"},
		"XREADY=1":                        {false, "-"},
		"":                                {false, "-"},
		"\n\n=\n==":                       {false, "-"},
		"STATUS=loading 3/4\nREADY=1":     {true, "loading 3/4"},
		"STATUS=a=b\nMAINPID=1\nSTATUS=c": {false, "c"},
		"STATUS=":                         {false, ""},
		"STATUS=  é\x1b[1m \xff\r":        {false, "é?[1m ?"},
		"STATUS=" + strings.Repeat("é", mostWhy/2) + "é": {false, strings.Repeat("é", mostWhy/2) + "..."},
		"STATUS=x" + strings.Repeat("é", mostWhy):        {false, "x" + strings.Repeat("é", mostWhy/2-1) + "..."},
	} {
		got := parseNotice([]byte(data))
		status := "-"
		if got.status != nil {
			status = *got.status
		}
		if got.ready != want.ready || status != want.status {
			t.Errorf("%q: %v %q, want %v %q", data, got.ready, status, want.ready, want.status)
		}
	}
}

// FuzzNotice: whatever a process sends is taken as a simpler reading takes it, and its status is a short line.
func FuzzNotice(f *testing.F) {
	for _, data := range []string{"READY=1", "STATUS=x\nREADY=1\n", "STATUS=\xff\x00\u0085\u2028", "STATUS=" + strings.Repeat("€", 200), "READY=1\x00"} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n := parseNotice(data)
		lines := "\n" + string(data) + "\n"
		if want := strings.Contains(lines, "\nREADY=1\n"); n.ready != want {
			t.Errorf("%q: ready %v", data, n.ready)
		}
		if want := strings.Contains(lines, "\nSTATUS=") || strings.Contains(lines, "\nSTATUS\n"); (n.status != nil) != want {
			t.Errorf("%q: a status: %v", data, n.status != nil)
		}
		if n.status == nil {
			return
		}
		if s := *n.status; !utf8.ValidString(s) || len(s) > mostWhy+len("...") || strings.ContainsFunc(s, unicode.IsControl) {
			t.Errorf("%q: the status %q", data, s)
		}
	})
}
