package terminal

import (
	"bytes"
	"time"
	"unicode/utf8"
)

// escapeWait is how long the rest of a key may take that a terminal sends as ESC and more:
// an ESC on its own is the key of that name.
const escapeWait = 50 * time.Millisecond

// mostKey is the length of such a key, in bytes; a longer one is none.
const mostKey = 32

// notText stands for a byte that is not UTF-8, where x/term is: it takes U+FFFD for a key
// that has not come whole. Programs may use this code point among themselves only (Unicode
// 16, section 23.7), and so nobody types it.
const notText = '\ufdd0'

var (
	notTextUTF8     = []byte(string(notText))
	replacementUTF8 = []byte(string(utf8.RuneError))
)

// shown returns text of the editor with U+FFFD for bytes that are not UTF-8.
func shown(text []byte) []byte { return bytes.ReplaceAll(text, notTextUTF8, replacementUTF8) }

// editing are the keys that the editor knows, as terminals send them, and as it reads them.
var editing = map[string]string{
	"\x1b[A": "\x1b[A", "\x1b[B": "\x1b[B", "\x1b[C": "\x1b[C", "\x1b[D": "\x1b[D", // arrows
	"\x1bOA": "\x1b[A", "\x1bOB": "\x1b[B", "\x1bOC": "\x1b[C", "\x1bOD": "\x1b[D",
	"\x1b[H": "\x1b[H", "\x1bOH": "\x1b[H", "\x1b[1~": "\x1b[H", "\x1b[7~": "\x1b[H", // Home
	"\x1b[F": "\x1b[F", "\x1bOF": "\x1b[F", "\x1b[4~": "\x1b[F", "\x1b[8~": "\x1b[F", // End
	"\x1b[3~": "\x1b[3~", "\x1b[1;3C": "\x1b[1;3C", "\x1b[1;3D": "\x1b[1;3D",
}

// keyParser makes of bytes what the editor understands: whole characters and keys that it
// knows. The editor waits for more after half of either, and swallows it.
type keyParser struct {
	part []byte // of a character, or of a key that begins with ESC
	keys []byte
}

// rest notes that nothing has come for a while: what has come of a key is none.
func (p *keyParser) rest() {
	if len(p.part) > 0 && p.part[0] == 0x1b {
		p.part = p.part[:0]
	}
}

// parse returns what is complete with another byte. It is valid until the next call.
func (p *keyParser) parse(b byte) []byte {
	p.keys = p.keys[:0]
	if len(p.part) > 0 && p.part[0] == 0x1b {
		p.escaped(b)
	} else {
		p.plain(b)
	}
	return p.keys
}

// plain takes a byte that is not part of a key that began with ESC.
func (p *keyParser) plain(b byte) {
	p.part = append(p.part, b)
	if b == 0x1b && len(p.part) == 1 {
		return
	}
	for len(p.part) > 0 && utf8.FullRune(p.part) {
		r, size := utf8.DecodeRune(p.part)
		if r == utf8.RuneError {
			r, size = notText, max(size, len(p.part)-1) // b does not go on with what was valid so far
		}
		p.keys = utf8.AppendRune(p.keys, r)
		p.part = append(p.part[:0], p.part[size:]...)
		if len(p.part) > 0 && p.part[0] == 0x1b {
			return
		}
	}
}

// escaped takes a byte that follows an ESC: a control sequence ends with a byte from @ to ~
// (ECMA-48 section 5.4), but for the function keys of Linux, ESC [ [ A; after ESC O and with
// Alt one byte follows.
func (p *keyParser) escaped(b byte) {
	control := len(p.part) > 1 && p.part[1] == '['
	switch {
	case b == 0x1b:
		p.part = append(p.part[:0], b)
	case b < ' ' || b >= utf8.RuneSelf: // no key has it
		p.part = p.part[:0]
		p.plain(b)
	case len(p.part) == 1 && (b == '[' || b == 'O'), control && len(p.part) < mostKey && (b < '@' || b == '[' && len(p.part) == 2):
		p.part = append(p.part, b)
	default:
		p.keys = append(p.keys, editing[string(append(p.part, b))]...)
		p.part = p.part[:0]
	}
}
