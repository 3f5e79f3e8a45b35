package gate

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestProblem has the two forms of a refusal, and who gets which.
func TestProblem(t *testing.T) {
	refusal := &Refusal{Status: 403, Kind: KindOrigin, Reason: `no "page"`}
	const text, asProblem = "403 Forbidden: no \"page\"\n", `{"type":"https://websocketd.example/doc/refusals.md#origin","title":"Pages of this origin are not let in","status":403,"detail":"no \"page\""}` + "\n"
	for accept, want := range map[string]string{
		"":                                   text,
		"*/*":                                text,
		"application/*":                      text,
		"application/problem+json":           asProblem,
		"application/json":                   asProblem,
		"application/json;q=0.5":             asProblem,
		"application/json;q=0":               text,
		"Application/JSON":                   asProblem,
		"application/json, text/plain, */*":  asProblem, // of axios
		"application/json;q=0.9, text/plain": text,
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": text, // of a browser
		"text/html, application/json;q=0.9":                               text,
		"text/event-stream, application/problem+json":                     asProblem,
	} {
		r, w := httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRecorder()
		if accept != "" {
			r.Header.Set("Accept", accept)
		}
		refusal.Write(w, r)
		kind := map[string]string{text: "text/plain; charset=utf-8", asProblem: ProblemType}[want]
		if h := w.Header(); w.Code != 403 || w.Body.String() != want || h.Get("Content-Type") != kind || h.Get("Vary") != "Accept" || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%q: %d %v %s", accept, w.Code, h, w.Body)
		}
	}
}

// A refusal that an embedder has made has a type, too.
func TestProblemWithoutKind(t *testing.T) {
	for status, want := range map[int]string{
		http.StatusNotFound:        problemBase + "not-found: There is nothing here",
		http.StatusTeapot:          "about:blank: I'm a teapot",
		http.StatusTooManyRequests: "about:blank: Too Many Requests",
	} {
		var got problem
		if err := json.Unmarshal((&Refusal{Status: status}).Problem(), &got); err != nil || got.Type+": "+got.Title != want || got.Status != status {
			t.Errorf("%d: %+v, %v", status, got, err)
		}
	}
}

// refusalsPage has a line for each kind, with its name and its status.
const refusalsPage = "../../doc/refusals.md"

// TestKindsOnPage compares the page with the source: no kind is missing there, and none is made up.
func TestKindsOnPage(t *testing.T) {
	page, err := os.ReadFile(refusalsPage)
	if err != nil {
		t.Fatal(err)
	}
	var there, here []string
	for _, row := range regexp.MustCompile("(?m)^\\| <a id=\"([a-z-]+)\"></a>`([a-z-]+)` \\| (\\d+) \\| [^|]+ \\|").FindAllStringSubmatch(string(page), -1) {
		there = append(there, row[2]+" "+row[3])
		if row[1] != row[2] {
			t.Errorf("the anchor of %s is %s", row[2], row[1])
		}
	}
	for kind, about := range kinds {
		here = append(here, fmt.Sprintf("%s %d", kind, about.status))
	}
	compare(t, there, here)
	for status, kind := range usual {
		if kind.Status() != status {
			t.Errorf("%s is the usual kind of %d", kind, status)
		}
	}
	if declared := constants(t, "problem.go", "Kind"); len(declared) != len(kinds) {
		t.Errorf("%d kinds are declared, %d have a status", len(declared), len(kinds))
	}
}

// TestCloseCodesOnPage does the same with the close codes.
func TestCloseCodesOnPage(t *testing.T) {
	page, err := os.ReadFile(refusalsPage)
	if err != nil {
		t.Fatal(err)
	}
	var there []string
	_, codes, _ := strings.Cut(string(page), "## Close codes")
	for _, row := range regexp.MustCompile(`(?m)^\| (\d{4}) \| .+ \|$`).FindAllStringSubmatch(codes, -1) {
		there = append(there, row[1])
	}
	compare(t, there, constants(t, "../bridge/ending.go", "Close"))
}

func compare(t *testing.T, there, here []string) {
	t.Helper()
	slices.Sort(there)
	slices.Sort(here)
	if !slices.Equal(there, here) {
		t.Errorf("%s has\n%q, the source\n%q", refusalsPage, there, here)
	}
}

// constants returns the values of the constants of a file whose names begin with a word.
func constants(t *testing.T, file, word string) (values []string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		if c, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(c.Names[0].Name, word) && len(c.Values) == 1 {
			if value, ok := c.Values[0].(*ast.BasicLit); ok {
				values = append(values, value.Value)
			}
		}
		return true
	})
	return values
}

// ownForms are the packages of protocols that have a form of their own for refusals.
var ownForms = []string{"pow", "mcp", "hub", "control"}

// TestEveryRefusalHasKind finds the refusals in the source whose status leaves open which kind they
// are, and that do not say it.
func TestEveryRefusalHasKind(t *testing.T) {
	files := token.NewFileSet()
	seen := 0
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(ownForms, entry.Name()):
			return fs.SkipDir
		case !strings.HasSuffix(path, ".go"), strings.HasSuffix(path, "_test.go"):
			return nil
		}
		parsed, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			made, status, hasKind := refusalIn(n)
			if made {
				seen++
			}
			if made && !hasKind && needsKind(status) {
				t.Errorf("%s: a refusal with %s and no Kind", files.Position(n.Pos()), status)
			}
			return true
		})
		return nil
	})
	if err != nil || seen < 60 {
		t.Errorf("%d refusals, %v", seen, err)
	}
}

// refusalIn returns what a node says of a refusal that it makes.
func refusalIn(n ast.Node) (made bool, status string, hasKind bool) {
	switch n := n.(type) {
	case *ast.CompositeLit:
		made = nameOf(n.Type) == "Refusal"
		for _, e := range n.Elts {
			if pair, ok := e.(*ast.KeyValueExpr); ok && nameOf(pair.Key) == "Status" {
				status = nameOf(pair.Value)
			} else if ok && nameOf(pair.Key) == "Kind" {
				hasKind = true
			}
		}
	case *ast.CallExpr:
		if made = nameOf(n.Fun) == "newRefusal"; made {
			status = nameOf(n.Args[0])
		}
	}
	return made, status, hasKind
}

// nameOf returns the last name of an expression, "" if it is none.
func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// needsKind reports whether the name of a status of net/http leaves open which kind a refusal is.
func needsKind(constant string) bool {
	for status := 400; status < 600; status++ {
		text := http.StatusText(status)
		if text != "" && usual[status] == "" && "Status"+strings.ReplaceAll(text, " ", "") == constant {
			return true
		}
	}
	return false
}
