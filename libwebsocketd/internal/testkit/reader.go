package testkit

import "errors"

// CutReader returns Text in reads of the given Sizes, over and over; 0 is a read of
// nothing. The last bytes come together with Err if WithLast is set.
type CutReader struct {
	Text     []byte
	Sizes    []byte
	WithLast bool
	Err      error
	at       int
	nothing  int
}

// Read implements io.Reader.
func (r *CutReader) Read(b []byte) (int, error) {
	if len(r.Text) == 0 {
		return 0, r.Err
	}
	n := len(b)
	if len(r.Sizes) > 0 {
		size := int(r.Sizes[r.at%len(r.Sizes)])
		r.at++
		if size >= 0x80 {
			size = (size - 0x7f) * 1021 // larger than a whole block too
		}
		n = min(n, size)
	}
	if n == 0 && len(b) > 0 {
		if r.nothing++; r.nothing%3 == 0 {
			n = 1
		}
	}
	n = copy(b[:n], r.Text)
	r.Text = r.Text[n:]
	if len(r.Text) == 0 && r.WithLast {
		return n, r.Err
	}
	return n, nil
}

// ErrBroken is the Err of a CutReader that fails.
var ErrBroken = errors.New("broken")
