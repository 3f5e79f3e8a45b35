package credential

import (
	"context"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd/gate"
)

// The hashes are those of libxcrypt, as of htpasswd(1), mkpasswd(1) and openssl(1). The
// password of each is its user.
const passwords = `# users
ada:$2y$05$abcdefghijklmnopqrstuu3BhtSsYwImn0SZ2ALc89wp14oYFc6Dq
fay:$2b$05$abcdefghijklmnopqrstuu35n1mkmK.jFw7S7FyVgkan8LU5weUS2: a comment

eve:$5$rounds=1000$saltysalt$EyQ/JmzL16LRowwk4n0fWYgooeUG0aY/TPMAQC7q1f.
bob:$6$saltsalt$eZZFJjIi2S1b9mEZsXMcTb.G7NDjjc0RnKyfr3.MqsbFX4.oW6XNUqBGlNJ0eWy3PqnPBYPt4bHp.I.Ha21LA.
`

func basic(user, password string) gate.Proof {
	return gate.Proof{Scheme: "Basic", User: user, Secret: password}
}

func newRequest() *http.Request { return &http.Request{} }

func identify(c gate.Credential, shown gate.Proof) (gate.Identity, *gate.Refusal) {
	return c.Identify(newRequest(), gate.Client{}, shown)
}

