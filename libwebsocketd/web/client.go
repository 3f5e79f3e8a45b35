package web

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"websocketd/clients/js"
)

// ClientPath is the URL path below which the browser client is served.
const ClientPath = "/.websocketd/"

// Client serves the browser client: scripts for pages of any origin.
type Client struct{ scripts map[string]script } // by URL path

// script is a file with the first 64 bits of its SHA-256, in hex.
type script struct{ text, hash string }

// NewClient returns a Client, which may serve any number of requests at once.
func NewClient() *Client {
	c := &Client{scripts: map[string]script{}}
	names, _ := fs.Glob(js.Bundle, "dist/*") // a good pattern
	for _, name := range names {
		text := Embedded(js.Bundle, name)
		sum := sha256.Sum256([]byte(text))
		c.scripts[ClientPath+path.Base(name)] = script{text, hex.EncodeToString(sum[:8])}
	}
	return c
}

// Has reports whether one of the scripts is at a URL path.
func (c *Client) Has(path string) bool {
	_, ok := c.scripts[path]
	return ok
}

// ServeHTTP answers a GET or HEAD for one of the scripts. The page that names the script by
// its hash, as v=, need not ask for it again. Headers of the operator's win where they are a
// matter of taste.
func (c *Client) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s := c.scripts[r.URL.Path]
	header := w.Header()
	header.Set("Content-Type", "text/javascript; charset=utf-8")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("ETag", `"`+s.hash+`"`)
	suggest(header, "Access-Control-Allow-Origin", "*")
	suggest(header, "Cross-Origin-Resource-Policy", "cross-origin")
	if r.URL.Query().Get("v") == s.hash {
		suggest(header, "Cache-Control", "public, max-age=31536000, immutable")
	}
	suggest(header, "Cache-Control", "no-cache")
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(s.text))
}

// suggest sets a header that is not set yet.
func suggest(header http.Header, name, value string) {
	if header.Get(name) == "" {
		header.Set(name, value)
	}
}
