package deploy

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"

	"github.com/petalake/petalake/internal/aws/cfn"
	"github.com/petalake/petalake/spec"
)

// emrTag marks what EMR may use with the policies that AWS keeps for it.
var emrTag = cfn.Map{"Key": "for-use-with-amazon-emr-managed-policies", "Value": "true"}

// quarter is one of four equal parts of a network, written out: functions that AWS computes addresses
// by are not understood by all who check templates.
func quarter(cidr string, n uint32) string {
	p := netip.MustParsePrefix(cidr) // spec has checked it
	a := p.Addr().As4()
	start := binary.BigEndian.Uint32(a[:]) + n<<(30-p.Bits())
	binary.BigEndian.PutUint32(a[:], start)
	return netip.PrefixFrom(netip.AddrFrom4(a), p.Bits()+2).String()
}

func named(name string, more ...any) cfn.List {
	return append(cfn.List{cfn.Map{"Key": "Name", "Value": name}}, more...)
}

// network has three private subnets, the last quarter of the addresses to spare, and ways to AWS that
// do not lead over the internet.
type network struct{ layer }

func (s network) build(logBucket any) {
	s.add("Network", "AWS::EC2::VPC", cfn.Map{
		"CidrBlock": s.a.CIDR, "EnableDnsHostnames": true, "EnableDnsSupport": true, "Tags": named(s.base, emrTag),
	})
	s.add("RouteTable", "AWS::EC2::RouteTable", cfn.Map{"VpcId": cfn.Ref("Network"), "Tags": named(s.name("private"))})
	for i, zone := range s.a.Zones {
		id := subnetID(i)
		s.add(id, "AWS::EC2::Subnet", cfn.Map{
			"VpcId": cfn.Ref("Network"), "AvailabilityZone": zone, "CidrBlock": quarter(s.a.CIDR, uint32(i)),
			"MapPublicIpOnLaunch": false, "Tags": named(s.name("private-"+zone), emrTag),
		})
		s.add(id+"Routes", "AWS::EC2::SubnetRouteTableAssociation", cfn.Map{"SubnetId": cfn.Ref(id), "RouteTableId": cfn.Ref("RouteTable")})
		s.output(id, "a private subnet, in "+zone, cfn.Ref(id))
	}
	s.add("FlowLog", "AWS::EC2::FlowLog", cfn.Map{
		"ResourceId": cfn.Ref("Network"), "ResourceType": "VPC", "TrafficType": "ALL", "MaxAggregationInterval": 600,
		"LogDestinationType": "s3", "LogDestination": bucketARN(logBucket),
		"DestinationOptions": cfn.Map{"FileFormat": "parquet", "HiveCompatiblePartitions": true, "PerHourPartition": true},
		"Tags":               named(s.base),
	})
	if s.a.NAT {
		s.nat()
	}
	s.gateway()
	s.endpoints()
	s.output("Network", "the network", cfn.Ref("Network"))
}

func subnetID(i int) string { return fmt.Sprintf("Subnet%d", i+1) }

// subnets are the private subnets, as a stack after the foundation is given them.
func (s *Stack) subnets() cfn.List {
	var all cfn.List
	for i := range 3 {
		all = append(all, s.input(Foundation, subnetID(i), "a private subnet"))
	}
	return all
}

// nat is one gateway for all zones, which AWS keeps in each: no public subnet is needed.
func (s network) nat() {
	s.add("InternetGateway", "AWS::EC2::InternetGateway", cfn.Map{"Tags": named(s.base)})
	s.add("InternetAttachment", "AWS::EC2::VPCGatewayAttachment", cfn.Map{"VpcId": cfn.Ref("Network"), "InternetGatewayId": cfn.Ref("InternetGateway")})
	s.add("NAT", "AWS::EC2::NatGateway", cfn.Map{
		"AvailabilityMode": "regional", "ConnectivityType": "public", "VpcId": cfn.Ref("Network"), "Tags": named(s.base),
	}).DependsOn = []string{"InternetAttachment"}
	s.add("InternetRoute", "AWS::EC2::Route", cfn.Map{
		"RouteTableId": cfn.Ref("RouteTable"), "DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": cfn.Ref("NAT"),
	})
}