func newPassword(t *testing.T, name string) *Password {
	t.Helper()
	p, err := NewPassword(name, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPasswords(t *testing.T) {
	p := newPassword(t, written(t, passwords))
	for _, test := range []struct{ user, password, want string }{
		{"ada", "ada", "ada"}, {"fay", "fay", "fay"}, {"eve", "eve", "eve"}, {"bob", "bob", "bob"}, {"bob", "bob", "bob"},
		{"ada", "bob", ""}, {"bob", "ada", ""}, {"ada", "", ""}, {"", "", ""}, {"", "ada", ""}, {"Ada", "ada", ""},
		{"eve", "eve\x00", ""}, {"fay", strings.Repeat("fay", 400), ""}, {"nobody", "ada", ""}, {"nobody", "bob", ""},
	} {
		who, refusal := identify(p, basic(test.user, test.password))
		if who.User != test.want || (refusal == nil) != (test.want != "") || refusal != nil && refusal.Status != 401 || refusal == nil && who.Proof != "Basic" {
			t.Errorf("%s with %q is %+v, %v", test.user, test.password, who, refusal)
		}
	}
	if who, refusal := identify(p, bearer("ada")); refusal != nil || who.User != "" {
		t.Errorf("a token is a password: %+v, %v", who, refusal)
	}
	empty := newPassword(t, written(t, "# nobody\n"))
	if _, refusal := identify(empty, basic("ada", "ada")); refusal == nil || refusal.Status != 401 {
		t.Error("an empty file lets somebody in")
	}
}

// An error names the line and the way out, and never the secret.
func TestFaultyPasswords(t *testing.T) {
	bcrypt := strings.Split(strings.Split(passwords, "\n")[1], ":")[1]
	sha := strings.Split(passwords, "\n")[5]
	for line, want := range map[string]string{
		"ada":                                 "no colon",
		":" + bcrypt:                          "is empty",
		"a\tda\x01:" + bcrypt:                 "cannot be printed",
		"fay:$apr1$xx$TitV/6efIiffmDrbei8jT0": "websocketd passwd ",
		"ada:ada":                             "websocketd passwd ",
		"ada:":                                "websocketd passwd ",
		"ada:{SHA}TitV/6efIiffmDrbei8jT0=":    "bcrypt",
		"ada:" + bcrypt[1:]:                   "bcrypt",
		"ada:" + bcrypt[:59]:                  "bcrypt",
		"ada:" + bcrypt + "a":                 "bcrypt",
		"ada:" + strings.Replace(bcrypt, "05", "31", 1): "at a cost of seconds",
		"ada:" + strings.Replace(bcrypt, "05", "15", 1): "at a cost of seconds",
		"ada :" + bcrypt: "begins or ends with a blank",
		"ada:" + strings.Replace(bcrypt, "05", "03", 1):              "bcrypt",
		strings.Replace(sha, "$6$", "$6$rounds=999$", 1):             "bcrypt",
		strings.Replace(sha, "$6$", "$6$rounds=99999999$", 1):        "at a cost of seconds",
		strings.Replace(sha, "$6$", "$6$rounds=9999999$", 1):         "at a cost of seconds",
		strings.Replace(sha, "$6$", "$6$rounds=1000001$", 1):         "at a cost of seconds",
		strings.Replace(sha, "saltsalt", "", 1):                      "bcrypt",
		strings.Replace(sha, "saltsalt", strings.Repeat("s", 17), 1): "bcrypt",
		sha[:len(sha)-1]:                    "bcrypt",
		"ada:" + bcrypt + "\nada:" + bcrypt: "stands in a line above",
	} {
		_, err := NewPassword(written(t, "\n"+line), func(error) {})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "file:") || strings.Contains(err.Error(), "TitV") || strings.Contains(err.Error(), "qrstuu") {
			t.Errorf("%q: %v, expected %q", line, err, want)
		}
	}
}

// countedHash counts how often a password is compared with it. A comparison waits for free,
// if that is not nil.
type countedHash struct {
	password string
	compared *atomic.Int64
	free     chan struct{}
}

func (c countedHash) MatchesPassword(password string) bool {
	c.compared.Add(1)
	if c.free != nil {
		<-c.free
	}
	return password == c.password
}

// counted replaces every hash by one that counts.
func counted(p *Password, free chan struct{}) *atomic.Int64 {
	n := new(atomic.Int64)
	for user, a := range p.file.current().byUser {
		a.hash = countedHash{user, n, free}
	}
	return n
}

// A user who is not there costs a comparison, too, and gets in with nobody's password.
func TestUnknownUserIsCompared(t *testing.T) {
	p := newPassword(t, written(t, passwords))
	n := counted(p, nil)
	for i, user := range []string{"nobody", "someone", "ada "} {
		for j, password := range []string{"ada", "bob", "eve", "fay"} {
			if _, refusal := identify(p, basic(user, password)); refusal == nil {
				t.Errorf("%s gets in by the password of %s", user, password)
			}
			if got := n.Load(); got != int64(4*i+j+1) {
				t.Errorf("%d comparisons, expected one each", got)
			}
		}
	}
}

// A password that nobody has, but that would take SHA-crypt long, is not compared.
func TestLongPasswordIsNotCompared(t *testing.T) {
	p := newPassword(t, written(t, passwords))
	n := counted(p, nil)
	for size, want := range map[int]int64{longestShown: 1, longestShown + 1: 0, 30000: 0} {
		before := n.Load()
		if _, refusal := identify(p, basic("bob", strings.Repeat("x", size))); refusal == nil || n.Load()-before != want {
			t.Errorf("of %d bytes: %v, %d comparisons", size, refusal, n.Load()-before)
		}
	}
}

// A right password is compared once in five minutes, and again after the file has changed.
// A wrong one is compared each time.
func TestRightPasswordIsRemembered(t *testing.T) {
	name := written(t, passwords)
	synctest.Test(t, func(t *testing.T) {
		p := newPassword(t, name)
		n := counted(p, nil)
		expect := func(what string, shown gate.Proof, want int64) gate.Identity {
			t.Helper()
			before := n.Load()
			who, _ := identify(p, shown)
			if got := n.Load() - before; got != want {
				t.Errorf("%s: %d comparisons, expected %d", what, got, want)
			}
			return who
		}
		expect("the first", basic("ada", "ada"), 1)
		who := expect("the second", basic("ada", "ada"), 0)
		expect("a wrong one", basic("ada", "bob"), 1)
		expect("a wrong one again", basic("ada", "bob"), 1)
		if !p.Knows(who) {
			t.Error("ada is not known")
		}
		time.Sleep(keepRight)
		expect("after five minutes", basic("ada", "ada"), 1)
		write(t, name, passwords+"gus:$2y$05$abcdefghijklmnopqrstuu3BhtSsYwImn0SZ2ALc89wp14oYFc6Dq\n")
		lookAgain()
		if !p.Knows(who) {
			t.Error("ada is not known any more although her line is the same")
		}
		n = counted(p, nil)
		expect("after a change", basic("ada", "ada"), 1)
		write(t, name, strings.Replace(passwords, "ada:$2y$05$abcdefghijklmnopqrstuu3", "ada:$2y$05$abcdefghijklmnopqrstuu4", 1))
		lookAgain()
		if p.Knows(who) {
			t.Error("a login outlives its password")
		}
		if _, refusal := identify(p, basic("ada", "ada")); refusal == nil {
			t.Error("a password that was changed still lets in")
		}
	})
}

// As many comparisons go on at once as there are processors, some wait, and one more is
// refused. Those who show the same are all let in by one.
func TestPasswordsAtOnce(t *testing.T) {
	name := written(t, passwords)
	synctest.Test(t, func(t *testing.T) {
		p := newPassword(t, name)
		free := make(chan struct{})
		n := counted(p, free)
		all := runtime.GOMAXPROCS(0) + mostWaiting
		results := make(chan *gate.Refusal, all+1)
		ask := func() {
			_, refusal := identify(p, basic("ada", "ada"))
			results <- refusal
		}
		for range all {
			go ask()
		}
		synctest.Wait()
		if got := n.Load(); got != int64(runtime.GOMAXPROCS(0)) {
			t.Errorf("%d comparisons at once", got)
		}
		ask()
		if r := <-results; r == nil || r.Status != 503 || r.RetryAfter != 1 {
			t.Errorf("one too many: %v", r)
		}
		left, cancel := context.WithCancel(t.Context())
		cancel()
		if _, r := p.Identify(newRequest().WithContext(left), gate.Client{}, basic("bob", "bob")); r == nil || r.Status != 503 {
			t.Errorf("a client that left: %v", r)
		}
		close(free)
		for range all {
			if r := <-results; r != nil {
				t.Error(r)
			}
		}
		if got := n.Load(); got != int64(runtime.GOMAXPROCS(0)) {
			t.Errorf("%d comparisons for one password", got)
		}
	})
}

func TestHashPassword(t *testing.T) {
	hash, err := hashPassword("ä b")
	if err != nil {
		t.Fatal(err)
	}
	p := newPassword(t, written(t, "ada:"+hash))
	if _, refusal := identify(p, basic("ada", "ä b")); refusal != nil {
		t.Error(refusal)
	}
	for password, want := range map[string]string{"": "is empty", strings.Repeat("x", 73): "73 bytes", "a\x01": "no client", "\xff": "no client"} {
		if _, err := hashPassword(password); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", password, err)
		}
	}
}

// Every file that is taken can be used: no line of it makes the library panic.
func FuzzPasswords(f *testing.F) {
	f.Add([]byte(passwords))
	f.Add([]byte("a:$6$x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p := &Password{macs: gate.NewMACs()}
		in, err := p.parse("file", data)
		if err != nil {
			return
		}
		for user, a := range in.byUser {
			if CheckUser(user) != nil || strings.ContainsRune(user, ':') {
				t.Errorf("the user %q", user)
			}
			if len(in.all) < 3 { // the others cost time
				a.hash.MatchesPassword("x")
			}
		}
	})
}
