package text

import "unicode/utf8"

const replacement = "\uFFFD"

// Valid returns b if it is valid UTF-8. Otherwise it returns a copy with one U+FFFD for
// each maximal subpart of an ill-formed sequence, as TextDecoder does (Unicode 16, section
// 3.9, "U+FFFD Substitution of Maximal Subparts"). A text frame must never carry anything
// else (RFC 6455 section 8.1).
func Valid(b []byte) []byte {
	if utf8.Valid(b) {
		return b
	}
	clean := make([]byte, 0, len(b)+2*len(replacement))
	for len(b) > 0 {
		n, ok := sequence(b)
		if ok {
			clean = append(clean, b[:n]...)
		} else {
			clean = append(clean, replacement...)
		}
		b = b[n:]
	}
	return clean
}

// sequence returns the length of what b begins with: a well-formed character (true) or a
// maximal subpart of an ill-formed one (false). The latter may also be a character cut
// off by the end of b. b must not be empty.
func sequence(b []byte) (n int, ok bool) {
	if b[0] < utf8.RuneSelf {
		return 1, true
	}
	length, low, high := leadByte(b[0])
	for n = 1; n < length && n < len(b) && low <= b[n] && b[n] <= high; n++ {
		low, high = 0x80, 0xBF
	}
	return n, length > 1 && n == length
}

// leadByte returns the row of Unicode's table 3-7 for c: how long a sequence is that
// begins with it, and which second bytes it allows. Length 1 means that no sequence of
// several bytes begins with c.
func leadByte(c byte) (length int, low, high byte) {
	switch {
	case c < 0xC2 || c > 0xF4:
		return 1, 0, 0
	case c < 0xE0:
		return 2, 0x80, 0xBF
	case c == 0xE0:
		return 3, 0xA0, 0xBF
	case c == 0xED:
		return 3, 0x80, 0x9F
	case c < 0xF0:
		return 3, 0x80, 0xBF
	case c == 0xF0:
		return 4, 0x90, 0xBF
	case c == 0xF4:
		return 4, 0x80, 0x8F
	}
	return 4, 0x80, 0xBF
}

// OpenTail returns how many bytes at the end of b begin a character that more bytes
// may complete.
func OpenTail(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		tail := b[len(b)-n:]
		if !utf8.RuneStart(tail[0]) {
			continue
		}
		length, _, _ := leadByte(tail[0])
		if size, whole := sequence(tail); !whole && size == n && length > n {
			return n
		}
		break
	}
	return 0
}

// CutBefore returns the largest cut of b at or below limit that splits no character and
// no maximal subpart. limit is at least utf8.UTFMax and below len(b).
func CutBefore(b []byte, limit int) int {
	for start := limit - 1; start > limit-utf8.UTFMax; start-- {
		if utf8.RuneStart(b[start]) {
			if n, _ := sequence(b[start:]); start+n > limit {
				return start
			}
			break
		}
	}
	return limit
}

// ValidPrefix returns how much of b is whole, valid characters. ok reports whether what
// follows them may still become one when more bytes arrive.
func ValidPrefix(b []byte) (n int, ok bool) {
	if utf8.Valid(b) {
		return len(b), true
	}
	for n < len(b) {
		size, whole := sequence(b[n:])
		if !whole {
			length, _, _ := leadByte(b[n])
			return n, length > 1 && n+size == len(b)
		}
		n += size
	}
	return n, true
}
