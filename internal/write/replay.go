package write

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/petalake/petalake/catalog"
	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/engine/duck/raw"
	"github.com/petalake/petalake/ingest/files"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/spec"
)

// Replayed is what became of the rows of a source in the quarantine.
type Replayed struct {
	Table  spec.TableName
	Loaded int64 // rows that fit now, which are in the table and not in the quarantine any more
	Left   int64 // rows that do not, and files
}

// Replay reads the rows of a source in the quarantine again, as the source and its table are now, and moves those that fit into the
// table, each once. Corrected says which text takes the place of that of a row; nil: none.
//
// Rows are moved in three commits: the quarantine marks them with the number of the replay, the table takes them with that number, the
// quarantine drops them. A mark counts where the table has its number: wherever a replay ends, a row is in one of the two.
func (w *Writer) Replay(ctx context.Context, name string, corrected func(BadRow) (string, bool)) (Replayed, error) {
	quarantine, err := w.Env.Table(ctx, Quarantine)
	if err != nil {
		return Replayed{}, err
	}
	r := &replay{writer: w, name: name, quarantine: quarantine, corrected: corrected}
	seen := map[string]bool{}
	for {
		group, err := r.next(ctx, seen)
		if err != nil {
			return r.done, failure(name, r.done.Table.String(), err)
		}
		if len(group.rows) == 0 {
			return r.done, r.drop(ctx, group)
		}
		seen[group.rows[0].group()] = true
		if err := r.group(ctx, group); err != nil {
			return r.done, failure(name, group.table.String(), err)
		}
	}
}

// replay moves rows of one source out of the quarantine.
type replay struct {
	writer     *Writer
	name       string // of the source, as the quarantine has it
	quarantine *delta.Table
	corrected  func(BadRow) (string, bool)
	done       Replayed
}

// badGroup are bad rows that are read again together, and the files of the quarantine that have them.
type badGroup struct {
	table  spec.TableName
	rows   []BadRow
	others []BadRow // of the same files, which stay
	moved  int      // rows of the same files that are in their table
	last   int64    // the highest number of a replay that any row has
	files  []delta.Add
	from   *delta.Snapshot // of the quarantine
}

// next finds the rows of a group that was not tried yet; a group without rows is the end.
func (r *replay) next(ctx context.Context, seen map[string]bool) (*badGroup, error) {
	g := &badGroup{}
	var err error
	if g.from, err = r.quarantine.Snapshot(ctx, delta.When{}); errors.Is(err, fs.ErrNotExist) {
		return g, nil
	} else if err != nil {
		return nil, err
	}
	where := bySource(r.name)
	for f, err := range g.from.Files(ctx, where) {
		if err != nil {
			return nil, err
		}
		g.files = append(g.files, f)
	}
	numbers := replayNumbers{writer: r.writer}
	r.done.Left = 0
	for row, err := range badRows(ctx, g.from, where) {
		if err != nil {
			return nil, err
		}
		g.last = max(g.last, row.Replay)
		if moved, err := numbers.moved(ctx, row); err != nil {
			return nil, err
		} else if moved {
			g.moved++
			continue
		}
		row.Replay = 0
		mine := row.Source == r.name
		if mine {
			r.done.Left++
		}
		if mine && row.Reading != "" && !seen[row.group()] && (len(g.rows) == 0 || row.group() == g.rows[0].group()) {
			g.rows = append(g.rows, row)
		} else {
			g.others = append(g.others, row)
		}
	}
	if len(g.rows) > 0 {
		g.table, err = catalog.ParseName(g.rows[0].Table)
	}
	return g, err
}

