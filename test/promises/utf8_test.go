package promises

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// A character that the process writes in two pieces arrives whole. The process
// waits for a message between the pieces, so they are two reads.
func TestSplitCharacter(t *testing.T) {
	t.Parallel()
	program := `$| = 1; for my $c ("é", "€", "𝄞") { for my $n (1 .. length($c) - 1) {
		print "<", substr($c, 0, $n); <STDIN>; print substr($c, $n), ">\n" } }`
	for _, mode := range []string{"--stderr=log", "--stderr=merge", "--stderr=tag"} {
		s := start(t, mode, "perl", "-e", program)
		c := s.Connect(t)
		for _, char := range []string{"é", "€", "€", "𝄞", "𝄞", "𝄞"} {
			c.Text("go on")
			want := "<" + char + ">"
			if mode == "--stderr=tag" {
				want = `{"stream":"stdout","data":"\u003c` + char + `\u003e"}`
			}
			c.Expect(t, want)
		}
		c.Ends(t, 1000, "")
	}
}

// Invalid bytes become U+FFFD as browsers' TextDecoder would do it: one for
// each maximal subpart. Node's TextDecoder is asked about the same bytes.
func TestInvalidBytesAsTextDecoder(t *testing.T) {
	t.Parallel()
	harness.Need(t, "node")
	lines := strangeLines(3000)
	want := textDecoder(t, lines)
	file := filepath.Join(t.TempDir(), "lines")
	harness.WriteFile(t, file, string(bytes.Join(lines, []byte("\n")))+"\n", 0o644)
	got := start(t, "cat", file).Connect(t).Ends(t, 1000, "")
	if len(got) != len(lines) {
		t.Fatalf("%d of %d lines", len(got), len(lines))
	}
	for i := range lines {
		if got[i] != want[i] {
			t.Errorf("%x: got %+q, TextDecoder says %+q", lines[i], got[i], want[i])
		}
	}
}

// strangeLines are the classic cases and random mixtures of bytes that begin,
// continue and break characters. None has a line end in it.
func strangeLines(n int) [][]byte {
	lines := [][]byte{
		[]byte("\xff\xfe"), []byte("\xc0\x80"), []byte("\xe0\x80\x80"), []byte("\xed\xa0\x80"),
		[]byte("\xf4\x90\x80\x80"), []byte("\xf0\x9d\x84"), []byte("\xe2\x82"), []byte("a\xf0\x9d\x84b"),
		[]byte("\xf0\x80\x80\x80"), []byte("\xe2\x82\xe2\x82\xac"), []byte("\x80\xbf"), []byte("\xef\xbb\xbfbom"),
		[]byte("\xf8\x88\x80\x80\x80"), []byte("\xc3"), []byte("\xf1\x80\x80\xe2\x82\xc3"), []byte(""),
	}
	pieces := []string{"a", "é", "€", "𝄞", "\x80", "\xbf", "\xc0", "\xc1", "\xc2", "\xdf", "\xe0", "\xe1", "\xed",
		"\xef", "\xf0", "\xf1", "\xf4", "\xf5", "\xff", "\x9f", "\xa0", "\x90", "\x8f", "\x00"}
	random := rand.New(rand.NewPCG(5, 6))
	for len(lines) < n {
		var line []byte
		for range random.IntN(8) {
			line = append(line, pieces[random.IntN(len(pieces))]...)
		}
		lines = append(lines, line)
	}
	return lines
}

func textDecoder(t *testing.T, lines [][]byte) (decoded []string) {
	t.Helper()
	var in strings.Builder
	for _, line := range lines {
		in.WriteString(base64.StdEncoding.EncodeToString(line) + "\n")
	}
	cmd := exec.Command("node", filepath.Join(harness.ClientsDir(), "decode.js"))
	cmd.Stdin = strings.NewReader(in.String())
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		decoded = append(decoded, string(text))
	}
	return decoded
}

var invalidTexts = map[string]string{
	"a lone continuation byte": "ab\x80cd",
	"an overlong form":         "\xc0\xaf",
	"a surrogate":              "x\xed\xa0\x80y",
	"beyond U+10FFFF":          "\xf4\x90\x80\x80",
	"a character cut short":    "valid until \xe2\x82",
}

// Invalid text from a client ends the connection with 1007, and nothing of the
// message reaches the process.
func TestInvalidTextFromTheClient(t *testing.T) {
	t.Parallel()
	for what, text := range invalidTexts {
		for _, fragmented := range []bool{false, true} {
			file := filepath.Join(t.TempDir(), "input")
			s := start(t, "sh", "-c", "read a; echo $a; cat >"+file)
			c := s.Connect(t)
			c.Echo(t, "before")
			sendText(c, text, fragmented)
			c.Ends(t, 1007, "")
			harness.NoSurvivors(t, s)
			if got, err := os.ReadFile(file); err == nil && len(got) > 0 {
				t.Errorf("%s, fragmented %v: the process read %q", what, fragmented, got)
			}
		}
	}
}

// sendText sends text as one frame or byte by byte.
func sendText(c *harness.Conn, text string, fragmented bool) {
	if !fragmented {
		c.Text(text)
		return
	}
	for i := range len(text) {
		f := harness.Frame{Fin: i == len(text)-1, Op: harness.Continuation, Payload: []byte(text[i : i+1])}
		if i == 0 {
			f.Op = harness.TextOp
		}
		c.WriteFrames(f)
	}
}

// Without a size limit a message streams, and is cut at the bad byte.
func TestInvalidTextStreams(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "input")
	s := start(t, "--maxframesize=0", "sh", "-c", "head -c 6 >"+file+"; echo read; cat >>"+file)
	c := s.Connect(t)
	c.WriteFrames(harness.Frame{Op: harness.TextOp, Payload: []byte("good\xc3")},
		harness.Frame{Op: harness.Continuation, Payload: []byte("\xa9")})
	c.Expect(t, "read")
	c.WriteFrames(harness.Frame{Op: harness.Continuation, Payload: []byte("\xff")})
	c.Ends(t, 1007, "")
	harness.NoSurvivors(t, s)
	if got, err := os.ReadFile(file); err != nil || strings.TrimSuffix(string(got), "\n") != "good\u00e9" {
		t.Errorf("the process read %q, %v", got, err)
	}
}

// A character cut by the client's fragments is no fault.
func TestFragmentsMayCutCharacters(t *testing.T) {
	t.Parallel()
	c := start(t, "cat").Connect(t)
	for _, text := range []string{"é€𝄞", "", "plain", strings.Repeat("€", 300)} {
		sendText(c, text, true)
		if text == "" {
			c.Text("")
		}
		c.Expect(t, text)
	}
}

// Binary mode looks at nothing.
func TestBinaryIsNotChecked(t *testing.T) {
	t.Parallel()
	c := start(t, "--binary", "cat").Connect(t)
	c.Binary([]byte("\xff\xfe\x00\r\n"))
	c.Expect(t, "\xff\xfe\x00\r\n")
}
