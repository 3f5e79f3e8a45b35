package libwebsocketd

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mostNouns is the share of function comments, in percent, that may begin with "X is" or
// "X are". A function does something: its comment begins with its name and a verb, such
// as "returns" or "reports". Then a reader knows what a call does from the first words.
const mostNouns = 10

// TestComments holds the comments of all functions that are no tests to mostNouns, and
// each to beginning with the function's name.
func TestComments(t *testing.T) {
	packages := map[string]commentCount{}
	var all commentCount
	for _, file := range sourceFiles(t, root) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		count, unnamed := countComments(parsed)
		for _, name := range unnamed {
			t.Errorf("%s: the comment of %s does not begin with its name", file, name)
		}
		folder := path.Dir(file)
		packages[folder] = packages[folder].plus(count)
		all = all.plus(count)
	}
	if all.percent() < mostNouns {
		return
	}
	worst := slices.SortedFunc(maps.Keys(packages), func(a, b string) int {
		return cmp.Compare(packages[b].percent(), packages[a].percent())
	})
	t.Errorf("%s function comments begin with \"X is\" or \"X are\", %d %% is too many. The worst packages:", all, mostNouns)
	for _, folder := range worst[:min(len(worst), 5)] {
		t.Errorf("%s: %s", folder, packages[folder])
	}
}

// TestCommentRule asks the rule about comments of each kind.
func TestCommentRule(t *testing.T) {
	const source = `package p

// A is what it returns.
func A() {}

// B: are they counted? They begin with no verb either.
func B() {}

// C returns 1. It is a good comment.
func C() {}

// M are
// two words over two lines.
func (T) M() {}

// The comment of D begins with no name.
func D() {}

func e() {}

// T is a type.
type T int
`
	parsed, err := parser.ParseFile(token.NewFileSet(), "p.go", source, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	count, unnamed := countComments(parsed)
	if want := (commentCount{all: 4, nouns: 3}); count != want {
		t.Errorf("counted %s, want %s", count, want)
	}
	if got := strings.Join(unnamed, " "); got != "D" {
		t.Errorf("without a name: %s", got)
	}
}

// commentCount counts function comments, and those among them that begin with "X is".
type commentCount struct{ all, nouns int }

func (c commentCount) plus(d commentCount) commentCount {
	return commentCount{c.all + d.all, c.nouns + d.nouns}
}

func (c commentCount) percent() int { return 100 * c.nouns / max(c.all, 1) }

func (c commentCount) String() string {
	return fmt.Sprintf("%d of %d (%d %%)", c.nouns, c.all, c.percent())
}

// countComments counts the comments of a file's functions that begin with the function's
// name, and names the functions whose comments do not.
func countComments(file *ast.File) (count commentCount, unnamed []string) {
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || f.Doc.Text() == "" {
			continue
		}
		words := strings.Fields(f.Doc.Text())
		if len(words) < 2 || strings.Trim(words[0], ",:") != f.Name.Name {
			unnamed = append(unnamed, functionName(f))
			continue
		}
		count.all++
		if verb := strings.Trim(words[1], ",:"); verb == "is" || verb == "are" {
			count.nouns++
		}
	}
	return count, unnamed
}
