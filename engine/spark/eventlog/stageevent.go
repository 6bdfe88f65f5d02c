package eventlog

import "strconv"

// readStage reads the submission or the completion of a stage.
func readStage(s *scan, done bool) *stageEvent {
	e := &stageEvent{Done: done, Query: -1}
	object(s, func(key string) bool {
		switch key {
		case "Stage Info":
			*e = stageEvent{Done: done, Query: e.Query, Description: e.Description}
			object(s, func(key string) bool { return e.member(s, key) })
		case "Properties":
			e.Query, e.Description = -1, ""
			object(s, func(key string) bool { return e.property(s, key) })
		default:
			return false
		}
		return true
	})
	return e
}

func (e *stageEvent) member(s *scan, key string) bool {
	switch key {
	case "Stage ID":
		e.ID = s.int()
	case "Stage Attempt ID":
		e.Attempt = int(s.int())
	case "Stage Name":
		e.Name = short(s.text(), shortName)
	case "Number of Tasks":
		e.Tasks = int(s.int())
	case "Submission Time":
		e.Submitted = s.int()
	case "Completion Time":
		e.Completed = s.int()
	case "Failure Reason":
		e.Failure = short(s.text(), shortName)
	case "Accumulables":
		e.Values = nil
		if s.in('[') {
			for s.more(']') {
				e.accumulable(s)
			}
		}
	default:
		return false
	}
	return true
}

func (e *stageEvent) property(s *scan, key string) bool {
	switch key {
	case "spark.sql.execution.id":
		e.Query = -1
		if n, err := strconv.ParseInt(string(s.text()), 10, 64); err == nil {
			e.Query = n
		}
	case "spark.job.description":
		e.Description = short(s.text(), shortName)
	default:
		return false
	}
	return true
}

func (e *stageEvent) accumulable(s *scan) {
	v, wanted := accumulated{}, false
	if !s.in('{') {
		return
	}
	for s.more('}') {
		switch string(s.key()) {
		case "ID":
			v.ID = s.int()
		case "Name":
			wanted = watched[string(s.text())]
		case "Value":
			if wanted {
				v.Value = s.int()
			} else {
				s.skip()
			}
		default:
			s.skip()
		}
	}
	if wanted {
		e.Values = append(e.Values, v)
	}
}
