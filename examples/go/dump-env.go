//go:build ignore

// Shows what the program knows of its client: the CGI variables, then the request's headers.
package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

const names = `
	SERVER_SOFTWARE REMOTE_ADDR REMOTE_HOST REMOTE_PORT SERVER_NAME SERVER_PORT SERVER_PROTOCOL
	GATEWAY_INTERFACE REQUEST_METHOD SCRIPT_NAME PATH_INFO PATH_TRANSLATED QUERY_STRING REQUEST_URI
	UNIQUE_ID AUTH_TYPE CONTENT_LENGTH CONTENT_TYPE REMOTE_IDENT REMOTE_USER HTTPS`

func main() {
	for name := range strings.FieldsSeq(names) {
		value, set := os.LookupEnv(name)
		if !set {
			value = "<unset>"
		}
		fmt.Printf("%s=%s\n", name, value)
	}
	for _, variable := range slices.Sorted(slices.Values(os.Environ())) {
		if strings.HasPrefix(variable, "HTTP_") {
			fmt.Println(variable)
		}
	}
}
