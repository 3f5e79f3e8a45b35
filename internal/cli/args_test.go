package cli

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"websocketd/libwebsocketd/pow"
)

func TestScan(t *testing.T) {
	tests := []struct {
		args     []string
		settings string // name=value, separated by blanks
		command  []string
		help     bool
	}{
		{[]string{"-port=8080", "cat"}, "port=8080", []string{"cat"}, false},
		{[]string{"--port", "8080", "cat"}, "port=8080", []string{"cat"}, false},
		{[]string{"-port", "0x50", "-maxforks=1_000", "--pingms=0b1"}, "port=80 maxforks=1000 pingms=1", nil, false},
		{[]string{"--port", "0"}, "port=0", nil, false},
		{[]string{"--binary", "true", "cat"}, "binary=true", []string{"true", "cat"}, false},
		{[]string{"--binary=F", "--binary=T"}, "binary=false binary=true", nil, false},
		{[]string{"--header", "A: b, c", "--header=D:e=f"}, "header=A: b, c header=D:e=f", nil, false},
		{[]string{"--dir=", "--origin", ""}, "dir= origin=", nil, false},
		{[]string{"--port=1", "cat", "--version"}, "port=1", []string{"cat", "--version"}, false},
		{[]string{"--", "cat", "--port=x", "--"}, "", []string{"cat", "--port=x", "--"}, false},
		{[]string{"--dir", "--", "x"}, "dir=--", []string{"x"}, false},
		{[]string{"--", "-x"}, "", []string{"-x"}, false},
		{[]string{"-", "x"}, "", []string{"-", "x"}, false},
		{[]string{"ps", "--nosuch"}, "", []string{"ps", "--nosuch"}, false},
		{[]string{"help"}, "", []string{"help"}, false},
		{[]string{"--help", "--nosuch"}, "", nil, true},
		{[]string{"--port=1", "-h"}, "port=1", nil, true},
		{[]string{"-help=false"}, "", nil, true},
	}
	flags := newParser().Model.Flags
	for _, test := range tests {
		line, err := scan(flags, test.args)
		if err != nil {
			t.Errorf("%q: %v", test.args, err)
			continue
		}
		var settings []string
		for _, s := range line.settings {
			settings = append(settings, s.flag.Name+"="+s.value)
		}
		if got := strings.Join(settings, " "); got != test.settings {
			t.Errorf("%q: settings %q, want %q", test.args, got, test.settings)
		}
		if !slices.Equal(line.command, test.command) || line.help != test.help {
			t.Errorf("%q: command %q, help %v", test.args, line.command, line.help)
		}
	}
}

// TestSpellings gives every flag in every spelling of Go's flag package.
func TestSpellings(t *testing.T) {
	p := newParser()
	for _, f := range describeAll(p.Model.Flags) {
		if f.Name == "help" {
			continue
		}
		value := sampleOf(f)
		spellings := [][]string{{"-" + f.Name + "=" + value}, {"--" + f.Name + "=" + value}}
		switch f.Kind {
		case KindBool:
			spellings = append(spellings, []string{"-" + f.Name}, []string{"--" + f.Name})
		case KindSwitch:
			checkBare(t, p, f)
		default:
			spellings = append(spellings, []string{"-" + f.Name, value}, []string{"--" + f.Name, value})
		}
		for _, args := range spellings {
			line, err := scan(p.Model.Flags, append(args, "cat"))
			if err != nil || len(line.settings) != 1 || !slices.Equal(line.command, []string{"cat"}) {
				t.Errorf("%q: %+v, %v", args, line, err)
				continue
			}
			if err := p.parse(line.settings); err != nil {
				t.Errorf("%q: %v", args, err)
			}
			if got := shown(line.settings[0].flag); got != value {
				t.Errorf("%q sets %q", args, got)
			}
		}
	}
}

// checkBare gives a flag that needs no value none: it has the same one as with true.
func checkBare(t *testing.T, p *parser, f Flag) {
	t.Helper()
	for _, arg := range []string{"-" + f.Name, "--" + f.Name, "--" + f.Name + "=true"} {
		want := map[string]string{"pow": pow.DefaultBase, "admin": "true", "version": "true"}[f.Name]
		line, err := scan(p.Model.Flags, []string{arg, "/sample"})
		if err != nil || len(line.settings) != 1 || !slices.Equal(line.command, []string{"/sample"}) {
			t.Errorf("%s: %+v, %v", arg, line, err)
			continue
		}
		if err := p.parse(line.settings); err != nil || shown(line.settings[0].flag) != want {
			t.Errorf("%s sets %q, %v", arg, shown(line.settings[0].flag), err)
		}
	}
}

