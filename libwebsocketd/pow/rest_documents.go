package pow

import (
	"embed"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"websocketd/libwebsocketd/web"
)

//go:embed rest
var restFiles embed.FS

// documents are what the REST API says of itself, by their paths below the base.
type documents struct {
	openAPI string
	docs    *web.Page
}

// newDocuments returns the documents of the API below a base.
func newDocuments(base string) *documents {
	page := strings.NewReplacer(
		"/*style*/", web.Embedded(restFiles, "rest/style.css"),
		"/*script*/", web.Embedded(restFiles, "rest/script.js")).
		Replace(web.Embedded(restFiles, "rest/page.html"))
	return &documents{openAPI(base), web.NewPage(page, "connect-src 'self'; img-src data:; form-action 'none'")}
}

// openAPI returns the OpenAPI document of the API below a base. The paths in it begin with a
// slash, so the URL of its server does not end with one.
func openAPI(base string) string {
	server := strings.TrimSuffix(base, "/")
	if server == "" {
		server = "/"
	}
	quoted, _ := json.Marshal(server) // a string
	return strings.Replace(web.Embedded(restFiles, "rest/openapi.json"), `"/BASE"`, string(quoted), 1)
}

// at returns what is at a path below the base, nil if that is no document's.
func (d *documents) at(path string) http.Handler {
	switch path {
	case "", "docs":
		return http.HandlerFunc(redirectToDocs)
	case "docs/":
		return d.docs
	case "openapi.json":
		return http.HandlerFunc(d.serveOpenAPI)
	}
	return nil
}

// redirectToDocs leads to the page from beside it, whatever a proxy has cut off the path.
func redirectToDocs(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Location", "docs/")
	w.WriteHeader(http.StatusFound)
}

func (d *documents) serveOpenAPI(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-cache") // after the next start it may be another
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(d.openAPI))
}
