// Package examples runs every program of the folder examples with the command
// of its README, through the real binary, and checks what a client sees.
package examples

import (
	"flag"
	"testing"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) {
	flag.Set("test.parallel", "24") // counting is waiting; -parallel still wins
	harness.Main(m)
}

// example is a program and what has to be true of it.
type example struct {
	file  string
	check func(*testing.T, run)
}

// folder is a folder of examples. Its README's command runs the first of them.
type folder struct {
	name     string
	tools    []string // without which nothing here runs
	examples []example
	others   []string // files that belong to the examples
}

func three(ext string) []example {
	return append(two(ext), example{"dump-env" + ext, dumpsEnvironment})
}

func two(ext string) []example {
	return []example{{"count" + ext, counts}, {"greeter" + ext, greets}}
}

var folders = []folder{
	{name: "awk", tools: []string{"awk"}, examples: three(".awk")},
	{name: "bash", tools: []string{"bash"}, examples: append(three(".sh"),
		example{"chat.sh", chats}, example{"send-receive.sh", sendsAndReceives})},
	{name: "c", tools: []string{"cc"}, examples: three(".c")},
	{name: "cgi-bin", examples: []example{{"dump-env.sh", answersRequest}}},
	{name: "config", examples: []example{{"websocketd.toml", servesMany}}, others: []string{"greet.sh", "build.sh", "ready.sh"}},
	{name: "csharp", tools: []string{"mcs", "mono"}, examples: []example{{"Count.cs", counts}, {"Greeter.cs", greets}}},
	{name: "elixir", tools: []string{"elixir"}, examples: two(".exs")},
	{name: "embed", tools: []string{"go"}, examples: []example{{"main.go", embeds}}, others: []string{"go.mod", "go.sum"}},
	{name: "fsharp", tools: []string{"dotnet"}, examples: two(".fsx")},
	{name: "go", tools: []string{"go"}, examples: three(".go")},
	{name: "guile", tools: []string{"guile"}, examples: two(".scm")},
	{name: "haskell", tools: []string{"ghc"}, examples: two(".hs")},
	{name: "html", tools: []string{"bash"}, examples: []example{{"count.html", servesPage}}},
	{name: "hub", tools: []string{"go"}, examples: []example{{"main.go", runsAndShows}},
		others: []string{"jobs.go", "build.sh", "page/index.html", "page/page.css", "page/page.js", "go.mod", "go.sum"}},
	{name: "java", tools: []string{"java"}, examples: []example{
		{"Count.java", counts}, {"Greeter.java", greets}, {"DumpEnv.java", dumpsEnvironment}}},
	{name: "lisp", tools: []string{"sbcl"}, examples: two(".lisp")},
	{name: "lua", tools: []string{"lua"}, examples: three(".lua")},
	{name: "mcp", tools: []string{"python3"}, examples: []example{{"websocketd.toml", servesTools}}, others: []string{"words.py", "work.py", "public/index.html"}},
	{name: "node", tools: []string{"node"}, examples: three(".mjs")},
	{name: "ocaml", tools: []string{"ocaml"}, examples: two(".ml")},
	{name: "perl", tools: []string{"perl"}, examples: three(".pl")},
	{name: "php", tools: []string{"php"}, examples: three(".php")},
	{name: "pow", examples: []example{{"websocketd.toml", callsByName}}, others: []string{"build.sh", "public/index.html"}},
	{name: "powershell", tools: []string{"pwsh"}, examples: three(".ps1")},
	{name: "python", tools: []string{"python3"}, examples: three(".py")},
	{name: "quickjs", tools: []string{"qjs"}, examples: two(".mjs")},
	{name: "r", tools: []string{"Rscript"}, examples: two(".R")},
	{name: "ruby", tools: []string{"ruby"}, examples: three(".rb")},
	{name: "rust", tools: []string{"rustc"}, examples: three(".rs")},
	{name: "session-embed", tools: []string{"go"}, examples: []example{{"main.go", embedsSessions}},
		others: []string{"counter.sh", "page/index.html", "go.mod", "go.sum"}},
	{name: "supervised", tools: []string{"python3"}, examples: []example{{"websocketd.toml", keepsAlive}}, others: []string{"setup.sh", "store.py", "feed.sh"}},
	{name: "swift", tools: []string{"swiftc"}, examples: two(".swift")},
	{name: "tcl", tools: []string{"tclsh"}, examples: two(".tcl")},
}

func TestExamples(t *testing.T) {
	for _, f := range folders {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			harness.Need(t, f.tools...)
			for _, e := range f.examples {
				t.Run(e.file, func(t *testing.T) {
					t.Parallel()
					e.check(t, run{folder: f, file: e.file})
				})
			}
		})
	}
}
