package daemon

import (
	"errors"
	"testing"

	"github.com/petalake/petalake/internal/write"
)

// TestAllSeen: a file that is held back keeps no message of another in the queue; what was not looked at does.
func TestAllSeen(t *testing.T) {
	held, skipped, other := &write.HeldError{}, &SkippedError{}, errors.New("the bucket does not answer")
	for _, c := range []struct {
		err  error
		want bool
	}{
		{nil, true}, {held, true}, {errors.Join(held, skipped), true}, {errors.Join(errors.Join(held), nil), true}, {other, false},
		{errors.Join(held, other), false}, {errors.Join(errors.Join(other), held), false},
	} {
		if got := allSeen(c.err); got != c.want {
			t.Errorf("%v: got %v, want %v", c.err, got, c.want)
		}
	}
}
