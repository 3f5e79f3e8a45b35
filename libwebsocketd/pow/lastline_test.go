package pow

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// oracleLine returns the value of an output, all of which is there.
func oracleLine(output []byte, most int) json.RawMessage {
	value := null
	for _, line := range bytes.Split(output, []byte("\n")) {
		switch {
		case len(line) > most:
			value = nil
		case len(bytes.TrimSpace(line)) == 0:
		case json.Valid(line):
			value = bytes.TrimSpace(line)
		default:
			value = nil
		}
	}
	return value
}

func checkLastLine(t *testing.T, output []byte, size int) {
	t.Helper()
	const most = 20
	l := lastLine{most: most}
	for rest := output; len(rest) > 0; {
		n := min(len(rest), size)
		l.write(rest[:n])
		rest = rest[n:]
	}
	if got, want := l.value(), oracleLine(output, most); !bytes.Equal(got, want) || (got == nil) != (want == nil) {
		t.Fatalf("%q in pieces of %d: %q, not %q", output, size, got, want)
	}
}

var outputs = []string{"", "\n", " \r\n\t\n", "1", "1\n", "1\r\n\r\n", "no\n{\"a\":[1]}\n", "{}\nno", "{\n}\n", "null\n", " \"ä\" \n \n", "12345678901234567890\n", "123456789012345678901\n", "1\n123456789012345678901", "123456789012345678901\n2",
	"                     \n", "7\n                      \n"}

// TestDeepValue: a value is as deep as can be told, and no deeper: decoders refuse what else is
// said with it.
func TestDeepValue(t *testing.T) {
	deepest := 0
	for depth := 9980; depth <= 10_005; depth++ {
		line := strings.Repeat("[", depth) + strings.Repeat("]", depth)
		l := lastLine{most: 1 << 20}
		l.write([]byte(line))
		value := l.value()
		if returned := valueOf(json.RawMessage(line)); !bytes.Equal(returned, value) {
			t.Errorf("returned by a function: %d bytes, not %d", len(returned), len(value))
		}
		if value == nil {
			continue
		}
		deepest = depth
		result := &Result{Status: Fulfilled, Value: value}
		told, err := json.Marshal(status{Result: result})
		if err != nil || !json.Valid(told) || !json.Valid(result.encode()) || !bytes.Contains(result.encode(), []byte("[[")) {
			t.Fatalf("at %d: %v, %.60s, %.60s", depth, err, told, result.encode())
		}
	}
	if deepest < 9990 || deepest >= 10_000 {
		t.Errorf("the deepest value is %d deep", deepest)
	}
}

// FuzzLastLine compares the last line of an output, however it comes, with the oracle.
func FuzzLastLine(f *testing.F) {
	for i, output := range outputs {
		f.Add([]byte(output), byte(i))
	}
	f.Fuzz(func(t *testing.T, output []byte, size byte) { checkLastLine(t, output, 1+int(size)) })
}

// TestLastLine: a value is the last line that is not blank, null without one, and absent if
// that is no JSON.
func TestLastLine(t *testing.T) {
	for output, want := range map[string]string{"": "null", "\n\n": "null", "a\n {\"x\": 1} \r\n\n": `{"x": 1}`, "1\na": "", "2": "2", "a\n\"b\"": `"b"`} {
		if got := string(oracleLine([]byte(output), 100)); got != want {
			t.Errorf("the oracle says of %q: %q", output, got)
		}
		for size := range 5 {
			checkLastLine(t, []byte(output), size+1)
		}
	}
}
