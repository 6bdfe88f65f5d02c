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
	"errors"
	"io/fs"
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

// calls does what no stack can, once a stack is there. Each does no harm twice.
func (r *Rollout) calls(ctx context.Context, s *deploy.Stack, tell func(Told)) error {
	outputs := r.outputs[s.Layer]
	say := func(text string) { tell(Told{Layer: s.Layer, Text: text}) }
	switch s.Layer {
	case deploy.Foundation:
		closed, err := r.closeDefault(ctx, outputs["Network"])
		if closed {
			say("the default security group is closed")
		}
		return err
	case deploy.Compute:
		if err := r.guard(ctx, say); err != nil {
			return err
		}
		if outputs["ClusterSecurity"] == "" {
			return nil
		}
		return r.certificate(ctx, say)
	case deploy.Observe:
		// A budget that counts by tag waits for the tag. Members of an organisation may not turn it on.
		soon, cancel := context.WithTimeout(ctx, 3*time.Second)
		defer cancel()
		err := awsx.JSON(soon, r.cfg, "ce", "us-east-1", "AWSInsightsIndexService.UpdateCostAllocationTagsStatus",
			map[string]any{"CostAllocationTagsStatus": []map[string]string{{"TagKey": "petalake:environment", "Status": "Active"}}}, nil)
		if err != nil && ctx.Err() == nil {
			say("the cost allocation tag petalake:environment is not active: " + err.Error() + "; activate it in the billing console, and the budget counts")
		}
	}
	return nil
}

// guard puts the folder of the lake under Lake Formation where access asks for grants there. The petalake
// that runs in AWS grants them, once there are tables.
func (r *Rollout) guard(ctx context.Context, say func(string)) error {
	if len(access.Grants(r.lakehouse, r.environment)) == 0 {
		return nil
	}
	partition := "aws"
	if strings.HasPrefix(r.environment.AWS.Region, "us-gov-") {
		partition = "aws-us-gov"
	}
	place := r.outputs[deploy.Foundation]["DataBucket"] + "/" + strings.TrimSuffix(access.Prefix(r.environment), "/")
	say("Lake Formation guards " + place + ", beside IAM")
	return glue.NewFormation(r.cfg, r.environment.AWS.Region).Register(ctx, "arn:"+partition+":s3:::"+place)
}

// closeDefault takes all rules from the default security group of the network.
func (r *Rollout) closeDefault(ctx context.Context, network string) (closed bool, err error) {
	if network == "" {
		return false, nil
	}
	region := r.environment.AWS.Region
	form := url.Values{"Version": {"2016-11-15"}}
	form.Set("Action", "DescribeSecurityGroups")
	form.Set("Filter.1.Name", "vpc-id")
	form.Set("Filter.1.Value.1", network)
	form.Set("Filter.2.Name", "group-name")
	form.Set("Filter.2.Value.1", "default")
	var groups struct {
		IDs []string `xml:"securityGroupInfo>item>groupId"`
	}
	if err := awsx.Query(ctx, r.cfg, "ec2", region, form, &groups); err != nil {
		return false, err
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
			return closed, err
		}
		revoke := map[bool]url.Values{
			false: {"Version": {"2016-11-15"}, "Action": {"RevokeSecurityGroupIngress"}, "GroupId": {id}},
			true:  {"Version": {"2016-11-15"}, "Action": {"RevokeSecurityGroupEgress"}, "GroupId": {id}},
		}
		counts := map[bool]int{}
		for _, rule := range rules.Rules {
			counts[rule.Egress]++
			revoke[rule.Egress].Set("SecurityGroupRuleId."+strconv.Itoa(counts[rule.Egress]), rule.ID)
		}
		for egress, n := range counts {
			if n == 0 {
				continue
			}
			if err := awsx.Query(ctx, r.cfg, "ec2", region, revoke[egress], nil); err != nil {
				return closed, err
			}
			closed = true
		}
	}
	return closed, nil
}

// certificateKey is where clusters find the certificate of their nodes.
const certificateKey = "emr/certificates.zip"

// certificate makes the certificate by which the nodes of clusters speak to each other, once.
func (r *Rollout) certificate(ctx context.Context, say func(string)) error {
	body, err := r.artefacts.Get(ctx, certificateKey, 0, 1)
	if err == nil {
		return body.Close()
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	data, err := nodeCertificate(r.environment.AWS.Region, time.Now())
	if err != nil {
		return err
	}
	say("a certificate for the nodes of clusters is made")
	return r.put(ctx, certificateKey, reader(data))
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
