package gate

import (
	"container/list"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"sync"
	"time"
)

const (
	// TicketTime is how long a ticket is good for.
	TicketTime = 30 * time.Second
	// LoginTime is how long a login is good for after it was used last.
	LoginTime = 12 * time.Hour
)

const (
	mostOfUser     = 64     // tickets that are not used, and logins
	mostRemembered = 10_000 // tickets of all users, and logins
)

// Logins remember clients that have proved who they are. A client proves it again by a
// ticket, once, which may stand in a URL; or by the secret of a login, in a cookie. Both are
// 256 random bits, of which only a hash is kept.
//
// A further ticket replaces the oldest one, and a further login the one that was not used for
// the longest time: of the same user where that has many, else of all. So nobody takes away
// what others have, and what is lost is what is least likely to be missed.
// The methods may be called by any number of goroutines at once.
type Logins struct {
	mu      sync.Mutex
	tickets remembered
	logins  remembered
}

// NewLogins returns Logins that remember nobody.
func NewLogins() *Logins {
	return &Logins{tickets: newRemembered(TicketTime), logins: newRemembered(LoginTime)}
}

// NewSecret returns 256 random bits as text that may stand in a URL.
func NewSecret() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// Ticket returns a ticket. bond names what alone it is for, "" is whatever the client may
// do. Where nobody is known, who is the zero value.
func (l *Logins) Ticket(who Identity, bond string) (ticket string) {
	holder := who.User
	if holder == "" {
		holder = "\x00" + bond // no user's name
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tickets.add(&proved{who: who, bond: bond, holder: holder})
}

// Redeem returns whose a ticket is, and uses it up; ok is false if it is not good, or not
// for bond. With keep it stays good.
func (l *Logins) Redeem(ticket, bond string, keep bool) (who Identity, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.tickets.find(ticket)
	if p == nil || p.bond != bond {
		return Identity{}, false
	}
	if !keep {
		l.tickets.remove(p)
	}
	return p.who, true
}

// Begin returns the secret of a new login.
func (l *Logins) Begin(who Identity) (secret string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.logins.add(&proved{who: who, holder: who.User})
}

// Find returns whose login a secret is of, and counts that as its use; ok is false if it is
// of none.
func (l *Logins) Find(secret string) (who Identity, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.logins.find(secret)
	if p == nil {
		return Identity{}, false
	}
	l.logins.renew(p)
	return p.who, true
}

// End forgets the login of a secret, if there is one.
func (l *Logins) End(secret string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p := l.logins.find(secret); p != nil {
		l.logins.remove(p)
	}
}

// proved is a client that has proved who it is.
type proved struct {
	who    Identity
	bond   string
	holder string // whose others it replaces
	hash   [sha256.Size]byte
	ends   time.Time
	at     *list.Element // in order
}

// remembered are clients by the hash of what they hold. A map finds a hash in a time that
// depends on it; that tells nothing about secrets of 256 bits.
type remembered struct {
	keep  time.Duration
	all   map[[sha256.Size]byte]*proved
	held  map[string][]*proved // by their holders, the one that ends next first
	order list.List            // of *proved, the one that ends next first
}

func newRemembered(keep time.Duration) remembered {
	return remembered{keep: keep, all: map[[sha256.Size]byte]*proved{}, held: map[string][]*proved{}}
}

// add remembers p, and returns what proves it.
func (m *remembered) add(p *proved) (secret string) {
	m.forget()
	if own := m.held[p.holder]; len(own) == mostOfUser {
		m.remove(own[0])
	} else if len(m.all) >= mostRemembered {
		m.remove(m.order.Front().Value.(*proved))
	}
	secret = NewSecret()
	p.hash, p.ends = sha256.Sum256([]byte(secret)), time.Now().Add(m.keep)
	p.at = m.order.PushBack(p)
	m.all[p.hash] = p
	m.held[p.holder] = append(m.held[p.holder], p)
	return secret
}

// find returns the client that a secret is of, nil if there is none.
func (m *remembered) find(secret string) *proved {
	m.forget()
	return m.all[sha256.Sum256([]byte(secret))]
}

// renew begins the time of p again.
func (m *remembered) renew(p *proved) {
	p.ends = time.Now().Add(m.keep)
	m.order.MoveToBack(p.at)
	m.held[p.holder] = append(m.others(p), p)
}

// forget removes those whose time is over.
func (m *remembered) forget() {
	for now := time.Now(); m.order.Len() > 0; {
		p := m.order.Front().Value.(*proved)
		if now.Before(p.ends) {
			return
		}
		m.remove(p)
	}
}

func (m *remembered) remove(p *proved) {
	m.order.Remove(p.at)
	delete(m.all, p.hash)
	if m.held[p.holder] = m.others(p); len(m.held[p.holder]) == 0 {
		delete(m.held, p.holder)
	}
}

// others returns those that the holder of p has besides. It changes the list of all of them.
func (m *remembered) others(p *proved) []*proved {
	return slices.DeleteFunc(m.held[p.holder], func(other *proved) bool { return other == p })
}
