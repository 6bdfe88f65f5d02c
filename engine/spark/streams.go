package spark

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/petalake/petalake/engine/spark/connectpb"
)

// StreamSpec says what a streaming query reads, and where its rows go.
type StreamSpec struct {
	Input *connectpb.Relation // a plan over streaming sources; or
	SQL   string              // a query over streaming views or tables: SELECT ... FROM STREAM t

	Table   string            // that gets the rows; or
	Path    string            // of a table without a name; or neither, as for the console
	Format  string            // of the sink, such as delta
	Options map[string]string // of the sink: checkpointLocation above all
	By      []string          // columns to partition by
	Mode    string            // append (or empty), update or complete
	Name    string            // of the query; may be empty

	Every time.Duration // between batches; zero is as soon as the last ends
	Once  bool          // end when what is there now was processed
}

// Stream is a streaming query, which runs on the server until it is stopped, fails, or its session ends.
type Stream struct {
	ID   string // stays the same when the query is started again from its checkpoint
	Run  string // of this start
	Name string // may be empty

	session *Session
}

// StreamStatus says what a streaming query does now.
type StreamStatus struct {
	Active  bool   // it runs
	Message string // in the server's words
	Data    bool   // rows are waiting
	Busy    bool   // a batch runs
}

// ReadStream is a streaming source, for StreamSpec.Input or as a part of a larger plan.
func ReadStream(format string, options map[string]string, paths ...string) *connectpb.Relation {
	return &connectpb.Relation{Common: &connectpb.RelationCommon{}, RelType: &connectpb.Relation_Read{Read: &connectpb.Read{
		IsStreaming: true,
		ReadType: &connectpb.Read_DataSource_{DataSource: &connectpb.Read_DataSource{
			Format: &format, Options: options, Paths: paths,
		}},
	}}}
}

// StartStream starts a streaming query.
func (s *Session) StartStream(ctx context.Context, spec StreamSpec) (*Stream, error) {
	start, err := spec.start()
	if err != nil {
		return nil, fmt.Errorf("spark: start a stream: %w", err)
	}
	var started *connectpb.WriteStreamOperationStartResult
	command := &connectpb.Command{CommandType: &connectpb.Command_WriteStreamOperationStart{WriteStreamOperationStart: start}}
	err = s.run(ctx, nil, command, func(r *connectpb.ExecutePlanResponse) {
		if result := r.GetWriteStreamOperationStartResult(); result != nil {
			started = result
		}
	})
	if err == nil && started == nil {
		err = errNoAnswer
	}
	if err != nil {
		return nil, unsure(err, "")
	}
	return s.stream(started.GetQueryId(), started.GetName()), nil
}

func (s *Session) stream(id *connectpb.StreamingQueryInstanceId, name string) *Stream {
	return &Stream{ID: id.GetId(), Run: id.GetRunId(), Name: name, session: s}
}

func (spec StreamSpec) start() (*connectpb.WriteStreamOperationStart, error) {
	input := spec.Input
	switch {
	case (input == nil) == (spec.SQL == ""):
		return nil, errors.New("give either a plan or SQL")
	case spec.Table != "" && spec.Path != "":
		return nil, errors.New("give either a table or a path")
	case spec.Every != 0 && spec.Once:
		return nil, errors.New("a stream that runs once has no time between batches")
	case input == nil:
		input = &connectpb.Relation{
			Common: &connectpb.RelationCommon{}, RelType: &connectpb.Relation_Sql{Sql: &connectpb.SQL{Query: spec.SQL}},
		}
	}
	out := &connectpb.WriteStreamOperationStart{
		Input: input, Format: spec.Format, Options: spec.Options, PartitioningColumnNames: spec.By,
		OutputMode: spec.Mode, QueryName: spec.Name,
	}
	if spec.Mode == "" {
		out.OutputMode = "append"
	}
	switch {
	case spec.Table != "":
		out.SinkDestination = &connectpb.WriteStreamOperationStart_TableName{TableName: spec.Table}
	case spec.Path != "":
		out.SinkDestination = &connectpb.WriteStreamOperationStart_Path{Path: spec.Path}
	}
	if spec.Once {
		out.Trigger = &connectpb.WriteStreamOperationStart_AvailableNow{AvailableNow: true}
	} else {
		interval := fmt.Sprintf("%d milliseconds", spec.Every.Milliseconds())
		out.Trigger = &connectpb.WriteStreamOperationStart_ProcessingTimeInterval{ProcessingTimeInterval: interval}
	}
	return out, nil
}

