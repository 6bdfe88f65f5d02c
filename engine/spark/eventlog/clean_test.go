package eventlog

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestClean promises which logs stay: those of the last days, as far as they have room, and the end of
// one that is being written whatever its size.
func TestClean(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	keep := Keep{Age: 30 * 24 * time.Hour, Bytes: 1000}
	for name, c := range map[string]struct {
		files []string // name, bytes, days ago
		want  []string
	}{
		"nothing to do": {[]string{"a.zstd 400 20", "b 400 1"}, []string{"a.zstd", "b"}},
		"old ones go":   {[]string{"a 1 31", "eventlog_v2_x/appstatus_x 0 40", "eventlog_v2_x/events_1_x 5 40", "b 1 29", "c.inprogress 1 99"}, []string{"b"}},
		"the oldest have no room": {
			[]string{"a 500 9", "b 300 8", "eventlog_v2_x/appstatus_x 0 7", "eventlog_v2_x/events_1_x 400 7", "eventlog_v2_x/events_2_x 200 6"}, []string{"b", "x/appstatus_x", "x/events_1_x", "x/events_2_x"}},
		"one that is written keeps its end": {
			[]string{"a 100 9", "eventlog_v2_x/appstatus_x.inprogress 0 9", "eventlog_v2_x/events_1_x 700 5", "eventlog_v2_x/events_2_x 700 3", "eventlog_v2_x/events_3_x 200 0"},
			[]string{"x/appstatus_x.inprogress", "x/events_2_x", "x/events_3_x", "a"}},
		"the latest is not lost for its size": {[]string{"a 5000 1", "b 1 2"}, []string{"a"}},
		"others that are written keep an end": {
			[]string{"new 900 0", "eventlog_v2_x/appstatus_x.inprogress 0 9", "eventlog_v2_x/events_1_x 700 5", "eventlog_v2_x/events_2_x 700 3"},
			[]string{"new", "x/appstatus_x.inprogress", "x/events_2_x"}},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			for _, f := range c.files {
				var file string
				var size, days int
				if _, err := fmt.Sscan(f, &file, &size, &days); err != nil {
					t.Fatal(err)
				}
				path := filepath.Join(folder, file)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, make([]byte, size), 0o644); err != nil {
					t.Fatal(err)
				}
				at := now.Add(-time.Duration(days) * 24 * time.Hour)
				if err := os.Chtimes(path, at, at); err != nil {
					t.Fatal(err)
				}
			}
			if err := Clean(folder, keep, now); err != nil {
				t.Fatal(err)
			}
			left, err := filepath.Glob(filepath.Join(folder, "*"))
			parts, again := filepath.Glob(filepath.Join(folder, "*", "*"))
			if err != nil || again != nil {
				t.Fatal(err, again)
			}
			var got []string
			for _, path := range append(left, parts...) {
				if info, err := os.Stat(path); err == nil && !info.IsDir() {
					rel, _ := filepath.Rel(folder, path)
					got = append(got, strings.TrimPrefix(rel, "eventlog_v2_"))
				}
			}
			slices.Sort(got)
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Errorf("left: %q, want %q", got, c.want)
			}
		})
	}
	if err := Clean(filepath.Join(t.TempDir(), "none"), keep, now); err != nil {
		t.Errorf("no folder: got %v", err)
	}
}
