package deploy

import (
	"slices"

	"github.com/petalake/petalake/internal/aws/cfn"
	"github.com/petalake/petalake/spec"
)

// Demand is how much an environment asks for of something that AWS bounds by a quota.
type Demand struct {
	Service, Code string // of Service Quotas, such as ec2 and L-1216C47A
	What          string // as in "processors on demand"
	Need          int
	Pos           spec.Pos
	Path          string // of the key that asks for it
	// Written says that lakehouse.yaml asks for that much; otherwise it is a default, which works with less.
	Written bool
	Lower   string // the key to write a smaller number to; "" where there is none
}

// Demands are those of an environment, whose stacks are there or not yet. The codes of quotas are those of
// the pages "Amazon EC2 instance type quotas", "Amazon VPC quotas", "AWS PrivateLink quotas" and "Endpoints
// and quotas for EMR Serverless".
func Demands(l *spec.Lakehouse, e *spec.Environment, stacks []*Stack) (all []Demand) {
	f := &l.Fleet
	if l.Has("fleet") && f.Mode != spec.FleetServerless {
		of := func(d Demand, keys ...string) Demand { // the first key that is written
			i := max(0, slices.IndexFunc(keys, f.Has))
			d.Service, d.Written, d.Lower, d.Path, d.Pos = "ec2", true, keys[0], "fleet."+keys[i], f.At(keys[i])
			return d
		}
		all = append(all,
			of(Demand{Code: "L-1216C47A", What: "processors on demand of the standard families", Need: f.OnDemand}, "max_on_demand", "max", "size"),
			of(Demand{Code: "L-34B43A08", What: "processors of Spot of the standard families", Need: f.MostSpot()}, "max", "size"))
	}
	at := func(d Demand, path string, pos spec.Pos) Demand {
		d.Path, d.Pos = "environments."+e.Name+"."+path, pos
		return d
	}
	endpoints := 0
	for _, s := range stacks {
		for _, r := range s.template.Resources {
			switch {
			case r.Type == "AWS::EC2::VPC":
				all = append(all, at(Demand{Service: "vpc", Code: VPCs, What: "networks in the region", Need: 1, Written: true}, "aws", e.At("aws")))
			case r.Type == "AWS::EC2::VPCEndpoint" && cfn.At(r.Properties, "VpcEndpointType") == "Interface":
				endpoints++
			case r.Type == "AWS::EMRServerless::Application":
				all = append(all, at(Demand{
					Service: "emr-serverless", Code: "L-D05C8A75", What: "processors of EMR Serverless at once", Need: e.AWS.EMR.CPUs,
					Written: e.AWS.EMR.Has("cpus"), Lower: "cpus",
				}, "aws.emr.cpus", e.AWS.EMR.At("cpus")))
			}
		}
	}
	if endpoints > 0 {
		all = append(all, at(Demand{Service: "vpc", Code: "L-29B6F2EB", What: "interface endpoints in a network", Need: endpoints, Written: true}, "aws", e.At("aws")))
	}
	return all
}

// VPCs is the code of the quota of networks in a region, to which those that are there already count.
const VPCs = "L-F678F1CE"
