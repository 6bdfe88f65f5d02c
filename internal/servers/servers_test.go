package servers

import (
	"net/http"
	"testing"
)

// TestServersComeAndGo: a server answers during the test that started it, and not after.
func TestServersComeAndGo(t *testing.T) {
	for name, start := range map[string]func(testing.TB) *Server{"moto": Moto, "versitygw": VersityGW} {
		var s *Server
		t.Run(name, func(t *testing.T) {
			s = start(t)
			s.Bucket(t, "one")
			answer, err := http.Get(s.Endpoint + "/one/absent")
			if err != nil {
				t.Fatalf("while it runs: got %v, want an answer", err)
			}
			answer.Body.Close()
			if answer.StatusCode != http.StatusNotFound && answer.StatusCode != http.StatusForbidden {
				t.Errorf("an absent object: got %s, want 403 or 404", answer.Status)
			}
		})
		if s == nil {
			continue // skipped
		}
		if answer, err := http.Get(s.Endpoint); err == nil {
			answer.Body.Close()
			t.Errorf("%s after its test: got %s, want no answer", name, answer.Status)
		}
	}
}
