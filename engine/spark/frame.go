package spark

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/petalake/petalake/engine/spark/connectpb"
	"github.com/petalake/petalake/frame"
)

var _ frame.Engine = (*Session)(nil)

// Rows implements frame.Engine.
func (s *Session) Rows(ctx context.Context, f frame.Frame) (array.RecordReader, error) {
	plan, err := relationOf(f)
	if err != nil {
		return nil, err
	}
	return s.Execute(ctx, plan)
}

// Write implements frame.Engine. Tables are those of Delta.
func (s *Session) Write(ctx context.Context, f frame.Frame, w frame.Write) error {
	plan, err := relationOf(f)
	if err != nil {
		return err
	}
	op := &connectpb.WriteOperation{
		Input: plan, Source: new("delta"), PartitioningColumns: w.PartitionBy, Mode: connectpb.WriteOperation_SAVE_MODE_APPEND,
		SaveType: &connectpb.WriteOperation_Table{Table: &connectpb.WriteOperation_SaveTable{
			TableName: identifier(strings.Split(w.Table, ".")), SaveMethod: connectpb.WriteOperation_SaveTable_TABLE_SAVE_METHOD_SAVE_AS_TABLE,
		}},
	}
	if w.Overwrite {
		op.Mode, op.Options = connectpb.WriteOperation_SAVE_MODE_OVERWRITE, map[string]string{"overwriteSchema": "true"}
	}
	return s.Run(ctx, &connectpb.Command{CommandType: &connectpb.Command_WriteOperation{WriteOperation: op}})
}

// Merge implements frame.Engine.
func (s *Session) Merge(ctx context.Context, m frame.Merge) error {
	source, err := relationOf(m.Source)
	if err != nil {
		return err
	}
	on, err := expression(m.On.Node)
	if err != nil {
		return err
	}
	command := &connectpb.MergeIntoTableCommand{
		TargetTableName: identifier(strings.Split(m.Into, ".")), SourceTablePlan: source, MergeCondition: on, WithSchemaEvolution: m.EvolveSchema,
	}
	for _, part := range []struct {
		from   []frame.Action
		to     *[]*connectpb.Expression
		insert bool
	}{{m.Matched, &command.MatchActions, false}, {m.NotMatched, &command.NotMatchedActions, true}, {m.NotInSource, &command.NotMatchedBySourceActions, false}} {
		for _, a := range part.from {
			e, err := action(a, part.insert)
			if err != nil {
				return err
			}
			*part.to = append(*part.to, e)
		}
	}
	if m.EvolveSchema {
		evolving, done, err := s.evolving(ctx)
		if err != nil {
			return err
		}
		defer done()
		s = evolving
	}
	return s.Run(ctx, &connectpb.Command{CommandType: &connectpb.Command_MergeIntoTableCommand{MergeIntoTableCommand: command}})
}

// evolving is a session in which tables get the columns that a merge adds. Of Spark 4.1 with Delta 4.2 the
// command's own WithSchemaEvolution does nothing, and a setting does it, which is not for others.
func (s *Session) evolving(ctx context.Context) (_ *Session, done func(), err error) {
	own, err := s.clone(ctx)
	if status.Code(err) == codes.Unimplemented { // such as Sail, where the command does it
		return s, func() {}, nil
	}
	if err != nil {
		return nil, nil, s.explain(ctx, err)
	}
	if err := own.Set(ctx, map[string]string{"spark.databricks.delta.schema.autoMerge.enabled": "true"}); err != nil {
		_ = own.Close()
		return nil, nil, err
	}
	return own, func() { _ = own.Close() }, nil
}

