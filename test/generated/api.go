package generated

import (
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// apiPackages are those that other programs may import: everything below but what is internal.
var apiPackages = []string{"./libwebsocketd/...", "./client/..."}

// exportedAPI returns a line for everything that the packages export, sorted: what a program that
// is built with them may depend on. It is that of linux/amd64.
func exportedAPI(t *testing.T) (lines []string) {
	t.Helper()
	files := map[string]string{} // with the types of a package, by its path
	for _, line := range goList(t, append([]string{"-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}"}, apiPackages...)...) {
		path, file, _ := strings.Cut(line, " ")
		files[path] = file
	}
	imports := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) { return os.Open(files[path]) })
	for _, path := range goList(t, apiPackages...) {
		if strings.Contains(path, "/internal/") {
			continue
		}
		pkg, err := imports.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		l := &apiLister{pkg: pkg}
		for _, name := range pkg.Scope().Names() {
			l.object(pkg.Scope().Lookup(name))
		}
		lines = append(lines, l.lines...)
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

func goList(t *testing.T, args ...string) (lines []string) {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Dir, cmd.Stderr = harness.RootDir(), os.Stderr
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// apiLister lists what a package exports.
type apiLister struct {
	pkg   *types.Package
	lines []string
}

func (l *apiLister) add(format string, args ...any) {
	l.lines = append(l.lines, l.pkg.Path()+": "+fmt.Sprintf(format, args...))
}

// name returns a type as a program of another package writes it, with whole paths.
func (l *apiLister) name(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		if p == l.pkg {
			return ""
		}
		return p.Path()
	})
}

// object lists an object of the package.
func (l *apiLister) object(o types.Object) {
	if !o.Exported() {
		return
	}
	switch o := o.(type) {
	case *types.Const:
		l.add("const %s %s = %s", o.Name(), l.name(o.Type()), o.Val().ExactString())
	case *types.Var:
		l.add("var %s %s", o.Name(), l.name(o.Type()))
	case *types.Func:
		l.add("func %s%s", o.Name(), strings.TrimPrefix(l.name(o.Type()), "func"))
	case *types.TypeName:
		l.typeName(o)
	}
}

// typeName lists a type, its fields and its methods.
func (l *apiLister) typeName(o *types.TypeName) {
	if o.IsAlias() {
		l.add("type %s = %s", o.Name(), l.name(types.Unalias(o.Type())))
		return
	}
	named := o.Type().(*types.Named)
	switch under := named.Underlying().(type) {
	case *types.Struct:
		l.add("type %s struct", l.name(named))
		for f := range under.Fields() {
			if f.Exported() {
				l.add("type %s struct, %s %s", o.Name(), f.Name(), l.name(f.Type()))
			}
		}
	case *types.Interface:
		l.add("type %s interface", l.name(named))
		for m := range under.Methods() {
			if !m.Exported() {
				l.add("type %s interface, others cannot implement it", o.Name())
				continue
			}
			l.add("type %s interface, %s%s", o.Name(), m.Name(), strings.TrimPrefix(l.name(m.Type()), "func"))
		}
		return // they are its methods
	default:
		l.add("type %s %s", l.name(named), l.name(under))
	}
	l.methods(named)
}

// methods lists the methods of a type, with those of embedded fields.
func (l *apiLister) methods(named *types.Named) {
	own := types.NewMethodSet(named)
	for m := range types.NewMethodSet(types.NewPointer(named)).Methods() {
		of := "*" + named.Obj().Name()
		if own.Lookup(m.Obj().Pkg(), m.Obj().Name()) != nil {
			of = named.Obj().Name()
		}
		if m.Obj().Exported() {
			l.add("method (%s) %s%s", of, m.Obj().Name(), strings.TrimPrefix(l.name(m.Type()), "func"))
		}
	}
}
