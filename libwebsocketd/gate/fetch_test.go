package gate

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestCheckPlain: for requests that a browser sends without an Origin, Sec-Fetch-Site
// counts; those with one are treated like a handshake.
func TestCheckPlain(t *testing.T) {
	for _, test := range []struct {
		origin, site string
		list         []string
		same         bool
		allowed      bool
	}{
		{"", "", nil, false, true},                         // curl
		{"", "none", nil, false, true},                     // typed by the user
		{"", "same-origin", nil, false, true},              // our own page's EventSource
		{"", "Same-Origin", nil, true, true},               // the same
		{"", "same-site", nil, false, false},               // <img> on another port
		{"", "cross-site", nil, false, false},              // <img> on another site
		{"", "nonsense", nil, false, false},                // a future browser
		{"", "cross-site", []string{"*"}, false, true},     // anything is anything
		{"", "cross-site", []string{"*"}, true, false},     // and less with --sameorigin
		{"http://a.com:99", "same-site", nil, false, true}, // an EventSource on another port
		{"http://b.com", "cross-site", nil, false, false},  // on another site
		{"http://b.com", "cross-site", []string{"b.com"}, false, true},
		{"http://b.com", "same-origin", nil, false, false},   // Origin counts
		{"null", "cross-site", nil, false, false},            // a sandboxed frame
		{"", "same-origin", []string{"b.com"}, false, false}, // our own page is not listed
		{"", "same-origin", []string{"a.com"}, false, true},
		{"", "same-origin", []string{"https://a.com"}, false, true}, // behind a proxy
		{"", "same-origin", []string{"a.com:1"}, false, false},
		{"", "", []string{"a.com"}, false, false},
		{"", "", []string{"file://"}, false, true},
		{"", "", nil, true, false},
	} {
		r := httptest.NewRequest("GET", "http://a.com/", nil)
		if test.origin != "" {
			r.Header.Set("Origin", test.origin)
		}
		if test.site != "" {
			r.Header.Set("Sec-Fetch-Site", test.site)
		}
		refusal := NewOrigins(test.list, test.same).CheckPlain(r)
		if (refusal == nil) != test.allowed {
			t.Errorf("Origin %q, Sec-Fetch-Site %q, list %q, same origin %v: %v", test.origin, test.site, test.list, test.same, refusal)
		}
		if refusal != nil && refusal.Status != 403 {
			t.Errorf("status %d", refusal.Status)
		}
	}
}

// TestOwnPage: only pages of this server, and programs that are not browsers.
func TestOwnPage(t *testing.T) {
	for _, test := range []struct {
		host, origin, site string
		allowed            bool
	}{
		{"a.com", "", "", true},
		{"a.com", "", "none", true},
		{"a.com", "", "same-origin", true},
		{"a.com", "", "SAME-ORIGIN", true},
		{"a.com", "", "same-site", false},
		{"a.com", "", "cross-site", false},
		{"a.com", "", "new-word", false},
		{"a.com:8080", "http://a.com:8080", "", true},
		{"A.com:8080", "http://a.COM:8080", "cross-site", true}, // some browsers say so of a WebSocket
		{"a.com", "https://a.com", "", true},
		{"[::1]:80", "http://[::1]:80", "", true},
		{"a.com:8080", "http://a.com", "", false},
		{"a.com", "http://a.com:8080", "same-origin", false},
		{"a.com", "http://a.com.evil.example", "", false},
		{"a.com", "http://evil.example/?http://a.com", "", false},
		{"a.com", "null", "", false},
		{"a.com", "file://", "", false},
		{"a.com", "http://a.com, http://a.com", "", false},
		{"", "http://", "", false},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = test.host
		for name, value := range map[string]string{"Origin": test.origin, "Sec-Fetch-Site": test.site} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		refusal := CheckOwnPage(r)
		if (refusal == nil) != test.allowed || refusal != nil && refusal.Status != http.StatusForbidden {
			t.Errorf("%+v: %v", test, refusal)
		}
	}
}
