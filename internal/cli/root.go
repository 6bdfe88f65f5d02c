package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Main runs the command of this process and returns its exit code.
func Main() int {
	dir, err := os.Getwd()
	if err != nil {
		fmt.Fprintf(os.Stderr, "petalake: working directory: %v\n", err)
		return exitFailed
	}
	a := &app{
		name: commandName(os.Args[0]),
		in:   os.Stdin, out: os.Stdout, err: os.Stderr,
		getenv: os.Getenv, dir: dir, now: time.Now,
		stop: &interrupts{kill: func() { os.Exit(exitInterrupted) }},
	}
	defer a.stop.listen()()
	return a.execute(context.Background(), os.Args[1:])
}

// execute runs one command line, prints its error and returns its exit code.
func (a *app) execute(ctx context.Context, args []string) int {
	ctx, leave := a.stop.scope(ctx)
	defer leave()
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	code := exitCode(ctx, err)
	var shown *shownError
	if code == exitInterrupted && !errors.As(err, &shown) {
		err = errInterrupted
	}
	printProblems(a.err, a.style(a.err), err)
	return code
}

// root is the tree of commands.
func (a *app) root() *cobra.Command {
	version := false
	root := &cobra.Command{
		Use:           "petalake",
		Short:         "A lakehouse in one binary: files in, Delta tables, SQL out",
		Example:       "petalake init shop && cd shop && petalake up --once",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          usage(cobra.ArbitraryArgs),
		RunE: func(c *cobra.Command, args []string) error {
			if version {
				return (&versionCommand{a}).run()
			}
			if len(args) == 0 {
				return c.Help()
			}
			return unknownCommand(c, args[0])
		},
		SuggestionsMinimumDistance: 2,
		CompletionOptions:          cobra.CompletionOptions{HiddenDefaultCmd: true, DisableDefaultCmd: true},
		PersistentPreRunE:          func(c *cobra.Command, _ []string) error { return a.checkFlags(c) },
	}
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { fmt.Fprint(c.OutOrStdout(), help(c)) })
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return &usageError{err, "see `" + c.CommandPath() + " --help`"}
	})
	root.Flags().BoolVar(&version, "version", false, "print the version")
	must(root.Flags().MarkHidden("version"))
	a.globalFlags(root.PersistentFlags())
	must(root.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json", "csv"}, cobra.ShellCompDirectiveNoFileComp)))
	must(root.RegisterFlagCompletionFunc("env", a.completeEnvironment))
	root.AddCommand(built(a.commands())...)
	return root
}

func (a *app) globalFlags(f *pflag.FlagSet) {
	f.SortFlags = false
	f.StringVarP(&a.file, "file", "f", "", "the lakehouse.yaml; default: here, or the nearest above")
	f.StringVarP(&a.environment, "env", "e", "", "the environment of lakehouse.yaml; default: local")
	f.StringVarP(&a.output, "output", "o", "text", "format of the answer: text, json or csv")
	f.StringVar(&a.memory, "memory", "", "most memory for the engine, as in 4GB; --threads N: threads")
	f.IntVar(&a.threads, "threads", 0, "most threads for the engine")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "no notes and no progress; --no-color: no colours")
	f.BoolVar(&a.noColor, "no-color", false, "no colours; also by NO_COLOR=1")
	for _, name := range []string{"threads", "no-color"} { // the help of all commands fits a screen
		must(f.SetAnnotation(name, besideKey, []string{}))
	}
}

// must is for what is wrong only where the program is.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// formats are the values of --output that a command takes, where they are not the usual ones.
const formatsKey = "formats"

func (a *app) checkFlags(c *cobra.Command) error {
	if filepath.Ext(a.file) == ".sql" {
		return &usageError{fmt.Errorf("--file %s: this is not a %s", a.file, lakefile), "give SQL files with --input, as in `petalake sql -i " + a.file + "`"}
	}
	if err := noEmptyFlags(c); err != nil {
		return err
	}
	if a.output == "table" {
		a.output = "text"
	}
	allowed := []string{"text", "json", "csv"}
	if more := c.Annotations[formatsKey]; more != "" {
		allowed = strings.Fields(more)
	}
	for _, f := range allowed {
		if a.output == f {
			return nil
		}
	}
	return &usageError{fmt.Errorf("--output %s: want %s", a.output, strings.Join(allowed, ", ")), ""}
}

// noEmptyFlags refuses a flag that is given an empty text, as by a variable that is not set: it would do as
// if the flag were not there, and that is most often the widest there is: all rights, all rows, all files.
func noEmptyFlags(c *cobra.Command) (err error) {
	c.Flags().Visit(func(f *pflag.Flag) {
		if f.Value.Type() == "string" && f.Value.String() == "" && err == nil {
			err = &usageError{fmt.Errorf("--%s is empty", f.Name), "give it a value, or leave the flag out; a variable of the shell may not be set"}
		}
	})
	return err
}

// usage makes what a check of arguments says a usage error.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return &usageError{err, "usage: " + strings.TrimSuffix(c.UseLine(), " [flags]")}
		}
		return nil
	}
}

// atMost, atLeast and exactly count arguments, and say what is missing by its name.
func exactly(names ...string) cobra.PositionalArgs {
	return usage(func(_ *cobra.Command, args []string) error {
		if len(args) < len(names) {
			return fmt.Errorf("%s is missing", names[len(args)])
		}
		if len(args) > len(names) {
			return fmt.Errorf("one argument too many: %q", args[len(names)])
		}
		return nil
	})
}

func unknownCommand(c *cobra.Command, name string) error {
	e := &usageError{fmt.Errorf("no command %q", name), "`" + c.CommandPath() + " --help` lists the commands"}
	if near := c.SuggestionsFor(name); len(near) > 0 && (len(name) > 3 || strings.HasPrefix(near[0], name)) { // of three letters two others are another word
		e.hint = fmt.Sprintf("did you mean `%s %s`?", c.CommandPath(), near[0])
	}
	return e
}
