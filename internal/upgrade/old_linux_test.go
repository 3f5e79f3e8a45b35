package upgrade

import "testing"

// TestExpectEnded: of a server that has ended it is said that it has, whether or not it has read what it
// was sent.
func TestExpectEnded(t *testing.T) {
	for _, unread := range []bool{false, true} {
		a, b := both(t)
		if unread {
			if err := a.send(&message{Kind: kindOffered}); err != nil {
				t.Fatal(err)
			}
		}
		b.Close()
		if err := expect(a, nil, kindReady); err != errEnded {
			t.Errorf("unread %v: %v", unread, err)
		}
	}
}
