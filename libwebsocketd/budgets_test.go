package libwebsocketd

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// A file that does not fit is two ideas, a function that does not is two as well.
const (
	mostFileLines     = 400
	mostFunctionLines = 60
)

// longFunctions are the functions over the budget, each with its reason.
var longFunctions = map[string]string{}

// saidByInterface are methods whose meaning is the interface's, not ours.
var saidByInterface = map[string]bool{"Error": true}

// TestBudgets holds every file of the module that is not a test to the budgets,
// and every exported name to having a comment.
func TestBudgets(t *testing.T) {
	unused := make(map[string]bool)
	for name := range longFunctions {
		unused[name] = true
	}
	for _, file := range sourceFiles(t, root) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, filepath.Join(root, file), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if lines := set.File(parsed.Pos()).LineCount(); lines > mostFileLines {
			t.Errorf("%s has %d lines, more than %d", file, lines, mostFileLines)
		}
		for _, name := range tooLong(set, parsed) {
			name = filepath.ToSlash(filepath.Dir(file)) + "." + name
			delete(unused, name)
			if longFunctions[name] == "" {
				t.Errorf("%s: %s is over %d lines", file, name, mostFunctionLines)
			}
		}
		for _, name := range undocumented(parsed) {
			t.Errorf("%s: %s has no comment", file, name)
		}
	}
	for name := range unused {
		t.Errorf("%s is not over the budget any more", name)
	}
}

// TestBudgetRule asks the rules about a file that breaks them.
func TestBudgetRule(t *testing.T) {
	source := "package p\n" +
		"type A int\n" + // no comment
		"// B is commented.\ntype B int\n" +
		"func F() {" + strings.Repeat("\n", mostFunctionLines) + "}\n" + // no comment, too long
		"func (B) M() {}\n" + // no comment
		"func (B) Error() {}\nfunc (b) M() {}\nfunc f() {}\n" +
		"const (\n\tC = 1\n\tD = 2 // commented\n)\n" + // C has no comment
		"// All of them.\nconst (\n\tE = 1\n\tG = 2\n)\n" +
		"var V int\n" // no comment
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, "p.go", source, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(undocumented(parsed), " "); got != "A F B.M C V" {
		t.Errorf("without a comment: %s", got)
	}
	if got := strings.Join(tooLong(set, parsed), " "); got != "F" {
		t.Errorf("too long: %s", got)
	}
}

// tooLong names the functions over the budget, from func to the closing brace.
func tooLong(set *token.FileSet, file *ast.File) (names []string) {
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok {
			if set.Position(f.End()).Line-set.Position(f.Pos()).Line+1 > mostFunctionLines {
				names = append(names, functionName(f))
			}
		}
	}
	return names
}

// undocumented names the exported declarations without a comment: their own, or
// the one of the group they stand in.
func undocumented(file *ast.File) (names []string) {
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if name := functionName(d); isExported(name) && d.Doc == nil && !(d.Recv != nil && saidByInterface[d.Name.Name]) {
				names = append(names, name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				names = append(names, undocumentedSpec(spec, d.Doc != nil)...)
			}
		}
	}
	return names
}

func undocumentedSpec(spec ast.Spec, group bool) (names []string) {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		if s.Name.IsExported() && s.Doc == nil && s.Comment == nil && !group {
			names = append(names, s.Name.Name)
		}
	case *ast.ValueSpec:
		for _, name := range s.Names {
			if name.IsExported() && s.Doc == nil && s.Comment == nil && !group {
				names = append(names, name.Name)
			}
		}
	}
	return names
}

// functionName returns Name, or Type.Name for a method.
func functionName(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	receiver := f.Recv.List[0].Type
	if star, ok := receiver.(*ast.StarExpr); ok {
		receiver = star.X
	}
	if generic, ok := receiver.(*ast.IndexExpr); ok {
		receiver = generic.X
	}
	if name, ok := receiver.(*ast.Ident); ok {
		return name.Name + "." + f.Name.Name
	}
	return f.Name.Name
}

// isExported reports whether every part of Type.Name is.
func isExported(name string) bool {
	for part := range strings.SplitSeq(name, ".") {
		if !ast.IsExported(part) {
			return false
		}
	}
	return true
}
