//go:build ignore

// Greets every name it is sent: one line in, one line out.
package main

import (
	"bufio"
	"fmt"
	"log"
	"os"
)

func main() {
	names := bufio.NewScanner(os.Stdin)
	for names.Scan() {
		fmt.Printf("Hello %s!\n", names.Text())
	}
	if err := names.Err(); err != nil {
		log.Fatal(err)
	}
}
