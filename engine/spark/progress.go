package spark

import "github.com/petalake/petalake/engine/spark/connectpb"

// Progress says how far the server is with a statement.
type Progress struct {
	Stages  []Stage
	Running int64 // tasks that run now
	Rows    int64 // that came here
}

// Stage is a part of a statement that runs without moving rows between machines.
type Stage struct {
	ID        int64
	Tasks     int64
	Completed int64 // of the tasks
	Bytes     int64 // of input read
	Done      bool
}

// Tasks counts the tasks of all stages, and those of them that are completed.
func (p Progress) Tasks() (completed, all int64) {
	for _, s := range p.Stages {
		completed += s.Completed
		all += s.Tasks
	}
	return completed, all
}

// Bytes is how much input all stages read.
func (p Progress) Bytes() (n int64) {
	for _, s := range p.Stages {
		n += s.Bytes
	}
	return n
}

func progress(p *connectpb.ExecutePlanResponse_ExecutionProgress, rows int64) Progress {
	out := Progress{Running: p.GetNumInflightTasks(), Rows: rows}
	for _, s := range p.GetStages() {
		out.Stages = append(out.Stages, Stage{
			ID: s.GetStageId(), Tasks: s.GetNumTasks(), Completed: s.GetNumCompletedTasks(),
			Bytes: s.GetInputBytesRead(), Done: s.GetDone(),
		})
	}
	return out
}
