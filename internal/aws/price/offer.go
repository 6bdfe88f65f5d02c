package price

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// item is a row of an offer file of the AWS Price List: a price on demand, in US dollars.
type item struct {
	usage    string // the usage type without the region: EBS:VolumeUsage.gp3
	unit     string
	from     float64 // where its tier begins
	usd      float64
	instance string // of EC2, with Linux, shared, without software on it
	vcpu     int
	memory   float64 // GiB
}

// regionOfUsage is how a usage type says its region, where it is not the first one: EUC1-, or eu-central-1-.
var regionOfUsage = regexp.MustCompile(`^([A-Z]{2,4}[0-9]?|[a-z]{2}(-[a-z]+)+-[0-9])-`)

// header are the lines before the names of the columns.
const header = 5

// readOffer reads an offer file as CSV, row by row, however large it is.
func readOffer(r io.Reader, each func(item)) (published string, err error) {
	rows := csv.NewReader(r)
	rows.FieldsPerRecord, rows.ReuseRecord = -1, true
	columns := map[string]int{}
	for n := 1; ; n++ {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", err
		}
		switch {
		case n <= header:
			if len(row) > 1 && row[0] == "Publication Date" {
				published, _, _ = strings.Cut(row[1], "T")
			}
			continue
		case n == header+1:
			for i, name := range row {
				columns[name] = i
			}
			for _, name := range []string{"TermType", "PricePerUnit", "Currency", "usageType"} {
				if _, ok := columns[name]; !ok {
					return "", fmt.Errorf("line %d: no column %s: this is no offer file", n, name)
				}
			}
			continue
		}
		if one, ok, err := itemOf(row, columns); err != nil {
			return "", fmt.Errorf("row %d: %w", n, err)
		} else if ok {
			each(one)
		}
	}
	if len(columns) == 0 {
		return "", errors.New("it ends before its columns are named: this is no offer file")
	}
	if published == "" {
		return "", errors.New("it has no publication date: this is no offer file")
	}
	return published, nil
}

// itemOf is a row; false for one that is no price on demand in US dollars.
func itemOf(row []string, columns map[string]int) (one item, ok bool, err error) {
	cell := func(name string) string {
		if i, ok := columns[name]; ok && i < len(row) {
			return row[i]
		}
		return ""
	}
	if cell("TermType") != "OnDemand" || cell("Currency") != "USD" {
		return one, false, nil
	}
	one = item{usage: regionOfUsage.ReplaceAllString(cell("usageType"), ""), unit: cell("Unit")}
	if one.usd, err = amount(cell("PricePerUnit")); err != nil {
		return one, false, err
	}
	if from := cell("StartingRange"); from != "" {
		if one.from, err = amount(from); err != nil {
			return one, false, err
		}
	}
	if cell("Tenancy") == "Shared" && cell("Operating System") == "Linux" && cell("Pre Installed S/W") == "NA" && cell("CapacityStatus") == "Used" &&
		strings.HasPrefix(one.usage, "BoxUsage") {
		one.instance = cell("Instance Type")
		one.vcpu, _ = strconv.Atoi(cell("vCPU")) // some have none
		one.memory, _ = strconv.ParseFloat(strings.TrimSuffix(cell("Memory"), " GiB"), 64)
	}
	return one, true, nil
}

// offered says where a rate is in the offers: the code of one, the usage type, the tier by its beginning, and
// how many of our units one of theirs is.
type offered struct {
	rate, offer, usage string
	from               float64
	per                float64 // 0: 1
}

// The offers with the prices of instances, and of EMR for them.
const (
	offerEC2 = "AmazonEC2"
	offerEMR = "ElasticMapReduce"
)

// rates are where the rates are that can be told from an offer.
var rates = []offered{
	{rate: ObjectGBMonth, offer: "AmazonS3", usage: "TimedStorage-ByteHrs"},
	{rate: ObjectTier2GBMonth, offer: "AmazonS3", usage: "TimedStorage-ByteHrs", from: 51200},
	{rate: ObjectTier3GBMonth, offer: "AmazonS3", usage: "TimedStorage-ByteHrs", from: 512000},
	{rate: ObjectIAGBMonth, offer: "AmazonS3", usage: "TimedStorage-INT-IA-ByteHrs"},
	{rate: ObjectArchiveGBMonth, offer: "AmazonS3", usage: "TimedStorage-INT-AIA-ByteHrs"},
	{rate: ObjectWatchMonth, offer: "AmazonS3", usage: "Monitoring-Automation-INT"},
	{rate: ObjectPut, offer: "AmazonS3", usage: "Requests-Tier1"},
	{rate: ObjectGet, offer: "AmazonS3", usage: "Requests-Tier2"},
	{rate: KeyMonth, offer: "awskms", usage: "KMS-Keys"},
	{rate: KeyRequest, offer: "awskms", usage: "KMS-Requests"},
	{rate: SecretMonth, offer: "AWSSecretsManager", usage: "AWSSecretsManager-Secrets"},
	{rate: EndpointHour, offer: "AmazonVPC", usage: "VpcEndpoint-Hours"},
	{rate: EndpointGB, offer: "AmazonVPC", usage: "VpcEndpoint-Bytes"},
	{rate: NATHour, offer: offerEC2, usage: "NatGateway-Hours"},
	{rate: NATGB, offer: offerEC2, usage: "NatGateway-Bytes"},
	{rate: DiskGBMonth, offer: offerEC2, usage: "EBS:VolumeUsage.gp3"},
	{rate: DiskIOPSMonth, offer: offerEC2, usage: "EBS:VolumeP-IOPS.gp3"},
	{rate: DiskMBPSMonth, offer: offerEC2, usage: "EBS:VolumeP-Throughput.gp3", per: 1024}, // of a GiB/s
	{rate: StreamHour, offer: "AmazonKinesis", usage: "OnDemand-StreamHour"},
	{rate: StreamGB, offer: "AmazonKinesis", usage: "OnDemand-BilledIncomingBytes"},
	{rate: StreamOutGB, offer: "AmazonKinesis", usage: "OnDemand-BilledOutgoingBytes"},
	{rate: ShardHour, offer: "AmazonKinesis", usage: "Storage-ShardHour"},
	{rate: ShardPut, offer: "AmazonKinesis", usage: "PutRequestPayloadUnits"},
	{rate: ArchiveGB, offer: "AmazonKinesisFirehose", usage: "BilledBytes"},
	{rate: AlarmMonth, offer: "AmazonCloudWatch", usage: "CW:AlarmMonitorUsage"},
	{rate: MetricMonth, offer: "AmazonCloudWatch", usage: "CW:MetricMonitorUsage"},
	{rate: LogGB, offer: "AmazonCloudWatch", usage: "DataProcessing-Bytes"},
	{rate: LogGBMonth, offer: "AmazonCloudWatch", usage: "TimedStorage-ByteHrs"},
	{rate: FargateCPUHour, offer: "AmazonECS", usage: "Fargate-vCPU-Hours:perCPU"},
	{rate: FargateGBHour, offer: "AmazonECS", usage: "Fargate-GB-Hours"},
	{rate: CatalogObjectMonth, offer: "AWSGlue", usage: "Catalog-Storage"},
	{rate: CatalogRequest, offer: "AWSGlue", usage: "Catalog-Request"},
	{rate: ScanTB, offer: "AmazonAthena", usage: "DataScannedInTB"},
}
