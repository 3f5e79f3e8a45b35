package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// keyOfNobody writes a public key, and returns its file.
func keyOfNobody(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key.json")
	const key = `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}` // RFC 8037 appendix A.2
	if err := os.WriteFile(file, []byte(`{"keys":[`+key+`]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestOAuthServer: where the audience is the URL of a program, a name of the server is known.
func TestOAuthServer(t *testing.T) {
	const id = "--oauthserver=https://id.example.com "
	key := "--jwtkey=" + keyOfNobody(t) + " "
	const nameless = "please specify --host=NAME or --jwtaudience when requesting --oauthserver: the audience of a token is the URL of the program, and no name of this server is known"
	for args, want := range map[string]string{
		id + "cat":                                                  "please specify --jwtkey or --authcmd when requesting --oauthserver: its tokens are to be checked",
		id + "--tokenfile=/dev/null cat":                            "please specify --jwtkey or --authcmd when requesting --oauthserver: its tokens are to be checked",
		id + "--authcmd=cat cat":                                    "",
		id + key + "cat":                                            "",
		id + key + "--jwtaudience=me cat":                           "",
		key + "cat":                                                 "please specify --jwtaudience when requesting --jwtkey: without it a token for any other service would be taken",
		id + key + "--address=0.0.0.0 cat":                          nameless,
		id + key + "--address=:: --host=* cat":                      nameless,
		id + key + "--address=0.0.0.0 --host=*.example.com cat":     nameless,
		id + key + "--address=0.0.0.0 --host=mcp.example.com cat":   "",
		id + key + "--address=0.0.0.0,192.0.2.1 cat":                "",
		id + key + "--address=0.0.0.0 --jwtaudience=me cat":         "",
		id + key + "--unixsocket=/tmp/x cat":                        nameless,
		id + key + "--unixsocket=/tmp/x --port=80 cat":              "",
		id + key + "--unixsocket=/tmp/x --host=mcp.example.com cat": "",
		"--oauthserver=http://localhost:9000/realm " + key + "cat":  "",
		"--oauthserver=http://id.example.com " + key + "cat":        `invalid value "http://id.example.com" for flag --oauthserver: must be an https URL without a query, like https://id.example.com; http is for localhost`,
		"--oauthserver=https://id.example.com/? " + key + "cat":     `invalid value "https://id.example.com/?" for flag --oauthserver: must be an https URL without a query, like https://id.example.com; http is for localhost`,
	} {
		i := invocation{args: strings.Fields(args)}
		p := newParser()
		line, err := scan(p.Model.Flags, i.args)
		got := ""
		if err != nil {
			got = err.Error()
		} else if w, _, r := i.resolve(p, line); r != nil {
			got = r.message
		} else if all := w.config().Credentials; all == nil || len(all.AuthorizationServers) != 1 {
			t.Errorf("%s: nobody issues tokens", args)
		}
		if got != want {
			t.Errorf("%s: %q\nwant %q", args, got, want)
		}
	}
	_, r := configured(t, "oauthserver = \"https://id.example.com\"\n"+catA)
	if want := "f.toml:1: please specify --jwtkey or --authcmd when requesting --oauthserver: its tokens are to be checked"; r == nil || r.message != want {
		t.Errorf("in a file: %+v", r)
	}
}
