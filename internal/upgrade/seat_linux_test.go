package upgrade

import (
	"os"
	"strings"
	"testing"
)

// TestEnterOfStranger: a variable that no old server has set is an error that says what to do, whatever
// it holds, and no other process gets it.
func TestEnterOfStranger(t *testing.T) {
	for _, value := range []string{"", "x", "-1", "1000000", "2147483648", "99999999999999999999"} {
		t.Setenv(variable, value)
		seat, err := Enter()
		if seat != nil || err == nil || !strings.Contains(err.Error(), `WSUPGRADE="`+value+`"`) || !strings.HasSuffix(err.Error(), "; unset it") {
			t.Errorf("%q: %v, %v", value, seat, err)
		}
		if left, is := os.LookupEnv(variable); is {
			t.Errorf("%q is left", left)
		}
	}
}
