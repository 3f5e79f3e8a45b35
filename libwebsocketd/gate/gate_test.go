package gate

import (
	"errors"
	"slices"
	"testing"
)

func TestRefusalIsAnError(t *testing.T) {
	var err error = &Refusal{Status: 403, Reason: "Origin x is not allowed here"}
	var refusal *Refusal
	if !errors.As(err, &refusal) || refusal.Status != 403 {
		t.Errorf("errors.As found %v", refusal)
	}
	if err.Error() != "Origin x is not allowed here" {
		t.Errorf("Error() = %q", err.Error())
	}
}

func TestEntriesAreTrimmedAndBlanksDropped(t *testing.T) {
	got := entries([]string{" a.com", "", "\tb.com ", "  "})
	if want := []string{"a.com", "b.com"}; !slices.Equal(got, want) {
		t.Errorf("entries = %q, want %q", got, want)
	}
	if got := entries(nil); len(got) != 0 {
		t.Errorf("entries(nil) = %q", got)
	}
}
