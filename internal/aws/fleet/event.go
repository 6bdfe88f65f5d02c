package fleet

import (
	"encoding/json"
	"fmt"
)

// Event is what EventBridge says of an instance.
type Event struct {
	Kind     NoticeKind
	Instance string // its id
}

// ParseEvent reads an event of EventBridge, as SQS hands it on: the interruption of a Spot instance or the
// recommendation to replace it. Of other events it returns false.
func ParseEvent(body []byte) (Event, bool, error) {
	var e struct {
		Source string `json:"source"`
		Type   string `json:"detail-type"`
		Detail struct {
			Instance string `json:"instance-id"`
		} `json:"detail"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return Event{}, false, fmt.Errorf("event: %w", err)
	}
	kind, known := map[string]NoticeKind{
		"EC2 Spot Instance Interruption Warning": Reclaim,
		"EC2 Instance Rebalance Recommendation":  AtRisk,
	}[e.Type]
	if e.Source != "aws.ec2" || !known {
		return Event{}, false, nil
	}
	if e.Detail.Instance == "" {
		return Event{}, false, fmt.Errorf("event %q: no instance-id in it", e.Type)
	}
	return Event{kind, e.Detail.Instance}, true, nil
}

// Notice is the event as Decide takes it, given the type of the instance, its zone and units.
func (e Event) Notice(instanceType, zone string, units int) Notice {
	return Notice{Kind: e.Kind, Type: instanceType, Zone: zone, Units: units}
}
