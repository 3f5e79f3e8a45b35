package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const events = `{"Action":"run","Package":"p","Test":"TestGood"}
{"Action":"output","Package":"p","Test":"TestGood","Output":"    x_test.go:1: measured: 3 MiB\n"}
{"Action":"output","Package":"p","Test":"TestGood","Output":"    x_test.go:2: a detail\n"}
{"Action":"output","Package":"p","Test":"TestGood","Output":"--- PASS: TestGood (0.00s)\n"}
{"Action":"pass","Package":"p","Test":"TestGood"}
{"Action":"output","Package":"p","Test":"TestBad","Output":"    x_test.go:3: what went wrong\n"}
{"Action":"output","Package":"p","Test":"TestBad","Output":"--- FAIL: TestBad (0.00s)\n"}
{"Action":"fail","Package":"p","Test":"TestBad"}
{"Action":"output","Package":"p","Test":"TestLazy","Output":"    x_test.go:4: skip: needs node\n"}
{"Action":"skip","Package":"p","Test":"TestLazy"}
{"Action":"skip","Package":"p","Test":"FuzzIt/seed#1"}
not json: the go command failed
{"Action":"output","Package":"p","Test":"TestHangs","Output":"    x_test.go:5: it waits for ever\n"}
{"Action":"output","Package":"p","Output":"FAIL\tp\t0.01s\n"}
{"Action":"fail","Package":"p"}
`

// A report prints results, measurements and the output of failed tests, and collects
// the skips.
func TestReport(t *testing.T) {
	var out strings.Builder
	r := newReport(&out)
	if err := r.read(strings.NewReader(events), module{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"--- PASS: TestGood", "measured: 3 MiB", "what went wrong", "--- UNFINISHED: p/TestHangs", "it waits for ever", "not json", "FAIL\tp"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), "a detail") {
		t.Errorf("the report has what a passed test said:\n%s", &out)
	}
	if r.passed != 1 || len(r.failures) != 2 || len(r.skips) != 1 {
		t.Errorf("%d passed, failures %+v, skips %q", r.passed, r.failures, r.skips)
	}
	if n := r.printSkips(allowed{}); n != 1 {
		t.Errorf("%d unknown skips", n)
	}
	if !strings.Contains(out.String(), "p/TestLazy: x_test.go:4: skip: needs node") {
		t.Errorf("the skip is printed without its reason:\n%s", &out)
	}
}

// A skip is allowed for a tool, which may be a library of another, and for the
// test itself.
func TestAllowed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "skips.txt")
	text := "# a comment\n\nnode   and npm\nwc\np/Test*  whatever it says\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := readAllowed(file)
	if err != nil {
		t.Fatal(err)
	}
	for s, want := range map[skip]bool{
		{"q/T", "x_test.go:1: skip: needs node: no such file"}:    true,
		{"q/T/a b", "x_test.go:1: skip: needs node:ws: no npm"}:   true,
		{"q/T", "x_test.go:1: skip: needs nodejs: no such file"}:  false,
		{"q/T", "x_test.go:1: skip: needs a comment"}:             false,
		{"q/T", "x_test.go:1: node is not what this skip is for"}: false,
		{"p/TestIt", "x_test.go:1: it is too long"}:               true,
		{"p/TestIt/case", "x_test.go:1: a star ends at a slash"}:  false,
	} {
		if a.has(s) != want {
			t.Errorf("%q is allowed: %v", s, !want)
		}
	}
	if _, err := readAllowed("../skips.txt"); err != nil {
		t.Error(err)
	}
}

// Skips go through harness.Skip and Need, and nothing sleeps to wait.
func TestHouseRules(t *testing.T) {
	direct := regexp.MustCompile(`\bt\.Skip(f|Now)?\(`)
	sleep := regexp.MustCompile(`time\.Sleep\(`)
	err := filepath.WalkDir("..", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() && d.Name() == "node_modules" {
			return filepath.SkipDir
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if direct.Match(text) && !strings.HasPrefix(filepath.ToSlash(path), "../harness/") && d.Name() != "report_test.go" {
			t.Errorf("%s skips without harness.Skip", path)
		}
		if sleep.Match(text) && d.Name() != "report_test.go" {
			t.Errorf("%s sleeps: poll with harness.Until", path)
		}
		if n := strings.Count(string(text), "\n"); n > 400 {
			t.Errorf("%s has %d lines, the budget is 400", path, n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What has failed is run alone as a whole, and once; nothing is where a test has not ended.
func TestAlone(t *testing.T) {
	r := newReport(io.Discard)
	for _, e := range []event{
		{Action: "fail", Package: "p", Test: "TestA/x"}, {Action: "fail", Package: "p", Test: "TestA/y"},
		{Action: "fail", Package: "p", Test: "TestA"}, {Action: "fail", Package: "q", Test: "TestA"},
	} {
		r.add(e, module{dir: "d", flags: []string{"-race", "./p"}})
	}
	all := r.alone()
	if len(all) != 2 || all[0].name() != "p/TestA" || all[1].name() != "q/TestA" || all[0].module.dir != "d" {
		t.Errorf("alone: %+v", all)
	}
	r.add(event{Action: "fail", Package: "leaks"}, module{})
	if all := r.alone(); all != nil {
		t.Errorf("with a package that fails as a whole: %+v", all)
	}
	r.failures = r.failures[:len(r.failures)-1]
	r.said["p/TestB"] = []string{"it waits"}
	r.add(event{Action: "fail", Package: "p"}, module{})
	if all := r.alone(); all != nil {
		t.Errorf("with one that has not ended: %+v", all)
	}
}

// A test that passes alone passes, and one that does not, does not.
func TestPassAlone(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":    "module x\n\ngo 1.25\n",
		"x_test.go": "package x\n\nimport \"testing\"\n\nfunc TestGood(*testing.T) {}\n\nfunc TestBad(t *testing.T) { t.Fail() }\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	of := func(test string) failure {
		return failure{module: module{dir: dir, flags: []string{"-vet=off", "./nothing"}}, pkg: "x", test: test}
	}
	if !passAlone([]failure{of("TestGood")}) || passAlone([]failure{of("TestGood"), of("TestBad")}) || passAlone([]failure{of("TestNone")}) {
		t.Error("the wrong ones pass")
	}
}