// gateway is the way to S3: for this account, and for the packages of AWS that machines start from.
func (s network) gateway() {
	s.add("S3Endpoint", "AWS::EC2::VPCEndpoint", cfn.Map{
		"VpcId": cfn.Ref("Network"), "ServiceName": cfn.Sub("com.amazonaws.${AWS::Region}.s3"), "VpcEndpointType": "Gateway",
		"RouteTableIds": cfn.List{cfn.Ref("RouteTable")},
		"PolicyDocument": policy(
			statement{sid: "OwnAccount", principal: "*", actions: []string{"s3:*"}, resources: []any{"*"},
				when: cfn.Map{"StringEquals": cfn.Map{"aws:PrincipalAccount": cfn.Ref("AWS::AccountId")}}},
			statement{sid: "Packages", principal: "*", actions: []string{"s3:GetObject"}, resources: []any{
				cfn.Sub("arn:${AWS::Partition}:s3:::repo.${AWS::Region}.emr.amazonaws.com/*"),
				cfn.Sub("arn:${AWS::Partition}:s3:::al2023-repos-${AWS::Region}-de612dc2/*"),
				cfn.Sub("arn:${AWS::Partition}:s3:::prod-${AWS::Region}-starport-layer-bucket/*"),
			}},
		),
	})
}

// services names the services of AWS, other than S3, that are called from within the network.
func (s network) services() []string {
	all := []string{"glue", "logs", "monitoring"}
	if s.access != nil {
		all = append(all, "lakeformation")
	}
	if len(s.l.Databases) > 0 { // the daemon starts replications
		all = append(all, "dms")
	}
	if s.l.OnClusters(s.e) { // nodes take the roles of programs
		all = append(all, "sts")
	}
	if len(s.sourceFolders()) > 0 || s.l.OnClusters(s.e) {
		all = append(all, "sqs")
	}
	if s.spark() {
		all = append(all, "elasticmapreduce", "emr-serverless", "kms")
	}
	if s.a.Daemon.Image != "" {
		all = append(all, "ecr.api", "ecr.dkr")
	}
	slices.Sort(all)
	return all
}

// endpoints are the ways to services of AWS. With a way to the internet they are not needed, but
// where security asks for more than the baseline nothing goes that way that need not.
func (s network) endpoints() {
	if s.a.NAT && s.a.Security == spec.SecurityBaseline {
		return
	}
	s.add("EndpointGroup", "AWS::EC2::SecurityGroup", cfn.Map{
		"GroupDescription": "services of AWS, for what is in the network", "VpcId": cfn.Ref("Network"), "Tags": named(s.name("endpoints")),
		"SecurityGroupIngress": cfn.List{cfn.Map{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": s.a.CIDR, "Description": "TLS from the network"}},
		"SecurityGroupEgress":  cfn.List{cfn.Map{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": s.a.CIDR, "Description": "TLS to the network"}},
	})
	for _, service := range s.services() {
		s.add("Endpoint"+camel(service), "AWS::EC2::VPCEndpoint", cfn.Map{
			"VpcId": cfn.Ref("Network"), "ServiceName": cfn.Sub("com.amazonaws.${AWS::Region}." + service), "VpcEndpointType": "Interface",
			"PrivateDnsEnabled": true, "SecurityGroupIds": cfn.List{cfn.Ref("EndpointGroup")},
			"SubnetIds": cfn.List{cfn.Ref("Subnet1"), cfn.Ref("Subnet2"), cfn.Ref("Subnet3")},
			"PolicyDocument": policy(statement{sid: "OwnAccount", principal: "*", actions: []string{"*"}, resources: []any{"*"},
				when: cfn.Map{"StringEquals": cfn.Map{"aws:PrincipalAccount": cfn.Ref("AWS::AccountId")}}}),
		})
	}
}

// camel turns a name into part of a logical id: "emr-serverless" into "EmrServerless".
func camel(name string) string {
	var out []rune
	upper := true
	for _, r := range name {
		switch {
		case r == '-' || r == '_' || r == '.':
			upper = true
			continue
		case upper && 'a' <= r && r <= 'z':
			r -= 'a' - 'A'
		}
		upper = false
		out = append(out, r)
	}
	return string(out)
}
