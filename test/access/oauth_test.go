package access

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// twoPrograms starts a server of two programs, and an open one, for whose tokens
// https://id.example is asked. It knows a name besides its addresses.
func twoPrograms(t *testing.T, key ed25519.PrivateKey, args ...string) *harness.Server {
	dir := t.TempDir()
	harness.WriteFile(t, filepath.Join(dir, "jwt.pem"), harness.PublicKeys(t, key), 0o644)
	const command = "command = [\"sh\", \"-c\", \"echo $REMOTE_USER\"]\n"
	harness.WriteFile(t, filepath.Join(dir, "c.toml"), "[program.a]\n"+command+"path = \"/a\"\n[program.b]\n"+command+"[program.open]\n"+command+"auth = \"none\"\n"+
		"[program.mcp]\ncommand = [\"cat\"]\nmcp = true\norigin = [\"https://page.example\"]\n", 0o644)
	return harness.Options{Bin: harness.Binary(t), Dir: dir, Args: append([]string{"--config=c.toml", "--jwtkey=jwt.pem", "--oauthserver=https://id.example", "--host=mcp.example.com"}, args...)}.Start(t)
}

// sentTo returns a request of somebody with a token, "" for none, to a host of the server.
func sentTo(host, path, token string) harness.Request {
	r := harness.Post(path, "").Without("Host").Add("Host", host)
	if token != "" {
		r = r.Add("Authorization", "Bearer "+token)
	}
	return r
}

var namedMetadata = regexp.MustCompile(`^Bearer realm="websocketd", resource_metadata="http://[^/]+(/[^"]*)"`)

// issued returns a token for a resource of the OAuth server.
func issued(key any, resource string) string {
	return signed(key, map[string]any{"aud": resource, "iss": "https://id.example"})
}

// TestOAuthServer: a client without a token is led to who issues one for the program it asks
// for, and gets in with a token for that alone.
func TestOAuthServer(t *testing.T) {
	t.Parallel()
	_, key, _ := ed25519.GenerateKey(nil)
	for _, name := range []string{"localhost", "127.0.0.1", "mcp.example.com"} {
		s := twoPrograms(t, key) // each, for an address may show ten wrong tokens
		host := name + ":" + strconv.Itoa(s.Port)
		for path, other := range map[string]string{"/a": "/b", "/b": "/a"} {
			resource := leads(t, s, host, path)
			if want := "http://" + host + path; resource != want {
				t.Fatalf("the resource is %s, want %s", resource, want)
			}
			token := issued(key, resource)
			if c := s.Ask(t, sentTo(host, path, signed(key, map[string]any{"aud": resource}))); c.Status() != 401 {
				t.Errorf("a token that another server has issued: %d %q", c.Status(), c.Body)
			}
			for at, want := range map[string]int{path: 200, path + "/below": 200, other: 401, other + "/.." + path: 200, path + "/../" + other[1:]: 401, "/open": 200} {
				if c := s.Ask(t, sentTo(host, at, token)); c.Status() != want || want == 200 && at != "/open" && c.Body != "ann\n" {
					t.Errorf("a token for %s at %s: %d %q, want %d", resource, at, c.Status(), c.Body, want)
				}
			}
		}
		if c := s.Ask(t, harness.Get("/.well-known/oauth-protected-resource/open")); c.Status() != 404 {
			t.Errorf("nobody needs a token there: %d %s", c.Status(), c.Body)
		}
	}
}

// leads follows a 401 to the document about what was asked for, as a page of any site may,
// and returns what that calls it.
func leads(t *testing.T, s *harness.Server, host, path string) (resource string) {
	t.Helper()
	c := s.Ask(t, sentTo(host, path, ""))
	named := namedMetadata.FindStringSubmatch(c.Header("WWW-Authenticate"))
	if c.Status() != 401 || named == nil {
		t.Fatalf("%s at %s: %d %q", path, host, c.Status(), c.Header("WWW-Authenticate"))
	}
	var document struct {
		Resource string   `json:"resource"`
		Issuers  []string `json:"authorization_servers"`
	}
	c = s.Ask(t, harness.Get(named[1]).Without("Host").Add("Host", host).Add("Origin", "https://inspector.example"))
	err := json.Unmarshal([]byte(c.Body), &document)
	if err != nil || c.Status() != 200 || c.Header("Access-Control-Allow-Origin") != "*" || fmt.Sprint(document.Issuers) != "[https://id.example]" {
		t.Fatalf("%s: %d %s, %v", named[1], c.Status(), c.Body, err)
	}
	return document.Resource
}

