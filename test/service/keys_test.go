package service

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// firstKey is where the keys of a record begin in the arguments of what logs, by its name.
var firstKey = map[string]int{"With": 0, "At": 4, "Log": 3, "Info": 1, "Error": 1, "Debug": 1, "say": 2, "append": 1}

// keysIn returns the keys that a file of the product gives to records, as far as they stand in it.
func keysIn(t *testing.T, path string) (keys []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	add := func(args []ast.Expr) {
		for i := 0; i < len(args); i += 2 {
			if text, ok := args[i].(*ast.BasicLit); ok && text.Kind == token.STRING {
				key, _ := strconv.Unquote(text.Value)
				keys = append(keys, key)
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			name := ""
			switch f := n.Fun.(type) {
			case *ast.SelectorExpr:
				name = f.Sel.Name
				if of, isName := f.X.(*ast.Ident); isName && (of.Name == "http" || name == "At" && of.Name != "logging") {
					return true // http.Error
				}
			case *ast.Ident:
				name = f.Name
			}
			if first, logs := firstKey[name]; logs && len(n.Args) > first && (name != "append" || isAbout(n.Args[0])) {
				add(n.Args[first:])
			}
		case *ast.CompositeLit:
			if list, ok := n.Type.(*ast.ArrayType); ok {
				if of, ok := list.Elt.(*ast.Ident); ok && of.Name == "any" {
					add(n.Elts)
				}
			}
		}
		return true
	})
	return keys
}

// isAbout reports whether a list is one of keys and values: such lists have this name.
func isAbout(e ast.Expr) bool {
	name, ok := e.(*ast.Ident)
	return ok && name.Name == "about"
}

// documented are the keys of the table of doc/running.md.
func documented(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.RootDir(), "doc", "running.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "| key | value | in |\n|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	if !found {
		t.Fatal("doc/running.md has no table of keys")
	}
	var keys []string
	for row := range strings.Lines(table) {
		for _, key := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(strings.Split(row, "|")[1], -1) {
			keys = append(keys, key[1])
		}
	}
	return keys
}

// Every key that a record of the log may have is in the table, and nothing else is: whoever adds
// one, or renames one, does it there as well.
func TestKeysOfTheLog(t *testing.T) {
	t.Parallel()
	found := map[string]bool{"time": true, "level": true, "category": true, "message": true}
	err := filepath.WalkDir(filepath.Join(harness.RootDir(), "libwebsocketd"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") && !strings.Contains(path, "testkit") {
			for _, key := range keysIn(t, path) {
				found[key] = true
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := slices.Sorted(maps.Keys(found)), slices.Sorted(slices.Values(documented(t))); !slices.Equal(got, want) {
		t.Errorf("the log has the keys\n%q, the table\n%q", got, want)
	}
}

// golden is the shape of the lines of a conversation: the type of each value, by its key, in order.
var golden = map[string]string{
	"CONNECT":    "time:string level:string category:string message:string url:string id:string remote:string command:string origin:string pid:number",
	"DISCONNECT": "time:string level:string category:string message:string url:string id:string remote:string command:string origin:string pid:number ending:string exit:string messagesout:number bytesout:number messagesin:number bytesin:number undelivered:number duration:string",
}

// The lines of a conversation have the same keys, in this order, and types from version to version.
func TestGoldenLog(t *testing.T) {
	t.Parallel()
	s := options(t, "--logformat=json", "cat").Start(t)
	c := s.Connect(t)
	c.Echo(t, "a message")
	c.Leave(t)
	for message, want := range golden {
		line := s.Out.Await(t, `"message":"`+message+`"`)
		if got := shape(t, line); got != want {
			t.Errorf("%s has\n%s, not\n%s", message, got, want)
		}
	}
}

// shape returns the keys of an object and the types of their values.
func shape(t *testing.T, line string) string {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(line))
	var all []string
	for d.Token(); d.More(); {
		key, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		value, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		kind := "string"
		if _, isNumber := value.(float64); isNumber {
			kind = "number"
		}
		all = append(all, key.(string)+":"+kind)
	}
	return strings.Join(all, " ")
}
