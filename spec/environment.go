package spec

import (
	"path/filepath"
	"slices"
)

// Environment is a place where the lakehouse lives. As it is read it may hold references to
// environment variables; use what Resolve returns.
type Environment struct {
	Element
	Name    string  `key:",name" pattern:"^[a-z][a-z0-9_-]*$" says:"small letters, digits, _ and -, a letter first"`
	Storage Text    `key:"storage" default:"./lake" doc:"Where the tables are: a folder, relative to lakehouse.yaml, or s3://bucket/prefix. With aws the default is lake in a bucket that is made for it." instead:"path,lake,location"`
	S3      S3      `key:"s3" doc:"How S3, or a server that speaks its protocol, is reached."`
	Engine  Engine  `key:"engine" enum:"duckdb,spark,auto" default:"duckdb" doc:"What runs SQL: DuckDB in the process of petalake, Apache Spark, or the one that suits a statement (auto)."`
	Spark   Spark   `key:"spark" doc:"Which Apache Spark."`
	Memory  Memory  `key:"memory" default:"60%" doc:"How much memory the engine may use: a size, or a part of the machine's." instead:"memory_limit"`
	Threads int     `key:"threads" default:"0" minimum:"0" doc:"How many threads the engine uses; 0 for one a core." instead:"cpus,cores"`
	Temp    Text    `key:"temp" doc:"The folder for what does not fit in memory. Default: a folder of the system." instead:"tmp,temp_dir,spill"`
	Connect Connect `key:"connect" doc:"A door for programs of Spark Connect." instead:"spark_connect,door"`

	OnFailure OnFailure `key:"on_failure" doc:"Who is told when a source, a model or a job begins to fail, and when it is well again; each once." instead:"notify,alert"`

	AWS AWS `key:"aws" doc:"What petalake deploy makes in AWS for this environment; without it the environment is made by hand." instead:"deploy,cloud"`

	resolved bool
}

// NeedsSpark says whether the environment runs something on Spark: all of it, a model, or a job.
func (e *Environment) NeedsSpark(l *Lakehouse) bool {
	if e.Engine != EngineDuckDB || l.OnClusters(e) || slices.ContainsFunc(l.Models, func(m *Model) bool { return m.Engine == EngineSpark }) {
		return true
	}
	return slices.ContainsFunc(l.Jobs, func(j *Job) bool { return j.Kind() != JobSQL || j.Engine == EngineSpark })
}

// OnFailure says who is told of failures. What is told is JSON, with a text for people in it.
type OnFailure struct {
	Element
	Command []Text `key:"command" doc:"A program and its arguments, run in the folder of lakehouse.yaml, with the JSON on its standard input and PETALAKE_TEXT, PETALAKE_STATE (failing or well), PETALAKE_KIND and PETALAKE_NAME in its environment."`
	Webhook Secret `key:"webhook" doc:"A URL that the JSON is posted to. Its key text is what Slack, Mattermost and others show." instead:"url"`
}

// S3 says how an object store is reached. What is not set comes from where the AWS tools take it:
// the variables AWS_*, the shared configuration, the role of the machine.
type S3 struct {
	Element
	Endpoint  Text   `key:"endpoint" doc:"The URL of a server other than AWS." instead:"url,endpoint_url"`
	Region    Text   `key:"region" doc:"The region of the bucket."`
	PathStyle bool   `key:"path_style" doc:"Whether the bucket is in the path of a URL rather than in its host. Default: true with an endpoint, false without." instead:"force_path_style,use_path_style"`
	AccessKey Secret `key:"access_key" doc:"The id of the key. Default: as the AWS tools find it." instead:"access_key_id,key"`
	SecretKey Secret `key:"secret_key" doc:"The key itself, with access_key." instead:"secret_access_key,secret"`
	SSE       SSE    `key:"sse" enum:"none,sse-s3,sse-kms" default:"none" doc:"The encryption asked for when an object is written; none leaves it to the bucket." instead:"encryption"`
	KMSKey    Text   `key:"kms_key" doc:"The key for sse-kms, by id, ARN or alias." instead:"kms_key_id"`
	CAFile    Text   `key:"ca_file" doc:"A file of PEM certificates to trust besides those of the system." instead:"ca_bundle,ca"`
}

// SSE is an encryption that S3 is asked for.
type SSE string

// The encryptions of S3.
const (
	SSENone SSE = "none"    // as the bucket is set
	SSES3   SSE = "sse-s3"  // with keys of S3
	SSEKMS  SSE = "sse-kms" // with S3.KMSKey, or the account's default key
)

// Path is a path of the environment, which is relative to the folder of its file; "" stays "".
func (e *Environment) Path(path Text) string {
	if path == "" || filepath.IsAbs(string(path)) {
		return string(path)
	}
	return filepath.Join(filepath.Dir(e.Pos.File), string(path))
}
