package delta

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

	timestamp int64  // milliseconds since the epoch, by the writer's clock
	inCommit  *int64 // inCommitTimestamp
}

func parseInfo(s *scanner) (*CommitInfo, error) {
	c := &CommitInfo{}
	err := s.fields(func(key string) (known bool, err error) {
		switch known = true; key {
		case "timestamp":
			if s.peek() == '"' { // old writers: a text, of no use here
				return false, nil
			}
			c.timestamp, err = s.integerOr(0)
		case "inCommitTimestamp":
			c.inCommit, err = s.maybe()
		case "operation":
			c.Operation, err = s.optional()
		case "operationParameters":
			c.Parameters, err = c.object(s)
		case "operationMetrics":
			c.Metrics, err = c.object(s)
		case "engineInfo":
			c.Engine, err = s.optional()
		case "txnId":
			c.ID, err = s.optional()
		case "isBlindAppend":
			if !s.null() {
				c.BlindAppend, err = s.boolean()
			}
		default:
			known = false
		}
		return known, err
	})
	return c, err
}

func (c *CommitInfo) object(s *scanner) (map[string]string, error) {
	if s.peek() != '{' {
		return nil, s.skip()
	}
	return s.loose()
}