// sampleOf returns a value of f that is not its default.
func sampleOf(f Flag) string {
	switch f.Name {
	case "socketmode":
		return "0640"
	case "socketgroup":
		return "0"
	case "auth":
		return "token"
	case "trustproxy":
		return "10.0.0.0/8,unix"
	case "forwardedheader":
		return "Forwarded"
	case "authheader":
		return "X-Remote-User"
	case "oauthserver":
		return "https://id.example.com"
	case "acmeurl":
		return "https://id.example.com/dir"
	case "acmeemail":
		return "ops@example.com"
	case "jwtalg":
		return "ES256,RS256"
	case "spawnrate", "messagerate":
		return "10/m"
	case "powexpiry":
		return "2m0s"
	case "admin":
		return "127.0.0.1:9615"
	case "admintoken":
		return "none"
	case "rlimit":
		return "nofile=64:128"
	case "nice":
		return "5"
	case "umask":
		return "027"
	case "memorymax":
		return "67108864"
	case "cpumax":
		return "50%"
	}
	switch f.Kind {
	case KindBool:
		return "true"
	case KindInt, KindUint:
		return "12345"
	case KindChoice:
		return f.Choices[len(f.Choices)-1]
	case KindSize:
		return "65536"
	case KindTime:
		return "1m0s"
	case KindNames:
		return "a,b"
	case KindList:
		return "A: b"
	case KindSwitch:
		if f.Name == "version" {
			return "json"
		}
		return "/sample/"
	}
	return "/sample" // which a URL path may be, too
}

// shown returns the value a flag has after a parse, as text.
func shown(f *kong.Flag) string {
	switch v := f.Target.Interface().(type) {
	case names:
		return strings.Join(v, ",")
	case users:
		return strings.Join(v, ",")
	case duration:
		return time.Duration(v).String()
	case keeping:
		return time.Duration(v).String()
	case []string:
		return strings.Join(v, "\n")
	}
	return fmt.Sprint(f.Target.Interface())
}

