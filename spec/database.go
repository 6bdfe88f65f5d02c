package spec

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Database is a database whose tables AWS DMS brings to the lake: first what is in them, then what changes. It
// leaves files in changes/<source>/<schema>/<table>; the rows of a table of the lake are these changes, with
// Op (I, U or D) and _commit_time.
type Database struct {
	Engine      string   `key:"engine" required:"true" enum:"postgres,aurora-postgresql,mysql,aurora,mariadb" doc:"What kind of database it is; aurora is that of MySQL."`
	Host        string   `key:"host" required:"true" pattern:"^[A-Za-z0-9.-]+$" says:"the name or address of a machine" doc:"Where it is." instead:"hostname,server"`
	Port        int      `key:"port" minimum:"1" doc:"Its port. Default: the usual one."`
	Name        string   `key:"database" required:"true" doc:"The name of the database in it." instead:"dbname,db"`
	Tables      []string `key:"tables" required:"true" pattern:"^[A-Za-z0-9_$]+[.][A-Za-z][A-Za-z0-9_$]*$" says:"schema.table" doc:"Its tables, as in public.orders." instead:"table,include"`
	Into        string   `key:"into" pattern:"^[A-Za-z][A-Za-z0-9_]*$" says:"letters, digits and _, a letter first" doc:"The schema of the lake that the tables go to. Default: the one named like the source." instead:"schema,target"`
	Changes     bool     `key:"changes" default:"true" doc:"Whether changes follow; otherwise what is there is brought once." instead:"cdc"`
	Units       int      `key:"units" default:"4" minimum:"1" doc:"The most capacity units of DMS, of 2 GB each: 1, 2, 4, 8, 16, 32, 64, 128, 192, 256 or 384." instead:"capacity"`
	Network     string   `key:"network" required:"true" doc:"Where it is, such as 10.8.0.0/16: replications are let out to nothing else." instead:"cidr"`
	Certificate string   `key:"certificate" doc:"The certificate of the authority that signs for it, in PEM. MySQL and MariaDB need it." instead:"ca,ca_certificate"`
}

// capacities are those that DMS has, in units.
var capacities = []int{1, 2, 4, 8, 16, 32, 64, 128, 192, 256, 384}

// changesFolder is where the changes of databases are kept, each in a folder of its name.
const changesFolder = "changes/"

// Changes is where the changes of a database are kept, without a slash at the end.
func (s *Source) Changes() string { return changesFolder + s.Name }

// mysql says whether it is MySQL or one of its kin.
func (d *Database) mysql() bool {
	return slices.Contains([]string{"mysql", "aurora", "mariadb"}, d.Engine)
}

// databases checks the sources that are databases, and puts in their place one of files for each table.
func (c *checker) databases() {
	var all []*Source
	for _, s := range c.Sources {
		if s.Kind != KindDatabase || s.Database == nil {
			all = append(all, s)
			continue
		}
		c.database(s, "sources."+s.Name)
		c.Databases = append(c.Databases, s)
		for i, name := range s.Database.Tables {
			all = append(all, s.changesOf(name, s.At(fmt.Sprintf("tables[%d]", i))))
		}
	}
	c.Sources = all
}

func (c *checker) database(s *Source, at string) {
	d := s.Database
	if d.Port == 0 {
		d.Port = map[bool]int{true: 3306, false: 5432}[d.mysql()]
	}
	if d.Into == "" {
		d.Into = s.Name
		if strings.Contains(s.Name, "-") {
			c.fail(s.Pos, at+".into", "write into: "+strings.ReplaceAll(s.Name, "-", "_"), "the name of the source cannot be that of a schema")
		}
	}
	if s.Has("table") {
		c.fail(s.At("table"), at+".table", "write into: with the schema that they go to", "a database has many tables")
	}
	if p, err := netip.ParsePrefix(d.Network); d.Network != "" && (err != nil || p != p.Masked()) {
		c.fail(s.At("network"), at+".network", "write it as 10.8.0.0/16", "%q is no network", d.Network)
	}
	if !slices.Contains(capacities, d.Units) && d.Units > 0 {
		c.fail(s.At("units"), at+".units", "write 1, 2, 4, 8, 16, 32, 64, 128, 192, 256 or 384", "DMS has no capacity of %d units", d.Units)
	}
	if d.Certificate == "" && d.mysql() {
		c.fail(s.Pos, at+".certificate", "write certificate: | with the PEM of the authority", "DMS reaches %s encrypted only where it can verify it", d.Engine)
	}
	if d.Certificate != "" && !strings.HasPrefix(strings.TrimSpace(d.Certificate), "-----BEGIN CERTIFICATE-----") {
		c.fail(s.At("certificate"), at+".certificate", "write the text itself, from -----BEGIN CERTIFICATE----- on", "this is no certificate in PEM")
	}
}

// changesOf is the source of the files with the changes of one table.
func (s *Source) changesOf(table string, pos Pos) *Source {
	schema, name, _ := strings.Cut(table, ".")
	out := &Source{
		Name: s.Name + "-" + name, Kind: KindFiles, Description: "changes of " + table, OnError: s.OnError,
		Table: TableName{Schema: s.Database.Into, Table: strings.ReplaceAll(name, "$", "_")},
		Files: &Files{Paths: []Text{Text(s.Changes() + "/" + schema + "/" + name + "/*.parquet")}, Format: Parquet, Mode: Append},
	}
	out.Pos, out.keys = s.Pos, []keyPos{{"table", pos}, {"path", pos}, {"path[0]", pos}, {"format", pos}}
	return out
}
