package query

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/petalake/petalake/catalog"
	"github.com/petalake/petalake/engine/spark"
	"github.com/petalake/petalake/frame"
	"github.com/petalake/petalake/spec"
)

// Frames runs data frames on an engine of the lake, which is named as for On.
func (q *Engines) Frames(name spec.Engine) (frame.Engine, error) {
	on, err := q.on(name)
	if err != nil {
		return nil, err
	}
	switch on.(type) {
	case onSpark:
		return sparkFrames{q}, nil
	case onEither:
		return autoFrames{q}, nil
	}
	return frame.DuckDB(on), nil
}

// sparkFrames runs frames on Spark, which is told of the tables first. SQL in a frame is judged as
// that of a statement is.
type sparkFrames struct{ of *Engines }

func (s sparkFrames) ready(ctx context.Context, f frame.Frame, writes ...string) (*spark.Session, error) {
	for _, sql := range f.Texts() {
		if err := spark.Guard(sql, s.of.Env.Holds); err != nil {
			return nil, err
		}
	}
	k, err := s.of.Links.Open(ctx)
	if err != nil {
		return nil, err
	}
	names, err := s.of.Env.Names(ctx)
	if err != nil {
		return nil, err
	}
	if err := k.Register(ctx, names); err != nil {
		return nil, s.of.Links.Lost(err)
	}
	for _, w := range writes {
		name, err := catalog.ParseName(w)
		if err != nil {
			return nil, err
		}
		if err := k.RegisterSchema(ctx, name.Schema); err != nil {
			return nil, err
		}
	}
	return k.Session, nil
}

// Rows implements frame.Engine.
func (s sparkFrames) Rows(ctx context.Context, f frame.Frame) (array.RecordReader, error) {
	session, err := s.ready(ctx, f)
	if err != nil {
		return nil, err
	}
	r, err := session.Rows(ctx, f)
	return r, s.of.Links.Lost(err)
}

// Write implements frame.Engine.
func (s sparkFrames) Write(ctx context.Context, f frame.Frame, w frame.Write) error {
	session, err := s.ready(ctx, f, w.Table)
	if err != nil {
		return err
	}
	return s.of.Links.Lost(session.Write(ctx, f, w))
}

// Merge implements frame.Engine.
func (s sparkFrames) Merge(ctx context.Context, m frame.Merge) error {
	session, err := s.ready(ctx, m.Source, m.Into)
	if err != nil {
		return err
	}
	return s.of.Links.Lost(session.Merge(ctx, m))
}

// autoFrames chooses an engine for each frame.
type autoFrames struct{ of *Engines }

func (a autoFrames) chosen(ctx context.Context, f frame.Frame) (frame.Engine, error) {
	sql, err := frame.DuckSQL(f)
	if err != nil {
		return nil, err
	}
	c, err := a.of.Choose(ctx, spec.EngineAuto, sql)
	if err != nil {
		return nil, err
	}
	return a.of.Frames(c.Engine)
}

// Rows implements frame.Engine.
func (a autoFrames) Rows(ctx context.Context, f frame.Frame) (array.RecordReader, error) {
	on, err := a.chosen(ctx, f)
	if err != nil {
		return nil, err
	}
	return on.Rows(ctx, f)
}

// Write implements frame.Engine.
func (a autoFrames) Write(ctx context.Context, f frame.Frame, w frame.Write) error {
	on, err := a.chosen(ctx, f)
	if err != nil {
		return err
	}
	return on.Write(ctx, f, w)
}

// Merge implements frame.Engine: Spark alone can.
func (a autoFrames) Merge(ctx context.Context, m frame.Merge) error {
	return sparkFrames(a).Merge(ctx, m)
}
