//go:build unix

package libwebsocketd

import "testing"

// TestAddAndRemove: a program that was added stays over a reload, one that was removed stays away.
func TestAddAndRemove(t *testing.T) {
	t.Parallel()
	cat := func(name string) Program { return Program{Name: name, Command: []string{"/bin/cat"}} }
	listed := []Program{cat("a")}
	s := serve(t, Config{Programs: listed})
	is := func(path string, want int) {
		t.Helper()
		c, answer, _ := s.tryDial(path, nil)
		if c != nil {
			c.Close()
		}
		if answer == nil || answer.StatusCode != want {
			t.Errorf("%s: %v, want %d", path, answer, want)
		}
	}
	must := func(err error, want string) {
		t.Helper()
		if got := ""; err != nil || want != "" {
			if err != nil {
				got = err.Error()
			}
			if got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
	}
	must(s.AddProgram(cat("a")), `add program: there is a program "a"`)
	must(s.AddProgram(Program{Name: "x", Path: "/a", Command: []string{"/bin/cat"}}), `add program: config: program "x": the path /a is taken by program a`)
	must(s.AddProgram(cat("b")), "")
	is("/b", 101)
	must(s.Reload(listed), "")
	is("/b", 101)
	must(s.RemoveProgram("a"), "")
	must(s.RemoveProgram("a"), `remove program: there is no program "a"`)
	must(s.Reload(listed), "")
	is("/a", 404)
	must(s.AddProgram(cat("a")), "")
	is("/a", 101)
	must(s.RemoveProgram("a"), "")
	must(s.RemoveProgram("b"), "")
	is("/b", 404)
	must(s.Reload([]Program{cat("c")}), "")
	is("/c", 101)
}

// TestChangeOfHanded: what is served is not changed any more once another server goes on with it, though it was
// asked for before.
func TestChangeOfHanded(t *testing.T) {
	t.Parallel()
	s := serve(t, Config{Programs: []Program{{Name: "a", Command: []string{"/bin/cat"}}}})
	for _, taken := range []bool{false, true} {
		_, settle, err := s.Lift(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		changed := make(chan error)
		go func() { changed <- s.AddProgram(Program{Name: "b", Command: []string{"/bin/cat"}}) }()
		settle(taken)
		err = <-changed
		if !taken && err != nil {
			t.Errorf("it goes on, and says %v", err)
		}
		if want := "add program: a new server goes on with the programs: ask again"; taken && (err == nil || err.Error() != want) {
			t.Errorf("it is replaced, and says %v", err)
		}
	}
}
