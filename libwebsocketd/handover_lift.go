package libwebsocketd

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"sync"
)

// NewHanded returns what is handed over of something without a process.
func NewHanded(v any) (to Handed, err error) {
	var data bytes.Buffer
	err = gob.NewEncoder(&data).Encode(v)
	to.Data = data.Bytes()
	return to, err
}

// Decode decodes, in another server, what NewHanded was called with.
func (h *Handed) Decode(v any) error {
	if err := gob.NewDecoder(bytes.NewReader(h.Data)).Decode(v); err != nil {
		return fmt.Errorf("what another server has handed over cannot be read: %w", err)
	}
	return nil
}

// LiftEach calls lift for each of some things, all at once, and returns what the Lift of a Mover does.
// lift returns what is handed over of one, and the function that settles that; a nil one if there is
// nothing. After an error all of them go on.
func LiftEach[T any](each []T, lift func(one T) (to Handed, settle func(taken bool), err error)) (all []Handed, settle func(taken bool), err error) {
	var mu sync.Mutex
	var at sync.WaitGroup
	var settles []func(taken bool)
	for _, one := range each {
		at.Go(func() {
			to, settleOne, liftErr := lift(one)
			mu.Lock()
			defer mu.Unlock()
			if settleOne != nil {
				all, settles = append(all, to), append(settles, settleOne)
			}
			err = errors.Join(err, liftErr)
		})
	}
	at.Wait()
	settle = func(taken bool) {
		for _, settleOne := range settles {
			settleOne(taken)
		}
	}
	if err != nil {
		settle(false)
		CloseFiles(all)
		return nil, nil, err
	}
	return all, settle, nil
}

// CloseFiles closes the files of what is not handed over after all.
func CloseFiles(all []Handed) {
	for _, h := range all {
		for _, f := range h.Files {
			f.Close()
		}
	}
}
