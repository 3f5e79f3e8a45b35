// Command child is a program that tests run behind a WebSocket. It reads stdin and
// writes stdout like any other, and can do so at full speed in both directions at
// once.
//
//	child duplex lines N   writes N bytes of random lines while it reads lines
//	                       up to one that says END, then the two hashes
//	child duplex bytes N   the same with N bytes each way, the hashes at the end
//	child count [flags]    prints numbered messages; see count.go
//	child mcp [flags]      is an MCP server that does what a test asks; see mcp.go
//	child say [flags]      prints numbered lines, and notes how many; see say.go
//	child talk [flags]     prints and answers messages in any framing; see talk.go
//	child successor [stuck] WORD  is a server that fails to replace another; see successor.go
package main

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "count" {
		count(os.Args[2:])
	}
	if len(os.Args) > 1 && os.Args[1] == "mcp" {
		mcp(os.Args[2:])
	}
	if len(os.Args) > 1 && os.Args[1] == "say" {
		say(os.Args[2:])
	}
	if len(os.Args) > 1 && os.Args[1] == "talk" {
		talk(os.Args[2:])
	}
	if len(os.Args) > 2 && os.Args[1] == "successor" {
		succeed(os.Args[2:])
	}
	if len(os.Args) != 4 || os.Args[1] != "duplex" {
		fmt.Fprintln(os.Stderr, "usage: child duplex lines|bytes N, child count [flags], child mcp [flags], child say [flags], child talk [flags] or child successor [stuck] WORD")
		os.Exit(2)
	}
	n, err := strconv.Atoi(os.Args[3])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	in, out := sha256.New(), sha256.New()
	var reading sync.WaitGroup
	reading.Go(func() {
		if os.Args[2] == "lines" {
			readLines(in)
		} else {
			io.CopyN(in, os.Stdin, int64(n))
		}
	})
	w := bufio.NewWriter(io.MultiWriter(os.Stdout, out))
	if os.Args[2] == "lines" {
		writeLines(w, n)
	} else {
		io.CopyN(w, rand.NewChaCha8([32]byte{1}), int64(n))
	}
	w.Flush()
	reading.Wait()
	fmt.Printf("%x", in.Sum(nil))
	if os.Args[2] == "lines" {
		fmt.Println()
	}
	fmt.Printf("%x", out.Sum(nil))
}

// readLines hashes every line before END.
func readLines(sum hash.Hash) {
	in := bufio.NewReader(os.Stdin)
	for {
		line, err := in.ReadString('\n')
		if err != nil || line == "END\n" {
			return
		}
		io.WriteString(sum, line)
	}
}

// writeLines writes at least n bytes, in lines of up to 1999 characters, some of
// which take more than one byte.
func writeLines(w io.Writer, n int) {
	random := rand.New(rand.NewPCG(7, 7))
	letters := []rune("abcdefghijklmnopqrstuvwxyz0123456789 äß€𝄞\"<>")
	for written := 0; written < n; {
		line := make([]rune, random.IntN(2000))
		for i := range line {
			line[i] = letters[random.IntN(len(letters))]
		}
		m, _ := fmt.Fprintln(w, string(line))
		written += m
	}
}
