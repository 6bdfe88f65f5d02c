package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/petalake/petalake/spec"
)

// Policy is what a role of IAM may do, as managed policies, each within its limit.
type Policy struct {
	Actor     Actor
	Role      string     // the name of the role in IAM; "" for petalake itself, whose role has another
	Documents []Document // with ${AWS::Region} and the like, ${DataBucket} and ${Key} to be filled in
	Trusts    []string   // ARNs of principals that may take the role
	Jobs      []string   // that run as it on EMR
	Pos       spec.Pos   // of the role
}

// MaxPolicies is how many managed policies of tables a role gets: IAM attaches ten to a role, and one is for
// what is no table.
const MaxPolicies = 9

// maxRoleName is the longest name of a role in IAM.
const maxRoleName = 64

// Policies are those of petalake itself, first, and of each role, in the order of lakehouse.yaml; none
// without access. What IAM would refuse is spec.Errors. Raw are the folders of files that sources load,
// as prefixes of keys of the bucket.
func Policies(l *spec.Lakehouse, e *spec.Environment, raw []string) ([]Policy, error) {
	r := New(l)
	if !r.On() {
		return nil, nil
	}
	fill := filled(l, e, true)
	all := []Policy{{Actor: r.Daemon(), Documents: pack(r.daemonStatements(e, raw), fill), Pos: l.At("access")}}
	var problems spec.Errors
	for _, role := range l.Access.Roles {
		p := Policy{Actor: r.Role(role), Role: RoleName(l, e, role.Name), Pos: role.Pos}
		for _, m := range l.Access.Everyone(role) {
			if spec.IsARN(m) {
				p.Trusts = append(p.Trusts, m)
			}
		}
		p.Jobs = r.programs(role)
		p.Documents = pack(append(r.roleStatements(e, role), r.jobStatements(e, p.Jobs)...), fill)
		all = append(all, p)
		at := "access.roles." + role.Name
		if over := len(p.Role) - maxRoleName; over > 0 {
			problems = append(problems, spec.Problem{Pos: role.Pos, Path: at,
				Message: fmt.Sprintf("%s: the name of its role in IAM, %s, has %d characters, AWS takes %d", at, p.Role, len(p.Role), maxRoleName),
				Hint:    fmt.Sprintf("shorten the name of the role, the environment or the lakehouse by %d", over)})
		}
		problems = append(problems, tooLarge(p, at, fill)...)
	}
	problems = append(problems, tooLarge(all[0], "access", fill)...)
	if problems != nil {
		return nil, problems
	}
	return all, nil
}

// programs are the jobs that run as a role on EMR. SQL runs in petalake.
func (r *Rules) programs(role *spec.AccessRole) (names []string) {
	for _, j := range r.l.Jobs {
		if j.Role == role.Name && j.Kind() != spec.JobSQL {
			names = append(names, j.Name)
		}
	}
	return names
}

// taken says whether there is anybody in AWS who takes the role.
func (r *Rules) taken(role *spec.AccessRole) bool {
	return slices.ContainsFunc(r.l.Access.Everyone(role), spec.IsARN) || r.programs(role) != nil
}

// tooLarge reports policies that IAM would not take.
func tooLarge(p Policy, at string, fill func(string) string) (problems spec.Errors) {
	if n := len(p.Documents); n > MaxPolicies {
		total := 0
		for _, d := range p.Documents {
			total += d.size(fill)
		}
		problems = append(problems, spec.Problem{Pos: p.Pos, Path: at,
			Message: fmt.Sprintf("%s: its policies have %d characters: %d policies of %d characters, AWS attaches %d to a role", at, total, n, MaxPolicy, MaxPolicies),
			Hint:    "name schemas (bronze.*) in place of their tables, or make two roles of it"})
	}
	for _, d := range p.Documents {
		if n := d.size(fill); n > MaxPolicy {
			problems = append(problems, spec.Problem{Pos: p.Pos, Path: at,
				Message: fmt.Sprintf("%s: a policy has %d characters, AWS takes %d", at, n, MaxPolicy), Hint: "shorten the names of its tables"})
		}
	}
	return problems
}

// filled fills in what is known of an environment. With longest, what is not known has its greatest length.
func filled(l *spec.Lakehouse, e *spec.Environment, longest bool) func(string) string {
	pairs := []string{partitionHere, partition(e.AWS.Region), regionHere, e.AWS.Region}
	account, bucket := e.AWS.Account, bucketName(l, e)
	if longest {
		account, bucket = "000000000000", strings.Repeat("b", 63)
		pairs = append(pairs, keyHere, "arn:"+partition(e.AWS.Region)+":kms:"+e.AWS.Region+":000000000000:key/"+strings.Repeat("0", 36))
	}
	if account != "" {
		pairs = append(pairs, accountHere, account)
	}
	if bucket != "" {
		pairs = append(pairs, bucketHere, bucket)
	}
	return strings.NewReplacer(pairs...).Replace
}

// Filled is a document with what lakehouse.yaml says of the environment filled in: the region, the account
// and the bucket, where it says them.
func (d Document) Filled(l *spec.Lakehouse, e *spec.Environment) (Document, error) {
	return d.with(filled(l, e, false))
}

