package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"time"

	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/spec"
)

// hookTime is how long a command or a webhook of on_failure may take.
const hookTime = 30 * time.Second

// Notice is what on_failure is told, as JSON: to the command on its standard input, to the webhook as the body of a POST.
type Notice struct {
	Text        string    `json:"text"`  // all of it for a person
	State       string    `json:"state"` // failing, or well
	Lakehouse   string    `json:"lakehouse"`
	Environment string    `json:"environment"`
	Kind        lake.Kind `json:"kind"` // source, model, job ...
	Name        string    `json:"name"`
	Since       time.Time `json:"since"`
	Problems    []Problem `json:"problems,omitempty"`
}

// notice says what began or ended.
func notice(env *lake.Env, f Failure, failing bool) Notice {
	n := Notice{State: "well", Lakehouse: env.Spec.Name, Environment: env.Environment.Name, Kind: f.Kind, Name: f.Name, Since: f.Since}
	n.Text = fmt.Sprintf("petalake %s (%s): %s %s is well again", n.Lakehouse, n.Environment, f.Kind, f.Name)
	if failing {
		n.State, n.Problems = "failing", f.Problems
		n.Text = fmt.Sprintf("petalake %s (%s): %s %s fails", n.Lakehouse, n.Environment, f.Kind, f.Name)
		for i, p := range f.Problems {
			if i == 3 && len(f.Problems) > 4 {
				n.Text += fmt.Sprintf("\nand %d more", len(f.Problems)-i)
				break
			}
			n.Text += "\n" + p.Error
		}
	}
	return n
}

// HookError says that on_failure could not be called; it is called again in the next round.
type HookError struct {
	What string // command, or webhook
	Err  error
}

// Error implements error.
func (e *HookError) Error() string { return "on_failure: " + e.What + ": " + e.Err.Error() }

// Unwrap gives the cause.
func (e *HookError) Unwrap() error { return e.Err }

// hookOf is how on_failure of an environment is called; nil without one.
func hookOf(env *lake.Env) func(context.Context, Failure, bool) error {
	said := env.Environment.OnFailure
	if len(said.Command) == 0 && said.Webhook.IsZero() {
		return nil
	}
	return func(ctx context.Context, f Failure, failing bool) error {
		n := notice(env, f, failing)
		body, err := json.Marshal(n)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, hookTime)
		defer cancel()
		if len(said.Command) > 0 {
			if err := runHook(ctx, env, said.Command, n, body); err != nil {
				return &HookError{"command " + string(said.Command[0]), err}
			}
		}
		if !said.Webhook.IsZero() {
			if err := postHook(ctx, said.Webhook.Reveal(), body); err != nil {
				return &HookError{"webhook", err}
			}
		}
		return nil
	}
}

// runHook runs the command in the folder of lakehouse.yaml.
func runHook(ctx context.Context, env *lake.Env, command []spec.Text, n Notice, body []byte) error {
	args := make([]string, len(command))
	for i, a := range command {
		args[i] = string(a)
	}
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Dir, c.Stdin = env.Dir, bytes.NewReader(body)
	c.Env = append(c.Environ(), "PETALAKE_STATE="+n.State, "PETALAKE_KIND="+string(n.Kind), "PETALAKE_NAME="+n.Name, "PETALAKE_TEXT="+n.Text)
	c.WaitDelay = time.Second
	out, err := c.CombinedOutput()
	if text := strings.TrimSpace(string(out)); err != nil && text != "" {
		return fmt.Errorf("%w: %s", err, text[max(0, len(text)-500):])
	}
	return err
}

// postHook posts to the webhook. Its URL is a secret: no error has it.
func postHook(ctx context.Context, to string, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return errors.New("the URL cannot be used")
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	var named *url.Error
	if errors.As(err, &named) {
		return fmt.Errorf("%s: %w", request.URL.Host, named.Err)
	}
	if err != nil {
		return err
	}
	answer.Body.Close()
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("%s answered %s", request.URL.Host, answer.Status)
	}
	return nil
}
