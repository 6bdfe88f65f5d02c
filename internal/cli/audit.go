package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/aws/audit"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/words"
)

// failedControls is an audit that was not passed, which was shown already.
type failedControls struct{ n int }

func (f *failedControls) Error() string {
	return words.Counted(int64(f.n), "control") + " not met"
}

func (f *failedControls) Hint() string {
	return "petalake audit --evidence shows what was found; --exceptions takes reasons"
}

// auditCommand holds security standards against a lakehouse in AWS.
type auditCommand struct {
	*app
	profile, exceptions string
	evidence            bool
}

func (c *auditCommand) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Hold security standards against what a lakehouse is in AWS",
		Long: `Judge what petalake makes in AWS, control by control: by AWS Foundational
Security Best Practices (FSBP), CIS 7.0 and AWS Control Tower (CT). Nothing is
asked of AWS. A line of the file in --exceptions is a control, a resource (* for
any) and a reason.`,
		Example: "petalake audit -e prod",
		Args:    exactly(),
		RunE:    func(*cobra.Command, []string) error { return c.run() },
	}
	cmd.Flags().StringVar(&c.profile, "profile", "", "what to hold against it; default: security of aws")
	cmd.Flags().StringVar(&c.exceptions, "exceptions", "", "a file with what need not be met, and why")
	cmd.Flags().BoolVar(&c.evidence, "evidence", false, "show every resource, and what was found there")
	must(cmd.RegisterFlagCompletionFunc("profile", cobra.FixedCompletions(audit.Profiles, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

func (c *auditCommand) run() error {
	l, e, err := c.cloud()
	if err != nil {
		return err
	}
	profile := cmp.Or(c.profile, e.AWS.Security)
	var exceptions []audit.Exception
	if c.exceptions != "" {
		text, err := os.ReadFile(c.exceptions)
		if err != nil {
			return fmt.Errorf("--exceptions: %w", err)
		}
		if exceptions, err = audit.ParseExceptions(string(text)); err != nil {
			return fmt.Errorf("--exceptions %s: %w", c.exceptions, err)
		}
	}
	results, err := audit.Lakehouse(l, e, profile, exceptions)
	var unknown *audit.ProfileError
	if errors.As(err, &unknown) {
		return &usageError{err, ""}
	}
	if err != nil {
		return err
	}
	if err := c.show(results); err != nil {
		return err
	}
	if c.output == "text" {
		fmt.Fprintln(c.out, "\n"+verdict(profile, results))
	}
	if n := audit.Count(results)[audit.Fail]; n > 0 {
		return &failedControls{n}
	}
	return nil
}

// auditRow is what was found at a resource, or of a control as a whole.
type auditRow struct {
	Verdict   audit.Verdict `json:"verdict"`
	Control   string        `json:"control"`
	Standards string        `json:"standards"`
	Title     string        `json:"title"`
	Stack     string        `json:"stack"`
	Resource  string        `json:"resource"`
	Says      string        `json:"says"`
	Reason    string        `json:"reason"`
}

func (c *auditCommand) show(results []audit.Result) error {
	if c.output == "json" {
		out := list[audit.Result](c.app, nil, nil)
		for _, r := range results {
			if err := out.add(r); err != nil {
				return err
			}
		}
		return out.close()
	}
	rows, columns := summaries(results), []render.Column{{Name: "verdict"}, {Name: "control"}, {Name: "what is demanded"}, {Name: "found"}, {Name: "by"}}
	text := func(r auditRow) []string {
		return []string{string(r.Verdict), r.Control, r.Title, r.Says, r.Standards}
	}
	if c.evidence || c.output == "csv" {
		rows, columns = findings(results), []render.Column{{Name: "verdict"}, {Name: "control"}, {Name: "stack"}, {Name: "resource"}, {Name: "found"}}
		text = func(r auditRow) []string {
			return []string{string(r.Verdict), r.Control, r.Stack, r.Resource, r.Says + because(r.Reason)}
		}
	}
	out := list(c.app, columns, text)
	for _, r := range rows {
		if err := out.add(r); err != nil {
			return err
		}
	}
	return out.close()
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return "; excepted: " + reason
}

// summaries are a row a control: how many meet it, and who does not.
func summaries(results []audit.Result) (rows []auditRow) {
	for _, r := range results {
		row := auditRow{Verdict: r.Verdict, Control: r.ID, Standards: strings.Join(r.Standards, ", "), Title: r.Title}
		var not []string
		for _, e := range r.Evidence {
			if !e.Meets {
				not = append(not, e.Resource)
			}
		}
		switch {
		case len(r.Evidence) == 0:
			row.Says = "there is none"
		case not == nil:
			row.Says = fmt.Sprintf("%d of %d", len(r.Evidence), len(r.Evidence))
		default:
			row.Says = fmt.Sprintf("%d of %d, not %s", len(r.Evidence)-len(not), len(r.Evidence), strings.Join(not, ", "))
		}
		rows = append(rows, row)
	}
	return rows
}

// findings are a row a resource.
func findings(results []audit.Result) (rows []auditRow) {
	for _, r := range results {
		row := auditRow{Verdict: r.Verdict, Control: r.ID, Standards: strings.Join(r.Standards, ", "), Title: r.Title}
		if len(r.Evidence) == 0 {
			rows = append(rows, row)
		}
		for _, e := range r.Evidence {
			row.Verdict, row.Stack, row.Resource, row.Says, row.Reason = audit.Fail, e.Layer, e.Resource, e.Says, e.Reason
			switch {
			case e.Meets:
				row.Verdict = audit.Pass
			case e.Reason != "":
				row.Verdict = audit.Excepted
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// verdict is an audit in a line.
func verdict(profile string, results []audit.Result) string {
	n := audit.Count(results)
	line := fmt.Sprintf("security %s: %d controls met, %d with exceptions, %d not met", profile, n[audit.Pass], n[audit.Excepted], n[audit.Fail])
	var not []string
	for _, r := range results {
		if r.Verdict == audit.Fail {
			not = append(not, r.ID)
		}
	}
	if not != nil {
		line += ": " + strings.Join(not, ", ")
	}
	return line
}
