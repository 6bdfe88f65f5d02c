package spec

import (
	"reflect"
	"time"
)

// Job is a program that is run now and then: SQL in steps, PySpark, or a jar.
type Job struct {
	Element
	Name        string            `key:",name" pattern:"^[A-Za-z][A-Za-z0-9_-]*$" says:"letters, digits, _ and -, a letter first"`
	Description string            `key:"description" doc:"What it is for."`
	SQL         string            `key:"sql" doc:"The file with SQL statements, beside or below lakehouse.yaml; each is a step. A job has one of sql, query, pyspark and jar." instead:"file,path"`
	Query       string            `key:"query" doc:"SQL statements, written here." instead:"select,statements"`
	PySpark     string            `key:"pyspark" doc:"The file with a PySpark program." instead:"python,py,script,program"`
	Jar         string            `key:"jar" doc:"The file with a program for the JVM." instead:"java,scala"`
	Class       string            `key:"class" doc:"The class in the jar whose main is run. Default: the one that the jar's manifest names." instead:"main,main_class"`
	Args        []Text            `key:"args" loose:"true" doc:"Arguments of the program." instead:"arguments,parameters"`
	PyFiles     []string          `key:"py_files" doc:"Python files and zips that the program imports." instead:"modules,pyfiles"`
	Jars        []string          `key:"jars" doc:"Jars that the program needs besides those of Spark and Delta." instead:"libraries,packages"`
	Conf        map[string]string `key:"conf" doc:"Settings of Spark." each:"text" instead:"config,spark_conf,properties"`
	DependsOn   []TableName       `key:"depends_on" doc:"Tables that it reads. A new version of one of them makes the job due." instead:"reads,inputs,after,needs"`
	Writes      []TableName       `key:"writes" doc:"Tables that it writes, for the record of its runs, and so that others may name them." instead:"outputs,produces,tables"`
	Schedule    Schedule          `key:"schedule" doc:"When it is due: minute, hour, day of the month, month and day of the week, as cron has them, or @hourly, @daily, @weekly or @monthly." instead:"cron"`
	TimeZone    TimeZone          `key:"time_zone" default:"UTC" doc:"The time zone of the schedule." instead:"timezone,tz"`
	Every       Duration          `key:"every" doc:"How long after the start of a run the next one is due." instead:"interval"`
	Retries     int               `key:"retries" default:"0" minimum:"0" doc:"How often a run that fails is tried again." instead:"retry,attempts,max_retries"`
	Backoff     Duration          `key:"backoff" default:"30s" doc:"How long it waits before the first retry; before each further one twice as long." instead:"delay,retry_delay"`
	MaxBackoff  Duration          `key:"max_backoff" default:"10m" doc:"How long it waits at most."`
	Timeout     Duration          `key:"timeout" doc:"How long one attempt may take. Default: as long as it likes." instead:"max_duration,time_limit"`
	Memory      Size              `key:"memory" doc:"How much memory the program gets. Default: as Spark is set." instead:"driver_memory"`
	Cores       int               `key:"cores" default:"0" minimum:"0" doc:"How many cores the program uses; 0 for all." instead:"cpus,threads"`
	Engine      Engine            `key:"engine" enum:"auto,duckdb,spark" default:"auto" doc:"What runs SQL: the better one for each step (auto), or always the same. Programs run on Spark."`
	Role        string            `key:"role" doc:"The role of access whose tables it reads and writes. Default: those of petalake itself." instead:"as,access"`
	Streaming   bool              `key:"streaming" default:"false" doc:"Whether the program is a structured stream that petalake up keeps running, with its checkpoint in the lake." instead:"stream"`

	// Text is the SQL of the job, from the file or written in place, and TextPos where its first
	// character stands; see Model.QueryPos.
	Text    string
	TextPos Pos

	resolved bool
}

// JobKind says what a job runs.
type JobKind string

// The kinds of jobs, named as their keys.
const (
	JobSQL     JobKind = "sql"
	JobPySpark JobKind = "pyspark"
	JobJar     JobKind = "jar"
)

// Kind says what the job runs.
func (j *Job) Kind() JobKind {
	switch {
	case j.PySpark != "":
		return JobPySpark
	case j.Jar != "":
		return JobJar
	}
	return JobSQL
}

// Due returns the first time after another at which the schedule makes the job due, or with every
// the time that long after it. It is zero for a job without either, and for a schedule that never comes.
func (j *Job) Due(after time.Time) time.Time {
	switch {
	case j.Every > 0:
		return after.Add(time.Duration(j.Every))
	case j.Schedule != "":
		return j.Schedule.Next(after, j.TimeZone.Location())
	}
	return time.Time{}
}

// Resolve returns the job with its references replaced by the variables they name.
func (j *Job) Resolve(lookup Lookup) (*Job, error) {
	if j.resolved {
		return j, nil
	}
	out := *j
	out.resolved = true
	r := resolver{lookup: lookup, shapes: shapes{}}
	r.fields(reflect.ValueOf(&out).Elem(), "jobs."+j.Name, &out.Element)
	if err := r.err(); err != nil {
		return nil, err
	}
	return &out, nil
}
