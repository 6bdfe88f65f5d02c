package cli

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The prices of a region, from a mirror of what AWS publishes.
func TestScriptsOfPrices(t *testing.T) {
	const head = "\"FormatVersion\",\"v1.0\"\n\"Disclaimer\",\"none\"\n\"Publication Date\",\"2026-11-20T18:01:12Z\"\n\"Version\",\"1\"\n\"OfferCode\",\"x\"\n" +
		"TermType,PricePerUnit,Currency,usageType,StartingRange,Unit,Instance Type,vCPU,Memory,Tenancy,Operating System,Pre Installed S/W,CapacityStatus\n"
	var ec2 strings.Builder
	ec2.WriteString(head)
	for i := range 60 {
		fmt.Fprintf(&ec2, "OnDemand,0.%02d,USD,EUC1-BoxUsage:x%d.large,0,Hrs,x%d.large,2,8 GiB,Shared,Linux,NA,Used\n", i+10, i, i)
	}
	files := map[string]string{
		"/AmazonEC2/current/eu-central-1/index.csv": ec2.String(),
		"/AmazonS3/current/eu-central-1/index.csv":  head + "OnDemand,0.0245,USD,EUC1-TimedStorage-ByteHrs,0,GB-Mo,,,,,,,\n",
		"/awskms/current/eu-central-1/index.csv":    head + "OnDemand,20,USD,eu-central-1-KMS-Keys,0,Keys,,,,,,,\n",
		"/spot-advisor-data.json":                   `{"ranges":[{"index":0,"label":"<5%"}],"instance_types":{},"spot_advisor":{"eu-central-1":{"Linux":{"x1.large":{"s":62,"r":0}}}}}`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, text)
	}))
	t.Cleanup(server.Close)
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "prices"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("MIRROR", server.URL)
			return nil
		},
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
		RequireExplicitExec: true,
	})
}
