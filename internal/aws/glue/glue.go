package glue

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/petalake/petalake/internal/aws/awsx"
)

// Catalog is the Glue Data Catalog of an account in a region, as far as it is one owner's. It is not safe for
// concurrent use.
type Catalog struct {
	cfg    aws.Config
	region string
	owner  string
	have   map[string]Database // as of the last look, with what was done since
	stale  bool                // it may not be what there is
}

// Owner is the mark of what an environment of a lakehouse has in the catalog.
func Owner(lakehouse, environment string) string { return lakehouse + "/" + environment }

// Remove removes all that the owner has in the catalog. It tells of each step. Data is not touched.
func (c *Catalog) Remove(ctx context.Context, tell func(Step)) error {
	ours, err := c.Owned(ctx)
	if err != nil {
		return err
	}
	steps, _, err := c.Sync(ctx, nil, ours, true)
	for _, s := range steps {
		tell(s)
	}
	return err
}

// Owned are the databases that the owner has in the catalog.
func (c *Catalog) Owned(ctx context.Context) (ours []string, err error) {
	in := map[string]any{"MaxResults": 100}
	for {
		var page struct {
			DatabaseList []struct {
				Name       string
				Parameters map[string]string
			}
			NextToken string
		}
		if err := c.call(ctx, "GetDatabases", in, &page); err != nil {
			return nil, fmt.Errorf("catalog: databases: %w", err)
		}
		for _, d := range page.DatabaseList {
			if d.Parameters[ownerKey] == c.owner {
				ours = append(ours, d.Name)
			}
		}
		if page.NextToken == "" {
			return ours, nil
		}
		in["NextToken"] = page.NextToken
	}
}

// New prepares to keep what an owner has in the catalog. Nothing is sent yet.
func New(cfg aws.Config, region, owner string) *Catalog {
	return &Catalog{cfg: cfg, region: region, owner: owner, have: map[string]Database{}, stale: true}
}

// Sync makes the catalog show the tables that are wanted. With whole it looks at what there is in their
// databases, and in those that are known from before; what is the owner's there and not wanted goes. Without
// it goes by what it saw the last time, and tables that are not wanted stay. It returns what was done; what
// cannot be shown is told apart, and keeps nothing else from being done.
func (c *Catalog) Sync(ctx context.Context, want []Table, known []string, whole bool) (done []Step, problems []*Problem, err error) {
	if whole || c.stale {
		databases := map[string]bool{}
		for _, t := range want {
			databases[t.Database] = true
		}
		for _, name := range known {
			databases[name] = true
		}
		if err := c.look(ctx, sorted(databases)); err != nil {
			return nil, nil, err
		}
		c.stale = false
	}
	steps, problems := Plan(c.owner, want, c.have, whole)
	for _, s := range steps {
		if err := c.do(ctx, s); err != nil {
			c.stale = true
			return done, problems, fmt.Errorf("catalog: %s %s: %w", s.Do, s.Name(), err)
		}
		done = append(done, s)
	}
	return done, problems, nil
}

// look reads databases by their names, with their tables.
func (c *Catalog) look(ctx context.Context, databases []string) error {
	for _, name := range databases {
		delete(c.have, name)
		var got struct {
			Database struct {
				Name       string
				Parameters map[string]string
			}
		}
		err := c.call(ctx, "GetDatabase", map[string]any{"Name": name}, &got)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("catalog: database %s: %w", name, err)
		}
		one := Database{Name: name, Owner: got.Database.Parameters[ownerKey], Tables: map[string]Table{}}
		if one.Owner == c.owner {
			if one.Tables, err = c.tables(ctx, name); err != nil {
				return fmt.Errorf("catalog: tables of %s: %w", name, err)
			}
		}
		c.have[name] = one
	}
	return nil
}

func (c *Catalog) tables(ctx context.Context, database string) (map[string]Table, error) {
	all := map[string]Table{}
	in := map[string]any{"DatabaseName": database, "MaxResults": 100}
	for {
		var page struct {
			TableList []output
			NextToken string
		}
		if err := c.call(ctx, "GetTables", in, &page); err != nil {
			return nil, err
		}
		for _, o := range page.TableList {
			o.DatabaseName = database
			all[o.Name] = o.table()
		}
		if page.NextToken == "" {
			return all, nil
		}
		in["NextToken"] = page.NextToken
	}
}

// do does a step. What is there already, or gone, may be by a call whose answer was lost, or somebody else's
// doing: the next look says.
func (c *Catalog) do(ctx context.Context, s Step) error {
	err := c.step(ctx, s)
	if s.Do == Create && errors.Is(err, fs.ErrExist) || s.Do != Create && errors.Is(err, fs.ErrNotExist) {
		c.stale = true
		return nil
	}
	if err == nil {
		c.note(s)
	}
	return err
}

func (c *Catalog) step(ctx context.Context, s Step) error {
	table := map[string]any{"DatabaseName": s.Database, "TableInput": s.table.input()}
	switch {
	case s.Do == Create && s.Table == "":
		return c.call(ctx, "CreateDatabase", map[string]any{"DatabaseInput": map[string]any{"Name": s.Database, "Parameters": map[string]string{ownerKey: c.owner}}}, nil)
	case s.Table == "":
		return c.call(ctx, "DeleteDatabase", map[string]any{"Name": s.Database}, nil)
	case s.Do == Create:
		return c.call(ctx, "CreateTable", table, nil)
	case s.Do == Update:
		table["SkipArchive"] = true
		return c.call(ctx, "UpdateTable", table, nil)
	}
	return c.call(ctx, "DeleteTable", map[string]any{"DatabaseName": s.Database, "Name": s.Table}, nil)
}

// note keeps what is known of the catalog as it is after a step.
func (c *Catalog) note(s Step) {
	there := c.have[s.Database]
	switch {
	case s.Table == "" && s.Do == Create:
		c.have[s.Database] = Database{Name: s.Database, Owner: c.owner, Tables: map[string]Table{}}
	case s.Table == "":
		delete(c.have, s.Database)
	case there.Tables == nil: // its database was there unexpectedly
	case s.Do == Delete:
		delete(there.Tables, s.Table)
	default:
		there.Tables[s.Table] = s.table
	}
}

func (c *Catalog) call(ctx context.Context, action string, in, out any) error {
	return awsx.JSON(ctx, c.cfg, "glue", c.region, "AWSGlue."+action, in, out)
}
