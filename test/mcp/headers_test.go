package mcp

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// verdicts are what a request may be answered: "STATUS CODE", or "STATUS" for a result.
type verdicts []string

// guess is a request of which some parts are wrong, and what must come of it.
type guess struct {
	method, params, meta string
	headers              http.Header
	faults               verdicts // of the parts that are wrong
	what                 []string // for the reader of a failure
}

// wrong notes that a part is wrong, and what is then answered.
func (g *guess) wrong(verdict, what string) {
	g.faults = append(g.faults, verdict)
	g.what = append(g.what, what)
}

const (
	mismatch  = "400 -32020"
	noMeta    = "400 -32602"
	noMethod  = "404 -32601"
	noVersion = "400 -32022"
)

// encode returns a value as a header may have it; it must for some.
func encode(random *rand.Rand, value string) string {
	plain := value == strings.TrimSpace(value) && !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' })
	if plain && !strings.HasPrefix(value, "=?base64?") && random.IntN(4) > 0 {
		return value
	}
	return "=?base64?" + base64.StdEncoding.EncodeToString([]byte(value)) + "?="
}

// spoil sets a header to what it should be, or in one of four cases to something else, which
// it reports as a mismatch.
func (g *guess) spoil(random *rand.Rand, name, value string) {
	other := []string{value + "x", strings.ToUpper(value) + "!", "=?base64?" + value + "?=", "=?base64?%%%?=", "=?BASE64?" + base64.StdEncoding.EncodeToString([]byte(value)) + "?="}
	switch n := random.IntN(20); {
	case n == 0:
		g.wrong(mismatch, "no "+name)
	case n < 4:
		bad := strings.ReplaceAll(other[random.IntN(len(other))], "\n", "")
		g.headers.Set(name, bad)
		g.wrong(mismatch, name+": "+bad)
	case n == 4:
		g.headers[http.CanonicalHeaderKey(name)] = []string{encode(random, value), encode(random, value+"x")}
		g.wrong(mismatch, "two of "+name)
	case name == "Mcp-Method" || name == "MCP-Protocol-Version":
		g.headers.Set(name, value)
	default:
		g.headers.Set(name, encode(random, value))
	}
}

// newGuess makes a request.
func newGuess(random *rand.Rand, n int) *guess {
	g := &guess{headers: http.Header{}}
	pick := func(all ...string) string { return all[random.IntN(len(all))] }
	g.method = pick("tools/call", "tools/call", "tools/call", "prompts/get", "resources/read", "tools/list", "no/such", "initialize")
	switch g.method {
	case "tools/call":
		g.tool(random, pick("echo", "shaped", "shaped", "ünïcode tool", " padded ", "=?base64?literal?="))
	case "prompts/get":
		g.named(random, "name", pick("plain", "with space", "größe"))
	case "resources/read":
		g.named(random, "uri", pick("file:///a", "file:///ü", "x:?a=b&c=\\\"d\\\""))
	case "no/such", "initialize":
		g.faults = append(g.faults, noMethod)
	}
	g.params = join(g.params, `"mark":`+strconv.Itoa(n))
	g.spoil(random, "Mcp-Method", g.method)
	g.version(random)
	return g
}

// named adds what the method is about, and its header. The name is as it stands in JSON.
func (g *guess) named(random *rand.Rand, member, name string) {
	g.params = join(g.params, fmt.Sprintf(`"%s":"%s"`, member, name))
	var value string
	json.Unmarshal([]byte(`"`+name+`"`), &value)
	g.spoil(random, "Mcp-Name", value)
}

// version adds _meta and the header of the version.
func (g *guess) version(random *rand.Rand) {
	const version, capabilities = `"io.modelcontextprotocol/protocolVersion"`, `"io.modelcontextprotocol/clientCapabilities"`
	asked := modernVersion
	if random.IntN(15) == 0 {
		asked = "2099-01-01"
		g.faults = append(g.faults, noVersion)
	}
	switch random.IntN(20) {
	case 0:
		g.meta = version + `:"` + asked + `"`
		g.wrong(noMeta, "no capabilities")
	case 1:
		g.meta = capabilities + `:{}`
		g.wrong(noMeta, "no version in _meta")
		g.headers.Set("MCP-Protocol-Version", asked)
		return
	default:
		g.meta = fmt.Sprintf(`%s:{} , %s : %q`, capabilities, version, asked)
	}
	g.spoil(random, "MCP-Protocol-Version", asked)
}

// tool makes a call, and for "shaped" arguments of which some stand in headers.
func (g *guess) tool(random *rand.Rand, name string) {
	g.named(random, "name", name)
	if name != "shaped" {
		g.params = join(g.params, `"arguments":{"payload":1}`)
		return
	}
	var arguments string
	for _, a := range []struct {
		member, header string
		values         []string // as JSON
	}{
		{"region", "Region", []string{`"eu"`, `"Köln"`, `" padded "`, `"a\nb"`, `""`, `"=?base64?x?="`, `"\u0041"`}},
		{"count", "Count", []string{`42`, `-7`, `0`, `9007199254740991`, `-9007199254740991`, `4.2e1`, `42.0`}},
		{"dry", "Dry-Run", []string{`true`, `false`}},
	} {
		arguments = join(arguments, g.argument(random, a.member, a.header, a.values))
	}
	if zone := g.argument(random, "zone", "Zone", []string{`"z"`, `"zü"`}); zone != "" {
		arguments = join(arguments, `"deep":{"x":1,`+zone+`}`)
	}
	g.params = join(g.params, `"arguments":{`+arguments+`}`)
}

