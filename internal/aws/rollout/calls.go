package rollout

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/petalake/petalake/internal/aws/access"
	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/internal/aws/deploy"
	"github.com/petalake/petalake/internal/aws/glue"
)

// tagWait is how long a call about the cost allocation tag may take: members of an organisation may not make any.
const tagWait = 3 * time.Second

const (
	costRegion = "us-east-1" // of the service that knows costs, for all regions
	costTarget = "AWSInsightsIndexService."
	costTag    = "petalake:environment"
)

// activateTag has costs counted by the tag of the environment, which a budget waits for. Where that is not allowed it
// is told, and is no error.
func (x *execution) activateTag(ctx context.Context, step deploy.Step) error {
	soon, cancel := context.WithTimeout(ctx, tagWait)
	defer cancel()
	err := awsx.JSON(soon, x.cfg, "ce", costRegion, costTarget+"UpdateCostAllocationTagsStatus",
		map[string]any{"CostAllocationTagsStatus": []map[string]string{{"TagKey": costTag, "Status": "Active"}}}, nil)
	if err != nil && ctx.Err() == nil {
		x.say(step, "the cost allocation tag %s is not active: %v; activate it in the billing console, and the budget counts", costTag, err)
	}
	return nil
}

// tagInactive says whether the tag of the environment is known to those who count costs, and not counted; known is false
// where nobody says.
func (r *Rollout) tagInactive(ctx context.Context) (inactive, known bool) {
	soon, cancel := context.WithTimeout(ctx, tagWait)
	defer cancel()
	var out struct {
		CostAllocationTags []struct{ TagKey, Status string }
	}
	err := awsx.JSON(soon, r.cfg, "ce", costRegion, costTarget+"ListCostAllocationTags", map[string]any{"TagKeys": []string{costTag}}, &out)
	if err != nil || len(out.CostAllocationTags) == 0 {
		return false, false
	}
	return out.CostAllocationTags[0].Status == "Inactive", true
}

// registerLake puts the folder of the lake under Lake Formation. The petalake that runs in AWS grants what access says,
// once there are tables.
func (x *execution) registerLake(ctx context.Context, step deploy.Step) error {
	folder := x.lakeFolder()
	x.say(step, "Lake Formation guards %s, beside IAM", folder)
	return x.formation().Register(ctx, x.lakeARN(folder))
}

func (r *Rollout) formation() *glue.Formation {
	return glue.NewFormation(r.cfg, r.environment.AWS.Region)
}

// lakeFolder is the bucket and the prefix of the lake; it begins with a slash where there is no bucket yet.
func (r *Rollout) lakeFolder() string {
	return r.outputs[deploy.Foundation]["DataBucket"] + "/" + strings.TrimSuffix(access.Prefix(r.environment), "/")
}

func (r *Rollout) lakeARN(folder string) string {
	partition := "aws"
	if strings.HasPrefix(r.environment.AWS.Region, "us-gov-") {
		partition = "aws-us-gov"
	}
	return "arn:" + partition + ":s3:::" + folder
}

// groupRules are the rules of a default security group: in and out.
type groupRules struct {
	group   string
	in, out []string // ids of rules
}

// closeGroup takes all rules from the default security group of the network.
func (x *execution) closeGroup(ctx context.Context, step deploy.Step) error {
	all, err := x.defaultRules(ctx)
	if err != nil {
		return err
	}
	for _, g := range all {
		for action, ids := range map[string][]string{"RevokeSecurityGroupIngress": g.in, "RevokeSecurityGroupEgress": g.out} {
			if len(ids) == 0 {
				continue
			}
			form := url.Values{"Version": {"2016-11-15"}, "Action": {action}, "GroupId": {g.group}}
			for i, id := range ids {
				form.Set("SecurityGroupRuleId."+strconv.Itoa(i+1), id)
			}
			if err := awsx.Query(ctx, x.cfg, "ec2", x.environment.AWS.Region, form, nil); err != nil {
				return err
			}
		}
	}
	if len(all) > 0 {
		x.say(step, "the default security group is closed")
	}
	return nil
}

// defaultRules are the rules of the default security group of the network; none where it is closed, or there is no
// network yet.
func (r *Rollout) defaultRules(ctx context.Context) (all []groupRules, err error) {
	network := r.outputs[deploy.Foundation]["Network"]
	if network == "" {
		return nil, nil
	}
	region := r.environment.AWS.Region
	form := url.Values{
		"Version": {"2016-11-15"}, "Action": {"DescribeSecurityGroups"},
		"Filter.1.Name": {"vpc-id"}, "Filter.1.Value.1": {network}, "Filter.2.Name": {"group-name"}, "Filter.2.Value.1": {"default"},
	}
	var groups struct {
		IDs []string `xml:"securityGroupInfo>item>groupId"`
	}
	if err := awsx.Query(ctx, r.cfg, "ec2", region, form, &groups); err != nil {
		return nil, err
	}
	for _, id := range groups.IDs {
		var rules struct {
			Rules []struct {
				ID     string `xml:"securityGroupRuleId"`
				Egress bool   `xml:"isEgress"`
			} `xml:"securityGroupRuleSet>item"`
		}
		list := url.Values{"Version": {"2016-11-15"}, "Action": {"DescribeSecurityGroupRules"}, "Filter.1.Name": {"group-id"}, "Filter.1.Value.1": {id}}
		if err := awsx.Query(ctx, r.cfg, "ec2", region, list, &rules); err != nil {
			return nil, err
		}
		g := groupRules{group: id}
		for _, rule := range rules.Rules {
			if rule.Egress {
				g.out = append(g.out, rule.ID)
			} else {
				g.in = append(g.in, rule.ID)
			}
		}
		if len(rules.Rules) > 0 {
			all = append(all, g)
		}
	}
	return all, nil
}

// certificateKey is where clusters find the certificate of their nodes.
const certificateKey = "emr/certificates.zip"

// makeCertificate makes the certificate by which the nodes of clusters speak to each other, once.
func (x *execution) makeCertificate(ctx context.Context, step deploy.Step) error {
	if there, err := x.uploaded(ctx, certificateKey); there || err != nil {
		return err
	}
	data, err := nodeCertificate(x.environment.AWS.Region, time.Now())
	if err != nil {
		return err
	}
	x.say(step, "a certificate for the nodes of clusters is made")
	return x.put(ctx, certificateKey, reader(data))
}

// nodeCertificate is a key and a certificate that signs itself, for the names of machines of a
// region, in the files that EMR wants.
func nodeCertificate(region string, now time.Time) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	names := "*." + region + ".compute.internal"
	if region == "us-east-1" {
		names = "*.ec2.internal"
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: names}, DNSNames: []string{names}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(10, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, data := range map[string][]byte{
		"privateKey.pem":          pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
		"certificateChain.pem":    certificate,
		"trustedCertificates.pem": certificate,
	} {
		w, err := z.Create(name)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(data); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), z.Close()
}
