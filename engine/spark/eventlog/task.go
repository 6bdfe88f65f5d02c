package eventlog

// task is the end of one attempt of a task. Times are milliseconds, but CPU's and WriteTime, which
// are nanoseconds; sizes are bytes.
type task struct {
	Stage        int64
	StageAttempt int

	ID, Index          int64
	Attempt            int
	Executor, Host     string
	Launch, Finish     int64
	GettingResult      int64
	Failed, Killed     bool
	Speculative        bool
	Reason, Error      string // "Success"; the class or the message of what went wrong
	Run, CPU           int64
	Deserialize        int64
	SerializeResult    int64
	GC                 int64
	PeakMemory         int64
	Heap               int64 // most that its executor's heap was seen to hold; 0: not looked at
	SpilledMemory      int64
	SpilledDisk        int64
	In, InRows         int64
	Out                int64
	ReadRemote         int64
	ReadLocal          int64
	ReadRows           int64
	FetchWait          int64
	Written, WriteTime int64
}

// readTask reads SparkListenerTaskEnd, which most of a log consists of. Its accumulables, half of the
// line, repeat the metrics and are skipped.
func readTask(d *decoder, s *scan) *task {
	t := &task{}
	if !s.in('{') {
		return t
	}
	for s.more('}') {
		switch string(s.key()) {
		case "Stage ID":
			t.Stage = s.int()
		case "Stage Attempt ID":
			t.StageAttempt = int(s.int())
		case "Task End Reason":
			t.reason(d, s)
		case "Task Info":
			t.info(d, s)
		case "Task Metrics":
			t.metrics(s)
		case "Task Executor Metrics":
			t.Heap = 0
			pair(s, "JVMHeapMemory", &t.Heap, "", nil)
		default:
			s.skip()
		}
	}
	return t
}

func (t *task) reason(d *decoder, s *scan) {
	t.Reason, t.Error = "", ""
	if !s.in('{') {
		return
	}
	for s.more('}') {
		switch string(s.key()) {
		case "Reason":
			t.Reason = d.intern(s.text())
		case "Class Name", "Loss Reason", "Kill Reason", "Message":
			t.Error = short(s.text(), shortName)
		default:
			s.skip()
		}
	}
}

func (t *task) info(d *decoder, s *scan) {
	t.ID, t.Index, t.Attempt, t.Launch, t.Finish, t.GettingResult = 0, 0, 0, 0, 0, 0
	t.Executor, t.Host, t.Failed, t.Killed, t.Speculative = "", "", false, false, false
	if !s.in('{') {
		return
	}
	for s.more('}') {
		switch string(s.key()) {
		case "Task ID":
			t.ID = s.int()
		case "Index":
			t.Index = s.int()
		case "Attempt":
			t.Attempt = int(s.int())
		case "Launch Time":
			t.Launch = s.int()
		case "Finish Time":
			t.Finish = s.int()
		case "Getting Result Time":
			t.GettingResult = s.int()
		case "Executor ID":
			t.Executor = d.intern(s.text())
		case "Host":
			t.Host = d.intern(s.text())
		case "Speculative":
			t.Speculative = s.bool()
		case "Failed":
			t.Failed = s.bool()
		case "Killed":
			t.Killed = s.bool()
		default:
			s.skip()
		}
	}
}

func (t *task) metrics(s *scan) {
	t.Run, t.CPU, t.Deserialize, t.SerializeResult, t.GC = 0, 0, 0, 0, 0
	t.PeakMemory, t.SpilledMemory, t.SpilledDisk, t.In, t.InRows, t.Out = 0, 0, 0, 0, 0, 0
	t.ReadRemote, t.ReadLocal, t.ReadRows, t.FetchWait, t.Written, t.WriteTime = 0, 0, 0, 0, 0, 0
	if !s.in('{') {
		return
	}
	for s.more('}') {
		switch string(s.key()) {
		case "Executor Run Time":
			t.Run = s.int()
		case "Executor CPU Time":
			t.CPU = s.int()
		case "Executor Deserialize Time":
			t.Deserialize = s.int()
		case "Result Serialization Time":
			t.SerializeResult = s.int()
		case "JVM GC Time":
			t.GC = s.int()
		case "Peak Execution Memory":
			t.PeakMemory = s.int()
		case "Memory Bytes Spilled":
			t.SpilledMemory = s.int()
		case "Disk Bytes Spilled":
			t.SpilledDisk = s.int()
		case "Shuffle Read Metrics":
			t.shuffleRead(s)
		case "Shuffle Write Metrics":
			t.Written, t.WriteTime = 0, 0
			pair(s, "Shuffle Bytes Written", &t.Written, "Shuffle Write Time", &t.WriteTime)
		case "Input Metrics":
			t.In, t.InRows = 0, 0
			pair(s, "Bytes Read", &t.In, "Records Read", &t.InRows)
		case "Output Metrics":
			t.Out = 0
			pair(s, "Bytes Written", &t.Out, "", nil)
		default:
			s.skip()
		}
	}
}

func (t *task) shuffleRead(s *scan) {
	t.ReadRemote, t.ReadLocal, t.ReadRows, t.FetchWait = 0, 0, 0, 0
	if !s.in('{') {
		return
	}
	for s.more('}') {
		switch string(s.key()) {
		case "Remote Bytes Read":
			t.ReadRemote = s.int()
		case "Local Bytes Read":
			t.ReadLocal = s.int()
		case "Total Records Read":
			t.ReadRows = s.int()
		case "Fetch Wait Time":
			t.FetchWait = s.int()
		default:
			s.skip()
		}
	}
}

// pair reads two numbers of an object.
func pair(s *scan, a string, into *int64, b string, also *int64) {
	if !s.in('{') {
		return
	}
	for s.more('}') {
		switch key := s.key(); {
		case string(key) == a:
			*into = s.int()
		case also != nil && string(key) == b:
			*also = s.int()
		default:
			s.skip()
		}
	}
}

// took is how long the task held its slot, in milliseconds.
func (t *task) took() int64 {
	if t.Finish > t.Launch && t.Launch > 0 {
		return t.Finish - t.Launch
	}
	return max(t.Run, 0)
}

// delay is the part of took that neither the task nor its result account for: waiting for the
// scheduler and the network. The web interface of Spark computes it in the same way.
func (t *task) delay() int64 {
	fetching := int64(0)
	if t.GettingResult > 0 && t.Finish > t.GettingResult {
		fetching = t.Finish - t.GettingResult
	}
	return max(0, t.took()-t.Run-t.Deserialize-t.SerializeResult-fetching)
}

// bytes is what the task was given, from files and from shuffles.
func (t *task) bytes() int64 { return t.In + t.ReadRemote + t.ReadLocal }

// rows is the same in rows.
func (t *task) rows() int64 { return t.InRows + t.ReadRows }

func (t *task) succeeded() bool {
	return !t.Failed && !t.Killed && (t.Reason == "Success" || t.Reason == "")
}
