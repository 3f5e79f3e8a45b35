//go:build unix

package control

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// TestPage: the page is for everyone, needs nothing from elsewhere, and runs nothing but its own
// script. The document in its place is for who has the token.
func TestPage(t *testing.T) {
	t.Parallel()
	m := manage(t, three())
	answer, page := m.ask("GET", "/", "", "Authorization: ")
	policy := answer.Header.Get("Content-Security-Policy")
	if answer.StatusCode != 200 || !strings.HasPrefix(policy, "default-src 'none'; script-src 'sha256-") ||
		!strings.HasSuffix(policy, "; connect-src 'self'; img-src data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'") {
		t.Errorf("%d %s", answer.StatusCode, policy)
	}
	for header, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "Vary": "Accept"} {
		if got := answer.Header.Get(header); got != want {
			t.Errorf("%s: %q", header, got)
		}
	}
	for what, pattern := range map[string]string{
		"an address":         `(?i)https?://|wss?://[a-z0-9]|["'(]//`,
		"a style attribute":  `(?i)\sstyle\s*=\s*["']|cssText`,
		"an inline handler":  `(?i)<[a-z][^<>]*\son[a-z]+\s*=`,
		"a resource":         `(?i:\ssrc\s*=)|@import|\burl\(`,
		"text as code":       `innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function`,
		"a place for tokens": `localStorage|sessionStorage|indexedDB|document\.cookie`,
		"a gap":              `/\*(style|script)\*/`,
	} {
		if found := regexp.MustCompile(pattern).FindString(page); found != "" {
			t.Errorf("the page has %s: %q", what, found)
		}
	}
	const json = "Accept: application/json"
	if answer, text := m.ask("GET", "/", "", json, "Authorization: "); answer.StatusCode != http.StatusUnauthorized || !strings.HasPrefix(text, `{"error":`) {
		t.Errorf("%d %s", answer.StatusCode, text)
	}
	if answer, text := m.ask("GET", "/", "", json); answer.StatusCode != 200 || !strings.HasPrefix(text, `{"version":"1.2.3"`) ||
		!strings.Contains(text, `"name":"websocketd","status":"running","endpoints":{`) || !strings.Contains(text, `"processes":"/api/processes"`) {
		t.Errorf("%d %s", answer.StatusCode, text)
	}
	if answer, _ := m.ask("GET", "/index.html", "", "Authorization: "); answer.StatusCode != http.StatusUnauthorized {
		t.Errorf("%d", answer.StatusCode)
	}
}
