package price

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
)

const offerHead = `"FormatVersion","v1.0"
"Disclaimer","This pricing list is for informational purposes only."
"Publication Date","2026-11-20T18:01:12Z"
"Version","20261120180112"
"OfferCode","AmazonEC2"
"SKU","OfferTermCode","RateCode","TermType","PriceDescription","EffectiveDate","StartingRange","EndingRange","Unit","PricePerUnit","Currency","Instance Type","vCPU","Memory","Tenancy","Operating System","usageType","CapacityStatus","Pre Installed S/W"
`

// offerFile is an offer with rows of: usage type, unit, beginning of the tier, price, and of instances type,
// processors, memory.
func offerFile(rows ...string) string {
	var b strings.Builder
	b.WriteString(offerHead)
	for _, r := range rows {
		w := append(strings.Split(r, "|"), "", "", "")
		os, status, software, tenancy := "", "", "", ""
		if w[4] != "" {
			os, status, software, tenancy = "Linux", "Used", "NA", "Shared"
		}
		fmt.Fprintf(&b, "\"S\",\"J\",\"S.J\",\"OnDemand\",\"of %s\",\"2026-11-01\",%q,\"Inf\",%q,%q,\"USD\",%q,%q,%q,%q,%q,%q,%q,%q\n", w[0], w[2], w[1], w[3], w[4], w[5], w[6], tenancy, os, w[0], status, software)
	}
	return b.String()
}

// region is what AWS publishes of eu-central-1.
func region() map[string]string {
	ec2 := []string{
		"EUC1-BoxUsage:m7g.xlarge|Hrs|0|0.1956|m7g.xlarge|4|16 GiB", "EUC1-NatGateway-Hours|Hrs|0|0.052|", "EUC1-EBS:VolumeUsage.gp3|GB-Mo|0|0.0952|",
		"EUC1-EBS:VolumeP-Throughput.gp3|GiBps-mo|0|48.74|", "EUC1-UnusedBox:m7g.xlarge|Hrs|0|9|",
	}
	for i := range 60 {
		ec2 = append(ec2, fmt.Sprintf("EUC1-BoxUsage:x%d.large|Hrs|0|0.%02d|x%d.large|2|8 GiB", i, i+10, i))
	}
	return map[string]string{
		"AmazonEC2": offerFile(ec2...) + `"S","J","S.J","Reserved","x","2026-11-01","","","Hrs","0.01","USD","m7g.xlarge","4","16 GiB","Shared","Linux","EUC1-BoxUsage:m7g.xlarge","Used","NA"` + "\n",
		"AmazonS3": offerFile("EUC1-TimedStorage-ByteHrs|GB-Mo|0|0.0245|", "EUC1-TimedStorage-ByteHrs|GB-Mo|51200|0.0235|",
			"EUC1-TimedStorage-ByteHrs|GB-Mo|512000|0.0225|", "EUC1-Requests-Tier1|Requests|0|0.0000054|"),
		"awskms":           offerFile("eu-central-1-KMS-Keys|Keys|0|1|"),
		"ElasticMapReduce": offerFile("EUC1-BoxUsage:m7g.xlarge|Hrs|0|0.04|"),
		Spot: `{"ranges":[{"index":0,"label":"<5%"},{"index":1,"label":"5-10%"}],"instance_types":{"m7g.xlarge":{"emr":true,"cores":4,"ram_gb":16}},
			"spot_advisor":{"eu-central-1":{"Linux":{"m7g.xlarge":{"s":62,"r":1}},"Windows":{"m7g.xlarge":{"s":1,"r":0}}}}}`,
	}
}

func opening(files map[string]string) func(string) (io.ReadCloser, error) {
	return func(name string) (io.ReadCloser, error) {
		text, ok := files[name]
		if !ok {
			return nil, fs.ErrNotExist
		}
		return io.NopCloser(strings.NewReader(text)), nil
	}
}

