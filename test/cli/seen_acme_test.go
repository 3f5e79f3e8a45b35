package cli

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"crypto/tls"

	"websocketd/test/harness"
)

// nowhere are the variables of a server that reaches no authority but one on this machine.
var nowhere = []string{"HTTPS_PROXY=http://127.0.0.1:1"}

// issuing is o with certificates that are asked for in vain.
func issuing(t *testing.T, o harness.Options, flags ...string) harness.Options {
	t.Helper()
	o.Env = append(append([]string{"STATE_DIRECTORY=" + t.TempDir()}, nowhere...), o.Env...)
	o.Args = append(flags, o.Args...)
	return with(o, "cat")
}

var inVain = regexp.MustCompile(`Certificate not issued      : for ([^ ]+): (.*)`)

// whyNotIssued is for which name no certificate was issued first, and why.
func whyNotIssued(t *testing.T, s *harness.Server) (name, why string) {
	t.Helper()
	found := inVain.FindStringSubmatch(s.Out.Await(t, "Certificate not issued"))
	return found[1], found[2]
}

func whoseCertificates(t *testing.T, o harness.Options) string {
	s := issuing(t, o).Start(t)
	if !strings.Contains(s.Out.Await(t, "Starting WebSocket server"), "wss://") {
		return "no TLS"
	}
	name, _ := whyNotIssued(t, s)
	return name
}

func whereKept(t *testing.T, o harness.Options) string {
	o.Dir = t.TempDir()
	line := issuing(t, o, "--acme=a.example").Start(t).Out.Await(t, "Certificates are kept in")
	return line[strings.LastIndexAny(line, "/ ")+1:]
}

func whichAuthority(t *testing.T, o harness.Options) string {
	_, why := whyNotIssued(t, issuing(t, o, "--acme=a.example").Start(t))
	return regexp.MustCompile(`https://[^/]*`).FindString(why)
}

func believed(t *testing.T, o harness.Options) string {
	_, why := whyNotIssued(t, issuing(t, o, "--acme=a.example", "--acmeurl="+refusing(t, &o)).Start(t))
	if strings.Contains(why, "x509: ") {
		return "no"
	}
	return "yes"
}

func writtenTo(t *testing.T, o harness.Options) string {
	url := refusing(t, &o)
	_, why := whyNotIssued(t, issuing(t, o, "--acme=a.example", "--acmeca=a.pem", "--acmeurl="+url).Start(t))
	return cmp.Or(regexp.MustCompile(`mailto:[^];]*|no account for \[\]`).FindString(why), why)
}

// refusing returns the URL of an authority, with the certificate a.pem in the directory of o, that
// makes no accounts: it says for whom.
func refusing(t *testing.T, o *harness.Options) string {
	t.Helper()
	a, _ := twoCertificates(t, o)
	pair, err := tls.LoadX509KeyPair(a.Cert, a.Key)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	s := httptest.NewUnstartedServer(mux)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	s.StartTLS()
	t.Cleanup(s.Close)
	url := strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	mux.HandleFunc("/dir", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"newNonce": "%[1]s/nonce", "newAccount": "%[1]s/account", "newOrder": "%[1]s/order"}`, url)
	})
	mux.HandleFunc("/nonce", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Replay-Nonce", "1") })
	mux.HandleFunc("/account", func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Payload string }
		var account struct{ Contact []string }
		json.NewDecoder(r.Body).Decode(&body)
		text, _ := base64.RawURLEncoding.DecodeString(body.Payload)
		json.Unmarshal(text, &account)
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, `{"type": "urn:ietf:params:acme:error:unauthorized", "detail": "no account for %s"}`, account.Contact)
	})
	return url + "/dir"
}