func action(a frame.Action, insert bool) (*connectpb.Expression, error) {
	m := &connectpb.MergeAction{}
	switch {
	case a.Delete:
		m.ActionType = connectpb.MergeAction_ACTION_TYPE_DELETE
	case insert && a.Set == nil:
		m.ActionType = connectpb.MergeAction_ACTION_TYPE_INSERT_STAR
	case insert:
		m.ActionType = connectpb.MergeAction_ACTION_TYPE_INSERT
	case a.Set == nil:
		m.ActionType = connectpb.MergeAction_ACTION_TYPE_UPDATE_STAR
	default:
		m.ActionType = connectpb.MergeAction_ACTION_TYPE_UPDATE
	}
	var err error
	if a.If != nil {
		if m.Condition, err = expression(a.If.Node); err != nil {
			return nil, err
		}
	}
	for _, column := range slices.Sorted(maps.Keys(a.Set)) {
		value, err := expression(a.Set[column].Node)
		if err != nil {
			return nil, err
		}
		m.Assignments = append(m.Assignments, &connectpb.MergeAction_Assignment{Key: attribute([]string{column}), Value: value})
	}
	return &connectpb.Expression{ExprType: &connectpb.Expression_MergeAction{MergeAction: m}}, nil
}

// relationOf is a frame as a relation of Spark Connect.
func relationOf(f frame.Frame) (*connectpb.Relation, error) {
	if err := f.Err(); err != nil {
		return nil, err
	}
	return relation(f.Plan)
}

func relation(p frame.Plan) (*connectpb.Relation, error) {
	out := &connectpb.Relation{Common: &connectpb.RelationCommon{}}
	var err error
	input := func(p frame.Plan) (r *connectpb.Relation) {
		if err == nil {
			r, err = relation(p)
		}
		return r
	}
	list := func(nodes []frame.Node) (all []*connectpb.Expression) {
		for _, n := range nodes {
			if err == nil {
				var e *connectpb.Expression
				e, err = expression(n)
				all = append(all, e)
			}
		}
		return all
	}
	switch p := p.(type) {
	case frame.Read:
		out.RelType = read(p)
	case frame.Query:
		out.RelType = &connectpb.Relation_Sql{Sql: &connectpb.SQL{Query: p.SQL}}
	case frame.Project:
		out.RelType = &connectpb.Relation_Project{Project: &connectpb.Project{Input: input(p.From), Expressions: list(p.Columns)}}
	case frame.Where:
		out.RelType = &connectpb.Relation_Filter{Filter: &connectpb.Filter{Input: input(p.From), Condition: list([]frame.Node{p.Condition})[0]}}
	case frame.Combine:
		j := &connectpb.Join{Left: input(p.Left), Right: input(p.Right), JoinType: joins[p.Kind], UsingColumns: p.Using}
		if p.On != nil {
			j.JoinCondition = list([]frame.Node{p.On})[0]
		}
		out.RelType = &connectpb.Relation_Join{Join: j}
	case frame.Aggregate:
		out.RelType = &connectpb.Relation_Aggregate{Aggregate: &connectpb.Aggregate{
			Input: input(p.From), GroupType: connectpb.Aggregate_GROUP_TYPE_GROUPBY, GroupingExpressions: list(p.Groups), AggregateExpressions: list(p.Values),
		}}
	case frame.Sorted:
		var by []*connectpb.Expression_SortOrder
		by, err = orders(p.By)
		out.RelType = &connectpb.Relation_Sort{Sort: &connectpb.Sort{Input: input(p.From), Order: by, IsGlobal: new(true)}}
	case frame.Head:
		return head(p)
	default:
		return reshaped(p)
	}
	return out, err
}

