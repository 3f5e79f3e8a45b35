package credential

import (
	"errors"
	"slices"
	"strings"
)

// Groups are groups of users, of a file in Apache's form.
type Groups struct{ file *file[map[string][]string] }

// NewGroups reads a file of groups.
func NewGroups(name string, report Report) (*Groups, error) {
	file, err := openFile(name, report, parseGroups)
	if err != nil {
		return nil, err
	}
	return &Groups{file}, nil
}

// Of returns the groups of a user. The result must not be changed.
func (g *Groups) Of(user string) []string { return (*g.file.current())[user] }

// parseGroups reads lines of the form GROUP: USER USER. It returns the groups of each user. A
// group may have more than one line.
func parseGroups(data []byte) (map[string][]string, error) {
	groupsOf := map[string][]string{}
	err := eachLine(data, func(line string) error {
		group, users, ok := strings.Cut(line, ":")
		if group = strings.TrimRight(group, " \t"); !ok || group == "" {
			return errors.New("there is no group: a line is GROUP: USER USER")
		}
		if err := CheckUser(group); err != nil {
			return errors.New("the name of the group is too long, or cannot be printed")
		}
		for _, user := range strings.Fields(users) {
			if err := CheckUser(user); err != nil {
				return err
			}
			if !slices.Contains(groupsOf[user], group) {
				groupsOf[user] = append(groupsOf[user], group)
			}
		}
		return nil
	})
	return groupsOf, err
}
