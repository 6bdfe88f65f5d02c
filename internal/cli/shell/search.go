package shell

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The keys of a search, as the editor hands them on. Only ctrlR and ctrlG are a person's; keys makes the others.
const (
	ctrlG     = 7  // back to the line as it was
	ctrlR     = 18 // begin to search, then find an older line
	searchEnd = 28 // keep the line that was found
	searchCut = 29 // take the last character off what is searched for
)

// search looks for an earlier line by a part of it, character by character. Its zero value searches nothing.
type search struct {
	on    bool
	query string
	at    int    // of the line that was found, 0 the newest
	found string // the line, "" while there is none
	lost  bool   // nothing has the query
	line  string // what was typed before
	pos   int    // the cursor in it
}

// key takes a key, with the line that is edited and the cursor in it, and returns what is shown in its place. It is
// not ok for a key that has nothing to do with a search.
func (s *search) key(h *History, line string, pos int, key rune) (shown string, cursor int, ok bool) {
	switch {
	case !s.on && key != ctrlR:
		return "", 0, false
	case !s.on:
		*s = search{on: true, line: line, pos: pos}
	case key == ctrlR && s.query != "":
		s.find(h, s.at+1)
	case key == searchCut:
		_, n := utf8.DecodeLastRuneInString(s.query)
		s.query = s.query[:len(s.query)-n]
		s.find(h, 0)
	case key == ctrlG, key == searchEnd && s.found == "":
		s.on = false
		return s.line, s.pos, true
	case key == searchEnd:
		s.on = false
		return s.found, len(s.found), true
	case unicode.IsPrint(key):
		s.query += string(key)
		s.find(h, s.at)
	}
	shown = s.String()
	return shown, len(shown), true
}

// find goes from a line to older ones, up to the next other one that has the query in it, in any case of letters.
func (s *search) find(h *History, from int) {
	if s.query == "" {
		s.at, s.found, s.lost = 0, "", false
		return
	}
	for i := from; i < h.Len(); i++ {
		line := h.At(i)
		if strings.Contains(strings.ToLower(line), strings.ToLower(s.query)) && (i == s.at || line != s.found) {
			s.at, s.found, s.lost = i, line, false
			return
		}
	}
	s.lost = true
}

// String is what stands in the place of the line while somebody searches.
func (s *search) String() string {
	what := "search"
	if s.lost {
		what = "no other line"
	}
	return "(" + what + ") " + s.query + ": " + s.found
}