// group moves the rows of a group that fit.
func (r *replay) group(ctx context.Context, g *badGroup) error {
	w := r.writer
	table, err := w.Env.Table(ctx, g.table)
	if err != nil {
		return err
	}
	r.done.Table = g.table
	snapshot, err := table.Snapshot(ctx, delta.When{})
	if err != nil {
		return err
	}
	last := snapshot.Transaction(replayApp(r.name))
	number := max(last, g.last, 0) + 1
	dir, err := os.MkdirTemp("", "petalake-replay-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	l, err := r.load(g, table)
	if err != nil {
		return err
	}
	texts, stay := r.texts(g)
	bad := map[int64]bool{}
	origins := texts.origins()
	switch file := g.rows[0]; {
	case file.Line == 0:
		done, err := r.readFile(ctx, l, file)
		if err != nil || done == nil {
			return err
		}
		defer done()
		origins = map[int64]BadRow{1: file}
		stay = nil
	case len(texts) == 0:
		return nil
	default:
		if err := l.readTexts(ctx, texts, dir); err != nil {
			return err
		}
		l.Raw.Origin = func(_ string, line int64) (string, int64) {
			bad[line] = true
			return origins[line].File, origins[line].Line
		}
	}
	change, err := l.prepareFiles(ctx, spec.Format(l.Raw.Format))
	if _, of := fault(err, l.Files, l.Raw.Paths); of {
		return nil // as bad as before
	}
	if err != nil {
		return err
	}
	discard := func() { w.Discard(ctx, table, change.Rows) }
	if change.Rows.Rows == 0 {
		discard()
		return nil
	}
	var moving []BadRow
	for line, row := range origins {
		if row.Replay = number; !bad[line] {
			moving = append(moving, row)
		}
	}
	if err := r.rewrite(ctx, g, change.Rows.Bad, append(stay, g.others...), moving); err != nil {
		discard()
		return err
	}
	change.Rows.Bad = nil
	change.Moves = append(change.Moves, Move{App: replayApp(r.name), From: last, To: number})
	change.Parameters["source"] = "replay of " + r.name
	if _, err := w.Commit(ctx, change); err != nil {
		return err
	}
	r.done.Loaded += change.Rows.Rows
	after, err := r.next(ctx, map[string]bool{})
	if err != nil {
		return err
	}
	return r.drop(ctx, after)
}

// drop takes the rows out of the quarantine that are in their table.
func (r *replay) drop(ctx context.Context, g *badGroup) error {
	if g.moved == 0 {
		return nil
	}
	return r.rewrite(ctx, g, nil, append(g.rows, g.others...), nil)
}

// rewrite gives the quarantine other files in place of those of a group: such as are written already, and those of rows.
func (r *replay) rewrite(ctx context.Context, g *badGroup, written []delta.Add, rows ...[]BadRow) error {
	metadata, err := keepQuarantine(nil, g.from)
	if err != nil {
		return err
	}
	add := written
	for _, some := range rows {
		files, err := writeBadRows(ctx, r.quarantine, metadata, some)
		if err != nil {
			return err
		}
		add = append(add, files...)
	}
	live := map[string]bool{}
	for _, f := range g.files {
		live[f.Path] = true
	}
	_, err = r.quarantine.Update(ctx, func(x *delta.Txn) error {
		setMetadata(x, metadata)
		x.Read(bySource(r.name))
		found := 0
		for f, err := range x.Snapshot().Files(ctx, bySource(r.name)) {
			if err != nil {
				return err
			}
			if live[f.Path] {
				x.Remove(f)
				found++
			}
		}
		if found < len(live) {
			return fmt.Errorf("%s was changed by somebody while its rows were replayed: %w", Quarantine, delta.ErrConflict)
		}
		x.Add(add...)
		x.Operation("UPDATE", map[string]string{"replay": r.name}, nil)
		return nil
	})
	return err
}

// load is the load of a group, without its files.
func (r *replay) load(g *badGroup, table *delta.Table) (*load, error) {
	var reading raw.Reading
	if err := json.Unmarshal([]byte(g.rows[0].Reading), &reading); err != nil {
		return nil, fmt.Errorf("%s: column reading: %w", Quarantine, err)
	}
	w := r.writer
	l := &load{
		writer: w, decl: w.Env.Spec.Table(g.table), table: table, Table: g.table, From: r.name, OnError: spec.Quarantine,
		event: lake.Event{Kind: lake.LoadEvent, Name: g.table.String(), Table: g.table}, tell: func(lake.Event) {},
		Raw: raw.Files{Format: reading.Format, Table: g.table.String(), Columns: reading.Columns},
	}
	if source := w.Env.Spec.Source(r.name); source != nil {
		resolved, err := source.Resolve(w.Env.Lookup)
		if err != nil {
			return nil, err
		}
		l.Raw.CSV = csvOptions(resolved.Files.Options)
		if resolved.OnError == spec.Rescue {
			l.OnError = spec.Rescue
		}
		if g.rows[0].Line == 0 || reading.Format == raw.FormatJSON && !reading.Named {
			l.Raw.Pick = pickOf(resolved.Files.Columns)
		}
	}
	l.declared()
	if g.rows[0].Line > 0 && reading.Format == raw.FormatCSV {
		no, skip := false, 0
		csv := &l.Raw.CSV
		csv.Delimiter, csv.Quote, csv.Escape = reading.Delimiter, &reading.Quote, &reading.Escape
		csv.Header, csv.Skip, csv.Encoding, csv.Comment = &no, &skip, "", ""
	}
	return l, nil
}

// readTexts makes a load one of texts, which are written into a folder.
func (l *load) readTexts(ctx context.Context, texts badTexts, dir string) (err error) {
	path := filepath.Join(dir, "rows."+string(l.Raw.Format))
	var body bytes.Buffer
	for _, t := range texts {
		body.WriteString(t.text + "\n")
	}
	if err := os.WriteFile(path, body.Bytes(), 0o600); err != nil {
		return err
	}
	l.Place, l.Raw.Paths = files.Folder(dir), []string{path}
	l.Files, err = files.List(ctx, dir, []string{path})
	return err
}

// readFile makes a load one of a whole file. Done is nil where the file is gone, and else to be called when it was read.
func (r *replay) readFile(ctx context.Context, l *load, row BadRow) (done func(), err error) {
	env := r.writer.Env
	place, path, err := env.RawFiles(ctx, env.Dir, []string{row.File})
	if err != nil {
		return nil, err
	}
	l.Place = place
	f, err := place.Stat(ctx, path[0])
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	l.Files = []files.File{f}
	if l.Raw.Paths, done, err = l.Place.Here(ctx, l.Files); err != nil {
		return nil, err
	}
	l.Raw.OriginalNames = lake.NamesIn(place, l.Files, l.Raw.Paths)
	return done, nil
}

// badText is a row with the text by which it is read again.
type badText struct {
	row  BadRow
	text string
}

type badTexts []badText

// origins are the rows by the lines at which their texts begin, each text ending a line.
func (t badTexts) origins() map[int64]BadRow {
	rows, line := map[int64]BadRow{}, int64(1)
	for _, one := range t {
		rows[line] = one.row
		line += int64(strings.Count(one.text, "\n")) + 1
	}
	return rows
}

// texts are the texts of rows that can be read again; the others, which stay, are whole files and texts that are not what the file had.
func (r *replay) texts(g *badGroup) (texts badTexts, stay []BadRow) {
	for _, row := range g.rows {
		text, said := row.Raw, false
		if r.corrected != nil {
			if better, ok := r.corrected(row); ok {
				text, said = better, better != row.Raw
			}
		}
		text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.Trim(text, "\r\n"))
		if strings.HasPrefix(strings.TrimSpace(text), "{") {
			var one bytes.Buffer
			if json.Compact(&one, []byte(text)) == nil {
				text = one.String()
			}
		}
		lost := strings.ContainsRune(text, '\uFFFD') || len(row.Raw) >= raw.LongestText
		if row.Line == 0 || text == "" || lost && !said {
			stay = append(stay, row)
			continue
		}
		texts = append(texts, badText{row, text})
	}
	return texts, stay
}