// argument returns a member of the arguments, and sets its header.
func (g *guess) argument(random *rand.Rand, member, header string, values []string) string {
	name := "Mcp-Param-" + header
	n := random.IntN(len(values) + 2)
	if n >= len(values) {
		if random.IntN(5) == 0 {
			g.headers.Set(name, "something")
			g.wrong(mismatch, name+" for nothing")
		}
		return map[bool]string{true: "", false: `"` + member + `":null`}[n == len(values)]
	}
	var text string
	if json.Unmarshal([]byte(values[n]), &text) != nil {
		text = values[n]
	}
	switch {
	case text == "":
		g.headers.Set(name, "=?base64??=")
	case member == "count" && text == "42" && random.IntN(2) == 0:
		g.headers.Set(name, []string{"42.0", "4.2e1", "=?base64?NDI=?="}[random.IntN(3)])
	default:
		g.spoil(random, name, text)
	}
	return `"` + member + `":` + values[n]
}

// fuzzSeed returns a source of choices that SEED repeats.
func fuzzSeed(t *testing.T) *rand.Rand {
	seed := rand.Uint64()
	if n, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64); err == nil {
		seed = n
	}
	t.Logf("SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, seed))
}

// Requests some of whose parts are wrong are refused with the error of one of these, and do
// not come to the process; all others do, and are answered.
func TestHeaderFuzz(t *testing.T) {
	t.Parallel()
	random := fuzzSeed(t)
	p := modernPeer(t, scripted(t))
	count := map[string]int{}
	var refused []int
	for n := range 1500 {
		g := newGuess(random, n)
		r := p.post(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":%q,"params":{%s,"_meta":{%s}}}`, n, g.method, g.params, g.meta))
		r.Header.Del("MCP-Protocol-Version")
		for name, values := range g.headers {
			r.Header[name] = values
		}
		a := p.send(r).read()
		got := strconv.Itoa(a.status)
		if e := a.last(t, strconv.Itoa(n)); e.Error != nil {
			got += fmt.Sprintf(" %d", e.Error.Code)
		}
		want := g.faults
		if len(want) == 0 {
			want = verdicts{"200"}
		}
		if !slices.Contains(want, got) {
			t.Errorf("%d: %s, expected %q: %q\n%s {%s} {%s}\n%v", n, got, want, g.what, g.method, g.params, g.meta, g.headers)
		}
		count[got]++
		if got != noVersion && (len(g.what) > 0 || g.method == "initialize") { // a version that is not ours is the process's to refuse
			refused = append(refused, n)
		}
	}
	t.Logf("%v", count)
	for _, verdict := range []string{"200", mismatch, noMeta, noMethod, noVersion} {
		if count[verdict] == 0 {
			t.Errorf("nothing was answered %s", verdict)
		}
	}
	seen := strings.Join(p.seen(`"mark":`), "\n")
	for _, n := range refused {
		if strings.Contains(seen, fmt.Sprintf(`"mark":%d,`, n)) {
			t.Errorf("request %d came to the process", n)
		}
	}
}

// The headers that a tool wants are those of its newest description: the process says that
// it has another, to everybody or to those who have subscribed to that.
func TestToolChanges(t *testing.T) {
	t.Parallel()
	const changed = "notifications/tools/list_changed"
	for name, tell := range map[string]func(*peer){
		"everybody": func(p *peer) { p.call("say", `"before":["{\"jsonrpc\":\"2.0\",\"method\":\"`+changed+`\"}"]`) },
		"subscribers": func(p *peer) {
			listen := p.send(p.request("1", "subscriptions/listen", `"notifications":{"toolsListChanged":true}`))
			listen.message()
			p.call("publish", `"method":"`+changed+`","params":{}`)
			if got := listen.message(); !strings.Contains(got, changed) {
				p.t.Error(got)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := modernPeer(t, scripted(t))
			shaped := func(header string) int {
				r := p.tool("1", "shaped", `"region":"eu"`)
				r.Header.Set("Mcp-Param-"+header, "eu")
				return p.send(r).read().status
			}
			if a, b := shaped("Region"), shaped("Land"); a != 200 || b != 400 {
				t.Errorf("at first %d, %d", a, b)
			}
			if n := len(p.seen(`"tools/list"`)); n != 1 {
				t.Errorf("the process was asked %d times for its tools", n)
			}
			p.call("retool", `"name":"Land"`)
			tell(p)
			if a, b := shaped("Region"), shaped("Land"); a != 400 || b != 200 {
				t.Errorf("then %d, %d", a, b)
			}
		})
	}
}

// What a process does not tell a client of another version it is asked again for the next one.
func TestToolsNotToldToOne(t *testing.T) {
	t.Parallel()
	s := scripted(t)
	other, p := modernPeer(t, s), modernPeer(t, s)
	other.version = "2099-01-01"
	for _, from := range []*peer{other, p} {
		want := map[*peer]int{other: -32022, p: -32020}[from]
		from.send(from.tool("1", "shaped", `"region":"eu"`)).read().fails(t, http.StatusBadRequest, want, "1")
	}
	if n := len(p.seen(`"tools/list"`)); n != 2 {
		t.Errorf("the process was asked %d times for its tools", n)
	}
}
