package upgrade

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"

	"websocketd/libwebsocketd/listen"
	"websocketd/libwebsocketd/process"
)

// Upgrade replaces this server by a new process. After an error the server goes on as before; if ctx was
// done before, the error carries its cause. Else the caller ends what lives for a connection, and stays until the Rest has ended.
func (s *Seat) Upgrade(ctx context.Context, o Options) (*Rest, error) {
	if s.IsNew() {
		return nil, errors.New("this server is only just taking over from another one")
	}
	c, theirs, err := pair()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	cmd, err := o.start(theirs)
	if err != nil {
		return nil, err
	}
	k, err := s.replace(ctx, c, cmd, &o)
	if err != nil {
		cmd.Process.Kill() // one that is ending already ends as it would have
		switch how := cmd.Wait(); {
		case ctx.Err() != nil:
			err = fmt.Errorf("given up: %w", context.Cause(ctx))
		case how != nil && errors.Is(err, errEnded):
			err = fmt.Errorf("%w: %w", err, how)
		}
		return nil, err
	}
	cmd.Process.Release() // the keeper hears when it ends, and the launcher collects it as it does orphans
	rest := &Rest{keeper: k}
	rest.work.Go(k.serve)
	return rest, nil
}

// start starts the new server, in a session of its own: the terminal sends its signals to the first
// server, which passes them on.
func (o *Options) start(theirs *os.File) (*exec.Cmd, error) {
	defer theirs.Close()
	cmd := exec.Command(o.Path)
	cmd.Args = o.Args
	cmd.Env = append(o.Env[:len(o.Env):len(o.Env)], variable+"=3")
	cmd.Stdout, cmd.Stderr = o.Stdout, o.Stderr
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	defer process.BeginFork()()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the new server: %w", err)
	}
	return cmd, nil
}

// replace does all that follows the start of the new server.
func (s *Seat) replace(ctx context.Context, c *conn, cmd *exec.Cmd, o *Options) (*keeper, error) {
	s.prune()
	settle := c.until(ctx)
	defer settle()
	c.SetDeadline(time.Now().Add(readyTime))
	own, theirs, err := sockets(syscall.SOCK_SEQPACKET)
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	l, err := newLink(own)
	if err != nil {
		return nil, err
	}
	if err = expect(c, s.offer(c, o, theirs), kindReady); err != nil {
		l.Close()
		return nil, fmt.Errorf("the new server did not get ready: %w", err)
	}
	lifting, cancel := process.Within(ctx, stillTime, process.Crowd)
	defer cancel()
	lifted, err := o.Lift(lifting)
	if err != nil {
		l.Close()
		return nil, err
	}
	c.waits = func() {
		c.SetDeadline(time.Now().Add(pieceTime))
		if ctx.Err() != nil {
			c.SetDeadline(time.Unix(1, 0))
		}
	}
	err = expect(c, s.hand(c, o, lifted), kindTaken)
	for _, h := range lifted.All {
		closeAll(h.Files)
	}
	if err != nil {
		lifted.Settle(false)
		l.Close()
		return nil, fmt.Errorf("the new server has not taken over: %w", err)
	}
	// From here on nothing goes back, nor is it given up.
	settle()
	for _, x := range o.Listeners { // first: what serves them closes them as soon as all is settled
		listen.Leave(x)
	}
	loans := lifted.Settle(true)
	for _, p := range s.parents {
		p.link.send(packet{Op: opServer, Pid: cmd.Process.Pid}) // before this server stops listening to signals
		p.pass()
	}
	c.send(&message{Kind: kindGo}) // if it is gone, the keeper notices
	return newKeeper(l, cmd.Process.Pid, loans, o.Notify), nil
}

// errEnded is the error of a new server that says nothing more. Its log has why, unless it did not get as
// far as that.
var errEnded = errors.New("it has ended; its log says why")

// expect receives a message that must be of a kind, after one was sent with that error: a server
// that takes no more has said why, or has ended.
func expect(c *conn, sent error, want kind) error {
	if sent != nil && !errors.Is(sent, syscall.EPIPE) && !errors.Is(sent, syscall.ECONNRESET) && !errors.Is(sent, os.ErrDeadlineExceeded) {
		return sent
	}
	m, err := c.receive()
	var late net.Error
	switch {
	case errors.As(err, &late) && late.Timeout():
		return errors.New("it is too late")
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET): // the second where it has not read all
		return errEnded
	case err != nil:
		return fmt.Errorf("%w: %w", errEnded, err)
	case m.Kind == kindFailed:
		return errors.New(m.Text)
	case m.Kind != want:
		return fmt.Errorf("it says %q", m.Kind)
	}
	return nil
}

// offer sends what the new server needs to get ready. Its parents are those of this server, and this
// server; in the first one that is the only one.
func (s *Seat) offer(c *conn, o *Options, own *os.File) error {
	for _, l := range o.Listeners {
		network, address, files, err := listen.Pass(l)
		if err != nil {
			return err
		}
		err = c.send(&message{Kind: kindListener, Network: network, Text: address, files: files})
		closeAll(files)
		if err != nil {
			return err
		}
	}
	for _, socket := range o.Sockets {
		_, _, files, err := listen.Pass(socket.Listener)
		if err != nil {
			return err
		}
		err = c.send(&message{Kind: kindSocket, Text: socket.Name, files: files})
		closeAll(files)
		if err != nil {
			return err
		}
	}
	for _, p := range s.parents {
		dup, err := p.link.File()
		if err != nil {
			return err
		}
		err = c.send(&message{Kind: kindParent, files: []*os.File{dup}})
		dup.Close()
		if err != nil {
			return err
		}
	}
	if err := c.send(&message{Kind: kindParent, files: []*os.File{own}}); err != nil {
		return err
	}
	offered := &message{Kind: kindOffered, Number: int(o.Watchdog)}
	if o.Notify != nil {
		offered.Text = "managed"
	}
	return c.send(offered)
}

// hand sends what outlives its clients.
func (s *Seat) hand(c *conn, o *Options, lifted *Lifted) error {
	var promises bytes.Buffer
	if err := gob.NewEncoder(&promises).Encode(o.Sessions.Promises()); err != nil {
		return err
	}
	if err := c.send(&message{Kind: kindPromises, Data: promises.Bytes()}); err != nil {
		return err
	}
	for _, data := range lifted.Channels {
		if err := c.send(&message{Kind: kindChannel, Data: data}); err != nil {
			return err
		}
	}
	for _, h := range lifted.All {
		if err := c.send(&message{Kind: kindHanded, Text: h.Path, Number: h.Pid, Data: h.Data, Parent: s.parentOf(h.Parent), files: h.Files}); err != nil {
			return err
		}
	}
	return c.send(&message{Kind: kindAll})
}

// parentOf returns which of the new server's parents a process has: one of this server's, or this
// server itself.
func (s *Seat) parentOf(of process.Parent) int {
	for i, p := range s.parents {
		if of == process.Parent(p) {
			return i
		}
	}
	return len(s.parents)
}
