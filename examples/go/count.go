//go:build ignore

// Counts from 1 to 10, one number every half second.
package main

import (
	"fmt"
	"time"
)

func main() {
	for number := range 10 {
		fmt.Println(number + 1)
		time.Sleep(500 * time.Millisecond)
	}
}