func (d Document) with(fill func(string) string) (Document, error) {
	text, err := plain(d)
	if err != nil {
		return d, err
	}
	out, err := ParseDocument([]byte(fill(string(text))))
	if err != nil {
		return d, err
	}
	return *out, nil
}

const bucketARN = "arn:" + partitionHere + ":s3:::" + bucketHere

// objects are all below folders of the lake.
func objects(e *spec.Environment, folders ...string) (list Texts) {
	for _, f := range folders {
		list = append(list, bucketARN+"/"+Prefix(e)+f+"/*")
	}
	return list
}

// readable are the same, and the folders themselves: programs ask whether there is an object of that name, and
// S3 says that there is none only to those who may read it and list its name.
func readable(e *spec.Environment, folders ...string) (list Texts) {
	for _, f := range folders {
		list = append(list, bucketARN+"/"+Prefix(e)+f)
	}
	return append(list, objects(e, folders...)...)
}

func foldersOf(patterns []spec.TablePattern) (list []string) {
	for _, p := range patterns {
		list = append(list, folder(p))
	}
	return list
}

var (
	readObjects  = Texts{"s3:GetObject", "s3:GetObjectVersion"}
	writeObjects = Texts{"s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"}
	readCatalog  = Texts{"glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables", "glue:GetPartition", "glue:GetPartitions"}
	ownCatalog   = Texts{"glue:CreateDatabase", "glue:UpdateDatabase", "glue:DeleteTable", "glue:GetUserDefinedFunctions"}
	writeCatalog = Texts{"glue:CreateTable", "glue:UpdateTable", "glue:BatchCreatePartition"}
)

// roleStatements are what a role may do with the files of tables that it reads whole, and with the entries
// of all of its tables in the catalog.
func (r *Rules) roleStatements(e *spec.Environment, role *spec.AccessRole) (all []Statement) {
	partly := func(t spec.TableName) bool { return !limits(role, t).All() }
	never := func(spec.TableName) bool { return false }
	both := slices.Concat(role.Reads, role.Writes)
	reads, writes := foldersOf(r.reach(both, partly)), foldersOf(r.reach(role.Writes, never))
	if unlimited(role) {
		reads = append(reads, quarantine)
	}
	if len(reads) > 0 {
		all = append(all, Statement{Sid: "Read", Effect: allow, Action: readObjects, Resource: readable(e, reads...)})
	}
	if len(writes) > 0 {
		all = append(all, Statement{Sid: "Write", Effect: allow, Action: writeObjects, Resource: objects(e, writes...)})
	}
	if len(reads) > 0 {
		all = append(all, listing(e, reads), whereabouts, encryption(len(writes) > 0))
	}
	if len(writes) > 0 {
		all = append(all, above(e, writes)...)
	}
	return append(append(all, r.catalogStatements(e, r.reach(both, never), r.reach(role.Writes, never))...), dataAccess)
}

// unlimited says whether a role reads all that there is.
func unlimited(role *spec.AccessRole) bool {
	return len(role.Columns)+len(role.Except) == 0 && slices.ContainsFunc(slices.Concat(role.Reads, role.Writes), spec.TablePattern.All)
}

// listing is looking for objects below folders, and for those of uploads that are not complete.
func listing(e *spec.Environment, folders []string) Statement {
	var prefixes Texts
	for _, f := range folders {
		prefixes = append(prefixes, Prefix(e)+f, Prefix(e)+f+"/*")
	}
	return Statement{Sid: "List", Effect: allow, Action: Texts{"s3:ListBucket", "s3:ListBucketMultipartUploads"}, Resource: Texts{bucketARN},
		Condition: Condition{"StringLike": {"s3:prefix": prefixes}}}
}

// above is looking whether the folders above those that one writes are there, name by name: Spark does so before
// it makes a folder.
func above(e *spec.Environment, folders []string) []Statement {
	var names, prefixes Texts
	add := func(folder string) {
		if name := strings.TrimSuffix(folder, "/"); name != "" && !slices.Contains(prefixes, folder) {
			names, prefixes = append(names, bucketARN+"/"+name), append(prefixes, folder)
		}
	}
	add(Prefix(e))
	for _, f := range folders {
		if schema, _, ok := strings.Cut(f, "/"); ok {
			add(Prefix(e) + schema + "/")
		}
	}
	if names == nil {
		return nil
	}
	return []Statement{
		{Sid: "Above", Effect: allow, Action: Texts{"s3:GetObject"}, Resource: names},
		{Sid: "ListAbove", Effect: allow, Action: Texts{"s3:ListBucket"}, Resource: Texts{bucketARN},
			Condition: Condition{"StringEquals": {"s3:prefix": prefixes, "s3:delimiter": Texts{"/"}}}},
	}
}

var whereabouts = Statement{Sid: "Where", Effect: allow, Action: Texts{"s3:GetBucketLocation"}, Resource: Texts{bucketARN}}

