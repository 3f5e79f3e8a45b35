package access

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// TestEveryFaceHasARow: each file of libwebsocketd that has the credentials checked is that
// of a row of faces, or has a test of its own; and so is each Face of the command.
func TestEveryFaceHasARow(t *testing.T) {
	t.Parallel()
	has := map[string]bool{}
	for _, f := range faces {
		has[f.at] = true
	}
	checked := calls(t, "libwebsocketd", "prove")
	delete(checked, "prove.go") // letIn itself
	maps.Copy(checked, calls(t, "libwebsocketd", "letIn"))
	maps.Copy(checked, calls(t, "libwebsocketd", "letInAnywhere"))
	for file := range checked {
		if !has[file] && elsewhere[file] == "" {
			t.Errorf("%s has credentials checked, but no row of faces_test.go is about it", file)
		}
		delete(has, file)
	}
	for file, name := range elsewhere {
		if _, ok := checked[file]; !ok || !harness.HasTest(t, "libwebsocketd", name) {
			t.Errorf("%s checks nothing, or there is no %s", file, name)
		}
	}
	delete(has, "")
	if len(has) > 0 {
		t.Errorf("rows are about %v, which check nothing", slices.Collect(maps.Keys(has)))
	}
	if got := calls(t, "internal/cli", "Faces")["serve.go"]; got != "poll" {
		t.Errorf("the command has the faces of %s: give each a row, and then this test its name", got)
	}
	if got := slices.Sorted(maps.Keys(calls(t, "internal/cli", "Dialects"))); !slices.Equal(got, []string{"named.go"}) {
		t.Errorf("the command has the dialects of %q: give each a row, and then this test its file", got)
	}
}

// TestEveryKindHasARow: the command knows no kind of credential without a row of kinds.
func TestEveryKindHasARow(t *testing.T) {
	t.Parallel()
	s := harness.Options{Bin: harness.Binary(t), Args: []string{"--auth=x", "cat"}}.Launch(t)
	s.Wait(t)
	_, names, ok := strings.Cut(s.Err.String()+s.Out.String(), "they are none, ")
	if !ok {
		t.Fatalf("--auth=x is answered %s%s", s.Out, s.Err)
	}
	names, _, _ = strings.Cut(names, "\n")
	for name := range strings.SplitSeq(names, ", ") {
		if !slices.ContainsFunc(kinds, func(k kind) bool { return k.name == name }) {
			t.Errorf("--auth knows %q, but kinds_test.go has no row of that name", name)
		}
	}
}

// calls returns the files of a directory that call a function of this name, or set a field
// of it to a list of what package functions return. It returns those packages with it.
func calls(t *testing.T, dir, name string) map[string]string {
	t.Helper()
	found := map[string]string{}
	files, err := filepath.Glob(filepath.Join(harness.RootDir(), dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == name {
					found[filepath.Base(file)] = ""
				}
			case *ast.AssignStmt:
				if f, ok := n.Lhs[0].(*ast.SelectorExpr); ok && f.Sel.Name == name {
					found[filepath.Base(file)] = packages(n.Rhs[0])
				}
			}
			return true
		})
	}
	return found
}

// packages returns the packages whose functions an expression calls.
func packages(e ast.Expr) string {
	var names []string
	ast.Inspect(e, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if f, ok := call.Fun.(*ast.SelectorExpr); ok {
				names = append(names, f.X.(*ast.Ident).Name)
			}
		}
		return true
	})
	return strings.Join(names, " ")
}
