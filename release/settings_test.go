package main

import (
	"strings"
	"testing"
)

func TestOnly(t *testing.T) {
	t.Parallel()
	all, err := chosen("linux/arm,darwin/arm64")
	if err != nil || len(all) != 2 || all[0].Level != "6" {
		t.Errorf("two targets are %v, %v", all, err)
	}
	if _, err := chosen("linux/arm,plan9/386"); err == nil || !strings.Contains(err.Error(), `"plan9/386"`) {
		t.Errorf("a target that there is not: %v", err)
	}
}

func TestSourceDate(t *testing.T) {
	t.Parallel()
	if date, err := sourceDate("86400"); err != nil || date.Format("2006-01-02T15:04:05Z07:00") != "1970-01-02T00:00:00Z" {
		t.Errorf("a day after the beginning is %v, %v", date, err)
	}
	for _, wrong := range []string{"", "yesterday"} {
		if _, err := sourceDate(wrong); err == nil || !strings.Contains(err.Error(), "SOURCE_DATE_EPOCH") {
			t.Errorf("of %q is said %v", wrong, err)
		}
	}
}

func TestUnknownStep(t *testing.T) {
	t.Parallel()
	if err := run(settings{}, []string{"binaries", "parcels"}); err == nil || !strings.Contains(err.Error(), `"parcels"`) {
		t.Errorf("an unknown step: %v", err)
	}
}
