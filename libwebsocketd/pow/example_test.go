package pow_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/pow"
)

// post makes a request of the REST API, and returns the answer.
func post(url, body string) string {
	answer, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		return err.Error()
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	return strings.TrimSpace(string(text))
}

// A function that adds numbers, one a line, and returns their sum, is called over HTTP.
func ExampleFunc() {
	sum := func(ctx context.Context, stdin io.Reader, stdout io.Writer, params ...string) (any, error) {
		total := 0
		for lines := bufio.NewScanner(stdin); lines.Scan(); {
			n, err := strconv.Atoi(lines.Text())
			if err != nil {
				return nil, fmt.Errorf("%q is no number", lines.Text())
			}
			total += n
			fmt.Fprintln(stdout, "so far:", total)
		}
		return total, context.Cause(ctx)
	}
	calls, err := pow.New(pow.Options{Funcs: map[string]pow.Func{"sum": sum}})
	if err != nil {
		fmt.Println(err)
		return
	}
	server, err := libwebsocketd.New(libwebsocketd.Config{Dialects: []libwebsocketd.Dialect{calls}, Mounts: calls.Mounts()})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Shutdown(context.Background())
	front := httptest.NewServer(server)
	defer front.Close()
	defer http.DefaultClient.CloseIdleConnections()

	base := front.URL + pow.DefaultBase
	id, _ := strconv.Unquote(post(base+"new", `{"call":"sum"}`))
	fmt.Println(post(base+"input/"+id, "1\n2\n"))
	fmt.Println(post(base+"closeInput/"+id, ""))
	for pending := true; pending; {
		answer, err := http.Get(base + "status/" + id)
		if err != nil {
			fmt.Println(err)
			return
		}
		state, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if pending = strings.Contains(string(state), "pending"); !pending {
			fmt.Println(strings.TrimSpace(string(state)))
		}
	}
	// Output:
	// input sent
	// input closed
	// {"buffer":"so far: 1\nso far: 3","result":{"status":"fulfilled","value":3}}
}
