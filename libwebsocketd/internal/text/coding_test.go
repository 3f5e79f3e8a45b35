package text

import "testing"

// TestPrefersGzip has what clients send, and what the section allows them to send.
func TestPrefersGzip(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		"":                              false,
		"gzip":                          true,
		"GZip":                          true,
		"x-gzip":                        true,
		"gzip, deflate, br, zstd":       true,
		"br":                            false,
		"br;q=1.0, gzip;q=0.8, *;q=0.1": true,
		"gzip;q=0":                      false,
		"gzip;q=0.000":                  false,
		"gzip;q=0.001":                  true,
		"gzip ; Q=0.5":                  true,
		"gzip;q=0, *":                   false,
		"*":                             true,
		"*;q=0":                         false,
		"identity":                      false,
		"identity, gzip":                true,
		"identity, gzip;q=0.9":          false,
		"identity;q=0.5, gzip;q=0.9":    true,
		"gzip;q=0.5, *":                 false, // the answer as it is belongs to *
		"gzip;q=0.5, *, identity;q=0.1": true,
		"gzip;q=0.5, *;q=0":             true,
		"gzip;q=2":                      false,
		"gzip;q=-1":                     false,
		"gzip;q=NaN":                    false,
		"gzip;q=":                       false,
		"gzip;level=9;q=0":              false,
		"gzipped":                       false,
		",,;,gzip,":                     true,
	} {
		if got := PrefersGzip([]string{header}); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
	if !PrefersGzip([]string{"br", "gzip"}) || PrefersGzip(nil) {
		t.Error("the lines are not one list")
	}
}