// Streams lists the streaming queries of the session that run.
func (s *Session) Streams(ctx context.Context) ([]*Stream, error) {
	var streams []*Stream
	command := &connectpb.Command{CommandType: &connectpb.Command_StreamingQueryManagerCommand{
		StreamingQueryManagerCommand: &connectpb.StreamingQueryManagerCommand{
			Command: &connectpb.StreamingQueryManagerCommand_Active{Active: true},
		},
	}}
	err := s.run(ctx, nil, command, func(r *connectpb.ExecutePlanResponse) {
		for _, q := range r.GetStreamingQueryManagerCommandResult().GetActive().GetActiveQueries() {
			streams = append(streams, s.stream(q.GetId(), q.GetName()))
		}
	})
	return streams, err
}

// Status asks what the query does now.
func (q *Stream) Status(ctx context.Context) (StreamStatus, error) {
	r, err := q.ask(ctx, &connectpb.StreamingQueryCommand{Command: &connectpb.StreamingQueryCommand_Status{Status: true}})
	status := r.GetStatus()
	return StreamStatus{
		Active: status.GetIsActive(), Message: status.GetStatusMessage(),
		Data: status.GetIsDataAvailable(), Busy: status.GetIsTriggerActive(),
	}, err
}

// Last is Spark's JSON about the last batch: rows, durations, offsets. It is empty before the first.
func (q *Stream) Last(ctx context.Context) (string, error) {
	r, err := q.ask(ctx, &connectpb.StreamingQueryCommand{Command: &connectpb.StreamingQueryCommand_LastProgress{LastProgress: true}})
	if all := r.GetRecentProgress().GetRecentProgressJson(); len(all) > 0 {
		return all[len(all)-1], err
	}
	return "", err
}

// Drain waits until the query has processed all that its sources hold now.
func (q *Stream) Drain(ctx context.Context) error {
	_, err := q.ask(ctx, &connectpb.StreamingQueryCommand{
		Command: &connectpb.StreamingQueryCommand_ProcessAllAvailable{ProcessAllAvailable: true},
	})
	return err
}

// Stop ends the query. One that has ended already is left alone.
func (q *Stream) Stop(ctx context.Context) error {
	_, err := q.ask(ctx, &connectpb.StreamingQueryCommand{Command: &connectpb.StreamingQueryCommand_Stop{Stop: true}})
	return err
}

// turn is how long one question of Await lasts on the server.
const turn = 10 * time.Second

// Await waits until the query ends, or ctx does. A query that failed gives its *Error.
func (q *Stream) Await(ctx context.Context) error {
	wait := turn.Milliseconds()
	for {
		r, err := q.ask(ctx, &connectpb.StreamingQueryCommand{Command: &connectpb.StreamingQueryCommand_AwaitTermination{
			AwaitTermination: &connectpb.StreamingQueryCommand_AwaitTerminationCommand{TimeoutMs: &wait},
		}})
		if err != nil {
			return err
		}
		if r.GetAwaitTermination().GetTerminated() {
			return q.Err(ctx)
		}
	}
}

// Err asks why the query failed: nil if it did not.
func (q *Stream) Err(ctx context.Context) error {
	r, err := q.ask(ctx, &connectpb.StreamingQueryCommand{Command: &connectpb.StreamingQueryCommand_Exception{Exception: true}})
	if err != nil {
		return err
	}
	e := r.GetException()
	if e.GetExceptionMessage() == "" {
		return nil
	}
	return &Error{Class: e.GetErrorClass(), Message: q.session.bearer.strike(tree.ReplaceAllString(e.GetExceptionMessage(), "$1"))}
}

func (q *Stream) ask(ctx context.Context, c *connectpb.StreamingQueryCommand) (result *connectpb.StreamingQueryCommandResult, err error) {
	c.QueryId = &connectpb.StreamingQueryInstanceId{Id: q.ID, RunId: q.Run}
	err = q.session.run(ctx, nil, &connectpb.Command{CommandType: &connectpb.Command_StreamingQueryCommand{StreamingQueryCommand: c}},
		func(r *connectpb.ExecutePlanResponse) {
			if some := r.GetStreamingQueryCommandResult(); some != nil {
				result = some
			}
		})
	return result, err
}
