package spec

import (
	"net"
	"strings"
	"time"
)

// Connect is a door for programs of Spark Connect, such as those of PySpark.
type Connect struct {
	Element
	Listen   Text           `key:"listen" doc:"Where petalake up listens, as in localhost:15002. Without it there is no door." instead:"address,bind,port"`
	Users    []*ConnectUser `key:"users" doc:"Who is let in, by name. Without users only programs of this machine are, and listen must be an address of it." instead:"user,tokens"`
	Idle     Duration       `key:"idle" default:"1h" doc:"After how long without a call a session is ended." instead:"timeout,idle_timeout"`
	CertFile Text           `key:"cert_file" doc:"A file with the certificate of the door, in PEM; with key_file the door speaks TLS." instead:"cert,certificate"`
	KeyFile  Text           `key:"key_file" doc:"A file with the key of the certificate, in PEM." instead:"key"`
	Metrics  Text           `key:"metrics" doc:"Where the door shows its metrics to Prometheus, as in localhost:9464, under /metrics."`
}

// ConnectUser is somebody who is let in.
type ConnectUser struct {
	Element
	Name  string `key:",name" pattern:"^[A-Za-z][A-Za-z0-9_.@-]*$" says:"letters, digits and _ . @ -, a letter first"`
	Token Secret `key:"token" required:"true" doc:"The bearer token that opens the door." instead:"password,secret"`
}

// problems reports what is wrong with the values that do not refer to anything.
func (c *Connect) problems(report func(pos Pos, key string, f *fault)) {
	bad := badListen(c.Listen)
	if bad != nil {
		report(c.At("listen"), "connect.listen", bad)
	}
	if f := badListen(c.Metrics); f != nil {
		report(c.At("metrics"), "connect.metrics", f)
	}
	if bad == nil && c.Listen != "" && c.Listen.plain() && len(c.Users) == 0 && !loopback(string(c.Listen)) {
		report(c.At("listen"), "connect.listen", faultf("give users with tokens, or listen on localhost", "others reach this address, and no token is asked for"))
	}
	if (c.CertFile == "") != (c.KeyFile == "") {
		key := "cert_file"
		if c.CertFile == "" {
			key = "key_file"
		}
		report(c.At(key), "connect."+key, faultf("write both, or neither", "a certificate needs its key"))
	}
	if c.Has("idle") && time.Duration(c.Idle) < time.Second {
		report(c.At("idle"), "connect.idle", faultf("write at least 1s", "sessions would end at once"))
	}
	if c.Listen == "" && len(c.keys) > 0 && !c.Has("listen") {
		report(c.Pos, "connect", faultf("write listen: localhost:15002", "without listen there is no door"))
	}
}

// badListen refuses what is no host:port.
func badListen(t Text) *fault {
	if t == "" || !t.plain() {
		return nil
	}
	host, port, err := net.SplitHostPort(string(t))
	if err != nil || port == "" || strings.ContainsAny(host, " /") {
		return faultf("write host:port, as in localhost:15002", "bad address")
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return faultf("write a port from 1 to 65535", "bad port")
	}
	return nil
}

func loopback(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
