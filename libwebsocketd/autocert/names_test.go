package autocert

import (
	"strings"
	"testing"
)

// TestCheckName has names, and what is none.
func TestCheckName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a.example", "A.Example", "a", "xn--bcher-kva.example", "a-b.c1.example", strings.Repeat("a", 63) + ".example"} {
		if err := CheckName(name); err != nil {
			t.Errorf("%q %v", name, err)
		}
	}
	for name, want := range map[string]string{
		"": "a host name", "192.0.2.1": "address", "[::1]": "address", "::1": "address", "*.a.example": "many names",
		"a.example:443": "without scheme and port", "https://a.example": "without scheme and port", "bücher.example": "xn--",
		"a..example": "letters", ".a": "letters", "a.": "letters", "-a.example": "letters", "a_b.example": "letters", "a/b": "letters",
		strings.Repeat("a", 64): "letters", strings.Repeat("a.", 127) + "a": "a host name",
	} {
		if err := CheckName(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