// TestOAuthAudience: a token for somebody else is none, whatever Host names; with --jwtaudience
// that alone counts.
func TestOAuthAudience(t *testing.T) {
	t.Parallel()
	_, key, _ := ed25519.GenerateKey(nil)
	const audience = "--jwtaudience=here"
	for _, test := range []struct {
		flag, host string // HOST is localhost and the port
		aud        any
		want       int
	}{
		{"", "HOST", "http://HOST", 200},
		{"", "HOST", "http://HOST/", 200},
		{"", "HOST", []string{"elsewhere", "http://HOST/a/"}, 200},
		{"", "HOST", "https://HOST/a", 401},
		{"", "HOST", "http://HOST/ab", 401},
		{"", "HOST", "http:", 401},
		{"", "HOST", "", 401},
		{"", "HOST", "here", 401},
		{"", "localhost:1", "http://localhost:1/a", 401},
		{"", "localhost", "http://localhost/a", 401},
		{"", "evil.example", "http://evil.example/a", 421},
		{audience, "HOST", "here", 200},
		{audience, "HOST", "http://HOST/a", 401},
	} {
		var flags []string
		if test.flag != "" {
			flags = append(flags, test.flag)
		}
		s := twoPrograms(t, key, flags...)
		own := strings.NewReplacer("HOST", "localhost:"+strconv.Itoa(s.Port))
		aud, isText := test.aud.(string)
		claims := map[string]any{"aud": own.Replace(aud), "iss": "https://id.example"}
		if !isText {
			claims["aud"] = []string{test.aud.([]string)[0], own.Replace(test.aud.([]string)[1])}
		}
		token := signed(key, claims)
		for range 2 { // it is remembered
			if c := s.Ask(t, sentTo(own.Replace(test.host), "/a", token)); c.Status() != test.want {
				t.Errorf("%s: a token for %q at %s: %d %s, want %d", test.flag, test.aud, test.host, c.Status(), c.Body, test.want)
			}
		}
	}
}

// TestOAuthOfMCP: a client of MCP that has no token is told of that in its protocol, and a page
// that may connect can read where to get one.
func TestOAuthOfMCP(t *testing.T) {
	t.Parallel()
	_, key, _ := ed25519.GenerateKey(nil)
	s := twoPrograms(t, key)
	host := "localhost:" + strconv.Itoa(s.Port)
	ask := func(token string) *harness.Conn {
		r := sentTo(host, "/mcp", token).Add("Content-Type", "application/json").Add("Accept", "application/json").Add("Origin", "https://page.example")
		r.Body = `{"jsonrpc":"2.0","id":1,"method":"no such"}`
		return s.Ask(t, r.Without("Content-Length").Add("Content-Length", strconv.Itoa(len(r.Body))))
	}
	c := ask("")
	named := namedMetadata.FindStringSubmatch(c.Header("WWW-Authenticate"))
	if c.Status() != 401 || named == nil || named[1] != "/.well-known/oauth-protected-resource/mcp" || c.Header("Content-Type") != "application/json" || !strings.Contains(c.Body, `"error"`) {
		t.Errorf("%d %v %s", c.Status(), c.Response.Header, c.Body)
	}
	if c.Header("Access-Control-Allow-Origin") != "https://page.example" || !strings.Contains(c.Header("Access-Control-Expose-Headers"), "WWW-Authenticate") {
		t.Errorf("a page cannot read that: %v", c.Response.Header)
	}
	if c := ask(issued(key, "http://"+host+"/a")); c.Status() != 401 || !strings.Contains(c.Header("WWW-Authenticate"), `error="invalid_token"`) {
		t.Errorf("a token for another program: %d %v", c.Status(), c.Response.Header)
	}
	if c := ask(issued(key, "http://"+host+"/mcp")); c.Status() == 401 {
		t.Errorf("a token for the program: %d %s", c.Status(), c.Body)
	}
}
