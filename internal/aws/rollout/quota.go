package rollout

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/internal/aws/deploy"
	"github.com/petalake/petalake/spec"
)

// Quotas holds what the environment asks for against the quotas of the account. What exceeds one is a
// problem, with the line that asks for it; notes are what could not be asked, and what works with less.
func (r *Rollout) Quotas(ctx context.Context, demands []deploy.Demand) (problems spec.Errors, notes []string, err error) {
	q := quotas{cfg: r.cfg, account: r.Account, region: r.environment.AWS.Region, network: r.base()}
	for _, d := range demands {
		limit, err := q.limit(ctx, d.Service, d.Code)
		var there int
		if err == nil && d.Code == deploy.VPCs {
			there, err = q.networks(ctx)
		}
		switch {
		case ctx.Err() != nil:
			return nil, nil, context.Cause(ctx)
		case errors.Is(err, fs.ErrNotExist):
			notes = append(notes, fmt.Sprintf("the quota %s of %s (%s) is not known here", d.Code, d.Service, d.What))
		case err != nil:
			notes = append(notes, fmt.Sprintf("the quota %s of %s (%s) could not be asked: %v", d.Code, d.Service, d.What, err))
		case d.Need+there > limit && d.Written:
			problems = append(problems, q.exceeded(d, there, limit))
		case d.Need+there > limit:
			notes = append(notes, fmt.Sprintf("%s: the account has %d %s, and gets no more: %s", d.Path, limit, d.What, q.increase(d, d.Need)))
		}
	}
	return problems, notes, nil
}

// quotas are the limits of an account in a region.
type quotas struct {
	cfg             aws.Config
	account, region string
	network         string // the name of that of the environment
}

// exceeded is the problem that a demand is more than the quota, of which some is taken already.
func (q quotas) exceeded(d deploy.Demand, there, limit int) spec.Problem {
	p := spec.Problem{Pos: d.Pos, Path: d.Path, Message: fmt.Sprintf("%s: it asks for %d %s, and the quota %s of account %s is %d", d.Path, d.Need, d.What, d.Code, q.account, limit)}
	if there > 0 {
		p.Message += fmt.Sprintf(", of which %d are there already", there)
	}
	p.Hint = q.increase(d, d.Need+there)
	if d.Lower != "" {
		p.Hint = fmt.Sprintf("write %s: %d or less, or ", d.Lower, limit) + p.Hint
	}
	return p
}

// increase says how to get more.
func (q quotas) increase(d deploy.Demand, want int) string {
	return fmt.Sprintf("ask AWS for more: aws service-quotas request-service-quota-increase --region %s --service-code %s --quota-code %s --desired-value %d",
		q.region, d.Service, d.Code, want)
}

// limit is what the account may have: what was granted to it, or what all accounts have.
func (q quotas) limit(ctx context.Context, service, code string) (int, error) {
	var out struct{ Quota struct{ Value float64 } }
	in := map[string]string{"ServiceCode": service, "QuotaCode": code}
	var err error
	for _, call := range []string{"GetServiceQuota", "GetAWSDefaultServiceQuota"} {
		err = awsx.JSON(ctx, q.cfg, "servicequotas", q.region, "ServiceQuotasV20190624."+call, in, &out)
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return int(out.Quota.Value), err
}

// networks counts those of the region, but for one of ours, which is asked for already.
func (q quotas) networks(ctx context.Context) (n int, err error) {
	var out struct {
		Networks []struct {
			Tags []struct {
				Key   string `xml:"key"`
				Value string `xml:"value"`
			} `xml:"tagSet>item"`
		} `xml:"vpcSet>item"`
	}
	form := url.Values{"Version": {"2016-11-15"}, "Action": {"DescribeVpcs"}}
	if err := awsx.Query(ctx, q.cfg, "ec2", q.region, form, &out); err != nil {
		return 0, err
	}
	for _, one := range out.Networks {
		ours := false
		for _, t := range one.Tags {
			ours = ours || t.Key == "Name" && t.Value == q.network
		}
		if !ours {
			n++
		}
	}
	return n, nil
}