// reshaped are the steps that change the columns, or whole rows.
func reshaped(p frame.Plan) (*connectpb.Relation, error) {
	out := &connectpb.Relation{Common: &connectpb.RelationCommon{}}
	var from frame.Plan
	switch p := p.(type) {
	case frame.Set:
		return set(p)
	case frame.Unique:
		from = p.From
	case frame.Named:
		from = p.From
	case frame.Added:
		from = p.From
	case frame.Without:
		from = p.From
	case frame.Renamed:
		from = p.From
	}
	input, err := relation(from)
	if err != nil {
		return nil, err
	}
	switch p := p.(type) {
	case frame.Unique:
		out.RelType = &connectpb.Relation_Deduplicate{Deduplicate: &connectpb.Deduplicate{Input: input, AllColumnsAsKeys: new(true)}}
	case frame.Named:
		out.RelType = &connectpb.Relation_SubqueryAlias{SubqueryAlias: &connectpb.SubqueryAlias{Input: input, Alias: p.Name}}
	case frame.Added:
		added := &connectpb.WithColumns{Input: input}
		for _, c := range p.Columns {
			e, err := expression(c.Of)
			if err != nil {
				return nil, err
			}
			added.Aliases = append(added.Aliases, &connectpb.Expression_Alias{Expr: e, Name: []string{c.Name}})
		}
		out.RelType = &connectpb.Relation_WithColumns{WithColumns: added}
	case frame.Without:
		out.RelType = &connectpb.Relation_Drop{Drop: &connectpb.Drop{Input: input, ColumnNames: p.Columns}}
	case frame.Renamed:
		out.RelType = &connectpb.Relation_WithColumnsRenamed{WithColumnsRenamed: &connectpb.WithColumnsRenamed{Input: input,
			Renames: []*connectpb.WithColumnsRenamed_Rename{{ColName: p.Old, NewColName: p.New}}}}
	}
	return out, nil
}

var joins = map[frame.JoinKind]connectpb.Join_JoinType{
	frame.Inner: connectpb.Join_JOIN_TYPE_INNER, frame.Left: connectpb.Join_JOIN_TYPE_LEFT_OUTER, frame.Right: connectpb.Join_JOIN_TYPE_RIGHT_OUTER,
	frame.Full: connectpb.Join_JOIN_TYPE_FULL_OUTER, frame.Semi: connectpb.Join_JOIN_TYPE_LEFT_SEMI, frame.Anti: connectpb.Join_JOIN_TYPE_LEFT_ANTI,
	frame.Cross: connectpb.Join_JOIN_TYPE_CROSS,
}

// read is a table. Spark takes the version of one in SQL alone.
func read(p frame.Read) *connectpb.Relation_Sql {
	sql := "SELECT * FROM " + identifier(strings.Split(p.Table, "."))
	switch {
	case p.Version != nil:
		sql += fmt.Sprintf(" VERSION AS OF %d", *p.Version)
	case p.Time != "":
		sql += " TIMESTAMP AS OF '" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(p.Time) + "'"
	}
	return &connectpb.Relation_Sql{Sql: &connectpb.SQL{Query: sql}}
}

// head is a limit on what an offset leaves.
func head(p frame.Head) (*connectpb.Relation, error) {
	if p.Rows > math.MaxInt32 || p.Skip > math.MaxInt32 {
		return nil, fmt.Errorf("spark: limit %d, offset %d: at most %d are possible", p.Rows, p.Skip, math.MaxInt32)
	}
	out, err := relation(p.From)
	if err == nil && p.Skip > 0 {
		out = &connectpb.Relation{Common: &connectpb.RelationCommon{}, RelType: &connectpb.Relation_Offset{Offset: &connectpb.Offset{Input: out, Offset: int32(p.Skip)}}}
	}
	if err == nil && p.Rows >= 0 {
		out = &connectpb.Relation{Common: &connectpb.RelationCommon{}, RelType: &connectpb.Relation_Limit{Limit: &connectpb.Limit{Input: out, Limit: int32(p.Rows)}}}
	}
	return out, err
}

func set(p frame.Set) (*connectpb.Relation, error) {
	left, err := relation(p.Left)
	if err != nil {
		return nil, err
	}
	right, err := relation(p.Right)
	if err != nil {
		return nil, err
	}
	kind := map[frame.SetKind]connectpb.SetOperation_SetOpType{
		frame.Union: connectpb.SetOperation_SET_OP_TYPE_UNION, frame.Intersect: connectpb.SetOperation_SET_OP_TYPE_INTERSECT, frame.Except: connectpb.SetOperation_SET_OP_TYPE_EXCEPT,
	}[p.Kind]
	return &connectpb.Relation{Common: &connectpb.RelationCommon{}, RelType: &connectpb.Relation_SetOp{SetOp: &connectpb.SetOperation{
		LeftInput: left, RightInput: right, SetOpType: kind, IsAll: new(p.Kind == frame.Union), ByName: &p.ByName,
	}}}, nil
}
