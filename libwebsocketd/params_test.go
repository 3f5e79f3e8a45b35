package libwebsocketd

import (
	"strings"
	"testing"
)

// TestCheckParams: how many there may be, of which form, and that none is an option of the
// program unless a pattern says so.
func TestCheckParams(t *testing.T) {
	t.Parallel()
	none, word := Params{Most: -1}, Params{Least: 1, Most: 1, Patterns: []string{"[a-z]+"}}
	more := Params{Least: 1, Patterns: []string{"a", "-?[0-9]+"}}
	for _, test := range []struct {
		params Params
		given  string // with blanks between
		want   string // part of the error
	}{
		{Params{}, "", ""},
		{Params{}, "a b c d e f g h", ""},
		{Params{}, "a -b", "parameter 2 begins with a hyphen"},
		{Params{}, "-", "parameter 1 begins with a hyphen"},
		{Params{}, "a\x00b", "parameter 1 has a NUL in it"},
		{Params{}, strings.Repeat("x", maxVariable-1), ""},
		{Params{}, strings.Repeat("x", maxVariable), "parameter 1 does not fit"},
		{Params{}, strings.TrimSuffix(strings.Repeat("a ", mostParams/(1+argOverhead)), " "), ""},
		{Params{}, strings.Repeat("a ", mostParams/(1+argOverhead)) + "a", "the parameters do not fit"},
		{none, "", ""},
		{none, "a", "1 parameter is given, none is taken"},
		{Params{Least: 2}, "a", "1 parameter is given, at least 2 are needed"},
		{Params{Most: 2}, "a b c", "3 parameters are given, at most 2 are taken"},
		{word, "abc", ""},
		{word, "", "0 parameters are given, exactly 1 is needed"},
		{word, "a b", "2 parameters are given, exactly 1 is needed"},
		{Params{Least: 2, Most: 2}, "a", "1 parameter is given, exactly 2 are needed"},
		{Params{Least: 1}, "", "0 parameters are given, at least 1 is needed"},
		{Params{Most: 1}, "a b", "2 parameters are given, at most 1 is taken"},
		{word, "ab1", "parameter 1 is not of the form"},
		{word, "1ab", "parameter 1 is not of the form"},
		{word, "-a", "parameter 1 is not of the form"},
		{more, "a", ""},
		{more, "a 1 -2 33", ""},
		{more, "a 1 x", "parameter 3 is not of the form"},
		{more, "b", "parameter 1 is not of the form"},
		{Params{Patterns: []string{"a\x00"}}, "a\x00", "has a NUL"}, // whatever the pattern says

		// A pattern is for the whole of a parameter, however it is written.
		{Params{Patterns: []string{"a|ab"}}, "ab", ""},
		{Params{Patterns: []string{"a|ab"}}, "abc", "not of the form"},
		{Params{Patterns: []string{"a*?"}}, "aaa", ""},
		{Params{Patterns: []string{"(?m)^a$"}}, "a\nb", "not of the form"},
		{Params{Patterns: []string{"^a$"}}, "a\n", "not of the form"},
		{Params{Patterns: []string{`\Qa.b`}}, "a.b", ""},
		{Params{Patterns: []string{`\Qa.b`}}, "axb", "not of the form"},
		{Params{Patterns: []string{"(?i)a"}}, "A", ""},
		{Params{Patterns: []string{""}}, "a", "not of the form"},
		{Params{Patterns: []string{".*"}}, "ä", ""},
	} {
		if err := test.params.check(); err != nil {
			t.Errorf("%+v: %v", test.params, err)
			continue
		}
		compiled, _ := test.params.compile()
		req := &Request{to: route{program: &program{Program: Program{Params: test.params}, params: compiled}}}
		var given []string
		if test.given != "" {
			given = strings.Split(test.given, " ")
		}
		err := req.CheckParams(given)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v with %.80q: %v, want %q", test.params, test.given, err, test.want)
		}
		if err != nil && len(test.params.Patterns) > 0 && test.params.Patterns[0] != "" && strings.Contains(err.Error(), test.params.Patterns[0]+" ") {
			t.Errorf("%v tells the pattern", err)
		}
	}
	empty := &Request{to: route{program: &program{Program: Program{Params: word}}}}
	empty.to.program.params, _ = word.compile()
	if err := empty.CheckParams([]string{""}); err == nil {
		t.Error("an empty parameter is a word")
	}
}

// TestParamsFaults: what cannot be asked for is told by New.
func TestParamsFaults(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]Program{
		"Params.Least is negative: -1":                           {Params: Params{Least: -1}},
		"Params.Least is 2, more than the 1 of Params.Most":      {Params: Params{Least: 2, Most: 1}},
		"Params.Least is 1, more than the 0 of Params.Most":      {Params: Params{Least: 1, Most: -1}},
		`the pattern "[a" is no regular expression: missing clo`: {Params: Params{Patterns: []string{"a", "[a"}}},
		`the pattern "a)" is no regular expression: unexpected `: {Params: Params{Patterns: []string{"a)"}}},
		`Result is "json"; it may be none or lastline-json`:      {Result: "json"},
	} {
		p.Name, p.Command = "p", []string{"/bin/cat"}
		if _, err := New(Config{Programs: []Program{p}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	patterns := []string{"a"}
	cfg := Config{Programs: []Program{{Name: "p", Command: []string{"/bin/cat"}, Params: Params{Patterns: patterns}}}}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Shutdown(t.Context())
	patterns[0] = "b"
	if to, refusal := s.named("p"); refusal != nil || to.program.Params.Patterns[0] != "a" {
		t.Errorf("%+v, %v: the caller's list is shared", to.program.Params, refusal)
	}
}