// oracle returns the same flag table for Go's flag package. Values that only we check
// are checked by the functions the scanner uses.
func oracle(p *parser) *flag.FlagSet {
	set := flag.NewFlagSet("", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.Usage = func() {}
	for _, f := range p.Model.Flags {
		if f.Name == "help" {
			continue
		}
		switch f.Target.Kind() {
		case reflect.Bool:
			set.Bool(f.Name, false, "")
			continue
		case reflect.Int:
			set.Int(f.Name, 0, "")
			bound(set, f)
			continue
		case reflect.Uint:
			set.Uint(f.Name, 0, "")
			continue
		case reflect.Int64:
			if kind := kindOf(f); kind != KindSize && kind != KindTime {
				set.Int64(f.Name, 0, "")
				bound(set, f)
				continue
			}
		}
		set.Var(&textValue{flag: f}, f.Name, "")
	}
	return set
}

// bound makes a number of set refuse what is outside of the limits of f.
func bound(set *flag.FlagSet, f *kong.Flag) {
	least, _ := f.Tag.GetInt("min")
	most, err := f.Tag.GetInt("max")
	if err != nil {
		most = math.MaxInt64
	}
	set.Lookup(f.Name).Value = bounded{set.Lookup(f.Name).Value, least, most}
}

// bounded is a number from least to most.
type bounded struct {
	flag.Value
	least, most int64
}

func (b bounded) Set(text string) error {
	if err := b.Value.Set(text); err != nil {
		return err
	}
	if n, _ := strconv.ParseInt(b.Value.String(), 10, 64); n < b.least || n > b.most {
		return errors.New("out of bounds")
	}
	return nil
}

var headerLine = regexp.MustCompile("^([0-9A-Za-z!#$%&'*+.^_`|~-]+:|$)")

// textValue is a flag.Value for values that are text to Go's flag package.
type textValue struct {
	flag   *kong.Flag
	values []string
}

func (v *textValue) String() string { return strings.Join(v.values, "\n") }

// IsBoolFlag tells package flag that the value may be left out.
func (v *textValue) IsBoolFlag() bool { return kindOf(v.flag) == KindSwitch }

func (v *textValue) Set(text string) error {
	if v.flag.Target.Type() == reflect.TypeFor[[]string]() {
		v.values = append(v.values, text)
		if strings.HasPrefix(v.flag.Name, "header") && (!headerLine.MatchString(text) || strings.HasPrefix(strings.ToLower(text), "sec-websocket-extensions:")) {
			return errors.New("no header")
		}
		if v.flag.Name == "rlimit" {
			return checkRlimit(text)
		}
		return nil
	}
	v.values = []string{text}
	switch {
	case v.flag.Target.Type() == reflect.TypeFor[size]():
		n, err := parseSize(text)
		if err == nil {
			err = withinLimits(v.flag.Tag, n)
		}
		v.values = []string{fmt.Sprint(n)}
		return err
	case v.flag.Target.Type() == reflect.TypeFor[keeping]():
		k, err := parseKeeping(text)
		v.values = []string{time.Duration(k).String()}
		return err
	case kindOf(v.flag) == KindTime:
		d, err := parseDuration(text)
		if v.values = []string{d.String()}; err == nil {
			err = longEnough(v.flag.Tag, d)
		}
		return err
	case v.flag.Name == "admin":
		a, err := parseAdmin(text)
		v.values = []string{string(a)}
		return err
	case v.flag.Name == "version":
		form, err := parseVersionForm(text)
		v.values = []string{string(form)}
		return err
	case kindOf(v.flag) == KindSwitch:
		b, err := parseBase(text)
		v.values = []string{string(b)}
		return err
	case v.flag.Enum != "" && !slices.Contains(strings.Split(v.flag.Enum, ","), text):
		return errors.New("must be one of " + strings.ReplaceAll(v.flag.Enum, ",", ", "))
	case v.flag.Target.Type() == reflect.TypeFor[names]():
		v.values = []string{strings.Join(atCommas(text), ",")}
	case v.flag.Target.Type() == reflect.TypeFor[users]():
		var all users
		err := all.Decode(&kong.DecodeContext{Scan: kong.ScanFromTokens(kong.Token{Value: text, Type: kong.FlagValueToken})})
		v.values = []string{strings.Join(all, ",")}
		if err != nil {
			return err
		}
	}
	if check := formChecks[cmp.Or(v.flag.Tag.Get("check"), v.flag.Name)]; check != nil { // package gate has a fuzzer for these
		return check(text)
	}
	return nil
}

// FuzzScan compares the scanner, and kong after it, with Go's flag package: an error
// where it has one, the same help, the same COMMAND, the same values.
func FuzzScan(f *testing.F) {
	for _, flag := range Flags() {
		f.Add("--" + flag.Name + "\n" + sampleOf(flag) + "\ncat\n--port=1")
		f.Add("-" + flag.Name + "=" + sampleOf(flag) + "\n--\n-x")
		f.Add("--" + flag.Name + "=\n-h")
	}
	for _, seed := range []string{
		"", "-", "--", "---x", "-=1", "--=", "-h=1", "--port", "--header=\xff", "--header\na,b\n--header=c", "--maxline=1\n",
		"--maxline=9223372036854775808", "--maxline=9999999999G", "--linger=5", "--linger\n1h0m5s", "--linger=-1s", "--resume=never", "--pow", "--pow=false\ncat", "--pow=/a/\n--pow=true", "--pow=/a//", "--pow=",
		"--history=4095", "--port=-0x_1", "--pingms=-1", "--loglevel=\"${x}\"", "--dir=--dir", "--dir\n-h\n-h",
		"--protocol=a\\,b", "--address=@x", "--binary=TRUE\n--binary=0\ntrue", "--stderr=log,tag", "--stderr=", "-header-ws=x\n-header-http=y",
	} {
		f.Add(seed)
	}
	p := newParser() // whose every value is set by parse
	f.Fuzz(func(t *testing.T, text string) {
		args := strings.Split(text, "\n")
		set := oracle(p)
		if slices.ContainsFunc(args, func(arg string) bool { return strings.HasPrefix(strings.TrimLeft(arg, "-"), "?") }) {
			t.Skip() // which is help here, and there it is none
		}
		line, err := scan(p.Model.Flags, args)
		wantErr := set.Parse(args)
		if line.help != errors.Is(wantErr, flag.ErrHelp) {
			t.Fatalf("%q: help %v, want %v", args, line.help, wantErr)
		}
		if wantErr != nil {
			if !line.help && err == nil {
				t.Fatalf("%q: error %v, want %v", args, err, wantErr)
			}
			return
		}
		if err != nil || !slices.Equal(line.command, set.Args()) {
			t.Fatalf("%q: command %q, error %v, want %q", args, line.command, err, set.Args())
		}
		if err := p.parse(line.settings); err != nil {
			t.Fatalf("%q: kong refuses %v: %v", args, line.settings, err)
		}
		set.Visit(func(f *flag.Flag) {
			if got := shown(lookUp(p.Model.Flags, f.Name)); got != f.Value.String() {
				t.Fatalf("%q: --%s is %q, want %q", args, f.Name, got, f.Value)
			}
		})
	})
}
