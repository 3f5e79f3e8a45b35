package pow

import (
	"testing"

	"websocketd/libwebsocketd"
)

// TestCheckBase: below what pow-1 can be spoken. What can be a base, can be mounted.
func TestCheckBase(t *testing.T) {
	for _, base := range []string{"/", DefaultBase, "/a/", "/a/b/", "/ä/", "/.well-known/", "/a.b~c;d=e+f/", "/powder/", "/.websocketd-/", "/*/", `/a\b/`} {
		if err := CheckBase(base); err != nil {
			t.Errorf("%q: %v", base, err)
			continue
		}
		h, err := New(Options{Base: base})
		if err != nil || h.Options().Base != base {
			t.Errorf("%q: %v, %v", base, h, err)
			continue
		}
		s, err := libwebsocketd.New(libwebsocketd.Config{Dialects: []libwebsocketd.Dialect{h}, Mounts: h.Mounts()})
		if err != nil {
			t.Errorf("%q: %v", base, err)
			continue
		}
		s.Shutdown(t.Context())
	}
	for _, base := range []string{
		"", "pow", "/pow", "pow/", "//", "/a//", "//a/", "/../", "/a/../b/", "/./", "/a b/", "/a\tb/", "/a\x00b/", "/a\u00a0b/",
		"/a?b/", "/a#/", "/%61/", "/{a}/", "/{$}/", "/.websocketd/", "/.websocketd/pow/",
	} {
		if err := CheckBase(base); err == nil {
			t.Errorf("%q is one", base)
		}
		if _, err := New(Options{Base: base}); (err == nil) != (base == "") {
			t.Errorf("New with %q: %v", base, err)
		}
	}
}

// TestOptions: what is left out, or less than the least, is the default.
func TestOptions(t *testing.T) {
	for _, o := range []Options{{}, {Expiry: 1, Lines: 1, History: -1}, {Expiry: -1, Lines: -1}} {
		h, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		if got := h.Options(); got.Base != DefaultBase || got.Expiry != DefaultExpiry || got.Lines != DefaultLines || got.History != DefaultHistory || got.Sessions == nil {
			t.Errorf("%+v becomes %+v", o, got)
		}
	}
}
