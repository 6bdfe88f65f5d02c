package daemon

import (
	"context"
	"time"

	"github.com/petalake/petalake/internal/lake"
)

// jobsAtOnce is how many jobs run beside each other, streams apart.
const jobsAtOnce = 4

// jobTasks run jobs as they become due, and keep streams running.
func (d *Daemon) jobTasks(every time.Duration) (tasks []Task) {
	slots := make(chan struct{}, jobsAtOnce)
	for _, j := range d.Env.Spec.Jobs {
		tasks = append(tasks, Task{Kind: lake.JobEvent, Name: j.Name, Every: every, Do: func(ctx context.Context, tell func(lake.Event)) error {
			return d.Runs.Attend(ctx, j, slots, tell)
		}})
	}
	return tasks
}
