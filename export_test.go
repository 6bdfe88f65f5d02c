package petalake

import "github.com/petalake/petalake/internal/assembly"

// Rooms are the rooms behind a lake, for tests that start, stop or ask what the face does not show.
func (l *Lake) Rooms() *assembly.Assembly { return l.rooms }