// encryption is using the key for objects of the bucket, through S3 alone. The context is the bucket where S3
// keeps a key for it, and the object where it was written without.
func encryption(writes bool) Statement {
	actions := Texts{"kms:Decrypt"}
	if writes {
		actions = append(actions, "kms:GenerateDataKey")
	}
	return Statement{Sid: "Encrypt", Effect: allow, Action: actions, Resource: Texts{keyHere}, Condition: Condition{
		"StringEquals": {"kms:ViaService": Texts{"s3." + regionHere + ".amazonaws.com"}},
		"StringLike":   {"kms:EncryptionContext:aws:s3:arn": Texts{bucketARN, bucketARN + "/*"}},
	}}
}

// dataAccess is asking Lake Formation for what it grants, and it alone says what that is: AWS has no
// resources for it, so this is the one * of these policies.
var dataAccess = Statement{Sid: "LakeFormation", Effect: allow, Action: Texts{"lakeformation:GetDataAccess"}, Resource: Texts{"*"}}

// catalogStatements are the entries of tables in the catalog of the account.
func (r *Rules) catalogStatements(e *spec.Environment, reads, writes []spec.TablePattern) (all []Statement) {
	if len(reads) > 0 {
		all = append(all, Statement{Sid: "Catalog", Effect: allow, Action: readCatalog, Resource: r.entries(e, reads)})
	}
	if len(writes) > 0 {
		all = append(all, Statement{Sid: "CatalogWrite", Effect: allow, Action: writeCatalog, Resource: r.entries(e, writes)})
	}
	return all
}

// entries are tables, their databases, and the catalog itself: AWS asks for all three.
func (r *Rules) entries(e *spec.Environment, patterns []spec.TablePattern) Texts {
	here := "arn:" + partitionHere + ":glue:" + regionHere + ":" + accountHere + ":"
	list := Texts{here + "catalog"}
	for _, p := range patterns {
		if d := here + "database/" + Database(r.l, e, p.Schema); !slices.Contains(list, d) {
			list = append(list, d)
		}
	}
	for _, p := range patterns {
		list = append(list, here+"table/"+Database(r.l, e, p.Schema)+"/"+strings.ToLower(p.Table))
	}
	return list
}

// jobStatements are what programs on EMR need beside tables: themselves, and where they write logs and
// how far they are.
func (r *Rules) jobStatements(e *spec.Environment, jobs []string) []Statement {
	if len(jobs) == 0 {
		return nil
	}
	own := []string{"_petalake/emr-logs", "_petalake/events"}
	for _, name := range jobs {
		if j := r.l.Job(name); j.Streaming {
			own = append(own, "_petalake/jobs/"+name+"/checkpoint")
		}
	}
	reads := append([]string{"_petalake/programs"}, own...)
	list := listing(e, reads)
	list.Sid = "JobList"
	return []Statement{
		{Sid: "JobRead", Effect: allow, Action: readObjects, Resource: readable(e, reads...)},
		{Sid: "JobWrite", Effect: allow, Action: writeObjects, Resource: objects(e, own...)}, list,
		func() Statement { s := encryption(true); s.Sid = "JobEncrypt"; return s }(),
	}
}

// daemonStatements are what petalake itself may do with the bucket and the catalog: read the lake and the files
// of sources, write its own tables and what it keeps beside them, and keep the entries of all tables.
func (r *Rules) daemonStatements(e *spec.Environment, raw []string) []Statement {
	var writes []spec.TablePattern
	for _, t := range r.tables {
		if r.daemonWrites(t) {
			writes = append(writes, spec.TablePattern(t))
		}
	}
	reads, lists := Texts{bucketARN + "/" + Prefix(e) + "*"}, Texts{Prefix(e) + "*"}
	if name := strings.TrimSuffix(Prefix(e), "/"); name != "" {
		reads, lists = append(reads, bucketARN+"/"+name), append(lists, name)
	}
	for _, p := range raw {
		if !slices.Contains(lists, p+"*") {
			reads, lists = append(reads, bucketARN+"/"+p+"*"), append(lists, p+"*")
		}
		if folder := p[:strings.LastIndex(p, "/")+1]; !slices.Contains(lists, folder+"*") && !slices.Contains(lists, folder) {
			lists = append(lists, folder) // where files are looked for
		}
	}
	all := []Statement{
		{Sid: "Read", Effect: allow, Action: readObjects, Resource: reads},
		{Sid: "Write", Effect: allow, Action: writeObjects, Resource: objects(e, append(foldersOf(writes), quarantine, "_petalake")...)},
		{Sid: "List", Effect: allow, Action: Texts{"s3:ListBucket", "s3:ListBucketMultipartUploads"}, Resource: Texts{bucketARN}, Condition: Condition{"StringLike": {"s3:prefix": lists}}},
		whereabouts, encryption(true),
	}
	everything := []spec.TablePattern{{Schema: "*", Table: "*"}}
	never := func(spec.TableName) bool { return false }
	tables := r.reach(everything, never)
	return append(append(all, r.catalogStatements(e, tables, tables)...),
		Statement{Sid: "CatalogOwn", Effect: allow, Action: ownCatalog, Resource: r.entries(e, tables)}, dataAccess)
}
