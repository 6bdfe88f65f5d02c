package rollout

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/petalake/petalake/internal/aws/deploy"
	"github.com/petalake/petalake/internal/aws/price"
	"github.com/petalake/petalake/spec"
)

type readSeeker = io.ReadSeeker

func reader(data []byte) io.ReadSeeker { return bytes.NewReader(data) }

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Program is what the daemon runs: the executable, and the folder of lakehouse.yaml.
type Program struct {
	Binary       string // path
	BinaryDigest string
	Bundle       []byte // .tar.gz
}

// Pack reads the executable and the files that lakehouse.yaml names. The executable has to be one
// for the machine of the daemon.
func Pack(l *spec.Lakehouse, e *spec.Environment, binary string) (*Program, error) {
	p := &Program{Binary: binary}
	if e.AWS.Daemon.Image == "" {
		want := deploy.Architecture(e.AWS.Daemon.Instance)
		if err := fits(binary, want); err != nil {
			return nil, &BinaryError{Path: binary, Want: want, Instance: e.AWS.Daemon.Instance, Err: err}
		}
		f, err := os.Open(binary)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		sum := sha256.New()
		if _, err := io.Copy(sum, f); err != nil {
			return nil, err
		}
		p.BinaryDigest = hex.EncodeToString(sum.Sum(nil))
	}
	var err error
	p.Bundle, err = bundle(l, e.AWS.Region)
	return p, err
}

// BinaryError says that an executable is not for the machine of the daemon.
type BinaryError struct {
	Path, Want, Instance string
	Err                  error
}

func (e *BinaryError) Error() string {
	return fmt.Sprintf("%s: not a program for linux/%s, which %s runs: %v", e.Path, e.Want, e.Instance, e.Err)
}

// Hint says what to do.
func (e *BinaryError) Hint() string {
	return "give one with --binary, or choose another daemon.instance in lakehouse.yaml"
}

var machines = map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}

// fits says why a file is no executable of an architecture.
func fits(path, architecture string) error {
	f, err := elf.Open(path)
	if err != nil {
		return errors.New("it is no executable of Linux")
	}
	defer f.Close()
	if f.Machine != machines[architecture] {
		return fmt.Errorf("it is for %v", f.Machine)
	}
	return nil
}

// bundle packs lakehouse.yaml, the files it names and the prices beside it, always as the same bytes.
func bundle(l *spec.Lakehouse, region string) ([]byte, error) {
	names := []string{filepath.Base(l.File)}
	if prices := price.File(region); exists(filepath.Join(filepath.Dir(l.File), prices)) {
		names = append(names, prices)
	}
	add := func(files ...string) {
		for _, f := range files {
			if f != "" {
				names = append(names, filepath.ToSlash(filepath.Clean(f)))
			}
		}
	}
	for _, m := range l.Models {
		add(m.SQL)
	}
	for _, j := range l.Jobs {
		add(j.SQL, j.PySpark, j.Jar)
		add(j.PyFiles...)
		add(j.Jars...)
	}
	slices.Sort(names)
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	t := tar.NewWriter(z)
	for _, name := range slices.Compact(names) {
		data, err := os.ReadFile(filepath.Join(filepath.Dir(l.File), filepath.FromSlash(name)))
		if err != nil {
			return nil, err
		}
		if name == filepath.Base(l.File) {
			name = "lakehouse.yaml"
		}
		if !fs.ValidPath(name) {
			return nil, fmt.Errorf("%s: it is outside the folder of lakehouse.yaml: %w", name, fs.ErrInvalid)
		}
		if err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(data)), Format: tar.FormatPAX}); err != nil {
			return nil, err
		}
		if _, err := t.Write(data); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(t.Close(), z.Close()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// given are the values that deploy hands to the stack of the daemon; none without a program.
func (p *Program) given() map[string]string {
	if p == nil {
		return nil
	}
	sum := digest(p.Bundle)
	return map[string]string{
		deploy.BinaryKey: "bin/" + p.BinaryDigest + "/petalake", deploy.BinaryDigest: p.BinaryDigest,
		deploy.BundleKey: "lakehouse/" + sum + ".tar.gz", deploy.BundleDigest: sum,
	}
}

// uploadProgram puts the program where the machine of the daemon looks.
func (x *execution) uploadProgram(ctx context.Context, step deploy.Step) error {
	given := x.plan.program.given()
	f, err := os.Open(x.plan.program.Binary)
	if err != nil {
		return err
	}
	defer f.Close()
	x.say(step, "uploading the program, %.12s", given[deploy.BinaryDigest])
	return x.put(ctx, given[deploy.BinaryKey], f)
}

// uploadBundle puts the lakehouse where the machine of the daemon looks.
func (x *execution) uploadBundle(ctx context.Context, step deploy.Step) error {
	given := x.plan.program.given()
	x.say(step, "uploading the lakehouse, %.12s", given[deploy.BundleDigest])
	return x.put(ctx, given[deploy.BundleKey], reader(x.plan.program.Bundle))
}
