package record

import (
	"fmt"
	"strconv"
	"strings"
)

// epochSize is how many characters of 5 random bits an epoch has: 80 bits.
const epochSize = 16

// mostEpoch is the length of the longest epoch that ParsePosition accepts.
const mostEpoch = 64

// Position is the number of a message together with the Epoch of the Log it was
// counted in.
type Position struct {
	Epoch  string
	Number uint64
}

// String returns EPOCH:NUMBER, which ParsePosition accepts.
func (p Position) String() string { return string(p.Append(nil)) }

// Append appends what String returns.
func (p Position) Append(b []byte) []byte {
	b = append(append(b, p.Epoch...), ':')
	return strconv.AppendUint(b, p.Number, 10)
}

// ParsePosition parses the result of String and accepts nothing else: an epoch of 1
// to 64 letters, digits, - and _, and a number as it is usually written, without
// sign, space or needless zero. s may come from a stranger. The caller compares
// whether it belongs to a Log.
func ParsePosition(s string) (Position, error) {
	epoch, number, ok := strings.Cut(s, ":")
	if !ok || !isEpoch(epoch) {
		return Position{}, fmt.Errorf("position %.100q is not EPOCH:NUMBER", s)
	}
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil || strconv.FormatUint(n, 10) != number {
		return Position{}, fmt.Errorf("position %.100q does not end with a plain number below 2^64", s)
	}
	return Position{epoch, n}, nil
}

func isEpoch(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return 0 < len(s) && len(s) <= mostEpoch
}
