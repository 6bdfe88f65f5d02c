package forecast

import (
	"fmt"
	"math"
	"time"

	"github.com/petalake/petalake/internal/aws/fleet"
	"github.com/petalake/petalake/internal/aws/price"
)

// Usage is what a lakehouse is used for. It is turned into Lines, each with a price.Range: what is paid at the least,
// likely, at most. The assumptions between are constants of this file, and in docs/fleet.md. What a lakehouse costs
// that does not depend on use is the price of a plan of package deploy: an Estimate has both.
type Usage struct {
	Daily   float64       // bytes that arrive a day, as they arrive
	Keep    time.Duration // how long rows are kept
	Stored  float64       // bytes that are kept besides, as they are kept
	Stream  float64       // bytes a day of Daily that arrive by streams
	Tables  int           // that are loaded into
	Scanned float64       // bytes a day that queries read from S3
	OnSpark bool          // whether queries run on Spark
	Jobs    []Job
	Rate    float64 // bytes a second that a processor of Spark works off
}

// Job is work for Spark.
type Job struct {
	Name  string
	Bytes float64 // that a run reads
	Runs  float64 // a month
}

// Line is something that is paid for.
type Line struct {
	What   string      `json:"what"`
	Amount string      `json:"amount"`
	USD    price.Range `json:"usd"` // a month
}

const (
	gb         = 1 << 30
	days       = 30.4
	fileSize   = 128 << 20 // of a data file
	partSize   = 8 << 20   // of an upload, and of a read
	batches    = 288       // loads a day of a table: one in five minutes
	putsOfLoad = 6         // requests that a load makes besides its data
	warmDays   = 30        // after which Intelligent-Tiering finds what nobody reads
	coldDays   = 90        // after which it finds it again
)

// span is an amount at the least, likely, at most.
type span struct{ low, likely, high float64 }

var (
	// shrink is what is kept of a byte that arrives: text as Parquet with zstd.
	shrink = span{0.15, 0.35, 1}
	// versions is what is kept of a byte for older versions, and for what compaction replaced.
	versions = span{1, 1.15, 1.5}
)

// Lines are what a usage costs with a fleet, and with a policy of nil on EMR Serverless.
func Lines(u Usage, p *fleet.Policy, list *price.List) []Line {
	lines := []Line{storage(u, list), requests(u, list)}
	if u.Stream > 0 {
		lines = append(lines, streams(u, list))
	}
	for _, j := range u.Jobs {
		lines = append(lines, work(u, j, p, list))
	}
	if u.Scanned > 0 && u.OnSpark {
		lines = append(lines, work(u, Job{Name: "queries", Bytes: u.Scanned, Runs: days}, p, list))
	}
	return lines
}

// storage is S3 with Intelligent-Tiering: likely half of what nobody need read for months is not read; at
// the least all of it; at most all is read, all the time. What is there already is as old as that.
func storage(u Usage, list *price.List) Line {
	age := max(1, u.Keep.Hours()/24)
	arrived := u.Daily * u.Keep.Hours() / 24
	warm, cold := min(1, warmDays/age), max(0, 1-coldDays/age)
	cost := func(arrived, stored, unread float64) float64 {
		hot, archived := arrived, 0.0
		if unread > 0 {
			hot, archived = arrived*warm+(arrived*(1-warm)+stored)*(1-unread), (arrived*cold+stored)*unread
		} else {
			hot += stored
		}
		between := arrived + stored - hot - archived
		return list.Objects(hot/gb) + between/gb*list.Must(price.ObjectIAGBMonth) + archived/gb*list.Must(price.ObjectArchiveGBMonth) +
			(arrived+stored)/fileSize*list.Must(price.ObjectWatchMonth)
	}
	at := func(shrink, versions, unread float64) float64 {
		return cost(arrived*shrink*versions, u.Stored*versions, unread)
	}
	return Line{"storage", Bytes((arrived*shrink.likely+u.Stored)*versions.likely) + " kept", price.Range{
		Low: at(shrink.low, versions.low, 1), Likely: at(shrink.likely, versions.likely, 0.5), High: at(shrink.high, versions.high, 0),
	}}
}

