package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/spec"
)

// completionCommand prints scripts that complete commands in a shell.
type completionCommand struct{ *app }

func (c *completionCommand) command() *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a script that completes commands and names in your shell",
		Long: `Print a script that completes commands, flags and names of tables in a shell:
bash, zsh, fish or powershell. Where to have it loaded:

  bash  in ~/.bashrc: source <(petalake completion bash)
  zsh   in ~/.zshrc, after compinit: source <(petalake completion zsh)
  fish  petalake completion fish > ~/.config/fish/completions/petalake.fish`,
		Example:   "petalake completion bash",
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		Args:      exactly("SHELL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				if _, err := io.WriteString(c.out, bashWords); err != nil {
					return err
				}
				return root.GenBashCompletionV2(c.out, true)
			case "zsh":
				return root.GenZshCompletion(c.out)
			case "fish":
				return root.GenFishCompletion(c.out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(c.out)
			}
			return &usageError{fmt.Errorf("no completion for shell %q", args[0]), "use bash, zsh, fish or powershell"}
		},
	}
}

// bashWords stands in for the function of bash-completion that the script calls, in a bash that does
// not have it.
const bashWords = `if ! declare -F _get_comp_words_by_ref >/dev/null 2>&1; then
_get_comp_words_by_ref()
{
    words=("${COMP_WORDS[@]}")
    cword=$COMP_CWORD
    cur=${words[cword]}
    prev=${words[cword-1]}
}
fi
`

// completeEnvironment completes the name of an environment.
func (a *app) completeEnvironment(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	path, err := a.find()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	described, err := spec.Load(path)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, e := range described.Environments {
		names = append(names, e.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeTable completes the name of a table as the first argument, and files after it.
func (a *app) completeTable(many bool) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 && !many {
			return nil, cobra.ShellCompDirectiveDefault
		}
		ctx, cancel := context.WithTimeout(c.Context(), 2*time.Second)
		defer cancel()
		var found []string
		err := a.withLake(ctx, func(rooms *assembly.Assembly) error {
			names, err := rooms.Env.Names(ctx)
			for _, n := range names {
				found = append(found, n.String())
			}
			return err
		})
		if err != nil {
			return nil, cobra.ShellCompDirectiveError | cobra.ShellCompDirectiveNoFileComp
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeJob completes the name of a job.
func (a *app) completeJob(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	err := a.withLake(c.Context(), func(rooms *assembly.Assembly) error {
		for _, j := range rooms.Env.Spec.Jobs {
			names = append(names, j.Name)
		}
		return nil
	})
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeSource completes names of sources.
func (a *app) completeSource(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	err := a.withLake(c.Context(), func(rooms *assembly.Assembly) error {
		for _, s := range rooms.Env.Spec.Sources {
			names = append(names, s.Name)
		}
		return nil
	})
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
