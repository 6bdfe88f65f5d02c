package log

import "time"

// CommitInfo is what a commit says about itself. Nothing but Version and Time is sure to be there:
// the protocol leaves the rest to the writer.
type CommitInfo struct {
	Version     int64
	Time        time.Time // see Snapshot.Time
	Operation   string
	Parameters  map[string]string // values that are not strings stand as JSON
	Metrics     map[string]string
	Engine      string
	ID          string // the writer's txnId
	BlindAppend bool   // it only added files, and read none to do so

	Timestamp int64  // milliseconds since the epoch, by the writer's clock
	InCommit  *int64 // inCommitTimestamp
}

func parseInfo(s *Scanner) (*CommitInfo, error) {
	c := &CommitInfo{}
	err := s.Fields(func(key string) (known bool, err error) {
		switch known = true; key {
		case "timestamp":
			if s.Peek() == '"' { // old writers: a text, of no use here
				return false, nil
			}
			c.Timestamp, err = s.IntegerOr(0)
		case "inCommitTimestamp":
			c.InCommit, err = s.Maybe()
		case "operation":
			c.Operation, err = s.Optional()
		case "operationParameters":
			c.Parameters, err = c.object(s)
		case "operationMetrics":
			c.Metrics, err = c.object(s)
		case "engineInfo":
			c.Engine, err = s.Optional()
		case "txnId":
			c.ID, err = s.Optional()
		case "isBlindAppend":
			if !s.Null() {
				c.BlindAppend, err = s.boolean()
			}
		default:
			known = false
		}
		return known, err
	})
	return c, err
}

func (c *CommitInfo) object(s *Scanner) (map[string]string, error) {
	if s.Peek() != '{' {
		return nil, s.Skip()
	}
	return s.loose()
}
