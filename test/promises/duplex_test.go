package promises

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"websocketd/test/harness"
)

const duplexBytes = 10 << 20

// 10 MB of random lines arrive unchanged in both directions while both sides talk.
func TestTenMegabytesOfLinesBothWays(t *testing.T) {
	t.Parallel()
	s := start(t, harness.Child(t), "duplex", "lines", strconv.Itoa(duplexBytes))
	c := s.Connect(t)
	sent := make(chan string)
	go func() { sent <- sendLines(c) }()
	received := sha256.New()
	var lastTwo []string // the hashes, which are not hashed
	end := c.Each(t, func(m harness.Message) {
		lastTwo = append(lastTwo, string(m.Data))
		if len(lastTwo) > 2 {
			io.WriteString(received, lastTwo[0]+"\n")
			lastTwo = lastTwo[1:]
		}
	})
	if end.Code != 1000 || len(lastTwo) != 2 {
		t.Fatalf("%v", end)
	}
	if in := <-sent; lastTwo[0] != in {
		t.Errorf("the process read other lines than the client sent: %s, %s", lastTwo[0], in)
	}
	if out := fmt.Sprintf("%x", received.Sum(nil)); lastTwo[1] != out {
		t.Errorf("the client read other lines than the process wrote: %s, %s", lastTwo[1], out)
	}
}

func sendLines(c *harness.Conn) (hash string) {
	random := rand.New(rand.NewPCG(1, 2))
	sum := sha256.New()
	text := strings.Repeat("abcdefghij é€𝄞 ", 100)
	for n := 0; n < duplexBytes; {
		line := strings.ToValidUTF8(text[:random.IntN(1500)], "?") + strconv.Itoa(random.Int())
		if c.Queue(harness.Frame{Fin: true, Op: harness.TextOp, Payload: []byte(line)}) != nil {
			return "the connection ended"
		}
		io.WriteString(sum, line+"\n")
		n += len(line) + 1
	}
	c.Text("END")
	return fmt.Sprintf("%x", sum.Sum(nil))
}

// The same for bytes, in messages and fragments of any size.
func TestTenMegabytesOfBytesBothWays(t *testing.T) {
	t.Parallel()
	s := start(t, "--binary", harness.Child(t), "duplex", "bytes", strconv.Itoa(duplexBytes))
	c := s.Connect(t)
	sent := make(chan string)
	go func() { sent <- sendBytes(c) }()
	var received bytes.Buffer
	if end := c.Each(t, func(m harness.Message) { received.Write(m.Data) }); end.Code != 1000 {
		t.Fatalf("%v", end)
	}
	const hashes = 2 * 2 * sha256.Size // two, in hexadecimal
	if received.Len() != duplexBytes+hashes {
		t.Fatalf("%d of %d bytes", received.Len()-hashes, duplexBytes)
	}
	data, tail := received.Bytes()[:duplexBytes], received.String()[duplexBytes:]
	if in := <-sent; tail[:hashes/2] != in {
		t.Errorf("the process read other bytes than the client sent")
	}
	if out := fmt.Sprintf("%x", sha256.Sum256(data)); tail[hashes/2:] != out {
		t.Errorf("the client read other bytes than the process wrote")
	}
}

func sendBytes(c *harness.Conn) (hash string) {
	random := rand.New(rand.NewPCG(3, 4))
	sum := sha256.New()
	source := bufio.NewReader(io.LimitReader(rand.NewChaCha8([32]byte{2}), duplexBytes))
	first := true
	for {
		piece := make([]byte, 1+random.IntN(40000))
		n, err := io.ReadFull(source, piece)
		sum.Write(piece[:n])
		last := err != nil || random.IntN(3) == 0
		f := harness.Frame{Fin: last, Op: harness.BinaryOp, Payload: piece[:n]}
		if !first {
			f.Op = harness.Continuation
		}
		first = last
		if werr := c.Queue(f); werr != nil {
			return werr.Error()
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			c.WriteFrames()
			return fmt.Sprintf("%x", sum.Sum(nil))
		}
	}
}
