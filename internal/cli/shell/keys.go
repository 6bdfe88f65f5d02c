package shell

import "io"

// keys is what a person types, in keys that the editor understands. Ctrl-C becomes keys that clear the line and
// end it: the editor would otherwise take it for the end of input. While somebody searches, a key that is no
// part of the search ends it before it does what it does elsewhere, since the editor asks nobody about most keys.
type keys struct {
	in        io.Reader
	pending   []byte
	interrupt bool
	searching bool
}

const (
	ctrlC     = 3
	ctrlE     = 5 // to the end of the line
	ctrlH     = 8
	ctrlU     = 21 // delete to its beginning
	enter     = '\r'
	backspace = 127
)

func (k *keys) Read(p []byte) (int, error) {
	if len(k.pending) == 0 {
		buf := make([]byte, 256)
		n, err := k.in.Read(buf)
		for _, b := range buf[:n] {
			k.press(b)
		}
		if len(k.pending) == 0 {
			return 0, err
		}
	}
	n := copy(p, k.pending)
	k.pending = k.pending[n:]
	return n, nil
}

// press adds one byte that was typed.
func (k *keys) press(b byte) {
	was := k.searching
	switch {
	case b == ctrlC:
		k.pending, k.interrupt, k.searching = nil, true, false // what was typed before it counts no more
		if was {
			k.pending = append(k.pending, ctrlG)
		}
		k.pending = append(k.pending, ctrlE, ctrlU, enter)
		return
	case b == ctrlR:
		k.searching = true
	case was && (b == backspace || b == ctrlH):
		b = searchCut
	case was && b < ' ':
		k.searching = false
		if b != ctrlG {
			k.pending = append(k.pending, searchEnd)
		}
	}
	k.pending = append(k.pending, b)
}

func (k *keys) takeInterrupt() bool {
	was := k.interrupt
	k.interrupt = false
	return was
}
