package spark

import (
	"errors"
	"strings"
	"testing"
)

// TestAddress promises that connection strings are understood, and that none of them shows its token.
func TestAddress(t *testing.T) {
	for _, c := range []struct{ address, host, token string }{
		{"sc://h", "h:15002", ""},
		{"sc://h:1/;token=a%3Bb;use_ssl=true", "h:1", "a;b"},
		{"127.0.0.1:15002", "127.0.0.1:15002", ""},
	} {
		o, err := Options{Address: c.address}.resolve()
		if err != nil || o.Address != c.host || o.Token != c.token {
			t.Errorf("%s: got %s, token %q, %v, want %s, token %q", c.address, o.Address, o.Token, err, c.host, c.token)
		}
	}
	for _, address := range []string{"", "sc:///;token=hush", "sc://h:1;token=hush", "sc://h/;token=%hush", "sc://h/;hush=1"} {
		_, err := Options{Address: address}.resolve()
		if err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: got %v, want an error that does not show what may be a token", address, err)
		}
	}
}

// TestUnreachable promises an error that names the address and says what to do.
func TestUnreachable(t *testing.T) {
	_, err := Open(t.Context(), Options{Address: "127.0.0.1:1"})
	var said *Error
	if !errors.As(err, &said) || !strings.Contains(err.Error(), "127.0.0.1:1") || said.Hint() == "" {
		t.Errorf("nobody there: got %v, want an error with the address and a hint", err)
	}
}
