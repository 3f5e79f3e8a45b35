package cli

import (
	"slices"
	"testing"
	"time"
)

func TestParseSize(t *testing.T) {
	for _, test := range []struct {
		text string
		want int64
		err  error
	}{
		{"0", 0, nil}, {"4", 4, nil}, {"4B", 4, nil}, {"64K", 65536, nil}, {"64k", 65536, nil},
		{"64KB", 65536, nil}, {"64KiB", 65536, nil}, {"1MiB", 1 << 20, nil}, {"2G", 2 << 30, nil},
		{"", 0, errSize}, {"K", 0, errSize}, {"1X", 0, errSize}, {"-1", 0, errSize}, {"1 K", 0, errSize},
		{"1.5M", 0, errSize}, {"0x10", 0, errSize}, {"1_000", 0, errSize}, {"1KK", 0, errSize}, {"１K", 0, errSize},
		{"9223372036854775808", 0, errLarge}, {"9999999999G", 0, errLarge},
	} {
		if got, err := parseSize(test.text); got != test.want || err != test.err {
			t.Errorf("%q: %d, %v; want %d, %v", test.text, got, err, test.want, test.err)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for _, test := range []struct {
		text string
		want time.Duration
		err  string
	}{
		{"5s", 5 * time.Second, ""}, {"1m30s", 90 * time.Second, ""}, {"250ms", 250 * time.Millisecond, ""}, {"1.5h", 90 * time.Minute, ""}, {"0", 0, ""}, {"0s", 0, ""},
		{"5", 0, "has no unit: write 5s for seconds"}, {"1.5", 0, "has no unit: write 1.5s for seconds"}, {"1m30", 0, "has no unit: write 1m30s for seconds"},
		{"-5s", 0, errNegative.Error()}, {"-0.5h", 0, errNegative.Error()},
		{"", 0, errDuration.Error()}, {"s", 0, errDuration.Error()}, {"5 s", 0, errDuration.Error()}, {"5d", 0, errDuration.Error()}, {"99999999h", 0, errDuration.Error()},
	} {
		got, err := parseDuration(test.text)
		if got != test.want || (err == nil) != (test.err == "") || err != nil && err.Error() != test.err {
			t.Errorf("%q: %v, %v; want %v, %q", test.text, got, err, test.want, test.err)
		}
	}
}

// TestBytesOfStrings: what is not UTF-8 arrives as it was given.
func TestBytesOfStrings(t *testing.T) {
	const odd = "a\xffb\\,${x}\x80"
	w, _ := resolved(t, nil, "--unixsocket="+odd, "--header=X:"+odd, "--passenv="+odd, "cat")
	cfg := w.config()
	if cfg.UnixSocket != odd || cfg.Header.Get("X") != odd {
		t.Errorf("socket %q, header %q", cfg.UnixSocket, cfg.Header)
	}
	if len(cfg.PassEnv) != 2 || cfg.PassEnv[0] != "a\xffb\\" {
		t.Errorf("names %q", cfg.PassEnv)
	}
}

// TestCommasOfUsers: the subject of a certificate is one user, in each place.
func TestCommasOfUsers(t *testing.T) {
	const subject = `CN=ann,O=acme\, inc`
	p := newParser()
	file := parseConfig("f.toml", []byte("allow = ['"+subject+"', 'bob']\n"), p.Model.Flags)
	for _, settings := range [][]setting{file.settings, {{flag: lookUpName(p.Model.Flags, "allow"), value: `CN=ann\,O=acme\\, inc, bob`}}} {
		if err := p.parse(settings); err != nil || !slices.Equal(p.Credential.Allow, []string{subject, "bob"}) {
			t.Errorf("%q: %q, %v", settings[0].value, p.Credential.Allow, err)
		}
	}
}
