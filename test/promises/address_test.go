package promises

import (
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"websocketd/test/harness"
)

var otherAddress = net.IPv4(127, 0, 0, 2)

// askAs asks from an address, and returns the connection once it has an answer.
func askAs(t *testing.T, s *harness.Server, address net.IP, r harness.Request) *harness.Conn {
	t.Helper()
	c := s.DialFrom(t, address)
	c.Send(t, r.String())
	if err := c.ReadResponse(); err != nil {
		t.Fatal(err)
	}
	return c
}

// tooMany checks a 429 with the flag that it names, and returns its Retry-After.
func tooMany(t *testing.T, c *harness.Conn, flag string) int {
	t.Helper()
	after, _ := strconv.Atoi(c.Header("Retry-After"))
	if c.Status() != 429 || !strings.Contains(c.Body, flag) || after < 1 {
		t.Errorf("%d, Retry-After %d: %s; want 429 of %s", c.Status(), after, c.Body, flag)
	}
	return after
}

// TestMaxPerIP: one address has one of everything that reaches a program, others have theirs,
// and at its end there is room for the next.
func TestMaxPerIP(t *testing.T) {
	t.Parallel()
	cgi := "--cgidir=" + harness.Scripts(t, map[string]string{"wait": "printf 'Content-Type: text/plain\\n\\nup\\n'; exec sleep 1000"})
	events := harness.Get("/").Add("Accept", "text/event-stream")
	for name, busy := range map[string]struct {
		args []string
		with harness.Request
	}{
		"WebSocket":          {nil, harness.Handshake("/")},
		"WebSocket, shared":  {[]string{"--shared"}, harness.Handshake("/")},
		"WebSocket, session": {[]string{"--resume=1m"}, harness.Handshake("/")},
		"events":             {nil, events},
		"events, shared":     {[]string{"--shared"}, events},
		"POST":               {nil, harness.Get("/").As("POST", "HTTP/1.1").Add("Content-Length", "100")},
		"CGI":                {[]string{cgi}, harness.Get("/wait")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, append(busy.args, "--maxperip=1", "--staticdir="+t.TempDir(), "sh", "-c", "echo up; exec sleep 1000")...)
			c := s.Dial(t)
			c.Send(t, busy.with.String())
			harness.Until(t, "its process runs", func() bool { return len(s.Children()) == 1 })
			tooMany(t, s.Ask(t, harness.Handshake("/")), "--maxperip=1")
			tooMany(t, s.Ask(t, busy.with), "--maxperip=1")
			if n := len(s.Children()); n > 1 { // none as its shell is just replaced
				t.Errorf("%d processes", n)
			}
			if c := s.Ask(t, harness.Get("/")); c.Status() != 200 {
				t.Errorf("a file: %d", c.Status())
			}
			if c := askAs(t, s, otherAddress, harness.Handshake("/")); c.Status() != 101 {
				t.Errorf("another address: %d %s", c.Status(), c.Body)
			}
			c.Conn.Close()
			s.ConnectWhenFree(t)
		})
	}
}

// TestSpawnRate: one address starts two processes, whatever for; what is started for no
// client, or again, does not count.
func TestSpawnRate(t *testing.T) {
	t.Parallel()
	cgi := "--cgidir=" + harness.Scripts(t, map[string]string{"script": "printf 'Content-Type: text/plain\\n\\n'"})
	for name, starts := range map[string]struct {
		args []string
		with []harness.Request
	}{
		"connections":   {nil, []harness.Request{harness.Handshake("/")}},
		"started ahead": {[]string{"--prefork=3"}, []harness.Request{harness.Handshake("/")}},
		"shared":        {[]string{"--shared"}, []harness.Request{harness.Handshake("/a"), harness.Handshake("/b"), harness.Handshake("/c")}},
		"sessions":      {[]string{"--resume=1m"}, []harness.Request{harness.Handshake("/")}},
		"made sessions": {[]string{"--resume=1m"}, []harness.Request{harness.Get("/?session=new").As("POST", "HTTP/1.1").Add("Content-Length", "0")}},
		"events":        {nil, []harness.Request{harness.Get("/").Add("Accept", "text/event-stream")}},
		"scripts":       {[]string{cgi}, []harness.Request{harness.Get("/script")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, append(starts.args, "--spawnrate=2/h", "cat")...)
			nth := func(i int) harness.Request { return starts.with[i%len(starts.with)] }
			for i := range 2 {
				if c := s.Ask(t, nth(i)); c.Status() >= 400 {
					t.Fatalf("status %d: %s", c.Status(), c.Body)
				}
			}
			if after := tooMany(t, s.Ask(t, nth(2)), "--spawnrate"); after > 1800 {
				t.Errorf("half an hour is %d seconds", after)
			}
			if c := askAs(t, s, otherAddress, nth(2)); c.Status() >= 400 {
				t.Errorf("another address: %d %s", c.Status(), c.Body)
			}
		})
	}
}

