package cli

import (
	"fmt"
	osuser "os/user"
	"reflect"
	"strings"
	"testing"

	"websocketd/libwebsocketd/process"
)

// Accounts that this process may give to others, whoever runs it.
var ownUser, ownUID, ownGroup, ownGID = func() (user, uid, group, gid string) {
	u, err := osuser.Current()
	if err != nil {
		panic(err)
	}
	g, err := osuser.LookupGroupId(u.Gid)
	if err != nil {
		panic(err)
	}
	return u.Username, u.Uid, g.Name, u.Gid
}()

// TestConfineKeys: what the keys about what a process may have become, and that those of a program
// win over the flags.
func TestConfineKeys(t *testing.T) {
	umask := process.Umask(0o27)
	for keys, want := range map[string]process.Confinement{
		"": {},
		"rlimit = [\"nofile=64\", \"as=1G:unlimited\"]":                        {Limits: []process.Limit{{Name: "nofile", Soft: 64, Hard: 64}, {Name: "as", Soft: 1 << 30, Hard: process.Unlimited}}},
		"rlimit = \"core=0\"\nnice = 19":                                       {Limits: []process.Limit{{Name: "core"}}, Nice: 19},
		"umask = \"027\"":                                                      {Umask: &umask},
		"umask = \"0o27\"\nrlimit = [\"cpu=3:4\"]":                             {Umask: &umask, Limits: []process.Limit{{Name: "cpu", Soft: 3, Hard: 4}}},
		"lifetime = \"supervised\"\nnice = 19":                                 {Nice: 19},
		"lifetime = \"shared\"\nnice = 19\nrlimit = [\"fsize=64K:unlimited\"]": {Nice: 19, Limits: []process.Limit{{Name: "fsize", Soft: 64 << 10, Hard: process.Unlimited}}},
	} {
		if got := programOf(t, catA+keys+"\n").Confinement; !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, want %+v", keys, got, want)
		}
	}
	w, r := configured(t, fmt.Sprintf("nice = 18\nuser = %q\n", ownUser)+catA+"nice = 19\n"+catB)
	if r != nil {
		t.Fatal(r.message)
	}
	if a, b := w.programs[0], w.programs[1]; a.Confinement.Nice != 19 || b.Confinement.Nice != 18 || a.User != ownUser || w.config().User != ownUser {
		t.Errorf("%+v\n%+v", a.Settings, b.Settings)
	}
}

// TestConfineFaults: what is wrong with these keys is told with its line.
func TestConfineFaults(t *testing.T) {
	for keys, want := range map[string]string{
		"rlimit = [\"nofile\"]":                  `rlimit = "nofile": must be NAME=SOFT or NAME=SOFT:HARD, such as nofile=1024`,
		"rlimit = [\"nofile=64K\"]":              `rlimit = "nofile=64K": has "64K", which is neither a number nor unlimited`,
		"rlimit = [\"as=-1\"]":                   `rlimit = "as=-1": has "-1", which is neither a size like 64K nor unlimited`,
		"rlimit = [\"core=2:1\"]":                `rlimit = "core=2:1": the limit core is 2, more than its hard limit, 1`,
		"rlimit = [\"core=2\", \"core=1\"]":      `program a: the limit core is there twice; give it once`,
		"nice = 20":                              `nice = 20: must be a number from -20 to 19`,
		"umask = 27":                             `umask is a number, 27; write umask = "text"`,
		"umask = \"28\"":                         `umask = "28": must be an octal number from 0 to 0777, as 027`,
		"user = \"\"":                            `user = "": is empty; leave it out to take the server's own`,
		"user = \"no-such\"":                     `program a: there is no user "no-such" on this system`,
		"lifetime = \"shared\"\ngroup = \"x y\"": `program a: there is no group "x y" on this system`,
	} {
		w, r := configured(t, catA+keys+"\n")
		if r == nil {
			t.Errorf("%q is taken: %+v", keys, w.programs)
			continue
		}
		line := "3"
		if len(keys) > 10 && keys[:10] == "lifetime =" {
			line = "4"
		}
		if r.message != "f.toml:"+line+": "+want {
			t.Errorf("%q: %s, want %s", keys, r.message, want)
		}
	}
}

// TestCgroupFlags: what the flags of control groups become. Whether the system has these, is asked later.
func TestCgroupFlags(t *testing.T) {
	for args, want := range map[string]*process.Cgroup{
		"":                           nil,
		"--cgroup":                   {},
		"--memorymax=64M":            {Memory: 64 << 20},
		"--pidsmax=9 --cgroup=false": {Pids: 9},
		"--cpumax=150%":              {CPU: 150},
	} {
		p := newParser()
		line, err := scan(p.Model.Flags, strings.Fields(args))
		if err == nil {
			err = p.parse(line.settings)
		}
		if err != nil {
			t.Fatal(err)
		}
		w := &options{grammar: p.grammar}
		if got := w.confinement().Cgroup; !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, want %+v", args, got, want)
		}
	}
}
