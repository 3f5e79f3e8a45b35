package credential

import (
	"slices"
	"strings"
	"testing"
)

func TestGroups(t *testing.T) {
	g, err := NewGroups(written(t, "# groups\nstaff: ada  bob\tada\n\nadmins : ada\r\nnobody:\nstaff: eve\n"), func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	for user, want := range map[string][]string{"ada": {"staff", "admins"}, "bob": {"staff"}, "eve": {"staff"}, "fay": nil, "": nil} {
		if got := g.Of(user); !slices.Equal(got, want) {
			t.Errorf("%s is in %q, expected %q", user, got, want)
		}
	}
	for line, want := range map[string]string{
		"staff": "no group", ": ada": "no group", "st\x01: ada": "name of the group", "staff: a\xff": "name of the user",
		strings.Repeat("g", 257) + ": ada": "name of the group",
	} {
		if _, err := NewGroups(written(t, "\n"+line), func(error) {}); err == nil || !strings.Contains(err.Error(), ":2: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, expected %q", line, err, want)
		}
	}
}

func FuzzGroups(f *testing.F) {
	f.Add([]byte("staff: ada bob\n# x\nadmins : ada"))
	f.Fuzz(func(t *testing.T, data []byte) {
		groupsOf, err := parseGroups(data)
		if err != nil {
			return
		}
		for user, groups := range groupsOf {
			for _, group := range groups {
				if CheckUser(user) != nil || CheckUser(group) != nil || strings.ContainsRune(group, ':') {
					t.Errorf("%q is in %q", user, group)
				}
			}
			if len(slices.Compact(slices.Sorted(slices.Values(groups)))) != len(groups) {
				t.Errorf("%q is twice in one of %q", user, groups)
			}
		}
	})
}
