package glue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/petalake/petalake/internal/aws/access"
	"github.com/petalake/petalake/internal/aws/awsx"
)

// Formation is AWS Lake Formation, as far as it guards a lake. It never touches who administers it.
type Formation struct {
	cfg    aws.Config
	region string
}

// NewFormation prepares to grant and revoke. Nothing is sent yet.
func NewFormation(cfg aws.Config, region string) *Formation { return &Formation{cfg, region} }

// Register puts a place in S3, such as arn:aws:s3:::acme-lake/shop, under Lake Formation, beside what IAM
// allows there.
func (f *Formation) Register(ctx context.Context, arn string) error {
	err := f.call(ctx, "RegisterResource", map[string]any{"ResourceArn": arn, "UseServiceLinkedRole": true, "HybridAccessEnabled": true}, nil)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("lake formation: register %s: %w", arn, err)
	}
	return nil
}

// Registered says whether a place in S3 is under Lake Formation.
func (f *Formation) Registered(ctx context.Context, arn string) (bool, error) {
	err := f.call(ctx, "DescribeResource", map[string]any{"ResourceArn": arn}, nil)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("lake formation: %s: %w", arn, err)
	}
	return true, nil
}

// Settle revokes what was granted before and is not wanted any more, then grants what is wanted: all of it,
// as a grant that is there does no harm twice. It returns what is granted then, also where it fails: to be
// remembered, and handed in as before the next time.
func (f *Formation) Settle(ctx context.Context, want, before []access.Grant) (granted []access.Grant, err error) {
	granted = slices.Clone(before)
	var gone []access.Grant
	for _, g := range before {
		if !slices.ContainsFunc(want, func(w access.Grant) bool { return same(w, g) }) {
			gone = append(gone, g)
		}
	}
	for batch := range slices.Chunk(gone, mostEntries) {
		if err := f.batch(ctx, "BatchRevokePermissions", batch); err != nil {
			return granted, err
		}
		granted = slices.DeleteFunc(granted, func(g access.Grant) bool {
			return slices.ContainsFunc(batch, func(b access.Grant) bool { return same(b, g) })
		})
	}
	for batch := range slices.Chunk(want, mostEntries) {
		// Remembered before it is known whether it was granted: what is revoked in vain does no harm.
		for _, g := range batch {
			if !slices.ContainsFunc(granted, func(b access.Grant) bool { return same(b, g) }) {
				granted = append(granted, g)
			}
		}
		if err := f.batch(ctx, "BatchGrantPermissions", batch); err != nil {
			return granted, err
		}
	}
	return granted, nil
}

// mostEntries is how many grants one call takes.
const mostEntries = 20

// same says whether two grants are one.
func same(a, b access.Grant) bool {
	return a.Principal == b.Principal && a.Database == b.Database && a.Table == b.Table && slices.Equal(a.Columns, b.Columns) &&
		slices.Equal(a.Excluded, b.Excluded) && slices.Equal(a.Permissions, b.Permissions)
}

// batch grants or revokes. What was not granted is nothing to revoke.
func (f *Formation) batch(ctx context.Context, action string, grants []access.Grant) error {
	var entries []map[string]any
	for i, g := range grants {
		entries = append(entries, map[string]any{
			"Id": fmt.Sprint(i), "Principal": map[string]string{"DataLakePrincipalIdentifier": g.Principal}, "Resource": resource(g), "Permissions": g.Permissions,
		})
	}
	var out struct {
		Failures []struct {
			RequestEntry struct{ Id string }
			Error        struct{ ErrorCode, ErrorMessage string }
		}
	}
	if err := f.call(ctx, action, map[string]any{"Entries": entries}, &out); err != nil {
		return fmt.Errorf("lake formation: %w", err)
	}
	for _, one := range out.Failures {
		revoking := action == "BatchRevokePermissions"
		if code := one.Error.ErrorCode; revoking && (code == "InvalidInputException" || code == "EntityNotFoundException") {
			continue
		}
		var of access.Grant
		if i := slices.IndexFunc(entries, func(e map[string]any) bool { return e["Id"] == one.RequestEntry.Id }); i >= 0 {
			of = grants[i]
		}
		return &Problem{
			Name: of.Database + "." + cmp.Or(of.Table, "*"),
			Why:  fmt.Sprintf("lake formation: %s for %s: %s (%s)", action, of.Principal, one.Error.ErrorMessage, one.Error.ErrorCode),
			hint: "make the role of petalake an administrator of Lake Formation in the account, and see that the role that is granted to is there",
		}
	}
	return nil
}

// resource is what a grant is on, in the shape of Lake Formation.
func resource(g access.Grant) map[string]any {
	table := map[string]any{"DatabaseName": g.Database, "Name": g.Table}
	switch {
	case g.Table == "":
		return map[string]any{"Database": map[string]any{"Name": g.Database}}
	case g.Table == "*":
		return map[string]any{"Table": map[string]any{"DatabaseName": g.Database, "TableWildcard": map[string]any{}}}
	case len(g.Columns) > 0:
		table["ColumnNames"] = g.Columns
		return map[string]any{"TableWithColumns": table}
	case len(g.Excluded) > 0:
		table["ColumnWildcard"] = map[string]any{"ExcludedColumnNames": g.Excluded}
		return map[string]any{"TableWithColumns": table}
	}
	return map[string]any{"Table": table}
}

func (f *Formation) call(ctx context.Context, action string, in, out any) error {
	return awsx.REST(ctx, f.cfg, "lakeformation", f.region, "/"+action, in, out)
}
