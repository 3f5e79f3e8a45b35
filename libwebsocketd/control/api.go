package control

import (
	"encoding/json"
	"net/http"
)

// serveHub answers with what there is in the hub.
func (c *Control) serveHub(w http.ResponseWriter, r *http.Request) { answer(w, c.hub.Stats()) }

// answer sends a document.
func answer(w http.ResponseWriter, document any) {
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	to := json.NewEncoder(w)
	to.SetEscapeHTML(false)
	to.Encode(document)
}
