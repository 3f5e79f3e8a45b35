package libwebsocketd

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
)

// Params says which parameters a caller may add to the arguments of a Program (see package
// pow). The zero value takes any number, none of which begins with a hyphen: it would be an
// option of the program.
type Params struct {
	Least int // how many there must be
	Most  int // how many there may be; 0 is no limit, negative is none at all

	// Patterns are regular expressions, each for the whole of one parameter in its order; the
	// last one is for all that follow as well. A parameter may begin with a hyphen if its
	// pattern matches that.
	Patterns []string
}

// ResultMode says what a Program returns to a caller that waits for its result.
type ResultMode string

const (
	ResultNone         ResultMode = "none"          // nothing but its exit status
	ResultLastLineJSON ResultMode = "lastline-json" // the last line of its output that is not blank, a JSON text
)

// CheckPattern returns an error if Params.Patterns cannot have a pattern.
func CheckPattern(pattern string) error {
	_, err := regexp.Compile(pattern)
	if fault := (*syntax.Error)(nil); errors.As(err, &fault) {
		return fmt.Errorf("the pattern %q is no regular expression: %s", pattern, fault.Code)
	}
	return err
}

// check returns the first fault.
func (p *Params) check() error {
	switch {
	case p.Least < 0:
		return fieldError("Params.Least is negative: %d", p.Least)
	case p.Most != 0 && p.Least > max(p.Most, 0):
		return fieldError("Params.Least is %d, more than the %d of Params.Most", p.Least, max(p.Most, 0))
	}
	_, err := p.compile()
	return err
}

// compile returns the patterns, ready for matchesWhole.
func (p *Params) compile() (patterns []*regexp.Regexp, err error) {
	for _, pattern := range p.Patterns {
		if err := CheckPattern(pattern); err != nil {
			return nil, fieldError("Params.Patterns: %w", err)
		}
		compiled := regexp.MustCompile(pattern)
		compiled.Longest()
		patterns = append(patterns, compiled)
	}
	return patterns, nil
}

// matchesWhole reports whether a pattern, which prefers the longest match, matches all of s.
func matchesWhole(pattern *regexp.Regexp, s string) bool {
	at := pattern.FindStringIndex(s)
	return at != nil && at[0] == 0 && at[1] == len(s)
}

// mostParams is how many bytes all parameters of a call may have. Linux takes a quarter of the
// limit of the stack for arguments and environment together, 2 MiB as a rule; each argument
// costs argOverhead more, for a NUL and a pointer.
const (
	mostParams  = 1 << 20
	argOverhead = 9
)

// CheckParams returns why the program cannot have these parameters, nil if it can. The error
// is for the caller: it tells which one, and no pattern.
func (req *Request) CheckParams(params []string) error {
	p := req.to.program
	if n := len(params); n < p.Params.Least || p.Params.Most != 0 && n > max(p.Params.Most, 0) {
		noun := "parameters"
		if n == 1 {
			noun = "parameter"
		}
		return fmt.Errorf("%d %s %s given, %s", n, noun, verb(n), p.Params.wanted(n))
	}
	total := 0
	for i, param := range params {
		if total += len(param) + argOverhead; total > mostParams {
			return errors.New("the parameters do not fit a program's arguments")
		}
		if why := p.refuses(i, param); why != "" {
			return fmt.Errorf("parameter %d %s", i+1, why)
		}
	}
	return nil
}

// wanted returns how many parameters there must be, for a caller who gives n, which is not
// right.
func (p *Params) wanted(n int) string {
	switch least, most := p.Least, max(p.Most, 0); {
	case p.Most < 0:
		return "none is taken"
	case least == most:
		return fmt.Sprintf("exactly %d %s needed", least, verb(least))
	case n < least:
		return fmt.Sprintf("at least %d %s needed", least, verb(least))
	default:
		return fmt.Sprintf("at most %d %s taken", most, verb(most))
	}
}

// verb returns the one for n parameters.
func verb(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// refuses returns what is wrong with the ith parameter, "" if nothing is.
func (p *program) refuses(i int, param string) string {
	switch n := len(p.params); {
	case strings.ContainsRune(param, 0):
		return "has a NUL in it, which no argument can have"
	case len(param) > maxVariable-1: // with the final NUL
		return "does not fit a program's arguments"
	case n == 0 && strings.HasPrefix(param, "-"):
		return "begins with a hyphen"
	case n > 0 && !matchesWhole(p.params[min(i, n-1)], param):
		return "is not of the form that is wanted there"
	}
	return ""
}

// clone returns p with a list of its own.
func (p Params) clone() Params {
	p.Patterns = slices.Clone(p.Patterns)
	return p
}