// TestRenew promises that prices, instance types and what is known of Spot are those that AWS publishes for
// the region, each with its source and date, and that the rest is as it was.
func TestRenew(t *testing.T) {
	old, _ := Of("eu-central-1")
	l, news, err := Renew(old, "eu-central-1", "2026-11-27", opening(region()))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float64{
		ObjectGBMonth: 0.0245, ObjectTier2GBMonth: 0.0235, ObjectTier3GBMonth: 0.0225, ObjectPut: 0.0000054, KeyMonth: 1, NATHour: 0.052, DiskGBMonth: 0.0952,
	} {
		if r := l.rates[name]; r.USD != want || r.Source.Date != "2026-11-20" {
			t.Errorf("%s: got %v of %s, want %v of 2026-11-20", name, r.USD, r.Source.Date, want)
		}
	}
	if got := number(l.Must(DiskMBPSMonth)); !strings.HasPrefix(got, "0.0475") {
		t.Errorf("throughput: got %s a MB/s, want that of a GiB/s by 1024", got)
	}
	if r := l.rates[ScanTB]; r != old.rates[ScanTB] {
		t.Errorf("a rate in no offer: got %+v, want it as it was", r)
	}
	i, ok := l.Instance("m7g.xlarge")
	if want := (Instance{"m7g.xlarge", 4, 16, 0.1956, true, 0.62, Band10}); !ok || i != want {
		t.Errorf("got %+v, want %+v", i, want)
	}
	if len(l.Instances()) != 61 || news.New != 60 || news.Gone == 0 || len(news.Changes) == 0 {
		t.Errorf("%d types, %+v", len(l.Instances()), news)
	}
	var text bytes.Buffer
	if _, err := l.WriteTo(&text); err != nil {
		t.Fatal(err)
	}
	again, err := Parse(&text)
	if err != nil || again.Region != "eu-central-1" || again.rates[ObjectPut] != l.rates[ObjectPut] {
		t.Errorf("written and read: %v", err)
	}
	if _, news, err = Renew(again, "eu-central-1", "2026-11-27", opening(region())); err != nil || len(news.Changes)+news.New+news.Gone > 0 {
		t.Errorf("renewed again: %+v, %v, want no change", news, err)
	}
}

// TestRenewRefuses promises an error that names the file, for what is not what AWS publishes.
func TestRenewRefuses(t *testing.T) {
	old, _ := Of(Home)
	for name, spoil := range map[string]func(map[string]string){
		"AmazonEC2: file does not exist": func(f map[string]string) { delete(f, "AmazonEC2") },
		"AmazonEC2: it has 1 instance types": func(f map[string]string) {
			f["AmazonEC2"] = offerFile("BoxUsage:m7g.xlarge|Hrs|0|1|m7g.xlarge|4|16 GiB")
		},
		"AmazonS3: line 6: no column TermType":            func(f map[string]string) { f["AmazonS3"] = strings.Replace(offerHead, "TermType", "Kind", 1) },
		"AmazonS3: row 7: ":                               func(f map[string]string) { f["AmazonS3"] = offerFile("TimedStorage-ByteHrs|GB-Mo|0|much|") },
		"AmazonS3: it ends before its columns":            func(f map[string]string) { f["AmazonS3"] = "" },
		"spot-advisor-data.json: it says nothing":         func(f map[string]string) { f[Spot] = "{}" },
		"spot-advisor-data.json: no band of interruption": func(f map[string]string) { f[Spot] = `{"ranges":[{"label":"many"}]}` },
		"spot-advisor-data.json: unexpected EOF":          func(f map[string]string) { f[Spot] = `{"ranges":[` },
	} {
		files := region()
		spoil(files)
		if _, _, err := Renew(old, "eu-central-1", "2026-11-27", opening(files)); err == nil || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("got %v, want %s...", err, name)
		}
	}
	if !(Change{"x", 1, 10}).Unlikely() || !(Change{"x", 1, 0.1}).Unlikely() || (Change{"x", 1, 2}).Unlikely() || (Change{"x", 0, 2}).Unlikely() {
		t.Error("a tenth and ten times are unlikely, and nothing else")
	}
}

// FuzzReadOffer promises that no text makes reading an offer fail in another way than with an error.
func FuzzReadOffer(f *testing.F) {
	for _, text := range region() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = readOffer(strings.NewReader(text), func(i item) {
			if i.usd < 0 || i.from < 0 {
				t.Errorf("%+v", i)
			}
		})
	})
}
