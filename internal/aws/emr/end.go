package emr

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/emr"
	"github.com/aws/aws-sdk-go-v2/service/emr/types"

	"github.com/petalake/petalake/internal/aws/awsx"
)

// End ends the clusters of a fleet, by the name of its place, and waits until they are gone. It tells of
// each. What runs on them is lost.
func End(ctx context.Context, cfg aws.Config, name string, poll time.Duration, tell func(cluster string)) error {
	client := emr.NewFromConfig(cfg)
	told := map[string]bool{}
	for {
		ending := []string{}
		left := 0
		pages := emr.NewListClustersPaginator(client, &emr.ListClustersInput{ClusterStates: []types.ClusterState{
			types.ClusterStateStarting, types.ClusterStateBootstrapping, types.ClusterStateRunning, types.ClusterStateWaiting, types.ClusterStateTerminating,
		}})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return fmt.Errorf("clusters of EMR: %w", awsx.Explain(err))
			}
			for _, c := range page.Clusters {
				if !strings.HasPrefix(aws.ToString(c.Name), name+"-") {
					continue
				}
				left++
				if c.Status == nil || c.Status.State != types.ClusterStateTerminating {
					ending = append(ending, aws.ToString(c.Id))
				}
			}
		}
		if left == 0 {
			return nil
		}
		for _, id := range ending {
			if !told[id] {
				tell(id)
			}
			told[id] = true
		}
		if len(ending) > 0 {
			if _, err := client.TerminateJobFlows(ctx, &emr.TerminateJobFlowsInput{JobFlowIds: ending}); err != nil {
				return fmt.Errorf("clusters of EMR: %w", awsx.Explain(err))
			}
		}
		if err := awsx.Sleep(ctx, poll); err != nil {
			return err
		}
	}
}
