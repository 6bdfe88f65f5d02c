// Package spark is a client of Spark Connect.
//
// A Session is one user's state on a server: its settings, its temporary views. A statement runs as
// an operation with an id of its own. Its responses are numbered, so that a stream that is cut is
// taken up after the last response that came: no row is lost and none comes twice. Rows arrive batch
// by batch and are never gathered.
package spark

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/petalake/petalake/engine"
	"github.com/petalake/petalake/engine/spark/connectpb"
)

// Session runs statements on a Spark Connect server. It is safe for concurrent use.
type Session struct {
	address string
	id      string
	user    *connectpb.UserContext
	conn    *grpc.ClientConn
	client  connectpb.SparkConnectServiceClient
}

var _ engine.Engine = (*Session)(nil)

// largest is how many bytes a message may have: servers send batches of some megabytes, and a row may be larger.
const largest = 1 << 30

// Open makes a session and asks the server for its version, so that a wrong address or token is
// known at once. Errors from the server are *Error.
func Open(ctx context.Context, o Options) (*Session, error) {
	o, err := o.resolve()
	if err != nil {
		return nil, err
	}
	transport := insecure.NewCredentials()
	if o.TLS != nil {
		transport = credentials.NewTLS(o.TLS)
	}
	conn, err := grpc.NewClient("dns:///"+o.Address, grpc.WithTransportCredentials(transport),
		grpc.WithPerRPCCredentials(bearer(o)), grpc.WithUserAgent("petalake"),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(largest), grpc.MaxCallSendMsgSize(largest)))
	if err != nil {
		return nil, fmt.Errorf("spark: %s: %w", o.Address, err)
	}
	s := &Session{
		address: o.Address, id: uuid.NewString(), user: &connectpb.UserContext{UserId: o.User},
		conn: conn, client: connectpb.NewSparkConnectServiceClient(conn),
	}
	if _, err := s.Version(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return s, nil
}

// Version is the server's version of Spark, such as 4.1.1.
func (s *Session) Version(ctx context.Context) (string, error) {
	r, err := s.client.AnalyzePlan(ctx, &connectpb.AnalyzePlanRequest{
		SessionId: s.id, UserContext: s.user,
		Analyze: &connectpb.AnalyzePlanRequest_SparkVersion_{SparkVersion: &connectpb.AnalyzePlanRequest_SparkVersion{}},
	})
	if err != nil {
		return "", s.explain(ctx, err)
	}
	return r.GetSparkVersion().GetVersion(), nil
}

// Query runs one statement and streams its rows. DDL and DML have run when it returns. Args are
// bound to ? in order, at most four of them. When ctx ends the statement is interrupted on the server too.
func (s *Session) Query(ctx context.Context, sql string, args ...any) (array.RecordReader, error) {
	relation, err := s.sql(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	return s.Execute(ctx, relation)
}

// sql has the server parse a statement, and run it where it is not a query. What it returns gives the rows.
func (s *Session) sql(ctx context.Context, sql string, args []any) (*connectpb.Relation, error) {
	values, err := literals(args)
	if err != nil {
		return nil, err
	}
	input := statement(&connectpb.SQL{Query: sql, PosArguments: values})
	command := &connectpb.SqlCommand{Input: input}
	op := s.operation(ctx, &connectpb.Plan{OpType: &connectpb.Plan_Command{
		Command: &connectpb.Command{CommandType: &connectpb.Command_SqlCommand{SqlCommand: command}},
	}})
	defer op.end()
	var result *connectpb.Relation
	for {
		r, err := op.next()
		if err != nil {
			return nil, err
		}
		if r == nil {
			break
		}
		if relation := r.GetSqlCommandResult().GetRelation(); relation != nil {
			result = relation
		}
	}
	if result == nil {
		return nil, errNoAnswer // and never the statement again: it may have been an INSERT
	}
	return result, nil
}

// Execute runs a plan that gives rows and streams them.
func (s *Session) Execute(ctx context.Context, plan *connectpb.Relation) (array.RecordReader, error) {
	return newReader(s.operation(ctx, &connectpb.Plan{OpType: &connectpb.Plan_Root{Root: plan}}))
}

// Describe returns the columns of a SELECT. Other statements are refused, and do not run.
func (s *Session) Describe(ctx context.Context, sql string) (*arrow.Schema, error) {
	r, err := s.Query(ctx, "SELECT * FROM (\n"+strings.TrimRight(sql, "; \t\r\n")+"\n) LIMIT 0")
	if err != nil {
		return nil, err
	}
	defer r.Release()
	return r.Schema(), nil
}

// Close ends the session on the server, with all that runs in it, and the connection.
func (s *Session) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err := s.client.ReleaseSession(ctx, &connectpb.ReleaseSessionRequest{SessionId: s.id, UserContext: s.user})
	if err != nil {
		err = s.explain(ctx, err)
	}
	if closed := s.conn.Close(); err == nil {
		err = closed
	}
	return err
}

func statement(sql *connectpb.SQL) *connectpb.Relation {
	return &connectpb.Relation{Common: &connectpb.RelationCommon{}, RelType: &connectpb.Relation_Sql{Sql: sql}}
}
