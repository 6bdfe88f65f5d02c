package door

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/petalake/petalake/engine/spark/connectpb"
)

// session is one session of a client, which lives on one server.
type session struct {
	head
	upstream grpc.ClientConnInterface // nil until the first call asks for it
	calls    int                      // under way
	last     time.Time                // that a call began or ended
}

// sessions are those that were seen, by user and id. Its zero value has none.
type sessions struct {
	mu   sync.Mutex
	open map[head]*session
}

// begin notes that a call of a session began, and says which server has the session: nil for none yet.
func (s *sessions) begin(h head, now time.Time) (_ grpc.ClientConnInterface, isNew bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.open[h]
	if isNew = one == nil; isNew {
		if s.open == nil {
			s.open = map[head]*session{}
		}
		one = &session{head: h}
		s.open[h] = one
	}
	one.calls++
	one.last = now
	return one.upstream, isNew
}

// settle notes the server of a session. If another call was faster, it is that one's.
func (s *sessions) settle(h head, upstream grpc.ClientConnInterface) grpc.ClientConnInterface {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.open[h]
	if one == nil {
		return upstream
	}
	if one.upstream == nil {
		one.upstream = upstream
	}
	return one.upstream
}

// unsettle forgets the server of a session, if it is still this one.
func (s *sessions) unsettle(h head, upstream grpc.ClientConnInterface) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one := s.open[h]; one != nil && one.upstream == upstream {
		one.upstream = nil
	}
}

// end notes that a call ended, and with over the session too.
func (s *sessions) end(h head, now time.Time, over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.open[h]
	if one == nil {
		return
	}
	one.calls--
	one.last = now
	if over || one.upstream == nil && one.calls == 0 {
		delete(s.open, h)
	}
}

// idle takes out the sessions without a call since before.
func (s *sessions) idle(before time.Time) []*session {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*session
	for h, one := range s.open {
		if one.calls == 0 && one.last.Before(before) {
			delete(s.open, h)
			out = append(out, one)
		}
	}
	return out
}

func (s *sessions) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// release ends a session on its server. A server that cannot be told ends it by itself some time later.
func (s *session) release(ctx context.Context) {
	if s.upstream == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, _ = connectpb.NewSparkConnectServiceClient(s.upstream).ReleaseSession(ctx, &connectpb.ReleaseSessionRequest{
		SessionId: s.session, UserContext: &connectpb.UserContext{UserId: s.user},
	})
}
