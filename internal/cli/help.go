package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/petalake/petalake/internal/cli/render"
)

// help is the help of a command: what, usage, flags, one example. It fits a screen of 24 lines of
// 80 columns.
func help(c *cobra.Command) string {
	var b strings.Builder
	what := c.Long
	if what == "" {
		what = c.Short
	}
	fmt.Fprintf(&b, "%s\n\n", strings.TrimSpace(what))
	if c.HasAvailableSubCommands() {
		if c.HasParent() && c.Runnable() {
			fmt.Fprintf(&b, "Usage: %s\n       %s COMMAND [flags]\n", strings.TrimSuffix(c.UseLine(), " [flags]"), c.CommandPath())
		} else {
			fmt.Fprintf(&b, "Usage: %s COMMAND [flags]\n", c.CommandPath())
		}
		b.WriteString(subcommands(c))
		b.WriteString("\n" + flags(c.PersistentFlags()))
	} else {
		fmt.Fprintf(&b, "Usage: %s\n", strings.TrimSuffix(c.UseLine(), " [flags]")+flagsMark(c))
		if own := flags(ownFlags(c)); own != "" {
			b.WriteString("\n" + own)
		}
		fmt.Fprintf(&b, "\n%s\n", globalNote(c))
	}
	if c.HasExample() {
		fmt.Fprintf(&b, "\nExample: %s\n", c.Example)
	}
	return b.String()
}

// firstCommands are those that a person meets first, in that order; the others follow on one line.
var firstCommands = []string{"init", "up", "load", "sql", "job", "tables", "describe", "spark", "plan"}

func subcommands(c *cobra.Command) string {
	var b strings.Builder
	if c.HasParent() {
		for _, s := range c.Commands() {
			if s.IsAvailableCommand() && s.Name() != "help" {
				fmt.Fprintf(&b, "  %-9s %s\n", s.Name(), s.Short)
			}
		}
		return b.String()
	}
	for _, name := range firstCommands {
		if s, _, err := c.Find([]string{name}); err == nil && s != c {
			fmt.Fprintf(&b, "  %-9s %s\n", name, s.Short)
		}
	}
	var others []string
	for _, s := range c.Commands() {
		if s.IsAvailableCommand() && s.Name() != "help" && !slices.Contains(firstCommands, s.Name()) {
			others = append(others, s.Name())
		}
	}
	line := "  also:"
	for _, name := range others {
		if len(line)+1+len(name) > 80 {
			b.WriteString(line + "\n")
			line = "   "
		}
		line += " " + name
	}
	b.WriteString(line + "\n")
	return b.String()
}

// ownFlags are those of the command itself, in the order they were made in.
func ownFlags(c *cobra.Command) *pflag.FlagSet {
	own := pflag.NewFlagSet(c.Name(), pflag.ContinueOnError)
	own.SortFlags = false
	local := c.LocalNonPersistentFlags()
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" && local.Lookup(f.Name) != nil {
			own.AddFlag(f)
		}
	})
	return own
}

func flagsMark(c *cobra.Command) string {
	if ownFlags(c).HasAvailableFlags() {
		return " [flags]"
	}
	return ""
}

// besideKey marks a flag that the text of another tells of.
const besideKey = "petalake_beside"

// flags is one line a flag.
func flags(set *pflag.FlagSet) string {
	var lines [][2]string
	wide := 0
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Annotations[besideKey] != nil {
			return
		}
		value, text := pflag.UnquoteUsage(f)
		switch value {
		case "string":
			value = "WORD"
		case "int":
			value = "N"
		}
		left := "    --" + f.Name
		if f.Shorthand != "" {
			left = "-" + f.Shorthand + ", --" + f.Name
		}
		if value != "" {
			left += " " + value
		}
		lines = append(lines, [2]string{left, text})
		wide = max(wide, render.Width(left))
	})
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "  %-*s  %s\n", wide, l[0], l[1])
	}
	return b.String()
}

// globalNote names the flags that every command has.
func globalNote(c *cobra.Command) string {
	var names []string
	c.Root().PersistentFlags().VisitAll(func(f *pflag.Flag) {
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand
		}
		names = append(names, name)
	})
	return "Global flags: " + strings.Join(names, " ") + " (petalake --help)"
}