// requests are those of loads and reads, and compaction writing everything that arrives once more.
func requests(u Usage, list *price.List) Line {
	puts := span{float64(u.Tables), float64(u.Tables * batches / 2), float64(u.Tables * batches)}
	cost := func(loads, kept, scanned float64) float64 {
		written := (loads*putsOfLoad + 2*u.Daily*kept/partSize) * days
		read := (scanned/partSize + u.Daily*kept/partSize + loads*putsOfLoad) * days
		return written*list.Must(price.ObjectPut) + read*list.Must(price.ObjectGet)
	}
	return Line{"requests", Bytes(u.Scanned) + " read a day", price.Range{
		Low: cost(puts.low, shrink.low, u.Scanned), Likely: cost(puts.likely, shrink.likely, u.Scanned), High: cost(puts.high, shrink.high, 2*u.Scanned),
	}}
}

// streams are one of Kinesis on demand, read once.
func streams(u Usage, list *price.List) Line {
	month := u.Stream / gb * days
	once := list.Must(price.StreamHour)*price.Month + month*(list.Must(price.StreamGB)+list.Must(price.StreamOutGB))
	return Line{"streams", Bytes(u.Stream) + " a day", price.Range{Low: once, Likely: once, High: once + month*list.Must(price.StreamOutGB)}}
}

// work is a job on Spark. At the least Spot is as cheap as the cheapest type; at most there is none, and a fifth
// is done twice.
func work(u Usage, j Job, p *fleet.Policy, list *price.List) Line {
	hours := j.Bytes / u.Rate / 3600
	line := Line{What: j.Name, Amount: fmt.Sprintf("%s × %s", Bytes(j.Bytes), times(j.Runs))}
	if p == nil {
		// Processors of EMR Serverless come with 2 to 8 GB each; 4 is usual.
		run := func(gbs float64) float64 {
			return hours * (list.Must(price.SparkCPUHour) + gbs*list.Must(price.SparkGBHour)) * j.Runs
		}
		line.USD = price.Range{Low: run(2), Likely: run(4), High: 1.2 * run(8)}
		return line
	}
	e := p.Prices()
	units := float64(p.Max)
	run := func(hours, unit, around float64) float64 {
		core := float64(p.Core) / units // of the work, that core nodes do
		return j.Runs * ((hours/units+around)*e.Base + hours*(1-core)*unit)
	}
	around := p.Idle.Hours() + 7.0/60
	line.USD = price.Range{
		Low: run(hours, e.SpotLow, around), Likely: run(hours, e.Spot*float64(p.SpotShare)/100+e.OnDemand*(1-float64(p.SpotShare)/100), around), High: run(1.2*hours, e.OnDemandHigh, around),
	}
	if p.SpotShare == 0 {
		line.USD.Low = run(hours, e.OnDemandLow, around)
	}
	if p.OnDemand < p.Max { // the rest is Spot whatever happens
		share := float64(p.OnDemand) / units
		line.USD.High = run(1.2*hours, share*e.OnDemandHigh+(1-share)*e.SpotHigh, around)
	}
	return line
}

func times(n float64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%.0f", n)
}

// Bytes are a number of bytes for people, in thousands.
func Bytes(n float64) string {
	for _, unit := range []string{"B", "kB", "MB", "GB", "TB"} {
		if n < 999.5 {
			return fmt.Sprintf("%.3g %s", n, unit)
		}
		n /= 1000
	}
	return fmt.Sprintf("%s PB", trim(n))
}

func trim(n float64) string {
	if n >= 100 {
		return fmt.Sprintf("%.0f", n)
	}
	return fmt.Sprintf("%.3g", math.Round(n*100)/100)
}

// Sum is all lines together.
func Sum(lines []Line) (sum price.Range) {
	for _, l := range lines {
		sum = sum.Add(l.USD)
	}
	return sum
}
