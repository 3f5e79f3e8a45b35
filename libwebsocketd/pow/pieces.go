package pow

import (
	"errors"

	"websocketd/libwebsocketd/bridge"
)

// mostControl is how many bytes a call or a signal may have.
const mostControl = 1 << 20

var errNoRoom = errors.New("there is no memory for the message now (see --maxmemory)")

// pieces joins calls and signals. They come in pieces where --maxframesize is no limit. What is
// held of them counts against the memory for messages.
type pieces struct {
	account func() memory
	data    []byte
	memory  memory // for data; nil if it is little
}

// add returns a message when it is whole; it is valid until the next Receive or free. After an
// error nothing is held.
func (p *pieces) add(m *bridge.Message) (data []byte, whole bool, err error) {
	size := len(p.data) + len(m.Data)
	switch {
	case size > mostControl:
		err = errProtocol
	case !m.More && len(p.data) == 0:
		return m.Data, true, nil
	case !p.holds(size):
		err = errNoRoom
	}
	if err != nil {
		p.free()
		return nil, false, err
	}
	p.data = append(p.data, m.Data...)
	return p.data, !m.More, nil
}

func (p *pieces) holds(size int) bool {
	if size <= mostKept {
		return true
	}
	if p.memory == nil {
		p.memory = p.account()
	}
	return p.memory.Hold(size)
}

// free drops what is held.
func (p *pieces) free() {
	p.data = nil
	if p.memory != nil {
		p.memory.Free()
		p.memory = nil
	}
}