// TestSpawnRateOfAll: clients of any address start two processes together. To come to one
// that is there, or that is started again, costs nothing.
func TestSpawnRateOfAll(t *testing.T) {
	t.Parallel()
	s := start(t, "--spawnrate=0,2/h", "--shared", "--restart=always", "sh", "-c", "read line; echo $line")
	first := s.ConnectTo(t, "/a")
	askAs(t, s, otherAddress, harness.Handshake("/b"))
	tooMany(t, askAs(t, s, net.IPv4(127, 0, 0, 3), harness.Handshake("/c")), "--spawnrate")
	for range 3 {
		c := s.ConnectTo(t, "/a")
		first.Text("again")
		c.Expect(t, "again")
		for m, err := c.Receive(); !strings.Contains(string(m.Data), "restarted"); m, err = c.Receive() {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestMessageRate: messages that come in one packet reach the program one after another,
// none is lost, and a client that waits for its turn is alive, though it answers no ping.
func TestMessageRate(t *testing.T) {
	t.Parallel()
	s := start(t, "--messagerate=2", pings, "cat")
	c := s.Connect(t)
	c.Deaf = true
	var all, want []string
	for i := range 10 {
		want = append(want, strconv.Itoa(i))
		all = append(all, string(harness.Frame{Fin: true, Op: harness.TextOp, Payload: []byte(want[i])}.Bytes()))
	}
	began := time.Now()
	c.Send(t, strings.Join(all, ""))
	c.Expect(t, want...)
	c.Leave(t)
	if took := time.Since(began); took < 3900*time.Millisecond {
		t.Errorf("8 messages more than may come at once took %s at 2 a second", took)
	}
}

// TestMessageRateOfPosts: those that one address POSTs wait for their turn, on however many
// connections.
func TestMessageRateOfPosts(t *testing.T) {
	t.Parallel()
	s := start(t, "--messagerate=1", "--shared", "cat")
	post := harness.Get("/").As("POST", "HTTP/1.1").Add("Content-Length", "1").String() + "x"
	viewer := s.Connect(t)
	began := time.Now()
	var waiting []*harness.Conn
	for range 4 {
		c := s.Dial(t)
		c.Send(t, post)
		waiting = append(waiting, c)
	}
	for _, c := range waiting {
		if err := c.ReadResponse(); err != nil || c.Status() != 204 {
			t.Fatalf("%v, %d %s", err, c.Status(), c.Body)
		}
	}
	if took := time.Since(began); took < 2900*time.Millisecond {
		t.Errorf("3 messages more than may come at once took %s at 1 a second", took)
	}
	viewer.Expect(t, "x", "x", "x", "x")
}

// TestMessageRateAtTheEnd: a message that waits for its turn does not keep a server that ends.
func TestMessageRateAtTheEnd(t *testing.T) {
	t.Parallel()
	s := start(t, "--messagerate=1/h", "--shared", "cat")
	post := harness.Get("/").As("POST", "HTTP/1.1").Add("Content-Length", "1").String() + "x"
	first, second := s.Dial(t), s.Dial(t)
	first.Send(t, post)
	if err := first.ReadResponse(); err != nil || first.Status() != 204 {
		t.Fatalf("%v, %d %s", err, first.Status(), first.Body)
	}
	second.Send(t, post)
	second.HalfClose(t)
	if err := second.ReadResponse(); err != nil || second.Status() != 100 { // it waits, and is asked whether its client does
		t.Fatalf("%v, %d %s", err, second.Status(), second.Body)
	}
	socket := s.Connect(t)
	socket.Text("a")
	socket.Text("b")
	socket.Expect(t, "x", "a")
	s.Signal(t, syscall.SIGTERM)
	if err := second.ReadResponse(); err != nil || second.Status() != 503 {
		t.Errorf("%v, %d %s", err, second.Status(), second.Body)
	}
	socket.Ends(t, 1001, "")
	if status := s.Wait(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// TestMessageRateOfOthers: a client that floods holds up no other.
func TestMessageRateOfOthers(t *testing.T) {
	t.Parallel()
	s := start(t, "--messagerate=1/h", "--shared", "cat")
	flood, other := s.Connect(t), s.Connect(t)
	flood.FillUp(harness.TextOp, 1000, 1<<20)
	for m, err := other.Receive(); len(m.Data) != 1000; m, err = other.Receive() {
		if err != nil {
			t.Fatal(err)
		}
	}
	other.Text("here")
	other.Expect(t, "here")
	flood.Conn.Close()
	other.Conn.Close()
	harness.NoSurvivors(t, s)
}
